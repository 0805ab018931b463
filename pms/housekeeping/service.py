"""Use cases of housekeeping by people: tasks are planned, given to somebody, worked on, finished and inspected."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import HOUSEKEEPING_READ
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.rules import CREDITS, MINUTES, OPEN, WAITING, Action, TaskState, TaskType, after, type_for
from pms.kernel.errors import Conflict, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.property import service as house

CREATED = EventKind("task.created", HOUSEKEEPING_READ)
CHANGED = EventKind("task.changed", HOUSEKEEPING_READ)
EVENTS: dict[Action, EventKind] = {
    Action.ASSIGN: EventKind("task.assigned", HOUSEKEEPING_READ),
    Action.START: EventKind("task.started", HOUSEKEEPING_READ),
    Action.PROPOSE: EventKind("task.proposed", HOUSEKEEPING_READ),
    Action.CONFIRM: EventKind("task.confirmed", HOUSEKEEPING_READ),
    Action.DONE: EventKind("task.done", HOUSEKEEPING_READ),
    Action.INSPECT: EventKind("task.inspected", HOUSEKEEPING_READ),
    Action.REOPEN: EventKind("task.reopened", HOUSEKEEPING_READ),
    Action.INTERRUPT: EventKind("task.interrupted", HOUSEKEEPING_READ),
    Action.CANCEL: EventKind("task.cancelled", HOUSEKEEPING_READ),
}

MANUAL, DETECTED = "manual", "detected"


async def plan(work: UnitOfWork, number: str, kind: TaskType | None = None, note: str | None = None) -> Task:
    """Plan a cleaning by hand. Raises Conflict when the room has an open task already, NotFound."""
    room = await house.find_room(work.session, work.property_id, number)
    if await open_task(work.session, work.property_id, number) is not None:
        raise Conflict("the room has an open task", reasons=[Reason("task_open", {"room": number})])
    task = await create(work, number, kind or type_for(room.front_office), MANUAL)
    task.note = note
    return task


async def plan_departure(work: UnitOfWork, number: str) -> Task:
    """The guests have left though they are not checked out: the room's waiting task becomes a departure clean.

    Without one, it is made. Raises Conflict when somebody is at work already, NotFound.
    """
    task = await open_task(work.session, work.property_id, number, lock=True)
    if task is None:
        return await plan(work, number, TaskType.DEPARTURE)
    if TaskState(task.state) not in WAITING:
        raise Conflict("the room has an open task", reasons=[Reason("task_open", {"room": number})])
    to_departure(work, task)
    return task


def to_departure(work: UnitOfWork, task: Task) -> None:
    """Another kind of work than was planned."""
    task.type = TaskType.DEPARTURE.value
    task.minutes, task.credits = MINUTES[TaskType.DEPARTURE], CREDITS[TaskType.DEPARTURE]
    changed(work, task)


async def create(work: UnitOfWork, number: str, kind: TaskType, source: str) -> Task:
    """Make a pending task. The caller has seen that the room has no open one."""
    task = Task(
        id=new_id("task"),
        property_id=work.property_id,
        room=number,
        type=kind.value,
        state=TaskState.PENDING.value,
        business_date=await house.business_date(work.session, work.property_id),
        source=source,
        minutes=MINUTES[kind],
        credits=CREDITS[kind],
        reopened=0,
        created_at=work.now,
    )
    work.session.add(task)
    await work.session.flush()
    _record(work, task, CREATED)
    return task


async def assign(work: UnitOfWork, task_id: str, assignee: str) -> Task:
    """Give a task to somebody. Raises Conflict, NotFound."""
    task = await find(work.session, work.property_id, task_id, lock=True)
    task.assignee = assignee
    move(work, task, Action.ASSIGN, MANUAL)
    return task


async def start(work: UnitOfWork, task_id: str) -> Task:
    """Begin the work; who begins a task of nobody's takes it. Raises Conflict, NotFound."""
    task = await find(work.session, work.property_id, task_id, lock=True)
    move(work, task, Action.START, MANUAL)
    task.assignee = task.assignee or work.actor.name
    task.started_at, task.done_at, task.spell = task.started_at or work.now, None, None
    return task


async def finish(work: UnitOfWork, task_id: str) -> Task:
    """The room is clean, says a person. Raises Conflict, NotFound."""
    task = await find(work.session, work.property_id, task_id, lock=True)
    await finished(work, task, MANUAL)
    return task


async def confirm(work: UnitOfWork, task_id: str) -> Task:
    """A person agrees with what the room proposed. Raises Conflict, NotFound."""
    task = await find(work.session, work.property_id, task_id, lock=True)
    await confirmed(work, task, MANUAL)
    return task


async def confirmed(work: UnitOfWork, task: Task, by: str) -> None:
    """What was proposed is so: the room is clean. `by`: manual, or the rule."""
    source = MANUAL if by == MANUAL else DETECTED
    move(work, task, Action.CONFIRM, source)
    task.confirmed = by
    await _clean(work, task, source)


async def finished(work: UnitOfWork, task: Task, source: str) -> None:
    """A task is done, and its room clean: by hand or detected."""
    move(work, task, Action.DONE, source)
    task.done_at = work.now
    await _clean(work, task, source)


async def _clean(work: UnitOfWork, task: Task, source: str) -> None:
    """A turndown leaves the state of the room as it is."""
    if task.type == TaskType.TURNDOWN:
        return
    room = await house.room_to_change(work, task.room)
    house.set_housekeeping(work, room, "clean", source=source)


async def inspect(work: UnitOfWork, task_id: str, *, passed: bool, note: str | None = None) -> Task:
    """A person has looked: the room is inspected, or dirty and its task open again. Raises Conflict, NotFound."""
    task = await find(work.session, work.property_id, task_id, lock=True)
    if passed and task.state == TaskState.PROPOSED:
        task.confirmed = MANUAL  # who has looked agrees
    move(work, task, Action.INSPECT if passed else Action.REOPEN, MANUAL)
    task.inspected_at, task.inspected_by = work.now, work.actor.name
    task.note = note or task.note
    if not passed:
        task.reopened += 1
    if task.type != TaskType.TURNDOWN:
        room = await house.room_to_change(work, task.room)
        house.set_housekeeping(work, room, "inspected" if passed else "dirty", source=MANUAL)
    return task


async def cancel(work: UnitOfWork, task_id: str) -> Task:
    """Nobody needs this task. The room stays as it is. Raises Conflict, NotFound."""
    task = await find(work.session, work.property_id, task_id, lock=True)
    move(work, task, Action.CANCEL, MANUAL)
    return task


def move(work: UnitOfWork, task: Task, action: Action, source: str) -> None:
    """Put a task into the state `action` leads to, and say so. Raises Conflict where the table does not allow it."""
    target = after(action, TaskState(task.state), task.assignee)
    if target is None:
        raise Conflict(f"cannot {action.value} a task that is {task.state}", reasons=[Reason(f"task_{task.state}")])
    task.state, task.source = target.value, source
    _record(work, task, EVENTS[action])


def changed(work: UnitOfWork, task: Task) -> None:
    """Say that a task is another one now, in the same state."""
    _record(work, task, CHANGED)


def _record(work: UnitOfWork, task: Task, kind: EventKind) -> None:
    payload = {
        "room": task.room,
        "type": task.type,
        "state": task.state,
        "assignee": task.assignee,
        "source": task.source,
    }
    work.record(kind, task.id, payload)


async def find(session: AsyncSession, property_id: str, task_id: str, *, lock: bool = False) -> Task:
    """One task; `lock` it to change it. Raises NotFound."""
    query = select(Task).where(Task.property_id == property_id, Task.id == task_id)
    task = await session.scalar(query.with_for_update() if lock else query)
    if task is None:
        raise NotFound(f"no task {task_id}")
    return task


async def open_task(session: AsyncSession, property_id: str, room: str, *, lock: bool = False) -> Task | None:
    """The room's open task, if it has one."""
    query = select(Task).where(
        Task.property_id == property_id, Task.room == room, Task.state.in_([state.value for state in OPEN])
    )
    found: Task | None = await session.scalar(query.with_for_update() if lock else query)
    return found


async def listing(
    session: AsyncSession,
    property_id: str,
    *,
    room: str | None = None,
    states: Collection[str] = (),
    assignee: str | None = None,
    before: str | None = None,
    limit: int = 500,
) -> Sequence[Task]:
    """Tasks, newest first: the open and the done unless states are named; `before` an id to go on from."""
    shown = states or [state.value for state in OPEN | {TaskState.DONE}]
    query = select(Task).where(Task.property_id == property_id, Task.state.in_(shown))
    if room is not None:
        query = query.where(Task.room == room)
    if assignee is not None:
        query = query.where(Task.assignee == assignee)
    if before is not None:
        query = query.where(Task.id < before)
    return (await session.scalars(query.order_by(Task.id.desc()).limit(limit))).all()


async def spells(session: AsyncSession, property_id: str, room: str, limit: int = 50) -> Sequence[CleaningSpell]:
    """The detected cleanings of a room, latest first."""
    query = select(CleaningSpell).where(CleaningSpell.property_id == property_id, CleaningSpell.room == room)
    return (await session.scalars(query.order_by(CleaningSpell.started_at.desc()).limit(limit))).all()
