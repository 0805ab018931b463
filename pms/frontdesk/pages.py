"""The room board and a room, for the front desk and everybody else who may look at rooms."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import select

from pms.access.permissions import ROOMS_READ, STAYS_READ
from pms.frontdesk.api import StayView, views
from pms.frontdesk.history import history_of
from pms.frontdesk.moves import free_rooms
from pms.frontdesk.rules import READY
from pms.kernel.html import TONES, page, sections
from pms.kernel.http import Body, ReadCall, Routes
from pms.kernel.http.models import ReasonView
from pms.property import service
from pms.property.api import actions_of, reader_of, views_of
from pms.property.model import Floor, Room, RoomType
from pms.property.sources import ROOM_SOURCES
from pms.property.views import RoomView, room_view
from pms.reservations.service import find as find_stay

routes = Routes("frontdesk_pages")

LEGEND = [(display, tone) for display, tone in TONES.items()]


class TilesQuery(Body):
    """`?rooms=101,102`: these alone; all of them without."""

    rooms: str = Field("", max_length=20_000)


class BoardQuery(Body):
    """What the board shows first; the page's script reads it."""

    status: str = ""
    floor: str = ""
    q: str = ""


@routes.page("/rooms", permission=ROOMS_READ, query=BoardQuery)
async def board(call: ReadCall) -> web.Response:
    """Every room of the house, by floor."""
    rooms = await views_of(call)
    floors = await _by_floor(call, rooms)
    return await page(call, "frontdesk/board.html", "rooms", rooms=rooms, floors=floors, legend=LEGEND)


@routes.page("/rooms/tiles", permission=ROOMS_READ, query=TilesQuery)
async def tiles(call: ReadCall) -> web.Response:
    """The tiles of some rooms, drawn anew."""
    wanted = {number for number in call.query(TilesQuery).rooms.split(",") if number}
    rooms = [room for room in await views_of(call) if not wanted or room.number in wanted]
    return await page(call, "frontdesk/tiles.html", floors=await _by_floor(call, rooms))


@routes.page("/rooms/{number}", permission=ROOMS_READ)
async def room(call: ReadCall) -> web.Response:
    """One room: all that the house knows of it, and what can be done."""
    return await page(call, "frontdesk/room.html", "rooms", **await _detail(call))


@routes.page("/rooms/{number}/detail", permission=ROOMS_READ)
async def detail(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "frontdesk/detail.html", **await _detail(call))


async def _by_floor(call: ReadCall, rooms: Sequence[RoomView]) -> list[dict[str, Any]]:
    query = select(Floor).where(Floor.property_id == call.property_id).order_by(Floor.position)
    floors = (await call.session.scalars(query)).all()
    grouped = [{"name": floor.name, "rooms": [room for room in rooms if room.floor == floor.code]} for floor in floors]
    return [group for group in grouped if group["rooms"]]


async def _detail(call: ReadCall) -> dict[str, Any]:
    found = await service.find_room(call.session, call.property_id, call.path("number"))
    today = await service.business_date(call.session, call.property_id)
    view = await _view(call, found)
    stay = await _stay(call, found)
    return {
        "room": view,
        "floor": (await call.session.get_one(Floor, (call.property_id, found.floor_code))).name,
        "capacity": (await call.session.get_one(RoomType, (call.property_id, found.type_code))).capacity,
        "offered": _offered(view),
        "choices": {name: _choices(view, name) for name in ("housekeeping", "sellability")},
        "stay": stay,
        "targets": await free_rooms(call, stay) if stay else [],
        "tomorrow": today + timedelta(days=1),
        "today": today,
        "not_ready": view.housekeeping.state not in READY,
        "history": await history_of(call, found.number),
        "sections": await sections(call, "room", found.number),
    }


async def _view(call: ReadCall, found: Room) -> RoomView:
    sources = call.request.config_dict[ROOM_SOURCES]
    sensed = await sources.sensed(call.session, call.property_id, [found.number])
    body = sensed[found.number][1] if found.number in sensed else None
    split = await sources.discrepancies(call.session, call.property_id, found.number)
    return room_view(found, body, reader_of(call), split.get(found.number), actions_of(call, found))


async def _stay(call: ReadCall, found: Room) -> StayView | None:
    """Who stays there, for those who may know."""
    if found.stay_id is None or not call.may(STAYS_READ):
        return None
    return (await views(call, call.session, [await find_stay(call.session, call.property_id, found.stay_id)]))[0]


def _offered(view: RoomView) -> dict[str, list[ReasonView]]:
    """What the page offers, with the reasons against it: the choices of one answer (`sellability.…`) are one dialog."""
    offered: dict[str, list[ReasonView]] = {}
    for action in view.actions:
        name = action.action.split(".")[0]
        if action.allowed:
            offered[name] = []
        else:
            offered.setdefault(name, action.reasons)
    return offered


def _choices(view: RoomView, name: str) -> list[str]:
    """The values an answer may be given now."""
    return [one.action.split(".")[1] for one in view.actions if one.allowed and one.action.startswith(f"{name}.")]
