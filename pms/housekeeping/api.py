"""Housekeeping over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import users
from pms.access.permissions import (
    HOUSEKEEPING_ASSIGN,
    HOUSEKEEPING_INSPECT,
    HOUSEKEEPING_READ,
    HOUSEKEEPING_WORK,
)
from pms.housekeeping import service
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.rules import BY_HAND, OPEN, Action, TaskState, TaskType, after
from pms.kernel.errors import FieldError, Invalid, NotFound, Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Call, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.models import PageQuery, decode_cursor, encode_cursor

routes = Routes("housekeeping")

NEEDS = {
    Action.ASSIGN: HOUSEKEEPING_ASSIGN,
    Action.START: HOUSEKEEPING_WORK,
    Action.DONE: HOUSEKEEPING_WORK,
    Action.CONFIRM: HOUSEKEEPING_INSPECT,
    Action.INSPECT: HOUSEKEEPING_INSPECT,
    Action.REOPEN: HOUSEKEEPING_INSPECT,
    Action.CANCEL: HOUSEKEEPING_ASSIGN,
}
"""The permission each action asks for."""


class TaskBody(Body):
    """A cleaning to plan; without a type, what the room's state asks for."""

    room: str = Field(max_length=20)
    type: TaskType | None = None
    note: str | None = Field(None, max_length=500)


class AssignBody(Body):
    """Who is to do it: the id or the name of a person."""

    assignee: str = Field(max_length=80)


class InspectBody(Body):
    """What the inspection found: `passed` false opens the task again."""

    passed: bool = True
    note: str | None = Field(None, max_length=500)


class TaskQuery(PageQuery):
    """`?room=&state=&mine=`: without a state, what is open or waits for its inspection."""

    room: str | None = Field(None, max_length=20)
    state: TaskState | Literal["open", "all"] | None = None
    mine: bool = False


class TaskView(View):
    """A task. `source`: who last moved it, a person or the room's devices."""

    id: str
    room: str
    type: str
    state: str
    source: str
    business_date: date
    assignee: str | None
    assignee_name: str | None
    minutes: int
    credits: int
    confirmed: str | None
    note: str | None
    reopened: int
    created_at: datetime
    started_at: datetime | None
    done_at: datetime | None
    inspected_at: datetime | None
    inspected_by: str | None
    version: int
    actions: list[ActionView]


class SpellView(View):
    """A cleaning as the room's devices saw it."""

    spell: str
    room: str
    by: str | None
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    task: str | None


class RoomQuery(Body):
    """`?room=`."""

    room: str = Field(max_length=20)


@routes.read("/api/v1/housekeeping/tasks", permission=HOUSEKEEPING_READ, response=Page[TaskView], query=TaskQuery)
async def tasks(call: ReadCall) -> Page[TaskView]:
    """Tasks, newest first."""
    query = call.query(TaskQuery)
    found = await service.listing(
        call.session,
        call.property_id,
        room=query.room,
        states=states_of(query.state),
        assignee=call.principal.user_id if query.mine else None,
        before=decode_cursor(call.property_id, query.cursor)[0] if query.cursor else None,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = encode_cursor(call.property_id, [shown[-1].id]) if len(found) > query.limit else None
    return Page[TaskView](items=await views(call, call.session, shown), next=more)


@routes.read("/api/v1/housekeeping/tasks/{id}", permission=HOUSEKEEPING_READ, response=TaskView)
async def task(call: ReadCall) -> Reply:
    """One task, and what can be done with it."""
    found = await service.find(call.session, call.property_id, call.path("id"))
    return Reply((await views(call, call.session, [found]))[0], version=found.version)


@routes.read("/api/v1/housekeeping/cleanings", permission=HOUSEKEEPING_READ, response=Page[SpellView], query=RoomQuery)
async def cleanings(call: ReadCall) -> Page[SpellView]:
    """The cleanings a room's devices have seen, latest first."""
    found = await service.spells(call.session, call.property_id, call.query(RoomQuery).room)
    return Page[SpellView](items=[_spell_view(one) for one in found])


@routes.write(
    "POST",
    "/api/v1/housekeeping/tasks",
    permission=HOUSEKEEPING_ASSIGN,
    body=TaskBody,
    response=TaskView,
    status=201,
)
async def plan(call: WriteCall) -> Reply:
    """Plan a cleaning by hand."""
    asked = call.body(TaskBody)
    made = await service.plan(call.work, asked.room, asked.type, asked.note)
    return await _reply(call, made, 201)


@routes.write(
    "POST",
    "/api/v1/housekeeping/tasks/{id}/assign",
    permission=HOUSEKEEPING_ASSIGN,
    body=AssignBody,
    response=TaskView,
)
async def assign(call: WriteCall) -> Reply:
    """Give a task to somebody."""
    await _check(call)
    assignee = await _person(call, call.body(AssignBody).assignee)
    return await _reply(call, await service.assign(call.work, call.path("id"), assignee))


@routes.write(
    "POST", "/api/v1/housekeeping/tasks/{id}/start", permission=HOUSEKEEPING_WORK, body=Nothing, response=TaskView
)
async def start(call: WriteCall) -> Reply:
    """Begin the work."""
    await _check(call)
    return await _reply(call, await service.start(call.work, call.path("id")))


@routes.write(
    "POST", "/api/v1/housekeeping/tasks/{id}/done", permission=HOUSEKEEPING_WORK, body=Nothing, response=TaskView
)
async def done(call: WriteCall) -> Reply:
    """The room is clean."""
    await _check(call)
    return await _reply(call, await service.finish(call.work, call.path("id")))


@routes.write(
    "POST", "/api/v1/housekeeping/tasks/{id}/confirm", permission=HOUSEKEEPING_INSPECT, body=Nothing, response=TaskView
)
async def confirm(call: WriteCall) -> Reply:
    """Agree with what the room proposed: it is clean."""
    await _check(call)
    return await _reply(call, await service.confirm(call.work, call.path("id")))


@routes.write(
    "POST",
    "/api/v1/housekeeping/tasks/{id}/inspect",
    permission=HOUSEKEEPING_INSPECT,
    body=InspectBody,
    response=TaskView,
)
async def inspect(call: WriteCall) -> Reply:
    """Say what the inspection found."""
    await _check(call)
    found = call.body(InspectBody)
    return await _reply(call, await service.inspect(call.work, call.path("id"), passed=found.passed, note=found.note))


@routes.write(
    "POST", "/api/v1/housekeeping/tasks/{id}/reopen", permission=HOUSEKEEPING_INSPECT, body=Nothing, response=TaskView
)
async def reopen(call: WriteCall) -> Reply:
    """The work is to be done again."""
    await _check(call)
    return await _reply(call, await service.inspect(call.work, call.path("id"), passed=False))


@routes.write(
    "POST", "/api/v1/housekeeping/tasks/{id}/cancel", permission=HOUSEKEEPING_ASSIGN, body=Nothing, response=TaskView
)
async def cancel(call: WriteCall) -> Reply:
    """Take a task off the list; the room stays as it is."""
    await _check(call)
    return await _reply(call, await service.cancel(call.work, call.path("id")))


def states_of(asked: TaskState | str | None) -> list[str]:
    """The states a filter stands for."""
    if asked is None:
        return [state.value for state in OPEN | {TaskState.DONE}]
    if asked == "open":
        return [state.value for state in OPEN]
    return [state.value for state in TaskState] if asked == "all" else [str(asked)]


async def views(call: Call, session: AsyncSession, found: Sequence[Task]) -> list[TaskView]:
    """Tasks as this reader sees them."""
    people = {person.user.id: person.user.username for person in await users.people(session, call.property_id)}
    return [_view(call, one, people) for one in found]


def _view(call: Call, found: Task, people: dict[str, str]) -> TaskView:
    return TaskView(
        id=found.id,
        room=found.room,
        type=found.type,
        state=found.state,
        source=found.source,
        business_date=found.business_date,
        assignee=found.assignee,
        assignee_name=people.get(found.assignee) if found.assignee else None,
        minutes=found.minutes,
        credits=found.credits,
        confirmed=found.confirmed,
        note=found.note,
        reopened=found.reopened,
        created_at=found.created_at,
        started_at=found.started_at,
        done_at=found.done_at,
        inspected_at=found.inspected_at,
        inspected_by=people.get(found.inspected_by, found.inspected_by) if found.inspected_by else None,
        version=found.version,
        actions=[call.action(what.value, _against(what, found)) for what in BY_HAND if call.may(NEEDS[what])],
    )


def _against(what: Action, found: Task) -> list[Reason]:
    return [] if after(what, TaskState(found.state)) else [Reason(f"task_{found.state}")]


def _spell_view(found: CleaningSpell) -> SpellView:
    same = ("spell", "room", "by", "started_at", "ended_at", "outcome")
    return SpellView(task=found.task_id, **{name: getattr(found, name) for name in same})


async def _person(call: WriteCall, who: str) -> str:
    by_id = {"user_id": who} if who.startswith("user_") else {"username": who}
    try:
        return (await users.find(call.work.session, call.property_id, **by_id)).user.id
    except NotFound as error:
        raise Invalid([FieldError("assignee", "unknown", "nobody of this house")]) from error


async def _check(call: WriteCall) -> None:
    found = await service.find(call.work.session, call.property_id, call.path("id"), lock=True)
    call.check_version(found.version)


async def _reply(call: WriteCall, changed: Task, status: int = 200) -> Reply:
    await call.work.session.flush()
    view = (await views(call, call.work.session, [changed]))[0]
    return Reply(view, status=status, version=changed.version)
