"""Occupancy against the truth: the same minutes and figures as `replay`, and a confusion table by situation."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from edge.scoring import MINUTE, Score, Span, Spans, Truth, score
from edge.truth.play import Heard
from edge.truth.words import Life, Stretch

Table = Counter[tuple[str, bool, str]]
"""Minutes by situation, whether it was occupied in truth, and what was said."""


def scored(life: Life, heard: Heard) -> Score:
    """By the rules of `edge/scoring.py`: whole minutes, unknown counts as occupied."""
    first, last = life.scored_from, life.end
    away = _absences(life.occupied, (first, last))
    asleep = Spans([(start, end) for start, end, _ in life.asleep])
    return score(heard.changes, first - MINUTE, last - MINUTE, Truth(Spans(away), asleep))


def tables(life: Life, heard: Heard) -> tuple[Table, Table]:
    """By situation, and by error (a minute may be in several of those, or in none)."""
    situations = _Lookup(life.situations)
    errors = [(_first_minute(start), end, name) for start, end, name in life.errors]
    occupied, answers = _Lookup(life.occupied), _Lookup.of_changes(heard.changes)
    by_situation: Table = Counter()
    by_error: Table = Counter()
    for minute in _minutes(life.scored_from, life.end):
        truth = occupied.at(minute) != ""
        by_situation[situations.at(minute), truth, answers.at(minute) or "unknown"] += 1
    for start, end, name in errors:
        for minute in _minutes(max(start, life.scored_from), min(end, life.end)):
            by_error[name, occupied.at(minute) != "", answers.at(minute) or "unknown"] += 1
    return by_situation, by_error


class _Lookup:
    """What was so at an instant; "" where nothing is said."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._starts = [start for start, _, _ in stretches]
        self._ends = [end for _, end, _ in stretches]
        self._names = [name for _, _, name in stretches]

    @classmethod
    def of_changes(cls, changes: Sequence[tuple[datetime, str]]) -> "_Lookup":
        """Each until the next."""
        ends = [at for at, _ in changes[1:]] + [datetime.max.replace(tzinfo=changes[0][0].tzinfo)] if changes else []
        return cls([(at, end, name) for (at, name), end in zip(changes, ends, strict=True)])

    def at(self, instant: datetime) -> str:
        index = bisect_right(self._starts, instant) - 1
        return self._names[index] if index >= 0 and instant < self._ends[index] else ""


def _absences(occupied: Iterable[Stretch], span: Span) -> list[Span]:
    """When nobody was in, within the span."""
    found, free = [], span[0]
    for start, end, _ in occupied:
        if start > free:
            found.append((free, min(start, span[1])))
        free = max(free, end)
    if free < span[1]:
        found.append((free, span[1]))
    return [(start, end) for start, end in found if start < end]


def _minutes(start: datetime, end: datetime) -> Iterable[datetime]:
    minute = _first_minute(start)
    while minute < end:
        yield minute
        minute += MINUTE


def _first_minute(instant: datetime) -> datetime:
    whole = instant.replace(second=0, microsecond=0)
    return whole if whole == instant else whole + timedelta(minutes=1)
