"""The devices of the house as the edge last told of them, and what can be ordered of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.room_feed.command_rules import Taker, takers
from pms.room_feed.model import DeviceSeen, EdgeSystem


async def known_devices(session: AsyncSession, property_id: str) -> dict[str, dict[str, Any]]:
    """Devices by id: as they were told one by one, over it the edge's latest account of all of them."""
    rows = await session.scalars(select(DeviceSeen).where(DeviceSeen.property_id == property_id))
    known: dict[str, dict[str, Any]] = {
        row.device: {
            "id": row.device,
            "room": row.room,
            "line": row.line,
            "profile": row.profile,
            "online": row.online,
            "heard": row.heard,
            "battery": row.battery,
        }
        for row in rows
    }
    for told in await _account(session, property_id):
        if isinstance(told.get("id"), str):
            known[told["id"]] = {**known.get(told["id"], {}), **told}
    return known


async def takers_of(session: AsyncSession, property_id: str, room: str) -> Sequence[Taker] | None:
    """What can be ordered of a room's devices; None: the edge has not told what its devices take."""
    account = await _account(session, property_id)
    if not any("commands" in told for told in account):
        return None
    return [taker for told in account if told.get("room") == room for taker in takers_in(told)]


def takers_in(told: Mapping[str, Any]) -> list[Taker]:
    """What can be ordered of one device of the edge's account."""
    commands = [one for one in told.get("commands") or () if isinstance(one, dict)]
    return takers(str(told.get("id")), commands)


async def _account(session: AsyncSession, property_id: str) -> list[dict[str, Any]]:
    edge = await session.get(EdgeSystem, property_id)
    return [told for told in (edge.body.get("devices") or ()) if isinstance(told, dict)] if edge else []
