"""Use cases of the house: the import of hotel.toml at the first start, and the business date."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select

from pms.access.permissions import PROPERTY_READ
from pms.hotelfile import Hotel
from pms.kernel import clock
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.property.model import Floor, Property, Room, RoomType
from pms.property.service import set_housekeeping

PROPERTY_IMPORTED = EventKind("property.imported", PROPERTY_READ)
BUSINESS_DATE_MOVED = EventKind("property.business_date", PROPERTY_READ)


async def import_hotel(work: UnitOfWork, hotel: Hotel) -> bool:
    """Take the house from its file, once: False when this property is there already and nothing was changed."""
    house, zone = hotel.house, ZoneInfo(hotel.house.time_zone)
    new = await work.insert_once(
        Property,
        id=house.id,
        name=house.name,
        time_zone=house.time_zone,
        language=house.language,
        currency=house.currency,
        day_starts=house.day_starts,
        business_date=clock.business_date(work.now, zone, house.day_starts),
        timers=dict(hotel.timers),
        key_settings=hotel.keys.model_dump(mode="json"),
        created_at=work.now,
        version=1,
    )
    if not new:
        return False
    work.session.add_all(
        Floor(property_id=house.id, code=floor.id, name=floor.name, position=position)
        for position, floor in enumerate(hotel.floor)
    )
    work.session.add_all(
        RoomType(property_id=house.id, code=kind.code, name=kind.name, capacity=kind.capacity)
        for kind in hotel.room_type
    )
    work.session.add_all(_rooms(work, hotel))
    work.record(PROPERTY_IMPORTED, house.id, {"rooms": len(hotel.room)})
    return True


def _rooms(work: UnitOfWork, hotel: Hotel) -> list[Room]:
    return [
        Room(
            property_id=hotel.house.id,
            number=room.number,
            type_code=room.type,
            floor_code=room.floor,
            position=position,
            housekeeping_at=work.now,
        )
        for position, room in enumerate(hotel.room)
    ]


async def move_business_date(work: UnitOfWork) -> bool:
    """Move the business date to where it should be by now; True when it moved.

    It never goes back. Each room somebody slept in turns dirty, once for however many nights were missed.
    """
    house = await work.session.scalar(
        select(Property)
        .where(Property.id == work.property_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if house is None:
        return False
    due = clock.business_date(work.now, ZoneInfo(house.time_zone), house.day_starts)
    if due <= house.business_date:
        return False
    before, house.business_date = house.business_date, due
    house.version += 1
    work.record(BUSINESS_DATE_MOVED, house.id, {"from": before.isoformat(), "to": due.isoformat()})
    for room in await _occupied(work):
        set_housekeeping(work, room, "dirty", source="detected")
    return True


async def _occupied(work: UnitOfWork) -> Sequence[Room]:
    query = select(Room).where(Room.property_id == work.property_id, Room.front_office == "occupied")
    return (await work.session.scalars(query.order_by(Room.position).with_for_update())).all()
