"""Use cases of cases: every room is looked at now and then, people deal with what is found."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ROOMS_READ
from pms.housekeeping.case_model import GuestSign, PersonCount, RoomCase
from pms.housekeeping.case_rules import (
    DISCREPANCIES,
    PRESENT,
    CaseKind,
    CaseState,
    Finding,
    Limits,
    Move,
    Present,
    RoomFactsNow,
    look,
    step,
)
from pms.housekeeping.model import Task
from pms.housekeeping.rules import OPEN, TaskState, TaskType
from pms.housekeeping.visit_model import StaffVisit
from pms.housekeeping.visit_rules import VisitKind
from pms.kernel.errors import Conflict, FieldError, Invalid, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.property import service as house
from pms.property.model import Room
from pms.reservations import service as reservations
from pms.reservations.model import Reservation

OPENED = EventKind("case.opened", ROOMS_READ)
CLOSED = EventKind("case.closed", ROOMS_READ)
DISMISSED = EventKind("case.dismissed", ROOMS_READ)
SPLIT = EventKind("room.discrepancy", ROOMS_READ)
"""Desk and room disagree, or do no more: the subject is the room."""
COUNTED = EventKind("room.persons", ROOMS_READ)

Sensed = Callable[[AsyncSession, str, Sequence[str] | None], Awaitable[dict[str, tuple[datetime, dict[str, Any]]]]]
MOST_PERSONS = 20
_SHOWN = frozenset(kind.value for kind in DISCREPANCIES)
NO_LOOK = (VisitKind.GUEST.value,)


@dataclass(frozen=True)
class _House:
    """What is read once for all rooms."""

    zone: ZoneInfo
    limits: Limits
    today: Any
    sensed: Mapping[str, tuple[datetime, dict[str, Any]]]
    stays: Mapping[str, Reservation]
    signs: Mapping[str, GuestSign]
    persons: Mapping[str, PersonCount]
    planned: Collection[str]
    looked: Mapping[str, datetime]


async def look_at_rooms(work: UnitOfWork, sensed: Sensed) -> int:
    """Look at every room: open, close, refresh; how many cases changed. Twice at one instant changes nothing."""
    rooms = await house.all_rooms(work.session, work.property_id)
    if not rooms:
        return 0
    known = await _read(work, sensed)
    query = select(RoomCase).where(RoomCase.property_id == work.property_id, RoomCase.state.in_(_values(PRESENT)))
    cases = {(case.room, case.kind): case for case in await work.session.scalars(query.with_for_update())}
    changed = 0
    for room in rooms:
        facts = facts_of(room, known, work.now)
        for kind, finding in look(facts, known.limits).items():
            changed += _apply(work, cases.get((room.number, kind.value)), (kind, finding, facts, room.number), known)
    return changed


async def dismiss(work: UnitOfWork, case_id: str, note: str) -> RoomCase:
    """Somebody has dealt with it: it stays away until it has been otherwise once. Raises Conflict, NotFound."""
    case = await find(work.session, work.property_id, case_id, lock=True)
    if case.state != CaseState.OPEN:
        raise Conflict(f"the case is {case.state}", reasons=[Reason(f"case_{case.state}")])
    case.state = CaseState.DISMISSED.value
    case.dismissed_by, case.dismissed_at, case.note = work.actor.name, work.now, note.strip() or None
    _record(work, case, DISMISSED)
    return case


async def count_persons(work: UnitOfWork, number: str, persons: int) -> None:
    """Somebody says how many people are in a room (or its beds). Raises Invalid, NotFound."""
    if not 0 <= persons <= MOST_PERSONS:
        raise Invalid([FieldError("persons", "out_of_range", f"between 0 and {MOST_PERSONS}")])
    room = await house.find_room(work.session, work.property_id, number)
    row = await work.session.get(PersonCount, (work.property_id, room.number))
    if row is None:
        row = PersonCount(property_id=work.property_id, room=room.number)
        work.session.add(row)
    row.persons, row.at, row.by = persons, work.now, work.actor.name
    work.record(COUNTED, room.number, {"persons": persons})


async def find(session: AsyncSession, property_id: str, case_id: str, *, lock: bool = False) -> RoomCase:
    """One case. Raises NotFound."""
    query = select(RoomCase).where(RoomCase.property_id == property_id, RoomCase.id == case_id)
    case = await session.scalar(query.with_for_update() if lock else query)
    if case is None:
        raise NotFound(f"no case {case_id}")
    return case


async def listing(
    session: AsyncSession,
    property_id: str,
    *,
    room: str | None = None,
    states: Collection[str] = (CaseState.OPEN.value,),
    limit: int = 500,
) -> Sequence[RoomCase]:
    """Cases, the latest first: the open ones unless states are named."""
    query = select(RoomCase).where(RoomCase.property_id == property_id, RoomCase.state.in_(states))
    if room is not None:
        query = query.where(RoomCase.room == room)
    return (await session.scalars(query.order_by(RoomCase.opened_at.desc(), RoomCase.id.desc()).limit(limit))).all()


async def discrepancies(session: AsyncSession, property_id: str, room: str | None = None) -> dict[str, dict[str, Any]]:
    """Where desk and room disagree, by room: the kind and since when; of several the first of skip, sleep, persons."""
    found: dict[str, dict[str, Any]] = {}
    cases = await listing(session, property_id, room=room)
    for kind in DISCREPANCIES:
        for case in cases:
            if case.kind == kind.value:
                found.setdefault(case.room, {"kind": case.kind, "since": case.since})
    return found


def facts_of(room: Room, known: _House, now: datetime) -> RoomFactsNow:
    """One room as books and sensors have it."""
    body = known.sensed.get(room.number, (None, {}))[1]
    occupancy = body.get("occupancy") or {}
    says = occupancy.get("source") == "detected" and not occupancy.get("stale")
    by_hand = room.occupancy_set is not None
    stay, sign, count = (
        known.stays.get(room.stay_id or ""),
        known.signs.get(room.number),
        known.persons.get(room.number),
    )
    return RoomFactsNow(
        now=now,
        zone=known.zone,
        today=known.today,
        front_office=room.front_office,
        stay=room.stay_id,
        guests=stay.guests if stay else 0,
        arrived=stay.checked_in_at if stay else None,
        departure=stay.departure if stay else None,
        sensed=occupancy.get("value") if says and not by_hand else None,
        since=_instant(occupancy.get("since")),
        confidence=float(occupancy.get("confidence") or 0.0),
        evidence=tuple(occupancy.get("evidence") or ())[-3:],
        staff_inside=_staff_inside(body),
        task_open=room.number in known.planned,
        persons=count.persons if count else None,
        persons_at=count.at if count else None,
        request=sign.value if sign else "none",
        request_since=sign.since if sign else None,
        looked_at=known.looked.get(room.number),
        maintenance=room.maintenance_reason is not None,
    )


def _staff_inside(body: Mapping[str, Any]) -> bool:
    if ((body.get("cleaning") or {}).get("phase")) == "in_progress":
        return True
    evidence = (body.get("occupancy") or {}).get("evidence") or ()
    return any(item.get("code") == "staff_entered" for item in evidence)


async def _read(work: UnitOfWork, sensed: Sensed) -> _House:
    session, mine = work.session, work.property_id
    the_house = await house.the_property(session, mine)
    signs = await session.scalars(select(GuestSign).where(GuestSign.property_id == mine))
    persons = await session.scalars(select(PersonCount).where(PersonCount.property_id == mine))
    # a departure clean that is planned, under way or done: nothing is left to be offered
    over = [state.value for state in OPEN | {TaskState.DONE, TaskState.INSPECTED}]
    planned = select(Task.room).where(Task.property_id == mine, Task.type == TaskType.DEPARTURE.value)
    planned = planned.where(Task.state.in_(over), Task.business_date == the_house.business_date)
    looked = select(StaffVisit.room, func.max(StaffVisit.entered_at)).where(StaffVisit.property_id == mine)
    looked = looked.where(StaffVisit.kind.not_in(NO_LOOK)).group_by(StaffVisit.room)
    return _House(
        zone=ZoneInfo(the_house.time_zone),
        limits=Limits.of(the_house.timers),
        today=the_house.business_date,
        sensed=await sensed(session, mine, None),
        stays={stay.id: stay for stay in await reservations.in_house(session, mine)},
        signs={sign.room: sign for sign in signs},
        persons={count.room: count for count in persons},
        planned=set(await session.scalars(planned)),
        looked={row[0]: row[1] for row in await session.execute(looked)},
    )


def _apply(
    work: UnitOfWork, case: RoomCase | None, seen: tuple[CaseKind, Finding, RoomFactsNow, str], known: _House
) -> int:
    kind, finding, facts, number = seen
    before = Present(CaseState(case.state), case.stay, case.gone_since) if case else None
    move = step(before, finding, facts, known.limits)
    if move is Move.OPEN:
        _open(work, number, kind, finding, facts)
    elif case is not None and move is Move.REFRESH:
        case.gone_since, case.evidence = None, list(finding.evidence)
    elif case is not None and move is Move.WAIT:
        case.gone_since = work.now
    elif case is not None and move is Move.CLOSE:
        case.state, case.closed_at = CaseState.CLOSED.value, work.now
        _record(work, case, CLOSED)
    return int(move in {Move.OPEN, Move.CLOSE})


def _open(work: UnitOfWork, number: str, kind: CaseKind, finding: Finding, facts: RoomFactsNow) -> None:
    case = RoomCase(
        id=new_id("case"),
        property_id=work.property_id,
        room=number,
        kind=kind.value,
        state=CaseState.OPEN.value,
        stay=facts.stay,
        since=finding.since or work.now,
        opened_at=work.now,
        evidence=list(finding.evidence),
    )
    work.session.add(case)
    _record(work, case, OPENED)


def _record(work: UnitOfWork, case: RoomCase, kind: EventKind) -> None:
    work.record(kind, case.id, {"room": case.room, "kind": case.kind, "state": case.state})
    if case.kind in _SHOWN:
        work.record(SPLIT, case.room, {"kind": case.kind, "state": case.state})


def _values(states: Collection[CaseState]) -> list[str]:
    return [state.value for state in states]


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, datetime) else None
