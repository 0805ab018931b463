"""What the rooms themselves say of cleaning, applied to the tasks. A person still inspects."""

from zoneinfo import ZoneInfo

from sqlalchemy import select

from pms.access.permissions import HOUSEKEEPING_READ
from pms.housekeeping import service
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.rules import Action, Ended, OpenTask, Step, TaskState, TaskType, on_ended, on_started, type_for
from pms.housekeeping.service import DETECTED
from pms.housekeeping.visit_rules import TURNDOWN_HOURS
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.link.messages import CleaningBody
from pms.property import service as house

STARTED = EventKind("cleaning.started", HOUSEKEEPING_READ)
ENDED = EventKind("cleaning.ended", HOUSEKEEPING_READ)


async def take_cleaning(work: UnitOfWork, cleaning: CleaningBody) -> None:
    """Apply a cleaning that began or ended, and keep its record. The same message twice changes nothing."""
    spell = await _spell(work, cleaning)
    task = await service.open_task(work.session, work.property_id, cleaning.room, lock=True)
    if cleaning.phase == "started":
        await _started(work, cleaning, spell, task)
    elif spell.ended_at is None:
        await _ended(work, cleaning, spell, task)


async def _spell(work: UnitOfWork, cleaning: CleaningBody) -> CleaningSpell:
    query = select(CleaningSpell).where(
        CleaningSpell.property_id == work.property_id, CleaningSpell.spell == cleaning.spell
    )
    spell = await work.session.scalar(query.with_for_update())
    if spell is None:
        began = cleaning.at if cleaning.phase == "started" else cleaning.started
        spell = CleaningSpell(
            property_id=work.property_id,
            spell=cleaning.spell,
            room=cleaning.room,
            by=cleaning.by,
            started_at=began,
        )
        work.session.add(spell)
    return spell


async def _started(work: UnitOfWork, cleaning: CleaningBody, spell: CleaningSpell, task: Task | None) -> None:
    if spell.task_id is not None or spell.ended_at is not None:
        return
    room = await house.find_room(work.session, work.property_id, cleaning.room)
    step = Step.NOTHING if await _not_yet(work, task, cleaning) else on_started(_seen(task), room.housekeeping)
    if step is Step.CREATE_STARTED:
        task = await service.create(work, cleaning.room, type_for(room.front_office), DETECTED)
    if task is not None and step in {Step.START, Step.CREATE_STARTED}:
        service.move(work, task, Action.START, DETECTED)
        task.started_at, task.spell = cleaning.at, cleaning.spell
    spell.task_id = task.id if task else None
    work.record(STARTED, cleaning.room, {"spell": cleaning.spell, "task": spell.task_id})


async def _not_yet(work: UnitOfWork, task: Task | None, cleaning: CleaningBody) -> bool:
    """Who works in the room by day does not turn it down."""
    if task is None or task.type != TaskType.TURNDOWN:
        return False
    zone = ZoneInfo((await house.the_property(work.session, work.property_id)).time_zone)
    return cleaning.at.astimezone(zone).hour < TURNDOWN_HOURS[0]


async def _ended(work: UnitOfWork, cleaning: CleaningBody, spell: CleaningSpell, task: Task | None) -> None:
    spell.ended_at, spell.outcome = cleaning.at, cleaning.outcome
    step = on_ended(_seen(task), _ended_as(spell, cleaning))
    if task is not None and step is Step.FINISH:
        await service.finished(work, task, DETECTED)
        task.done_at, task.confirmed, spell.task_id = cleaning.at, "rule", task.id
    elif task is not None and step is Step.PROPOSE:
        service.move(work, task, Action.PROPOSE, DETECTED)
        task.started_at, task.done_at = task.started_at or spell.started_at, cleaning.at
        task.spell, spell.task_id = cleaning.spell, task.id
    elif task is not None and step is Step.INTERRUPT:
        service.move(work, task, Action.INTERRUPT, DETECTED)
        task.started_at, task.spell = None, None
    payload = {"spell": cleaning.spell, "outcome": cleaning.outcome, "task": spell.task_id}
    work.record(ENDED, cleaning.room, payload)


def _ended_as(spell: CleaningSpell, cleaning: CleaningBody) -> Ended:
    began = cleaning.started or spell.started_at
    took = None if began is None else (cleaning.at - began).total_seconds() / 60
    return Ended(cleaning.spell, cleaning.outcome, spell.by is not None, took)


def _seen(task: Task | None) -> OpenTask | None:
    return None if task is None else OpenTask(TaskState(task.state), task.spell, task.minutes)
