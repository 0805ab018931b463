"""The housekeeping board, for a phone in a pocket first: what to clean, who is in, begin, done, inspected."""

from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import select

from pms.access import users
from pms.access.permissions import HOUSEKEEPING_ASSIGN, HOUSEKEEPING_READ, HOUSEKEEPING_WORK
from pms.housekeeping import service
from pms.housekeeping.api import TaskView, views
from pms.housekeeping.case_rules import CaseKind
from pms.housekeeping.cases_pages import open_of
from pms.housekeeping.rules import OPEN, WAITING, TaskState, TaskType
from pms.kernel.html import Section, page
from pms.kernel.http import Body, ReadCall, Routes
from pms.property.api import views_of
from pms.property.model import Floor
from pms.property.views import RoomView

routes = Routes("housekeeping_pages")

OFFERS = (CaseKind.EARLY, CaseKind.WELFARE)
"""Cases that are housekeeping's to do."""
ATTENDANTS = frozenset({"housekeeping", "manager"})
"""Roles that may be given a room to clean."""


class BoardQuery(Body):
    """`?whose=mine|all&floor=`: an attendant sees their own first, everybody else all."""

    whose: Literal["mine", "all", ""] = ""
    floor: str = Field("", max_length=40)


@routes.page("/housekeeping", permission=HOUSEKEEPING_READ, query=BoardQuery)
async def board(call: ReadCall) -> web.Response:
    """The tasks of the day, by floor."""
    context = await _tasks(call)
    people = await users.people(call.session, call.property_id) if call.may(HOUSEKEEPING_ASSIGN) else []
    context["attendants"] = [person.user.username for person in people if _may_clean(person)]
    return await page(call, "housekeeping/board.html", "housekeeping", **context)


@routes.page("/housekeeping/list", permission=HOUSEKEEPING_READ, query=BoardQuery)
async def listing(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "housekeeping/list.html", **await _tasks(call))


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The room's tasks and latest cleanings, for the page of the room."""
    if not call.may(HOUSEKEEPING_READ):
        return None
    found = await service.listing(call.session, call.property_id, room=number, limit=3)
    spells = await service.spells(call.session, call.property_id, number, limit=3)
    tasks = await views(call, call.session, found)
    idle = not any(task.state in OPEN for task in tasks)
    may_plan = idle and call.may(HOUSEKEEPING_ASSIGN)
    types = [kind.value for kind in TaskType]
    context = {"tasks": tasks, "spells": spells, "number": number, "may_plan": may_plan, "types": types}
    return Section("housekeeping/room.html", context)


async def _tasks(call: ReadCall) -> dict[str, Any]:
    query = call.query(BoardQuery)
    whose = query.whose or ("mine" if await _has_own(call) else "all")
    found = await views(call, call.session, await service.listing(call.session, call.property_id))
    rooms = {room.number: room for room in await views_of(call)}
    floors = await _floors(call)
    shown = [task for task in found if whose == "all" or task.assignee == call.principal.user_id]
    groups = [
        {"code": code, "name": name, "tasks": _ordered([task for task in shown if _on(rooms, task, code)], rooms)}
        for code, name in floors.items()
        if query.floor in {"", code}
    ]
    return {
        "whose": whose,
        "floor": query.floor,
        "floors": floors,
        "groups": [group for group in groups if group["tasks"]],
        "rooms": rooms,
        "counts": _counts(found, rooms),
        "offers": await open_of(call, OFFERS),
        "may_plan": call.may(HOUSEKEEPING_ASSIGN),
        "mine": sum(task.assignee == call.principal.user_id for task in found),
        "total": len(found),
    }


async def _has_own(call: ReadCall) -> bool:
    """Whether this person is at work on rooms: an attendant with nothing assigned had better see everything."""
    if not call.may(HOUSEKEEPING_WORK) or call.may(HOUSEKEEPING_ASSIGN):
        return False
    return bool(await service.listing(call.session, call.property_id, assignee=call.principal.user_id, limit=1))


async def _floors(call: ReadCall) -> dict[str, str]:
    query = select(Floor).where(Floor.property_id == call.property_id).order_by(Floor.position)
    return {floor.code: floor.name for floor in (await call.session.scalars(query)).all()}


def _may_clean(person: users.Person) -> bool:
    return person.role in ATTENDANTS and person.user.disabled_at is None


def _on(rooms: dict[str, RoomView], task: TaskView, floor: str) -> bool:
    return task.room in rooms and rooms[task.room].floor == floor


_ORDER = {"in_progress": 0, "proposed": 0, "reopened": 1, "assigned": 2, "pending": 2, "done": 3}


def _ordered(tasks: Sequence[TaskView], rooms: dict[str, RoomView]) -> list[TaskView]:
    """What is under way first, then rooms nobody is in, those not to be disturbed last; what is done at the end."""

    def rank(task: TaskView) -> tuple[int, int, int, str]:
        room = rooms[task.room]
        wish = {"mur": 0, "dnd": 2}.get(room.request, 1)
        return _ORDER.get(task.state, 4), wish, int(room.sensed.occupancy == "occupied"), task.room

    return sorted(tasks, key=rank)


def _counts(tasks: Sequence[TaskView], rooms: dict[str, RoomView]) -> dict[str, int]:
    states = [task.state for task in tasks]
    return {
        "dirty": sum(room.housekeeping.state in {"dirty", "pickup"} for room in rooms.values()),
        "waiting": sum(state in WAITING for state in states),
        "in_progress": states.count(TaskState.IN_PROGRESS.value),
        "to_confirm": states.count(TaskState.PROPOSED.value),
        "to_inspect": states.count(TaskState.DONE.value),
    }
