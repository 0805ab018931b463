"""What this is and what it is not: version, licence, what is kept how long and why, and where its use ends."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from pms.kernel.html import page
from pms.kernel.http import SIGNED_IN, ReadCall, Routes
from pms.link.retention import CLASSES, DEFAULTS, period
from pms.retention.model import RetentionRun
from pms.room_feed.model import EdgeSystem
from pms.web.notices import third_party

routes = Routes("web_about")

PERIODS: web.AppKey[dict[str, float]] = web.AppKey("retention_periods", dict[str, float])
"""Days by class as this PMS was told; absent: the defaults."""

LIMITS = ("fire", "water", "help", "escape", "security", "occupancy", "staff", "guests")
"""What people might take this for; each has a title, a text and what to have instead."""


@routes.page("/about", permission=SIGNED_IN)
async def about(call: ReadCall) -> web.Response:
    """Version, licence, third parties, and the privacy of what is kept."""
    kept = await _kept(call)
    return await page(call, "web/about.html", "about", version=call.context.version, packages=third_party(), kept=kept)


@routes.page("/what-this-is-not", permission=SIGNED_IN)
async def limits(call: ReadCall) -> web.Response:
    """Advisory only: what never to rely on it for, and what to have instead."""
    return await page(call, "web/limits.html", "limits", limits=LIMITS)


async def last_run(call: ReadCall) -> dict[str, Any] | None:
    """The last and the next run of retention; None before there was a night."""
    run = await call.session.get(RetentionRun, call.property_id)
    if run is None:
        return None
    removed = {name: run.removed[name] for name in CLASSES if name in run.removed}
    return {"finished": run.finished_at, "due": run.due_at, "removed": removed, "trouble": run.trouble}


async def _kept(call: ReadCall) -> list[dict[str, Any]]:
    """Each class with the days it is really kept (None: the edge has not said) and what last went of it."""
    periods = call.request.config_dict.get(PERIODS, DEFAULTS)
    ours = {one.name: period(one.name, periods) / timedelta(days=1) for one in CLASSES.values()}
    edge = await call.session.get(EdgeSystem, call.property_id)
    told = (edge.body.get("retention") or {}) if edge else {}
    run = await call.session.get(RetentionRun, call.property_id)
    removed = {**(told.get("removed") or {}), **(run.removed if run else {})}
    return [
        {
            "name": one.name,
            "place": one.place,
            "days": _days(told, one.name) if one.place == "edge" else ours[one.name],
            "removed": removed.get(one.name, 0),
        }
        for one in CLASSES.values()
    ]


def _days(told: Mapping[str, Any], name: str) -> float | None:
    days = (told.get("days") or {}).get(name)
    return float(days) if isinstance(days, int | float) else None
