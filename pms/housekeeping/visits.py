"""Use cases of visits: what rooms and locks told becomes who was where, for how long, and what for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import HOUSEKEEPING_READ
from pms.housekeeping import service
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.rules import Action, TaskState, TaskType
from pms.housekeeping.service import DETECTED
from pms.housekeeping.visit_model import LockAudit, StaffCard, StaffVisit
from pms.housekeeping.visit_rules import (
    LONGEST,
    NEAR,
    ROUND_WITHIN,
    SHORT,
    Department,
    Entry,
    Seen,
    VisitFacts,
    VisitKind,
    department_of,
    kind_of,
    left_by,
    reconcile,
)
from pms.kernel.errors import NotFound
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.link.messages import VisitBody
from pms.property import service as house

VISITED = EventKind("visit.recorded", HOUSEKEEPING_READ)
CORRECTED = EventKind("visit.corrected", HOUSEKEEPING_READ)
CARDS = EventKind("visit.card", HOUSEKEEPING_READ)
SENSED, AUDIT = "sensed", "audit"
AROUND = timedelta(hours=4)
"""How far from an opening a visit can be that it belongs to."""


async def take_visit(work: UnitOfWork, body: VisitBody) -> None:
    """Keep a visit that has ended, say what it was for, and let the room's task know. Twice changes nothing."""
    task = await _task_at(work.session, work.property_id, body.room, body.left)
    room = await house.find_room(work.session, work.property_id, body.room)
    facts = {
        "moved": body.moved,
        "guests": body.guests,
        "request": body.request,
        "rented": room.front_office == "occupied",
        **_of_task(task),
        "cleaned": await _was_cleaning(work, body.spell),
    }
    new = await _insert(work, body, facts)
    if not new:
        return
    for number, other in enumerate(body.others, 1):
        values = {"visit": f"{body.visit}:{number}", "card_class": other.by, "credential": other.credential}
        times = {"entered_at": other.at, "left_at": None}
        await _put(work, body.room, SENSED, values | times | {"facts": facts | {"cleaned": False}, "spell": None})
    await _settle(work, body.room, body.entered)
    visit = await find(work.session, work.property_id, body.visit)
    visit.task_id = task.id if task else None
    await _follow(work, visit, task)
    work.record(VISITED, body.room, {"visit": visit.visit, "kind": visit.kind, "class": visit.known_class})


async def take_audit(work: UnitOfWork, room: str, entries: Sequence[Entry]) -> int:
    """What a lock remembered, told afterwards: visits are corrected; how many openings were new. Raises NotFound."""
    await house.find_room(work.session, work.property_id, room)
    new = 0
    for entry in sorted(set(entries)):
        key = {"property_id": work.property_id, "room": room, "at": entry.at, "credential": entry.credential}
        if await work.insert_once(LockAudit, **key, card_class=entry.card_class, told_at=work.now):
            new += 1
            await _settle(work, room, entry.at)
    if new:
        work.record(CORRECTED, room, {"openings": new})
    return new


async def find(session: AsyncSession, property_id: str, visit: str, *, lock: bool = False) -> StaffVisit:
    """One visit. Raises NotFound."""
    query = select(StaffVisit).where(StaffVisit.property_id == property_id, StaffVisit.visit == visit)
    found = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"no visit {visit}")
    return found


async def between(
    session: AsyncSession, property_id: str, since: datetime, until: datetime, room: str | None = None
) -> Sequence[StaffVisit]:
    """The visits that began between two instants, in order."""
    query = select(StaffVisit).where(
        StaffVisit.property_id == property_id, StaffVisit.entered_at >= since, StaffVisit.entered_at < until
    )
    if room is not None:
        query = query.where(StaffVisit.room == room)
    return (await session.scalars(query.order_by(StaffVisit.entered_at, StaffVisit.visit))).all()


async def cards(session: AsyncSession, property_id: str) -> dict[str, StaffCard]:
    """Whose cards are whose, by credential."""
    query = select(StaffCard).where(StaffCard.property_id == property_id)
    return {card.credential: card for card in await session.scalars(query)}


async def set_card(work: UnitOfWork, credential: str, department: Department, user_id: str | None) -> None:
    """Say whose a card is; the visits of the last day are judged anew."""
    card = await work.session.get(StaffCard, (work.property_id, credential))
    if card is None:
        card = StaffCard(property_id=work.property_id, credential=credential)
        work.session.add(card)
    card.department, card.user_id = department.value, user_id
    await work.session.flush()
    work.record(CARDS, credential, {"department": department.value})
    for visit in await between(work.session, work.property_id, work.now - timedelta(days=1), work.now):
        if visit.card == credential:
            await _judge(work, visit)


async def correct(work: UnitOfWork, visit_id: str, kind: VisitKind) -> StaffVisit:
    """A person knows better what a visit was for. Raises NotFound."""
    visit = await find(work.session, work.property_id, visit_id, lock=True)
    visit.kind, visit.kind_source = kind.value, "manual"
    work.record(CORRECTED, visit.room, {"visit": visit.visit, "kind": visit.kind})
    return visit


async def _insert(work: UnitOfWork, body: VisitBody, facts: dict[str, object]) -> bool:
    values = {"visit": body.visit, "card_class": body.by, "credential": body.credential, "entered_at": body.entered}
    return await _put(work, body.room, SENSED, values | {"left_at": body.left, "facts": facts, "spell": body.spell})


async def _put(work: UnitOfWork, room: str, source: str, values: dict[str, object]) -> bool:
    usual = {"kind": VisitKind.OTHER.value, "kind_source": "rule", "estimated": False}
    return await work.insert_once(
        StaffVisit, property_id=work.property_id, room=room, source=source, **(usual | values)
    )


async def _settle(work: UnitOfWork, room: str, at: datetime) -> None:
    """Hold the lock's memory against the visits around an instant anew, and judge those anew that it concerns."""
    session, mine = work.session, work.property_id
    visits = await between(session, mine, at - AROUND, at + AROUND, room)
    sensed = [visit for visit in visits if visit.source == SENSED]
    query = select(LockAudit).where(LockAudit.property_id == mine, LockAudit.room == room)
    told = await session.scalars(query.where(LockAudit.at.between(at - AROUND, at + AROUND)))
    entries = [Entry(one.credential, one.card_class, one.at) for one in told]
    seen = [
        Seen(one.visit, one.entered_at, one.left_at or one.entered_at, one.card_class, one.credential) for one in sensed
    ]
    made = reconcile(seen, entries)
    for visit in sensed:
        entry = made.known.get(visit.visit)
        visit.audit_class, visit.audit_credential = (entry.card_class, entry.credential) if entry else (None, None)
        await _name_cleaner(work, visit)
    await _unseen(work, room, {_name(room, entry): entry for entry in made.unseen}, visits)
    await session.flush()
    touched = {visit.card for visit in await between(session, mine, at - AROUND, at + AROUND, room)}
    for card in sorted(one for one in touched if one is not None):
        await _leave_times(work, card, at)
    for visit in await between(session, mine, at - ROUND_WITHIN, at + ROUND_WITHIN):
        if visit.room == room or visit.card in touched:
            await _judge(work, visit)


async def _unseen(work: UnitOfWork, room: str, wanted: dict[str, Entry], visits: Sequence[StaffVisit]) -> None:
    """Openings that no visit explains are visits of their own; those that one explains by now are none any more."""
    gone = [visit.visit for visit in visits if visit.source == AUDIT and visit.visit not in wanted]
    if gone:
        mine = StaffVisit.property_id == work.property_id
        await work.session.execute(delete(StaffVisit).where(mine, StaffVisit.visit.in_(gone)))
    for name, entry in wanted.items():
        task = await _task_at(work.session, work.property_id, room, entry.at)
        values = {"visit": name, "card_class": entry.card_class, "credential": entry.credential}
        await _put(
            work,
            room,
            AUDIT,
            values | {"entered_at": entry.at, "left_at": None, "facts": _of_task(task), "spell": None},
        )


def _of_task(task: Task | None) -> dict[str, object]:
    return {"task_type": task.type if task else None, "task_state": task.state if task else None}


def _name(room: str, entry: Entry) -> str:
    return f"audit:{room}:{entry.at:%Y%m%dT%H%M%S%f}:{entry.credential}"[:160]


async def _leave_times(work: UnitOfWork, card: str, at: datetime) -> None:
    """Who was seen coming only left at the latest when the same card came to another room."""
    around = await between(work.session, work.property_id, at - AROUND, at + AROUND + LONGEST)
    own = [visit for visit in around if visit.card == card]
    for visit in own:
        if visit.source == AUDIT or visit.estimated or visit.left_at is None:
            others = [one.entered_at for one in own if one.room != visit.room]
            visit.left_at = left_by(visit.entered_at, others)
            visit.estimated = visit.left_at is not None


async def _judge(work: UnitOfWork, visit: StaffVisit) -> None:
    if visit.kind_source == "manual":
        return
    known = await cards(work.session, work.property_id)
    own = known.get(visit.card or "")
    zone = ZoneInfo((await house.the_property(work.session, work.property_id)).time_zone)
    facts = visit.facts
    visit.kind = kind_of(
        VisitFacts(
            card_class=visit.known_class,
            department=department_of(visit.known_class, own.department if own else None),
            minutes=None if visit.left_at is None else visit.left_at - visit.entered_at,
            hour=visit.entered_at.astimezone(zone).hour,
            cleaned=bool(facts.get("cleaned")) or _as_long_as_a_cleaning(visit),
            guests=bool(facts.get("guests")),
            request=str(facts.get("request", "none")),
            rented=bool(facts.get("rented")),
            task_type=facts.get("task_type"),
            task_state=facts.get("task_state"),
            round_of=await _round(work, visit),
        )
    ).value


def _as_long_as_a_cleaning(visit: StaffVisit) -> bool:
    """Nobody saw what was done, but the room was to be cleaned, and there was time for it until the next door."""
    told_late = visit.source == AUDIT or (visit.audit_credential is not None and not visit.facts.get("guests"))
    due = told_late and visit.facts.get("task_type") is not None
    return due and visit.left_at is not None and visit.left_at - visit.entered_at >= SHORT


async def _round(work: UnitOfWork, visit: StaffVisit) -> int:
    """Short visits of the same card to rooms whose work was done, around this one."""
    if visit.card is None or visit.facts.get("task_state") not in {"proposed", "done"}:
        return 1
    around = await between(
        work.session, work.property_id, visit.entered_at - ROUND_WITHIN, visit.entered_at + ROUND_WITHIN
    )
    return sum(
        one.card == visit.card
        and one.facts.get("task_state") in {"proposed", "done"}
        and one.left_at is not None
        and one.left_at - one.entered_at < SHORT
        for one in around
    )


async def _name_cleaner(work: UnitOfWork, visit: StaffVisit) -> None:
    """A cleaning that no card announced is known to be somebody's now."""
    if visit.spell is None or visit.audit_credential is None:
        return
    spell = await work.session.get(CleaningSpell, (work.property_id, visit.spell))
    if spell is not None and spell.by is None:
        spell.by = visit.audit_credential


async def _was_cleaning(work: UnitOfWork, spell: str | None) -> bool:
    found = await work.session.get(CleaningSpell, (work.property_id, spell)) if spell else None
    return found is not None and found.outcome == "cleaned"


async def _task_at(session: AsyncSession, property_id: str, room: str, at: datetime) -> Task | None:
    """The room's latest task that was there at an instant."""
    query = select(Task).where(Task.property_id == property_id, Task.room == room)
    query = query.where(Task.created_at <= at + NEAR, Task.state != TaskState.CANCELLED.value)
    found: Task | None = await session.scalar(query.order_by(Task.id.desc()).limit(1).with_for_update())
    return found


async def _follow(work: UnitOfWork, visit: StaffVisit, task: Task | None) -> None:
    """What the visit does to the room's task: a turndown is done, an inspector who came confirms what was proposed."""
    if task is None:
        return
    state = TaskState(task.state)
    if visit.kind == VisitKind.TURNDOWN and task.type == TaskType.TURNDOWN:
        if state in {TaskState.PENDING, TaskState.ASSIGNED, TaskState.REOPENED}:
            service.move(work, task, Action.START, DETECTED)
            task.started_at = visit.entered_at
        if task.state == TaskState.IN_PROGRESS:
            await service.finished(work, task, DETECTED)
            task.done_at, task.confirmed = visit.left_at, "rule"
    elif visit.kind == VisitKind.INSPECTION and state is TaskState.PROPOSED:
        await service.confirmed(work, task, "rule")
