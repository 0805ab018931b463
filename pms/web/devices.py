"""The devices as the edge last told them: for the health page and a room's own."""

from typing import Any

from pms.access.permissions import DEVICES_READ
from pms.kernel.html import Section
from pms.kernel.http import ReadCall
from pms.room_feed import devices as feed


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The devices of a room."""
    if not call.may(DEVICES_READ):
        return None
    devices = [device for device in await known_devices(call) if device["room"] == number]
    return Section("web/room-devices.html", {"devices": devices})


async def known_devices(call: ReadCall) -> list[dict[str, Any]]:
    """Every device, those away first: id, room, line, profile, online, heard, battery, rejected (None: not told)."""
    known = await feed.known_devices(call.session, call.property_id)
    return sorted((_shown(told) for told in known.values()), key=_first_what_is_away)


def _first_what_is_away(device: dict[str, Any]) -> tuple[bool, str]:
    return device["online"] is not False, device["id"]


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    rejected = told.get("rejected") or 0
    return {
        **{key: told.get(key) for key in ("id", "room", "line", "profile", "online", "heard", "battery")},
        "rejected": sum(rejected.values()) if isinstance(rejected, dict) else rejected,
    }
