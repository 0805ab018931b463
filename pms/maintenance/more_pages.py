"""The other pages of maintenance: work orders, the load of alerts, who is told."""

from typing import Any

from aiohttp import web

from pms.access.permissions import ALERTS_READ, NOTIFICATIONS_CHANGE
from pms.kernel.html import page
from pms.kernel.http import ReadCall, Routes
from pms.maintenance import orders
from pms.maintenance.load_api import LoadQuery, load_view
from pms.maintenance.notify import people, rules
from pms.maintenance.notify.api import message, people_view
from pms.maintenance.notify.delivery import count
from pms.maintenance.orders_api import OrderQuery, states_of, views
from pms.property.service import all_rooms

routes = Routes("maintenance_more_pages")


@routes.page("/maintenance/orders", permission=ALERTS_READ, query=OrderQuery)
async def order_page(call: ReadCall) -> web.Response:
    """Work orders."""
    rooms = [room.number for room in await all_rooms(call.session, call.property_id)]
    return await page(call, "maintenance/orders.html", "maintenance", rooms=rooms, **await _orders(call))


@routes.page("/maintenance/orders/list", permission=ALERTS_READ, query=OrderQuery)
async def order_list(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "maintenance/order-list.html", **await _orders(call))


@routes.page("/maintenance/load", permission=ALERTS_READ, query=LoadQuery)
async def load_page(call: ReadCall) -> web.Response:
    """How much maintenance was told, and by what."""
    load = await load_view(call, call.query(LoadQuery).days)
    return await page(call, "maintenance/load.html", "maintenance", load=load)


@routes.page("/maintenance/notifications", permission=NOTIFICATIONS_CHANGE)
async def notification_page(call: ReadCall) -> web.Response:
    """Who is told, when, and what became of the messages."""
    known = call.context.translator
    languages = [(code, known.text(code, "language.name")) for code in known.languages]
    context = await _notifications(call)
    return await page(call, "maintenance/notifications.html", "maintenance", languages=languages, **context)


@routes.page("/maintenance/notifications/list", permission=NOTIFICATIONS_CHANGE)
async def notification_list(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "maintenance/notification-list.html", **await _notifications(call))


async def _orders(call: ReadCall) -> dict[str, Any]:
    query = call.query(OrderQuery)
    found = await orders.listing(call.session, call.property_id, states_of(query.state), query.room)
    return {"orders": await views(call, call.session, found), "state": query.state}


async def _notifications(call: ReadCall) -> dict[str, Any]:
    told = await people_view(call)
    shifts = await people.shifts(call.session, call.property_id)
    roster = [rules.Duty(one.contact_id, one.weekdays, one.starts, one.ends) for one in shifts]
    latest = await people.messages(call.session, call.property_id)
    return {
        "people": told,
        "names": {one.id: one.name for one in told.contacts},
        "on_duty": rules.on_duty(roster, call.now.astimezone(call.context.zone)),
        "messages": [message(one) for one in latest],
        "given_up": await count(call.session, call.property_id, "dead"),
    }
