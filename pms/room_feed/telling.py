"""What the edge is told: the house, what the front desk believes of each room, orders. No name ever."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pms.energy import service as energy
from pms.energy.model import HOUSE
from pms.frontdesk.service import EXTENDED
from pms.kernel.events import Event, EventKind
from pms.kernel.work import UnitOfWork
from pms.keys import events as keys
from pms.keys import ledger, results
from pms.link.down import CommandBody, PropertyBody, RoomFactsBody
from pms.link.key_messages import KeyCancelBody
from pms.onboarding import service as onboarding
from pms.property import service as house
from pms.property.house import BUSINESS_DATE_MOVED, PROPERTY_IMPORTED
from pms.property.model import Room
from pms.property.rules import is_in_force
from pms.property.service import ROOM_FRONT_OFFICE, ROOM_MAINTENANCE, ROOM_OCCUPANCY_SET
from pms.reservations import service as reservations
from pms.reservations.model import Reservation
from pms.room_feed.commands import ACCEPTED, find_job
from pms.room_feed.outbox import say

_KEY_JOBS = (keys.KEY_ISSUED, keys.CARD_ASKED)
_KEY_CANCELS = (keys.KEY_CANCEL_ASKED, keys.CARD_CANCEL_ASKED)

KINDS: frozenset[str] = frozenset(
    kind.name
    for kind in (
        ROOM_FRONT_OFFICE,
        ROOM_OCCUPANCY_SET,
        ROOM_MAINTENANCE,
        EXTENDED,
        BUSINESS_DATE_MOVED,
        PROPERTY_IMPORTED,
        ACCEPTED,
        onboarding.ASKED,
        energy.HOUSE_CHANGED,
        energy.ROOM_CHANGED,
        keys.KEY_FLOOR,
        *_KEY_JOBS,
        *_KEY_CANCELS,
    )
)
"""The events after which the edge is told something."""

_WHOLE_HOUSE = {BUSINESS_DATE_MOVED.name, PROPERTY_IMPORTED.name, energy.HOUSE_CHANGED.name}


async def on_event(work: UnitOfWork, event: Event) -> None:
    """Put what follows from an event into the outbox."""
    if event.kind == ACCEPTED.name:
        await _order(work, event.subject)
    elif event.kind == onboarding.ASKED.name:
        await say(work, "inventory_change", await onboarding.order_of(work, event.subject))
    elif event.kind in _names(_KEY_JOBS):
        await _key_job(work, event.subject)
    elif event.kind in _names(_KEY_CANCELS):
        await say(work, "key_cancel", KeyCancelBody(id=event.subject, by=event.actor))
    elif event.kind in _WHOLE_HOUSE:
        await everything(work)
    else:
        number = event.payload["room"] if event.kind == EXTENDED.name else event.subject
        await _tell_rooms(work, [await house.room_to_change(work, number)])


async def everything(work: UnitOfWork) -> None:
    """Say every mergeable thing: the house and the facts of each room."""
    found = await house.the_property(work.session, work.property_id)
    rooms = await house.all_rooms(work.session, work.property_id)
    said = await energy.said_of(work.session, work.property_id)
    body = PropertyBody(
        id=found.id,
        name=found.name,
        time_zone=found.time_zone,
        rooms=[{"number": room.number, "type": room.type_code, "floor": room.floor_code} for room in rooms],
        timers=found.timers,
        setbacks=said.get(HOUSE, energy.NOTHING).allowed,
    )
    await say(work, "property", body, "property")
    await _tell_rooms(work, rooms)


async def _tell_rooms(work: UnitOfWork, rooms: Sequence[Room]) -> None:
    today = await house.business_date(work.session, work.property_id)
    floors = await ledger.floors(work.session, work.property_id, [room.number for room in rooms])
    said = await energy.said_of(work.session, work.property_id)
    stays = await _stays(work.session, work.property_id, [room.stay_id for room in rooms if room.stay_id])
    for room in rooms:
        stay = stays.get(room.stay_id or "")
        body = RoomFactsBody(
            room=room.number,
            rented=room.front_office == "occupied",
            stay=room.stay_id,
            arrival=stay.arrival if stay else None,
            departure=stay.departure if stay else None,
            guests=stay.guests if stay else 0,
            due_out=stay is not None and stay.departure <= today,
            maintenance=room.maintenance_reason is not None,
            occupancy_override=_override(work, room),
            setbacks=said.get(room.number, energy.NOTHING).allowed,
            expected=said.get(room.number, energy.NOTHING).expected,
            key_floor=floors.get(room.number, 0),
        )
        await say(work, "room_facts", body, f"room_facts:{room.number}")


async def _stays(session: AsyncSession, property_id: str, ids: Collection[str]) -> dict[str, Reservation]:
    if not ids:
        return {}
    return {stay.id: stay for stay in await reservations.in_house(session, property_id) if stay.id in ids}


def _override(work: UnitOfWork, room: Room) -> dict[str, Any] | None:
    if not is_in_force(room.occupancy_set, room.occupancy_until, work.now):
        return None
    until = room.occupancy_until.isoformat() if room.occupancy_until else None
    return {"value": room.occupancy_set, "until": until, "by": room.occupancy_by}


async def _key_job(work: UnitOfWork, job_id: str) -> None:
    body = await results.order_of(work, job_id)
    if body is not None:
        await say(work, "key_job", body)


def _names(kinds: Sequence[EventKind]) -> set[str]:
    return {kind.name for kind in kinds}


async def _order(work: UnitOfWork, job_id: str) -> None:
    job = await find_job(work.session, work.property_id, job_id)
    body = CommandBody(
        id=job.id,
        room=job.room,
        device=job.device,
        point=job.point,
        value=job.value,
        deadline=job.deadline,
        by=job.by,
    )
    await say(work, "command", body)
