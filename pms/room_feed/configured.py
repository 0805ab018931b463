"""The devices of the inventory as the edge last told them: what onboarding holds its changes against."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.work import UnitOfWork
from pms.onboarding.model import InventoryChange
from pms.onboarding.sources import KnownDevice
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


async def configured(session: AsyncSession, property_id: str) -> Sequence[KnownDevice]:
    """Every device of the edge's latest account of itself, by id; before there is one, those it told one by one."""
    edge = await session.get(EdgeSystem, property_id)
    told = {one.get("id") for one in edge.body.get("devices") or ()} if edge else set()
    known = await known_devices(session, property_id)
    return [_device(one) for name, one in sorted(known.items()) if not told or name in told]


async def follow(work: UnitOfWork, change: InventoryChange) -> None:
    """A change was carried out: what was told of the device is put right at once."""
    if change.state != "done" or change.device is None:
        return
    mine = (DeviceSeen.property_id == work.property_id, DeviceSeen.device == change.device)
    if change.action == "remove":
        await work.session.execute(delete(DeviceSeen).where(*mine))
    elif change.action == "move":
        await work.session.execute(update(DeviceSeen).where(*mine).values(room=change.room))


def _device(told: dict[str, Any]) -> KnownDevice:
    heard = told.get("heard")
    return KnownDevice(
        told["id"],
        told.get("room") or None,
        told.get("line") or "",
        told.get("profile") or "",
        told.get("online"),
        datetime.fromisoformat(heard) if isinstance(heard, str) else heard,
    )
