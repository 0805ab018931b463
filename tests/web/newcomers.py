"""The edge's part of onboarding, played: the devices it hears, and its answers to changes."""

from typing import Any

from sqlalchemy import select

from pms.onboarding.model import InventoryChange
from tests.waiting import until
from tests.web.house import HOUSE, House

DOOR, MOTION, STRANGE = "zigbee2mqtt/103_door", "zigbee2mqtt/0x00158d0001", "hall/what"


async def hear(house: House, *left_out: str) -> None:
    """A door contact that a naming rule knows, a motion sensor that none knows, and something nobody understands."""
    found = [
        _heard(house, DOOR, "zigbee2mqtt/contact", name="103_door", room="103", device="103_door", vendor="Aqara"),
        _heard(house, MOTION, "zigbee2mqtt/motion", name="0x00158d0001", device="0x00158d0001", model="RTCGQ11LM"),
        _heard(house, STRANGE, None, name="what", device="what"),
    ]
    shown = [one for one in found if one["address"] not in left_out]
    await house.tell("candidates", at=house.now(), candidates=shown, ignored=len(left_out))


def _heard(house: House, address: str, profile: str | None, **more: Any) -> dict[str, Any]:
    looks = [{"profile": profile, "why": "points", "share": 1.0}] if profile else []
    values = {"door": "closed", "battery": 97} if profile == "zigbee2mqtt/contact" else {}
    times = {"first_heard": house.ago(minutes=9), "last_heard": house.ago(seconds=8)}
    sample = '{"contact":true,"battery":97}' if values else "?"
    told = {"line": "field", "address": address, "looks_like": looks, "values": values, "sample": sample, "messages": 3}
    return {**told, **times, **more}


async def asked(house: House) -> InventoryChange:
    """The change that waits for the edge; waits until there is one."""
    found: list[InventoryChange] = []

    async def look() -> bool:
        async with house.database.read() as session:
            query = select(InventoryChange).where(
                InventoryChange.property_id == HOUSE, InventoryChange.state == "accepted"
            )
            found[:] = list(await session.scalars(query))
        return bool(found)

    await until(look)
    return found[0]


async def answer(house: House, state: str = "done", **why: Any) -> InventoryChange:
    """The edge ends the change that waits."""
    change = await asked(house)
    await house.tell("command_result", id=change.id, state=state, at=house.now(), **why)
    return change
