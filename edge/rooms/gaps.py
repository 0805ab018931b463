"""What did not arrive: told by the numbers that devices give their messages, and locks their records. Pure.

Messages that are lost are a fault by their rate (`sequence_gap`): one lost on the radio is none. Of a lock's records
each counts (`audit_gap`), for it may be told late. A lower number is one that comes late, the same told again, or the
first after a restart or at the counter's end: no gap.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.model import Value
from edge.rooms.cells import Cell
from edge.rooms.conditions import Conditions, Fault
from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import Evidence
from edge.rooms.spans import minutes

WITHIN = timedelta(hours=1)
MARK_EVERY = timedelta(minutes=5)
KEPT = timedelta(days=7)
"""A record that was not told in so long will not be: whoever needs it has read the lock out by hand."""
MOST_RUNS = 100
"""Runs of missing numbers kept of a device; the oldest go first."""
RESTARTED = 16
"""A counter that says so little, and said much more, began anew; its first messages may be lost too."""
OTHERWISE = 10_000
"""So many numbers at once are no loss: something else counts from now on."""


@dataclass(slots=True)
class Run:
    """Numbers that were passed over: from `first` up to `end`, which came `at`."""

    at: datetime
    first: int
    end: int


@dataclass(slots=True)
class Mark:
    """How far a counter had come at an instant."""

    at: datetime
    number: int


@dataclass(slots=True)
class Numbers:
    """One counter: the highest number heard, and what is missing below it."""

    last: int
    missing: list[Run] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    @classmethod
    def beginning(cls, number: int, now: datetime) -> "Numbers":
        """A counter of which this is the first that is heard."""
        return cls(number, [], [Mark(now, number)])

    def take(self, number: int, now: datetime) -> None:
        """It says another number."""
        ahead = number - self.last
        if ahead > OTHERWISE or (ahead <= 0 and not self._fill(number) and self._restarted(number)):
            self.last, self.missing, self.marks = number, [], [Mark(now, number)]
        elif ahead > 0:
            if ahead > 1:
                self.missing = [*self.missing, Run(now, self.last + 1, number)][-MOST_RUNS:]
            self.last = number

    def forget(self, before: datetime) -> None:
        """What was missed before then is given up."""
        self.missing = [run for run in self.missing if run.at >= before]

    def lost(self) -> int:
        """How many are missing."""
        return sum(run.end - run.first for run in self.missing)

    def passed(self, now: datetime) -> int:
        """How far it has come within the hour, or since it is known."""
        marks = self.marks
        while len(marks) > 1 and now - marks[1].at >= WITHIN:
            del marks[0]
        if now - marks[-1].at >= MARK_EVERY:
            marks.append(Mark(now, self.last))
        return self.last - marks[0].number

    def _fill(self, number: int) -> bool:
        """One that was missing came late."""
        for place, run in enumerate(self.missing):
            if run.first <= number < run.end:
                left = [Run(run.at, run.first, number), Run(run.at, number + 1, run.end)]
                self.missing[place : place + 1] = [part for part in left if part.first < part.end]
                return True
        return False

    def _restarted(self, number: int) -> bool:
        return number < self.last and (number <= 1 or (number <= RESTARTED < self.last - number))


@dataclass(slots=True)
class GapsState:
    """What a restart must keep, by device."""

    messages: dict[str, Numbers] = field(default_factory=dict)
    records: dict[str, Numbers] = field(default_factory=dict)


class Gaps:
    """Tells the conditions of one room what did not arrive."""

    __slots__ = ("_conditions", "_gaps", "_share", "_wait", "state")

    def __init__(self, parameters: RoomParameters, conditions: Conditions) -> None:
        self.state = GapsState()
        self._conditions = conditions
        self._gaps = parameters.sequence_gaps
        self._share = parameters.sequence_lost_percent / 100
        self._wait = minutes(parameters.audit_gap_minutes)

    def message(self, cell: Cell, _previous: Value, now: datetime) -> None:
        """A device numbered a message. What it said while nobody listened was not lost on its way."""
        number, known = cell.number(), self.state.messages.get(cell.device)
        if number is None:
            return
        if known is None or cell.unseen:
            known = self.state.messages[cell.device] = Numbers.beginning(int(number), now)
        known.take(int(number), now)
        known.forget(now - WITHIN)
        self._rate(Fault("sequence_gap", cell.device), known, now)

    def record(self, cell: Cell, _previous: Value, now: datetime) -> None:
        """A lock numbered a record."""
        number, known = cell.number(), self.state.records.get(cell.device)
        if number is None:
            return
        if known is None:
            known = self.state.records[cell.device] = Numbers.beginning(int(number), now)
        known.take(int(number), now)
        known.forget(now - KEPT)
        fault = Fault("audit_gap", cell.device)
        if not known.missing:
            self._conditions.absent(fault, now)
            return
        oldest, newest = known.missing[0], known.missing[-1]
        params = {"count": known.lost(), "first": oldest.first, "last": newest.end - 1}
        self._conditions.suspend(fault)  # it waits for the oldest that is still missing
        why = Evidence("records_missing", oldest.at, params)
        self._conditions.present(fault, now, oldest.at + self._wait - now, (why,))

    def forget(self, device: str) -> None:
        """The device is another one, or none: it counts for itself."""
        self.state.messages.pop(device, None)
        self.state.records.pop(device, None)

    def _rate(self, fault: Fault, known: Numbers, now: datetime) -> None:
        lost, passed = known.lost(), known.passed(now)
        share = lost / passed if passed else 0.0
        if len(known.missing) >= self._gaps and share > self._share:
            params = {"lost": lost, "sent": passed, "share": round(share * 100, 1)}
            self._conditions.present(fault, now, evidence=(Evidence("messages_lost", now, params),))
        elif share <= self._share / 2:
            self._conditions.absent(fault, now)
