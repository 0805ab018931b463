"""How well did the rooms know? A timeline against the recorded absences, minute by minute."""

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

MINUTE = timedelta(minutes=1)
LONG_ABSENCE = timedelta(minutes=15)
Span = tuple[datetime, datetime]


class Spans:
    """Spans of time, sorted by their beginning."""

    def __init__(self, spans: Sequence[Span] = ()) -> None:
        self.all = sorted(spans)
        self._starts = [start for start, _ in self.all]

    def __contains__(self, instant: datetime) -> bool:
        at = bisect_right(self._starts, instant) - 1
        return at >= 0 and instant < self.all[at][1]


@dataclass(frozen=True)
class Truth:
    """When nobody was in, when they slept, and which minutes are not scored."""

    away: Spans
    asleep: Spans = field(default_factory=Spans)
    masked: Spans = field(default_factory=Spans)


@dataclass(slots=True)
class Score:
    """Counts of minutes; unknown counts as occupied, because nothing is set back on it."""

    minutes: int = 0
    right: int = 0
    unknown: int = 0
    said_vacant: int = 0
    truly_vacant: int = 0
    both_vacant: int = 0
    false_vacant: int = 0
    false_vacant_asleep: int = 0
    false_occupied: int = 0
    episodes: int = 0
    absences: int = 0
    missed: int = 0
    delays: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Score") -> Self:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def figures(self) -> dict[str, float | int | None]:
        """The measures people read: per cent, per day, minutes."""
        days = self.minutes / 1440
        both_occupied = self.minutes - self.truly_vacant - self.false_vacant
        wrong = self.false_vacant + self.false_occupied
        return {
            "days": round(days, 2),
            "absences": self.absences,
            "accuracy": _ratio(100 * self.right, self.minutes, 2),
            "f1_vacant": _ratio(2 * self.both_vacant, self.said_vacant + self.truly_vacant, 4),
            "f1_occupied": _ratio(2 * both_occupied, 2 * both_occupied + wrong, 4),
            "fv_per_day": _ratio(self.false_vacant, days, 2),
            "fv_asleep_per_day": _ratio(self.false_vacant_asleep, days, 2),
            "fv_episodes_per_day": _ratio(self.episodes, days, 2),
            "fo_per_day": _ratio(self.false_occupied, days, 2),
            "missed": self.missed,
            "delay_median": round(statistics.median(self.delays), 1) if self.delays else None,
            "delay_p90": round(sorted(self.delays)[int(0.9 * (len(self.delays) - 1))], 1) if self.delays else None,
            "unknown_pct": _ratio(100 * self.unknown, self.minutes, 2),
        }


def score(changes: Sequence[tuple[datetime, str]], first: datetime, last: datetime, truth: Truth) -> Score:
    """Score one room's changes (ordered) over the whole minutes from `first` to `last`."""
    result = Score(absences=len(truth.away.all))
    was_false = False
    vacant: list[datetime] = []
    for minute, state in _minutes(changes, first, last):
        if state == "vacant":
            vacant.append(minute)
        if minute in truth.masked:
            continue
        is_vacant = minute in truth.away
        _count(result, state, is_vacant=is_vacant)
        false = state == "vacant" and not is_vacant
        result.false_vacant_asleep += false and minute in truth.asleep
        result.episodes += false and not was_false
        was_false = false
    _absences(result, vacant, truth.away)
    return result


def _minutes(
    changes: Sequence[tuple[datetime, str]], first: datetime, last: datetime
) -> Iterator[tuple[datetime, str]]:
    times = [time for time, _ in changes]
    minute = first.replace(second=0, microsecond=0) + MINUTE
    while minute <= last:
        at = bisect_right(times, minute) - 1
        yield minute, changes[at][1] if at >= 0 else "unknown"
        minute += MINUTE


def _count(result: Score, state: str, *, is_vacant: bool) -> None:
    says_vacant = state == "vacant"
    result.minutes += 1
    result.unknown += state == "unknown"
    result.right += says_vacant == is_vacant
    result.said_vacant += says_vacant
    result.truly_vacant += is_vacant
    result.both_vacant += says_vacant and is_vacant
    result.false_vacant += says_vacant and not is_vacant
    result.false_occupied += is_vacant and not says_vacant


def _absences(result: Score, vacant: Sequence[datetime], away: Spans) -> None:
    for left, returned in away.all:
        if returned - left < LONG_ABSENCE:
            continue
        at = bisect_left(vacant, left)
        if at < len(vacant) and vacant[at] < returned:
            result.delays.append((vacant[at] - left).total_seconds() / 60)
        else:
            result.missed += 1


def _ratio(part: float, whole: float, digits: int) -> float | None:
    return round(part / whole, digits) if whole else None
