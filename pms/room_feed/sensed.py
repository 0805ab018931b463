"""Applying the rooms' sensed states: Core statements only, one read and one write a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Executable, Table, bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ROOMS_READ
from pms.kernel.events import EventKind
from pms.kernel.tables import Base
from pms.kernel.work import UnitOfWork
from pms.link.messages import RoomBody
from pms.room_feed.model import RoomSensed
from pms.room_feed.rules import changes, is_newer, signature, temperature_moved

ROOM_SENSED = EventKind("room.sensed", ROOMS_READ)


EVIDENCE_KEPT = 3
"""Of the reasons of an answer: what the timeline of a room tells."""


_SENSED = cast(Table, RoomSensed.__table__).c
_STORED = (
    select(_SENSED.room, _SENSED.epoch, _SENSED.version, _SENSED.body, _SENSED.told_temperature)
    .where(_SENSED.property_id == bindparam("which"), _SENSED.room.in_(bindparam("rooms", expanding=True)))
    .with_for_update()
)
"""Made once: making it costs more than running it."""


class Stored(NamedTuple):
    """What is known of a room before a batch."""

    epoch: int
    version: int
    body: dict[str, Any]
    told_temperature: float | None


async def apply_rooms(work: UnitOfWork, ordinal: int, bodies: Mapping[str, RoomBody]) -> int:
    """Store these sensed states where they are newer, and tell what changed; how many were newer."""
    stored = await _stored(work.session, work.property_id, list(bodies))
    rows = []
    for room, body in bodies.items():
        before = stored.get(room)
        if not is_newer(ordinal, body.version, (before.epoch, before.version) if before else None):
            continue
        rows.append(_row(work, ordinal, body, before))
    if rows:
        await upsert(work.session, RoomSensed, rows, ("property_id", "room"))
    return len(rows)


def _row(work: UnitOfWork, ordinal: int, body: RoomBody, before: Stored | None) -> dict[str, Any]:
    content = body.model_dump(mode="json")
    told = before.told_temperature if before else None
    temperature = body.climate.temperature_c
    changed = changes(signature(before.body) if before else None, signature(content))
    if temperature_moved(told, temperature):
        changed, told = sorted({*changed, "climate"}), temperature
    if changed:
        work.record(ROOM_SENSED, body.room, _payload(body, changed))
    return {
        "property_id": work.property_id,
        "room": body.room,
        "epoch": ordinal,
        "version": body.version,
        "at": body.at,
        "body": content,
        "told_temperature": told,
    }


def _payload(body: RoomBody, changed: Sequence[str]) -> dict[str, Any]:
    return {
        "changed": list(changed),
        "occupancy": body.occupancy.value,
        "cleaning": body.cleaning.phase,
        "door": body.door.value,
        "lock": body.lock.value,
        "request": body.request.value,
        "conditions": list(body.conditions),
        "temperature_c": body.climate.temperature_c,
        "setpoint_c": body.climate.setpoint_c,
        "since": body.occupancy.since.isoformat() if body.occupancy.since else None,
        "stale": body.occupancy.stale,
        "by_hand": body.occupancy.source == "manual",
        "confidence": body.occupancy.confidence,
        "evidence": [item.model_dump(mode="json") for item in body.occupancy.evidence[-EVIDENCE_KEPT:]],
        "energy": body.energy.model_dump(mode="json") if body.energy else None,
        "version": body.version,
    }


async def _stored(session: AsyncSession, property_id: str, rooms: Sequence[str]) -> dict[str, Stored]:
    found = await session.execute(_STORED, {"which": property_id, "rooms": rooms})
    return {row.room: Stored(*row[1:]) for row in found}


async def upsert(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> None:
    """Insert these rows, or replace those with the same key. Rows have the same columns and differ in their keys."""
    statement = _upsert(session.get_bind().dialect.name, table, tuple(rows[0]), tuple(key))
    await session.execute(statement, list(rows))


@lru_cache(maxsize=32)
def _upsert(dialect: str, table: type[Base], columns: tuple[str, ...], key: tuple[str, ...]) -> Executable:
    """The Core statement, made once."""
    insert = sqlite_insert if dialect == "sqlite" else postgres_insert
    statement = insert(cast(Table, table.__table__))
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


async def sensed_of(
    session: AsyncSession, property_id: str, rooms: Sequence[str] | None = None
) -> dict[str, tuple[datetime, dict[str, Any]]]:
    """The latest sensed state by room: when the edge made it, and its body (`RoomBody` as JSON)."""
    query = select(RoomSensed.room, RoomSensed.at, RoomSensed.body).where(RoomSensed.property_id == property_id)
    if rooms is not None:
        query = query.where(RoomSensed.room.in_(rooms))
    return {row.room: (row.at, row.body) for row in await session.execute(query)}
