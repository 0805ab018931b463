"""The maintenance inbox: what is wrong, how urgent, why, what follows, what to do, and who does it."""

from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from pms.access.permissions import ALERTS_READ
from pms.kernel.html import Section, page
from pms.kernel.http import Body, ReadCall, Routes
from pms.maintenance import orders, service
from pms.maintenance.api import AlertView, Filter, aside_of, states_of, views
from pms.maintenance.catalog import ADVISORY, PRIORITIES
from pms.maintenance.rules import AlertState
from pms.property.service import all_rooms

routes = Routes("maintenance_pages")

MOST_SHOWN = 200
RINGING = "critical"
"""Alerts of this priority ring until somebody acknowledges them."""
CALLING = "high"
"""Alerts of this priority sound once when they are new."""


class InboxQuery(Body):
    """What of the inbox is shown."""

    state: Filter = "open"
    priority: Literal["critical", "high", "medium", "low", ""] = ""
    room: str = Field("", max_length=20)


@routes.page("/maintenance", permission=ALERTS_READ, query=InboxQuery)
async def inbox(call: ReadCall) -> web.Response:
    """The inbox."""
    rooms = [room.number for room in await all_rooms(call.session, call.property_id)]
    return await page(call, "maintenance/inbox.html", "maintenance", rooms=rooms, **await _alerts(call))


@routes.page("/maintenance/list", permission=ALERTS_READ, query=InboxQuery)
async def listing(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "maintenance/list.html", **await _alerts(call))


@routes.page("/maintenance/alarm", permission=ALERTS_READ)
async def alarm(call: ReadCall) -> web.Response:
    """What rings on every page, and how many alerts are open."""
    return await page(call, "maintenance/alarm.html", **await _ringing(call))


async def frame_section(call: ReadCall, _subject: str) -> Section | None:
    """The same, as a part of every page."""
    if not call.may(ALERTS_READ):
        return None
    return Section("maintenance/alarm.html", await _ringing(call))


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The room's open alerts, for the page of the room."""
    if not call.may(ALERTS_READ):
        return None
    found = await service.listing(call.session, call.property_id, room=number, limit=10)
    alerts = _by_urgency(await views(call, call.session, found))
    return Section("maintenance/room.html", {"alerts": alerts, "advisory": ADVISORY})


async def _alerts(call: ReadCall) -> dict[str, Any]:
    query = call.query(InboxQuery)
    found = await service.listing(
        call.session,
        call.property_id,
        room=query.room or None,
        states=states_of(query.state),
        aside=aside_of(query.state),
        limit=MOST_SHOWN,
    )
    shown = await views(call, call.session, [one for one in found if query.priority in {"", one.priority}])
    groups = [
        {"priority": priority, "alerts": [one for one in shown if one.priority == priority]} for priority in PRIORITIES
    ]
    return {
        "orders": await orders.of_alerts(call.session, call.property_id, [one.id for one in shown]),
        "groups": [group for group in groups if group["alerts"]],
        "state": query.state,
        "priority": query.priority,
        "room": query.room,
        "advisory": ADVISORY,
    }


async def _ringing(call: ReadCall) -> dict[str, Any]:
    found = await service.listing(call.session, call.property_id)
    new = [one for one in found if one.state == AlertState.NEW.value]
    return {
        "calling": [one.id for one in new if one.priority == CALLING],
        "ringing": [one for one in new if one.priority == RINGING],
        "waiting": sum(one.state != AlertState.SHELVED.value for one in found),
    }


def _by_urgency(alerts: Sequence[AlertView]) -> list[AlertView]:
    return sorted(alerts, key=lambda one: PRIORITIES.index(one.priority))
