"""The devices of the inventory as the edge last told them: what onboarding holds its changes against."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.work import UnitOfWork
from pms.onboarding.model import InventoryChange
from pms.onboarding.sources import KnownDevice
from pms.room_feed.devices import known_devices
from pms.room_feed.model import DeviceSeen, EdgeSystem


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
