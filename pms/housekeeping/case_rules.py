"""Pure rules of cases: where the front desk and a room disagree, and what is to be looked after, with delays.

A verdict that is not known (a stale or silent room) opens nothing and closes nothing. A case opens after its own delay;
it closes at once where the books have changed, else only when the disagreement has been gone for a while.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class CaseKind(StrEnum):
    """What a case is about."""

    SKIP = "skip"  # the desk: occupied; nobody slept there
    SLEEP = "sleep"  # the desk: vacant; somebody is in
    PERSONS = "persons"  # another number of people than in the books
    DEPARTED = "departed"  # due out and empty, not checked out
    OVERDUE = "overdue"  # due out, the hour has passed, somebody is still in
    EARLY = "early"  # due out and empty: may be cleaned early
    WELFARE = "welfare"  # not to be disturbed for so long that somebody has to look


class CaseState(StrEnum):
    """Dismissed: somebody has dealt with it; it stays away until what it is about has gone once."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CLOSED = "closed"


PRESENT = frozenset({CaseState.OPEN, CaseState.DISMISSED})
FOR_THE_DESK = (CaseKind.SKIP, CaseKind.SLEEP, CaseKind.PERSONS, CaseKind.DEPARTED, CaseKind.OVERDUE, CaseKind.WELFARE)
DISCREPANCIES = (CaseKind.SKIP, CaseKind.SLEEP, CaseKind.PERSONS)

DEFAULTS: Mapping[str, float] = {
    "skip_night_from": 2,  # local hours: who is not in by then,
    "skip_night_until": 6,  # and not until then, has not slept there
    "sleep_minutes": 30,
    "departed_minutes": 60,
    "early_minutes": 20,
    "check_out_hour": 12,
    "welfare_hours": 24,
    "persons_hours": 24,  # how long a count of people says something
    "case_settle_minutes": 10,  # a disagreement must be gone for so long
    "case_confidence": 0.6,  # what the sensors are less sure of says nothing
}
"""Limits of the house; `[timers]` of hotel.toml may change each."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force."""

    values: Mapping[str, float]

    @classmethod
    def of(cls, timers: Mapping[str, float]) -> "Limits":
        """The defaults with those that the house has set."""
        return cls({name: float(timers.get(name, value)) for name, value in DEFAULTS.items()})

    def minutes(self, name: str) -> timedelta:
        """A limit in minutes."""
        return timedelta(minutes=self.values[name])

    def hours(self, name: str) -> timedelta:
        """A limit in hours."""
        return timedelta(hours=self.values[name])


@dataclass(frozen=True, slots=True)
class RoomFactsNow:
    """One room as books and sensors have it. `sensed` None: not known, stale, or set by hand."""

    now: datetime
    zone: ZoneInfo
    today: date  # the business date
    front_office: str
    stay: str | None = None
    guests: int = 0
    arrived: datetime | None = None
    departure: date | None = None
    sensed: str | None = None
    since: datetime | None = None
    confidence: float = 0.0
    evidence: tuple[dict[str, Any], ...] = ()
    staff_inside: bool = False
    task_open: bool = False  # somebody is to clean it already, or has
    persons: int | None = None
    persons_at: datetime | None = None
    request: str = "none"
    request_since: datetime | None = None
    looked_at: datetime | None = None  # when staff last were in
    maintenance: bool = False


class Verdict(StrEnum):
    """What a look at a room says of one kind. Settled: the books have changed, so that it is over at once."""

    YES = "yes"
    NO = "no"
    SETTLED = "settled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with the instant since when it has been so, and evidence codes."""

    verdict: Verdict
    since: datetime | None = None
    evidence: tuple[dict[str, Any], ...] = ()


NO, SETTLED, UNKNOWN = Finding(Verdict.NO), Finding(Verdict.SETTLED), Finding(Verdict.UNKNOWN)


def look(room: RoomFactsNow, limits: Limits) -> dict[CaseKind, Finding]:
    """What is to be said of a room, by kind."""
    if room.maintenance:
        return dict.fromkeys(CaseKind, UNKNOWN)
    return {kind: rule(room, limits) for kind, rule in _LOOKS.items()}


def _skip(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "occupied" or _due_out(room):
        return SETTLED
    if _unsure(room, limits):
        return UNKNOWN
    if room.sensed == "occupied" or room.since is None:
        return NO
    begins, ends = _last_night(room, limits)
    if room.arrived is not None and room.arrived > begins:
        return NO  # they came in the night: it says nothing
    return _found(room, "bed_not_slept_in") if room.since <= begins and room.now >= ends else NO


def _sleep(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "vacant":
        return SETTLED
    if room.staff_inside:
        return NO
    if _unsure(room, limits):
        return UNKNOWN
    long = room.since is not None and room.now - room.since >= limits.minutes("sleep_minutes")
    return _found(room, "desk_has_it_vacant") if room.sensed == "occupied" and long else NO


def _persons(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "occupied":
        return SETTLED
    counted, at = room.persons, room.persons_at
    old = at is None or room.now - at > limits.hours("persons_hours")
    if counted is None or at is None or old or (room.arrived is not None and at < room.arrived):
        return NO
    if counted == room.guests:
        return SETTLED
    item = {"code": "persons_counted", "at": at.isoformat(), "params": {"counted": counted, "booked": room.guests}}
    return Finding(Verdict.YES, at, (item,))


def _departed(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "occupied" or not _due_out(room):
        return SETTLED
    if _unsure(room, limits):
        return UNKNOWN
    return _empty(room, limits.minutes("departed_minutes"), "due_out_and_empty")


def _early(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "occupied" or not _due_out(room) or room.task_open or room.request == "dnd":
        return SETTLED
    if _unsure(room, limits):
        return UNKNOWN
    return _empty(room, limits.minutes("early_minutes"), "due_out_and_empty")


def _overdue(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "occupied" or room.departure is None or not _due_out(room):
        return SETTLED
    due = _local(room, room.departure, limits.values["check_out_hour"])
    if room.now < due:
        return NO
    if _unsure(room, limits):
        return UNKNOWN
    return replace(_found(room, "check_out_time_passed"), since=due) if room.sensed == "occupied" else NO


def _welfare(room: RoomFactsNow, limits: Limits) -> Finding:
    if room.front_office != "occupied" or room.request != "dnd" or room.request_since is None:
        return SETTLED
    begun = max(room.request_since, room.looked_at or room.request_since, room.arrived or room.request_since)
    if room.now - begun < limits.hours("welfare_hours"):
        return SETTLED
    item = {"code": "not_disturbed_since", "at": begun.isoformat(), "params": {}}
    return Finding(Verdict.YES, begun, (item, *room.evidence))


_LOOKS: dict[CaseKind, Callable[[RoomFactsNow, Limits], Finding]] = {
    CaseKind.SKIP: _skip,
    CaseKind.SLEEP: _sleep,
    CaseKind.PERSONS: _persons,
    CaseKind.DEPARTED: _departed,
    CaseKind.OVERDUE: _overdue,
    CaseKind.EARLY: _early,
    CaseKind.WELFARE: _welfare,
}


def _unsure(room: RoomFactsNow, limits: Limits) -> bool:
    known = room.sensed in {"vacant", "occupied"} and room.since is not None
    return not known or room.confidence < limits.values["case_confidence"]


def _due_out(room: RoomFactsNow) -> bool:
    return room.departure is not None and room.departure <= room.today


def _empty(room: RoomFactsNow, delay: timedelta, code: str) -> Finding:
    if room.sensed != "vacant" or room.staff_inside or room.since is None:
        return NO
    morning = _local(room, room.today, 5)
    long = room.now - max(room.since, morning) >= delay
    return _found(room, code) if long else NO


def _found(room: RoomFactsNow, code: str) -> Finding:
    since = room.since or room.now
    item = {"code": code, "at": since.isoformat(), "params": {}}
    return Finding(Verdict.YES, since, (item, *room.evidence))


def _local(room: RoomFactsNow, day: date, hour: float) -> datetime:
    whole = time(int(hour) % 24, int(hour % 1 * 60))
    return datetime.combine(day, whole, room.zone).astimezone(room.now.tzinfo)


def _last_night(room: RoomFactsNow, limits: Limits) -> tuple[datetime, datetime]:
    """The last whole night: from when to when one sleeps."""
    day = room.now.astimezone(room.zone).date()
    until = limits.values["skip_night_until"]
    if room.now < _local(room, day, until):
        day -= timedelta(days=1)
    return _local(room, day, limits.values["skip_night_from"]), _local(room, day, until)


class Move(StrEnum):
    """What happens to a case."""

    NOTHING = "nothing"
    OPEN = "open"
    REFRESH = "refresh"  # it is still so
    WAIT = "wait"  # it has gone: since now
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Present:
    """A case that is open or dismissed. `gone_since`: what it is about has not been seen since."""

    state: CaseState
    stay: str | None = None
    gone_since: datetime | None = None


def step(case: Present | None, finding: Finding, room: RoomFactsNow, limits: Limits) -> Move:
    """What follows from a look. The same look twice changes nothing the second time."""
    if case is None:
        return Move.OPEN if finding.verdict is Verdict.YES else Move.NOTHING
    if case.stay != room.stay or finding.verdict is Verdict.SETTLED:
        return Move.CLOSE
    if finding.verdict is Verdict.UNKNOWN:
        return Move.NOTHING
    if finding.verdict is Verdict.YES:
        return Move.REFRESH if case.gone_since is not None else Move.NOTHING
    if case.gone_since is None:
        return Move.WAIT
    return Move.CLOSE if room.now - case.gone_since >= limits.minutes("case_settle_minutes") else Move.NOTHING
