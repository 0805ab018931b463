"""The devices of the house as the edge last told of them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

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
    edge = await session.get(EdgeSystem, property_id)
    for told in (edge.body.get("devices") or ()) if edge else ():
        if isinstance(told.get("id"), str):
            known[told["id"]] = {**known.get(told["id"], {}), **told}
    return known
