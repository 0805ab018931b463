"""The page of energy: what was saved by rooms nobody was in, measured; what is done now and why; the report."""

from typing import Any

from aiohttp import web

from pms.access.permissions import ENERGY_READ
from pms.energy import rules, service
from pms.energy.api import SpanQuery, energy_view, now_view, span_of
from pms.energy.service import NOTHING
from pms.kernel.html import Section, page
from pms.kernel.http import ReadCall, Routes
from pms.property.sources import ROOM_SOURCES

routes = Routes("energy_pages")


@routes.page("/energy", permission=ENERGY_READ, query=SpanQuery)
async def energy(call: ReadCall) -> web.Response:
    """The whole page."""
    return await page(call, "energy/page.html", "energy", **await _shown(call))


@routes.page("/energy/rooms", permission=ENERGY_READ, query=SpanQuery)
async def listing(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "energy/rooms.html", **await _shown(call))


@routes.page("/energy/report.csv", permission=ENERGY_READ, query=SpanQuery)
async def report(call: ReadCall) -> web.Response:
    """The report as CSV: a line a day and room."""
    days = span_of(call)
    text = rules.report(await service.by_day(call.session, call.property_id, days))
    name = f"energy-{days[0]}-{days[1]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


async def room_section(call: ReadCall, number: str) -> Section | None:
    """What is done with the climate of a room now, why, and what came of it in the last week."""
    if not call.may(ENERGY_READ):
        return None
    sensed = await call.request.config_dict[ROOM_SOURCES].sensed(call.session, call.property_id, [number])
    now = now_view(call, sensed[number][1] if number in sensed else None)
    said = (await service.said_of(call.session, call.property_id)).get(number, NOTHING)
    if now is None and said is NOTHING:
        return None
    days = rules.span(None, None, call.now.astimezone(call.context.zone).date())
    counted = (await service.by_room(call.session, call.property_id, days)).get(number)
    expected = said.expected if said.expected and said.expected > call.now else None
    told = {"number": number, "now": now, "said": said, "expected": expected}
    return Section("energy/room.html", {**told, "week": rules.hours(counted) if counted else None})


async def _shown(call: ReadCall) -> dict[str, Any]:
    view = await energy_view(call)
    rows = [room.model_dump() for room in view.rooms]
    total = {name: sum(row[name] for row in rows) for name in rules.COLUMNS.values()}
    back = sum(1 for room in view.rooms if room.now is not None and room.now.phase != "comfort")
    return {"energy": view, "total": total, "back": back}
