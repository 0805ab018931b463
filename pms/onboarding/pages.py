"""The page of devices: new ones with what they look like, those of each room, and the changes as they go."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import Field

from pms.access.permissions import DEVICES_READ
from pms.kernel.html import page
from pms.kernel.http import Body, ReadCall, Routes
from pms.onboarding import rules, service
from pms.onboarding.api import CandidatesView, candidates_view, change_views, devices_of
from pms.onboarding.sources import KnownDevice
from pms.property.service import all_rooms

routes = Routes("onboarding_pages")

RECENT = timedelta(hours=12)
CHANGES_SHOWN = 8
MOST_SHOWN = 200
"""Devices on the page without a room that was asked for, and candidates."""


class DevicesQuery(Body):
    """`?room=`: of one room alone (`-`: spares and those of the house). `?replace=`: for this device a new one is
    looked for among the candidates."""

    room: str = Field("", max_length=20)
    replace: str = Field("", max_length=64)


@routes.page("/devices", permission=DEVICES_READ, query=DevicesQuery)
async def devices(call: ReadCall) -> web.Response:
    """The whole page."""
    parts = {**await _new(call), **await _placed(call), **await _changes(call)}
    return await page(call, "onboarding/page.html", "devices", rooms=await _rooms(call), **parts)


@routes.page("/devices/new", permission=DEVICES_READ, query=DevicesQuery)
async def new(call: ReadCall) -> web.Response:
    """The candidates alone."""
    return await page(call, "onboarding/new.html", **await _new(call))


@routes.page("/devices/placed", permission=DEVICES_READ, query=DevicesQuery)
async def placed(call: ReadCall) -> web.Response:
    """The devices of the rooms alone."""
    return await page(call, "onboarding/placed.html", **await _placed(call))


@routes.page("/devices/recent", permission=DEVICES_READ)
async def changes(call: ReadCall) -> web.Response:
    """The latest changes alone."""
    return await page(call, "onboarding/changes.html", **await _changes(call))


async def _rooms(call: ReadCall) -> list[str]:
    return [room.number for room in await all_rooms(call.session, call.property_id)]


async def _new(call: ReadCall) -> dict[str, Any]:
    view = await candidates_view(call)
    house = await service.house_of(call.session, call.property_id, devices_of(call))
    matching = rules.by_naming_rules([one.model_dump() for one in view.items], house)
    replacing = call.query(DevicesQuery).replace
    waiting = await _asked_for(call)
    return {
        "found": view,
        "shown": view.items[:MOST_SHOWN],
        "waiting": waiting,
        "matching": len([one for one in matching if (one.line, one.address) not in waiting]),
        "replacing": replacing if replacing in house.devices else "",
        "profiles": _profiles(view),
        "left_out": await _left_out(call),
    }


async def _asked_for(call: ReadCall) -> set[tuple[str | None, str | None]]:
    """Candidates of which something was asked that has no answer yet."""
    found = await service.latest(call.session, call.property_id)
    return {(one.line, one.address) for one in found if one.state in rules.OPEN_STATES and one.address}


async def _left_out(call: ReadCall) -> list[tuple[str, str]]:
    """What was ignored and not taken up again, newest first, as far as the latest changes tell."""
    last: dict[tuple[str, str], str] = {}
    for one in await service.latest(call.session, call.property_id, 200):
        if one.action in ("ignore", "unignore") and one.state == "done" and one.line and one.address:
            last.setdefault((one.line, one.address), one.action)
    return [place for place, action in last.items() if action == "ignore"]


def _profiles(view: CandidatesView) -> list[str]:
    return sorted({look.profile for one in view.items for look in one.looks_like})


async def _placed(call: ReadCall) -> dict[str, Any]:
    asked = call.query(DevicesQuery).room
    known = await devices_of(call)(call.session, call.property_id)
    wanted = [one for one in known if not asked or (one.room or "-") == asked]
    return {"asked": asked, "groups": _by_room(wanted[:MOST_SHOWN]), "count": len(wanted), "most": MOST_SHOWN}


def _by_room(devices: Sequence[KnownDevice]) -> list[dict[str, Any]]:
    rooms: dict[str, list[KnownDevice]] = {}
    for device in sorted(devices, key=lambda one: (one.room is not None, one.room or "", one.id)):
        rooms.setdefault(device.room or "", []).append(device)
    return [{"room": room, "devices": found} for room, found in rooms.items()]


async def _changes(call: ReadCall) -> dict[str, Any]:
    found = await service.latest(call.session, call.property_id)
    recent = [one for one in found if one.created_at > call.now - RECENT]
    return {"changes": change_views(call, recent)[:CHANGES_SHOWN]}
