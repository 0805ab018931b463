"""Pure rules of scheduled backups: when the next is due, which old ones are kept, when the last is too old."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

TOO_OLD = timedelta(days=2)
"""A house whose last good backup is older than this has none to rely on."""
AGAIN_AFTER = timedelta(hours=1)
"""A backup that failed is tried again after this long."""
SETTLE = timedelta(minutes=2)
"""A start is busy enough: what is overdue waits this long."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How many are kept: the newest of each of the last days, weeks and months that have one."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 6


def next_at(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The first instant after `after` at which the hotel's clock shows `at`, in UTC."""
    day = after.astimezone(zone).date()
    while True:
        found = datetime.combine(day, at, zone).astimezone(UTC)
        if found > after:
            return found
        day += timedelta(days=1)


def due_at(started: datetime, good: datetime | None, failed: datetime | None, at: tuple[time, ZoneInfo]) -> datetime:
    """When the next backup is to be made.

    `good` and `failed`: when the last one of that outcome was begun (None: never). A path that never had a backup gets
    its first at once, so that a wrong path is known the same day; one that was missed is made after the start.
    """
    due = started if good is None else next_at(good, *at)
    if failed is not None and (good is None or failed > good):
        due = max(due, failed + AGAIN_AFTER)
    return max(due, started + SETTLE)


def too_old(now: datetime, good: datetime | None, since: datetime) -> bool:
    """Whether the last good backup (or, when there never was one, the switching on at `since`) is too long ago."""
    return now - (good or since) > TOO_OLD


def kept(made: Collection[datetime], keep: Keep, zone: ZoneInfo) -> frozenset[datetime]:
    """Which of these backups are kept; the newest always is."""
    newest_first = sorted(made, reverse=True)
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda here: here.date()),
        (keep.weekly, lambda here: here.isocalendar()[:2]),
        (keep.monthly, lambda here: (here.year, here.month)),
    )
    found = set(newest_first[:1])
    for count, period in periods:
        newest_of: dict[object, datetime] = {}
        for instant in newest_first:
            newest_of.setdefault(period(instant.astimezone(zone)), instant)
        found.update(list(newest_of.values())[:count])
    return frozenset(found)
