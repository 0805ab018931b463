"""Use cases of rooms. Every change goes through here, bumps the room's version and is an event."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ROOMS_READ
from pms.kernel.errors import Conflict, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.property import rules
from pms.property.model import Property, Room

ROOM_FRONT_OFFICE = EventKind("room.front_office", ROOMS_READ)
ROOM_HOUSEKEEPING = EventKind("room.housekeeping", ROOMS_READ)
ROOM_SELLABILITY = EventKind("room.sellability", ROOMS_READ)
ROOM_REQUEST = EventKind("room.request", ROOMS_READ)
ROOM_OCCUPANCY_SET = EventKind("room.occupancy_set", ROOMS_READ)
ROOM_MAINTENANCE = EventKind("room.maintenance", ROOMS_READ)


async def the_property(session: AsyncSession, property_id: str) -> Property:
    """The house. Raises NotFound before it was imported."""
    found = await session.get(Property, property_id)
    if found is None:
        raise NotFound(f"no property {property_id}")
    return found


async def business_date(session: AsyncSession, property_id: str) -> date:
    """The date the house is at. Raises NotFound before it was imported."""
    return (await the_property(session, property_id)).business_date


async def all_rooms(session: AsyncSession, property_id: str) -> Sequence[Room]:
    """Every room, as the file had them."""
    query = select(Room).where(Room.property_id == property_id).order_by(Room.position, Room.number)
    return (await session.scalars(query)).all()


async def find_room(session: AsyncSession, property_id: str, number: str) -> Room:
    """One room, to look at. Raises NotFound."""
    room = await session.scalar(select(Room).where(Room.property_id == property_id, Room.number == number))
    if room is None:
        raise NotFound(f"no room {number}")
    return room


async def room_to_change(work: UnitOfWork, number: str) -> Room:
    """One room, locked until the end of the unit of work. Raises NotFound."""
    query = select(Room).where(Room.property_id == work.property_id, Room.number == number)
    room = await work.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if room is None:
        raise NotFound(f"no room {number}")
    return room


def occupy(work: UnitOfWork, room: Room, stay_id: str) -> None:
    """Somebody has moved in. Raises Conflict with reasons."""
    _refuse(rules.check_in_reasons(room.front_office, room.sellability))
    room.front_office, room.stay_id = "occupied", stay_id
    _changed(work, room, ROOM_FRONT_OFFICE, {"front_office": "occupied", "stay": stay_id})


def vacate(work: UnitOfWork, room: Room, *, dirty: bool = True) -> None:
    """The guests have left: the room is vacant, what was set by hand is withdrawn, and it is dirty unless told not."""
    stay_id, room.front_office, room.stay_id = room.stay_id, "vacant", None
    _changed(work, room, ROOM_FRONT_OFFICE, {"front_office": "vacant", "stay": stay_id})
    if room.request not in {None, "none"}:
        set_request(work, room, None)
    if room.occupancy_set is not None:
        set_occupancy(work, room, None, None)
    if dirty:
        set_housekeeping(work, room, "dirty", source="detected")


def set_housekeeping(work: UnitOfWork, room: Room, state: str, *, source: str, check: bool = False) -> None:
    """Set the housekeeping state. `source` is detected or manual; with `check` the table of transitions holds.

    Raises Conflict with reasons.
    """
    if check:
        _refuse(rules.housekeeping_reasons(room.housekeeping, state))
    before = room.housekeeping
    if (before, room.housekeeping_source) == (state, source):
        return
    room.housekeeping, room.housekeeping_source = state, source
    room.housekeeping_at, room.housekeeping_by = work.now, work.actor.name
    _changed(work, room, ROOM_HOUSEKEEPING, {"state": state, "before": before, "source": source})


def set_sellability(work: UnitOfWork, room: Room, state: str, reason: str | None, until: date | None) -> None:
    """Take the room out of sale, or give it back. Raises Conflict with reasons."""
    _refuse(rules.sellability_reasons(room.front_office, state))
    if state == "sellable":
        reason = until = None
    if (room.sellability, room.sellability_reason, room.sellability_until) == (state, reason, until):
        return
    room.sellability, room.sellability_reason, room.sellability_until = state, reason, until
    _changed(work, room, ROOM_SELLABILITY, {"state": state, "until": until.isoformat() if until else None})


def set_request(work: UnitOfWork, room: Room, value: str | None) -> None:
    """Set what the guest asked for at the desk; None withdraws it, and the panel in the room counts again."""
    if room.request != value:
        room.request = value
        _changed(work, room, ROOM_REQUEST, {"value": value})


def set_occupancy(work: UnitOfWork, room: Room, value: str | None, until: datetime | None) -> None:
    """Say by hand whether somebody is in the room, until an instant; None withdraws it."""
    room.occupancy_set = value
    room.occupancy_until = until if value else None
    room.occupancy_by = work.actor.name if value else None
    room.occupancy_at = work.now if value else None
    ends = room.occupancy_until.isoformat() if room.occupancy_until else None
    _changed(work, room, ROOM_OCCUPANCY_SET, {"value": value, "until": ends})


def begin_maintenance(work: UnitOfWork, room: Room, reason: str, until: datetime) -> None:
    """People work on the room: until then, or until somebody ends it, it raises nothing. Again: another end."""
    room.maintenance_since = room.maintenance_since or work.now
    room.maintenance_reason, room.maintenance_until, room.maintenance_by = reason, until, work.actor.name
    _changed(work, room, ROOM_MAINTENANCE, {"on": True, "reason": reason, "until": until.isoformat()})


def end_maintenance(work: UnitOfWork, room: Room) -> None:
    """The room is as any other again; what is wrong with it now is raised."""
    if room.maintenance_reason is None:
        return
    room.maintenance_reason = room.maintenance_since = room.maintenance_until = room.maintenance_by = None
    _changed(work, room, ROOM_MAINTENANCE, {"on": False})


async def end_maintenances(work: UnitOfWork) -> int:
    """End what was to last until now; how many rooms."""
    query = select(Room).where(Room.property_id == work.property_id, Room.maintenance_until <= work.now)
    over = (await work.session.scalars(query.order_by(Room.position).with_for_update())).all()
    for room in over:
        end_maintenance(work, room)
    return len(over)


async def end_overrides(work: UnitOfWork) -> int:
    """Withdraw what was set by hand and has expired; how many rooms."""
    query = select(Room).where(Room.property_id == work.property_id, Room.occupancy_until <= work.now)
    expired = (await work.session.scalars(query.order_by(Room.position).with_for_update())).all()
    for room in expired:
        set_occupancy(work, room, None, None)
    return len(expired)


def _refuse(reasons: Sequence[Reason]) -> None:
    if reasons:
        raise Conflict("the room's state does not allow it", reasons=reasons)


def _changed(work: UnitOfWork, room: Room, kind: EventKind, payload: dict[str, object]) -> None:
    room.version += 1
    work.record(kind, room.number, {**payload, "version": room.version})
