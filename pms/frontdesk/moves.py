"""Rooms a guest in the house could move to, for the dialog of the room move."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from pms.frontdesk.api import StayView
from pms.frontdesk.rules import READY
from pms.kernel.http import ReadCall
from pms.property.model import Room, RoomType
from pms.property.rules import check_in_reasons
from pms.property.service import all_rooms


@dataclass(frozen=True, slots=True)
class FreeRoom:
    """A room nobody has. One that is not `ready` is given away for a reason."""

    number: str
    type: str
    type_name: str
    housekeeping: str
    ready: bool


async def free_rooms(call: ReadCall, stay: StayView) -> list[FreeRoom]:
    """Free rooms that hold the guests of `stay`: ready ones first, among them those of the room's own type."""
    query = select(RoomType).where(RoomType.property_id == call.property_id)
    types = {kind.code: kind for kind in await call.session.scalars(query)}
    rooms = await all_rooms(call.session, call.property_id)
    own = next((room.type_code for room in rooms if room.number == stay.room), "")
    free = [_free_room(room, types) for room in rooms if _fits(room, types, stay)]
    return sorted(free, key=lambda one: (not one.ready, one.type != own, one.number))


def _fits(room: Room, types: Mapping[str, RoomType], stay: StayView) -> bool:
    if room.number == stay.room or check_in_reasons(room.front_office, room.sellability):
        return False
    return types[room.type_code].capacity >= stay.guests


def _free_room(room: Room, types: Mapping[str, RoomType]) -> FreeRoom:
    name = types[room.type_code].name
    return FreeRoom(room.number, room.type_code, name, room.housekeeping, room.housekeeping in READY)
