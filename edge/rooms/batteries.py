"""When a battery will be empty: a straight line through its levels, a value a day at most. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_LEVELS = 60
LEAST_LEVELS = 4
LEAST_SPAN = timedelta(days=7)
LEAST_DROP = 3.0
"""Percent: less says nothing about what follows."""
RENEWED = 20.0
"""Percent up at once: a new battery, and what was before says nothing of it."""
FAR_OFF = timedelta(days=3650)


@dataclass(slots=True)
class Level:
    """What was left, in percent, at an instant."""

    at: datetime
    percent: float


def noted(levels: list[Level], level: Level) -> list[Level]:
    """The levels with one more: the last of each day, the newest of them, none from before a new battery."""
    if levels and level.percent - levels[-1].percent >= RENEWED:
        return [level]
    kept = levels[:-1] if levels and levels[-1].at.date() == level.at.date() else levels
    return [*kept, level][-MOST_LEVELS:]


def empty_at(levels: list[Level], limit: float) -> datetime | None:
    """When the line through the levels comes down to `limit` percent; None: they do not tell."""
    if len(levels) < LEAST_LEVELS or levels[-1].at - levels[0].at < LEAST_SPAN:
        return None
    if levels[0].percent - levels[-1].percent < LEAST_DROP:
        return None
    first = levels[0].at
    days = [(level.at - first) / timedelta(days=1) for level in levels]
    middle_day, middle = sum(days) / len(days), sum(level.percent for level in levels) / len(levels)
    spread = sum((day - middle_day) ** 2 for day in days)
    together = sum((day - middle_day) * (level.percent - middle) for day, level in zip(days, levels, strict=True))
    slope = together / spread
    if slope >= 0:
        return None
    ahead = timedelta(days=min(middle_day + (limit - middle) / slope, FAR_OFF / timedelta(days=1)))
    return max(first + ahead, levels[-1].at)
