"""What a room asks for, from wherever: the last word counts, and it is kept since when it has been so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pms.access.permissions import ROOMS_READ
from pms.housekeeping.case_model import GuestSign
from pms.housekeeping.cases import Sensed
from pms.housekeeping.sign_rules import Sign, effective
from pms.kernel.events import Event, EventKind
from pms.kernel.work import UnitOfWork
from pms.property import service as house
from pms.property.model import Room

SIGN = EventKind("room.sign", ROOMS_READ)
BY_HAND = ("desk", "app")


async def on_request(work: UnitOfWork, event: Event) -> None:
    """Somebody set or withdrew what the guest asks for: at the desk, or in an app."""
    value = event.payload.get("value")
    if value is not None:
        await _keep(work, event.subject, Sign(str(value), str(event.payload.get("source") or "desk"), event.at))


async def follow_rooms(work: UnitOfWork, sensed: Sensed) -> int:
    """Take the panels' and locks' words; a later one withdraws what was set by hand. How many rooms changed."""
    told = await sensed(work.session, work.property_id, None)
    query = select(GuestSign).where(GuestSign.property_id == work.property_id)
    known = {sign.room: sign for sign in await work.session.scalars(query)}
    changed = 0
    for room in await house.all_rooms(work.session, work.property_id):
        kept = known.get(room.number)
        before = None if kept is None else Sign(kept.value, kept.source, kept.since)
        sign = effective(_by_hand(room, before), _panel(told.get(room.number)), before, work.now)
        if sign == before:
            continue
        changed += 1
        if room.request is not None and sign.source not in BY_HAND:
            house.set_request(work, await house.room_to_change(work, room.number), None)
        await _keep(work, room.number, sign)
    return changed


def _by_hand(room: Room, before: Sign | None) -> Sign | None:
    if room.request is None:
        return None
    if before is not None and before.source in BY_HAND and before.value == room.request:
        return before
    return Sign(room.request, "desk", None)


def _panel(told: tuple[datetime, Mapping[str, Any]] | None) -> Sign | None:
    request = (told[1].get("request") or {}) if told else {}
    value, since = request.get("value"), request.get("since")
    if value not in {"none", "dnd", "mur"} or request.get("source") == "manual":
        return None
    return Sign(str(value), str(request.get("source") or "panel"), datetime.fromisoformat(since) if since else None)


async def _keep(work: UnitOfWork, number: str, sign: Sign) -> None:
    row = await work.session.get(GuestSign, (work.property_id, number))
    if row is None:
        row = GuestSign(property_id=work.property_id, room=number)
        work.session.add(row)
    row.value, row.source, row.since = sign.value, sign.source, sign.since or work.now
    work.record(SIGN, number, {"value": sign.value, "source": sign.source})
