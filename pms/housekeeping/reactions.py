"""What follows for housekeeping from what happened elsewhere: a check-out, a night."""

from sqlalchemy import select

from pms.frontdesk.service import CHECK_IN_REVERSED, CHECKED_OUT, MOVED
from pms.housekeeping import service, signs
from pms.housekeeping.model import Task
from pms.housekeeping.rules import OPEN, WAITING, Action, TaskState, TaskType
from pms.housekeeping.service import DETECTED
from pms.kernel.events import Event
from pms.kernel.reactions import Reactions
from pms.kernel.work import UnitOfWork
from pms.property import service as house
from pms.property.house import BUSINESS_DATE_MOVED
from pms.property.service import ROOM_REQUEST


def register(reactions: Reactions) -> None:
    """Follow the feed."""
    reactions.on("housekeeping.departure", {CHECKED_OUT.name, MOVED.name}, on_check_out)
    reactions.on("housekeeping.morning", {BUSINESS_DATE_MOVED.name}, on_morning)
    reactions.on("housekeeping.signs", {ROOM_REQUEST.name}, signs.on_request)
    reactions.on("housekeeping.reversed", {CHECK_IN_REVERSED.name}, on_check_in_reversed)


async def on_check_out(work: UnitOfWork, event: Event) -> None:
    """A room that was left, also for another one, needs a departure clean: a planned stayover clean becomes one."""
    number = event.payload["from" if event.kind == MOVED.name else "room"]
    room = await house.room_to_change(work, number)
    if room.housekeeping in {"clean", "inspected"}:
        return  # somebody was faster than the feed
    task = await service.open_task(work.session, work.property_id, number, lock=True)
    if task is None:
        await service.create(work, number, TaskType.DEPARTURE, DETECTED)
    elif task.type in {TaskType.STAYOVER, TaskType.TURNDOWN}:
        if task.state == TaskState.PROPOSED:
            service.move(work, task, Action.REOPEN, DETECTED)
        service.to_departure(work, task)


async def on_morning(work: UnitOfWork, _event: Event) -> None:
    """Each room somebody slept in gets a stayover clean, unless it has an open task.

    What nobody turned down last night, or said to be clean, is not asked for any more.
    """
    await _end_yesterday(work)
    query = select(Task.room).where(
        Task.property_id == work.property_id, Task.state.in_([state.value for state in OPEN])
    )
    busy = set(await work.session.scalars(query))
    for room in await house.all_rooms(work.session, work.property_id):
        if room.front_office == "occupied" and room.number not in busy and room.housekeeping == "dirty":
            await service.create(work, room.number, TaskType.STAYOVER, DETECTED)


async def _end_yesterday(work: UnitOfWork) -> None:
    today = await house.business_date(work.session, work.property_id)
    over = select(Task).where(Task.property_id == work.property_id, Task.business_date < today)
    stale = (Task.state == TaskState.PROPOSED.value) | (
        (Task.type == TaskType.TURNDOWN.value) & Task.state.in_([state.value for state in OPEN])
    )
    for task in await work.session.scalars(over.where(stale).with_for_update()):
        service.move(work, task, Action.CANCEL, DETECTED)
    await work.session.flush()


async def on_check_in_reversed(work: UnitOfWork, event: Event) -> None:
    """Nobody slept there after all: a waiting stayover clean is not needed."""
    task = await service.open_task(work.session, work.property_id, event.payload["room"], lock=True)
    if task is not None and task.type == TaskType.STAYOVER and TaskState(task.state) in WAITING:
        service.move(work, task, Action.CANCEL, DETECTED)
