"""Visits of staff that were, against what they are taken for by the rules of the PMS.

The rules are given by whoever asks (`Judge`): the edge does not know them. What they look at besides the visit, the
room's task, is kept here as housekeeping plans it: a departure clean at each check-out, a stayover clean each morning.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from edge.rooms.signals import RoomFacts, StaffVisit
from edge.truth.words import Life, Visit

NOT_SEEN, NOBODY = "not seen", "nobody"
MORNING_HOUR = 6
AROUND = timedelta(minutes=2)
"""A message may be late, a lock's record too: so much earlier or later it is still the same visit."""


class SeenVisit(NamedTuple):
    """A visit as the room saw it. `task`: type and state of the room's latest task when they had left."""

    visit: StaffVisit
    cleaned: bool
    rented: bool
    task: tuple[str, str] | None


Judge = Callable[[SeenVisit], str]
Table = Counter[tuple[str, str]]
"""What it was, what it was taken for."""


class Tasks:
    """Of one room."""

    def __init__(self) -> None:
        self._facts: RoomFacts | None = None
        self._task: tuple[str, str] | None = None
        self._day: date | None = None  # whose task that is

    def told(self, facts: RoomFacts, at: datetime) -> None:
        """The books say something of the room."""
        before, self._facts = self._facts, facts
        if before is not None and before.rented and (not facts.rented or facts.stay != before.stay):
            self._task, self._day = ("departure", "pending"), at.date()
        elif facts.rented and (before is None or not before.rented):
            self._day = at.date()  # who comes today is not cleaned for before tomorrow

    def cleaned(self, at: datetime) -> None:
        """The room saw a cleaning."""
        self._morning(at)
        if self._task is not None:
            self._task = (self._task[0], "proposed")

    def seen(self, visit: StaffVisit, at: datetime, *, cleaned: bool) -> SeenVisit:
        """What is known of a visit once they have left."""
        self._morning(at)
        return SeenVisit(visit, cleaned, self._facts is not None and self._facts.rented, self._task)

    def _morning(self, at: datetime) -> None:
        stays = self._facts is not None and self._facts.rented and self._day is not None
        if stays and at.hour >= MORNING_HOUR and self._day is not None and at.date() > self._day:
            self._task, self._day = ("stayover", "pending"), at.date()


def compared(life: Life, seen: list[SeenVisit], judge: Judge) -> Table:
    """One room: each true visit by what it was taken for, and visits that nobody made."""
    table: Table = Counter()
    left = [one for one in seen if one.visit.entered >= life.scored_from]
    for true in life.visits:
        if true[0] < life.scored_from:
            continue
        found = max(left, key=lambda one: _shared(one.visit, true), default=None)
        name = true[2] if true[3] else f"{true[2]}, no card"
        if found is None or _shared(found.visit, true) <= timedelta(0):
            table[name, NOT_SEEN] += 1
            continue
        left.remove(found)
        table[name, judge(found)] += 1
    table.update((NOBODY, judge(one)) for one in left)
    return table


def rows(table: Table) -> Iterator[dict[str, Any]]:
    """A purpose a row, the most frequent first."""
    total = Counter[str]()
    for (name, _), count in table.items():
        total[name] += count
    for name, count in sorted(total.items(), key=lambda one: (one[0] == NOBODY, -one[1])):
        taken = {told: number for (one, told), number in table.most_common() if one == name}
        right = None if name == NOBODY else round(100 * taken.get(name.partition(",")[0], 0) / count, 2)
        yield {"purpose": name, "visits": count, "right_pct": right, "taken_for": taken}


def _shared(visit: StaffVisit, true: Visit) -> timedelta:
    start: datetime = max(visit.entered, true[0] - AROUND)
    return min(visit.left, true[1] + AROUND) - start
