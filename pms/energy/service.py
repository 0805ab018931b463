"""Use cases of energy: what people say about setbacks, and what the edge measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ROOMS_READ
from pms.energy.model import HOUSE, EnergyDay, EnergySetting
from pms.energy.rules import COUNTS
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.link.messages import EnergyBody
from pms.property.service import find_room

HOUSE_CHANGED = EventKind("energy.house", ROOMS_READ)
ROOM_CHANGED = EventKind("energy.room", ROOMS_READ)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a room or the hotel."""

    allowed: bool | None = None
    reason: str | None = None
    expected: datetime | None = None
    by: str | None = None
    at: datetime | None = None


NOTHING = Said()


async def said_of(session: AsyncSession, property_id: str) -> dict[str, Said]:
    """What was said, by room; under "" for the hotel."""
    rows = await session.scalars(select(EnergySetting).where(EnergySetting.property_id == property_id))
    return {row.room: Said(row.allowed, row.reason, row.expected, row.by, row.at) for row in rows}


async def switch_house(work: UnitOfWork, allowed: bool | None) -> None:
    """The hotel's switch: on, off, or (None) as the edge is configured."""
    setting = await _setting(work, HOUSE)
    if setting.allowed == allowed:
        return
    _sign(work, setting)
    setting.allowed = allowed
    work.record(HOUSE_CHANGED, work.property_id, {"allowed": allowed})


async def switch_room(work: UnitOfWork, number: str, allowed: bool, reason: str | None) -> None:
    """Leave a room's climate alone, or no longer. Raises NotFound."""
    await find_room(work.session, work.property_id, number)
    setting = await _setting(work, number)
    if (setting.allowed is not False) == allowed:
        return
    _sign(work, setting)
    setting.allowed, setting.reason = (None, None) if allowed else (False, reason)
    work.record(ROOM_CHANGED, number, {"allowed": allowed, "reason": setting.reason})


async def expect(work: UnitOfWork, number: str, at: datetime | None) -> None:
    """Somebody is expected in a room; None: nobody any more. Raises NotFound."""
    await find_room(work.session, work.property_id, number)
    setting = await _setting(work, number)
    if setting.expected == at:
        return
    _sign(work, setting)
    setting.expected = at
    work.record(ROOM_CHANGED, number, {"expected": at.isoformat() if at else None})


async def take_day(work: UnitOfWork, body: EnergyBody) -> None:
    """The edge says what a room's setbacks came to; an older word than the one that is kept changes nothing."""
    key = (work.property_id, body.room, body.day)
    row = await work.session.get(EnergyDay, key, with_for_update=True)
    counted = {name: getattr(body, name) for name in COUNTS}
    if row is None:
        work.session.add(EnergyDay(property_id=work.property_id, room=body.room, day=body.day, at=body.at, **counted))
        await work.session.flush()
    elif body.at > row.at:
        row.at = body.at
        for name, value in counted.items():
            setattr(row, name, value)


async def by_room(session: AsyncSession, property_id: str, days: tuple[date, date]) -> dict[str, Mapping[str, float]]:
    """What was counted in each room over these days."""
    sums = [func.sum(getattr(EnergyDay, name)).label(name) for name in COUNTS]
    query = select(EnergyDay.room, *sums).where(*_within(property_id, days)).group_by(EnergyDay.room)
    return {row.room: {name: float(getattr(row, name)) for name in COUNTS} for row in await session.execute(query)}


async def by_day(
    session: AsyncSession, property_id: str, days: tuple[date, date]
) -> Sequence[tuple[date, str, Mapping[str, float]]]:
    """What was counted, a line a day and room, in that order."""
    query = select(EnergyDay).where(*_within(property_id, days)).order_by(EnergyDay.day, EnergyDay.room)
    rows = await session.scalars(query)
    return [(row.day, row.room, {name: float(getattr(row, name)) for name in COUNTS}) for row in rows]


def _within(property_id: str, days: tuple[date, date]) -> list[ColumnElement[bool]]:
    return [EnergyDay.property_id == property_id, EnergyDay.day >= days[0], EnergyDay.day <= days[1]]


async def _setting(work: UnitOfWork, room: str) -> EnergySetting:
    first = {"allowed": None, "reason": None, "expected": None, "by": work.actor.name, "at": work.now}
    await work.insert_once(EnergySetting, property_id=work.property_id, room=room, **first)
    query = select(EnergySetting).where(EnergySetting.property_id == work.property_id, EnergySetting.room == room)
    return (await work.session.scalars(query.with_for_update())).one()


def _sign(work: UnitOfWork, setting: EnergySetting) -> None:
    setting.by, setting.at = work.actor.name, work.now
