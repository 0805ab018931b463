"""Use cases of onboarding: what the edge hears is kept, changes of the inventory are asked for and end in one way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import DEVICES_READ
from pms.kernel.errors import Conflict, Invalid, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.link.inventory_messages import CandidatesBody, InventoryChangeBody
from pms.link.messages import CommandResultBody
from pms.onboarding import rules
from pms.onboarding.model import DeviceCandidates, InventoryChange
from pms.onboarding.rules import House, Wanted
from pms.onboarding.sources import Devices
from pms.property.service import all_rooms

CANDIDATES_CHANGED = EventKind("inventory.candidates", DEVICES_READ)
ASKED = EventKind("inventory.asked", DEVICES_READ)
ENDED = EventKind("inventory.ended", DEVICES_READ)

ANSWER_WITHIN = timedelta(minutes=2)
"""How long the edge may take up a change; later it is refused there."""
NO_ANSWER_AFTER = timedelta(minutes=5)
"""A change without an answer this long after its deadline is called unknown."""
MOST_CANDIDATES = 500
LONGEST = {"line": 64, "address": 1000, "name": 200, "vendor": 120, "model": 200, "sample": 600}


async def take_candidates(work: UnitOfWork, body: CandidatesBody) -> None:
    """The edge's latest list replaces the one before; pages are told when somebody came, went or looks different."""
    items = [_fitting(one.model_dump(mode="json")) for one in body.candidates[:MOST_CANDIDATES]]
    dropped = body.dropped + max(0, len(body.candidates) - MOST_CANDIDATES)
    await work.insert_once(DeviceCandidates, property_id=work.property_id, at=body.at, items=[], ignored=0, dropped=0)
    row = await work.session.get_one(DeviceCandidates, work.property_id, with_for_update=True)
    news = rules.identity(row.items) != rules.identity(items) or row.ignored != body.ignored
    row.at, row.items, row.ignored, row.dropped = body.at, items, body.ignored, dropped
    if news:
        work.record(CANDIDATES_CHANGED, work.property_id, {"count": len(items)})


async def ask(work: UnitOfWork, wanted: Wanted, devices: Devices, undoes: str | None = None) -> InventoryChange:
    """Ask for a change; the edge is told after the commit. Raises Invalid."""
    house = await house_of(work.session, work.property_id, devices)
    problems = rules.wrong(wanted, house)
    if problems:
        raise Invalid(problems)
    return _asked(work, wanted, house, undoes)


async def place_all(work: UnitOfWork, devices: Devices) -> list[InventoryChange]:
    """Ask for every placement the naming rules propose. Raises Conflict when there is none."""
    house = await house_of(work.session, work.property_id, devices)
    wanted = rules.by_naming_rules(await _items(work.session, work.property_id), house)
    if not wanted:
        raise Conflict("no candidate has a room, an id and a profile", reasons=[Reason("nothing_to_place")])
    return [_asked(work, one, house) for one in wanted]


async def undo(work: UnitOfWork, change_id: str, devices: Devices) -> InventoryChange:
    """Ask for what takes a change back. Raises NotFound, Conflict, Invalid."""
    change = await find(work.session, work.property_id, change_id)
    back = rules.takes_back(wanted_of(change), change.room_before)
    if back is None or change.state != "done":
        raise Conflict("this change is not taken back", reasons=[Reason("not_undone")])
    return await ask(work, back, devices, change.id)


async def take_result(work: UnitOfWork, body: CommandResultBody) -> InventoryChange | None:
    """The edge says how a change ended; None: it is not one of ours, or had ended (a late word replaces no answer)."""
    query = select(InventoryChange).where(
        InventoryChange.property_id == work.property_id, InventoryChange.id == body.id
    )
    change = await work.session.scalar(query.with_for_update())
    if change is None or body.state not in rules.END_STATES:
        return None
    if change.state in rules.END_STATES and change.reason != rules.NO_ANSWER:
        return None
    change.state, change.reason, change.detail, change.ended_at = body.state, body.reason, body.detail, body.at
    _ended(work, change)
    return change


async def give_up(work: UnitOfWork) -> int:
    """End the changes that were never answered; how many."""
    query = select(InventoryChange).where(
        InventoryChange.property_id == work.property_id,
        InventoryChange.state.in_(rules.OPEN_STATES),
        InventoryChange.deadline < work.now - NO_ANSWER_AFTER,
    )
    changes = (await work.session.scalars(query.with_for_update(skip_locked=True))).all()
    for change in changes:
        change.state, change.reason, change.ended_at = "unknown", rules.NO_ANSWER, work.now
        _ended(work, change)
    return len(changes)


async def after_restore(work: UnitOfWork) -> None:
    """Whether the open ones were carried out is not known any more."""
    await work.session.execute(
        update(InventoryChange)
        .where(InventoryChange.property_id == work.property_id, InventoryChange.state.in_(rules.OPEN_STATES))
        .values(state="unknown", reason="restored", ended_at=work.now)
    )


async def order_of(work: UnitOfWork, change_id: str) -> InventoryChangeBody:
    """A change as the edge is told of it. Raises NotFound."""
    change = await find(work.session, work.property_id, change_id)
    return InventoryChangeBody.model_validate(change, from_attributes=True)


async def find(session: AsyncSession, property_id: str, change_id: str) -> InventoryChange:
    """One change. Raises NotFound."""
    query = select(InventoryChange).where(InventoryChange.property_id == property_id, InventoryChange.id == change_id)
    change = await session.scalar(query)
    if change is None:
        raise NotFound(f"no change {change_id}")
    return change


async def latest(session: AsyncSession, property_id: str, limit: int = 50) -> Sequence[InventoryChange]:
    """The latest changes, newest first."""
    query = select(InventoryChange).where(InventoryChange.property_id == property_id)
    return (await session.scalars(query.order_by(InventoryChange.id.desc()).limit(limit))).all()


async def candidates(session: AsyncSession, property_id: str) -> DeviceCandidates | None:
    """The edge's latest list; None: it never sent one."""
    return await session.get(DeviceCandidates, property_id)


async def house_of(session: AsyncSession, property_id: str, devices: Devices) -> House:
    """What a change is held against now."""
    rooms = frozenset(room.number for room in await all_rooms(session, property_id))
    known = {device.id: device.room for device in await devices(session, property_id)}
    heard = frozenset((one["line"], one["address"]) for one in await _items(session, property_id))
    return House(rooms, known, heard)


def wanted_of(change: InventoryChange) -> Wanted:
    """What was asked for."""
    return Wanted(change.action, change.device, change.line, change.profile, change.address, change.room)


async def _items(session: AsyncSession, property_id: str) -> list[dict[str, Any]]:
    found = await candidates(session, property_id)
    return found.items if found else []


def _asked(work: UnitOfWork, wanted: Wanted, house: House, undoes: str | None = None) -> InventoryChange:
    change = InventoryChange(
        id=new_id("change"),
        property_id=work.property_id,
        action=wanted.action,
        device=wanted.device,
        line=wanted.line,
        profile=wanted.profile,
        address=wanted.address,
        room=wanted.room,
        room_before=house.devices.get(wanted.device or ""),
        state="accepted",
        undoes=undoes,
        by=work.actor.name,
        created_at=work.now,
        deadline=work.now + ANSWER_WITHIN,
    )
    work.session.add(change)
    work.record(ASKED, change.id, {"action": change.action, "device": change.device, "room": change.room})
    return change


def _ended(work: UnitOfWork, change: InventoryChange) -> None:
    told = {"action": change.action, "device": change.device, "room": change.room}
    work.record(ENDED, change.id, {**told, "state": change.state, "reason": change.reason})


def _fitting(item: dict[str, Any]) -> dict[str, Any]:
    """A candidate as it may be kept: a device may call itself whatever it likes."""
    short = {name: item[name].replace("\x00", "")[:most] for name, most in LONGEST.items() if item.get(name)}
    return {**item, **short, "looks_like": item["looks_like"][:8]}
