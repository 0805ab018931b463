"""System health: what runs, what does not and why, which device was heard when, what nobody understood."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from aiohttp import web

from pms.access.permissions import SYSTEM_READ
from pms.kernel.html import page
from pms.kernel.http import ReadCall, Reply, Routes
from pms.room_feed import api
from pms.room_feed.model import EdgeSystem
from pms.web.about import last_run
from pms.web.devices import known_devices

routes = Routes("web_health")

_TOLD = ("state", "since", "code", "detail", "figures")
EDGE = "edge/"
"""How the house names the parts that the edge told of."""


@routes.page("/system", permission=SYSTEM_READ)
async def system(call: ReadCall) -> web.Response:
    """The health of the house."""
    return await page(call, "web/system.html", "system", health=await _health(call))


@routes.page("/system/health", permission=SYSTEM_READ)
async def health(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "web/health.html", health=await _health(call))


async def _health(call: ReadCall) -> dict[str, Any]:
    view = cast("api.SystemView", cast("Reply", await api.system(call)).body)
    parts = await _parts(call, view)
    return {
        "version": view.version,
        "state": _verdict(view.state, parts),
        "parts": parts,
        "link": view.link,
        "devices": await known_devices(call),
        "counters": view.counters,
        "rejected": view.rejected,
        "retention": await last_run(call),
    }


def _verdict(state: str, parts: Sequence[Mapping[str, Any]]) -> str:
    """The whole in a word: what the house says, and never better than what it shows."""
    if state == "starting":
        return "unknown"
    return "degraded" if state == "ok" and any(part["state"] != "ok" for part in parts) else state


async def _parts(call: ReadCall, view: api.SystemView) -> list[dict[str, Any]]:
    """Our own parts, and those of the edge's last account, each once."""
    own = [part.model_dump() | {"part": _shown_name(part.part)} for part in view.parts]
    names = {part["part"] for part in own}
    account = await call.session.get(EdgeSystem, call.property_id)
    told = [_told(part) for part in (account.body.get("parts") or () if account else ())]
    return own + [part for part in told if part["part"] not in names]


def _shown_name(part: str) -> str:
    """The edge's parts by their own names; our clock is another one than theirs."""
    return "clocks" if part == "clock" else part.removeprefix(EDGE)


def _told(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"part": str(part.get("part"))} | {key: part.get(key) for key in _TOLD}
