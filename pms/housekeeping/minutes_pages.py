"""The attendants' actual minutes by room, for who plans the work: a page and a file."""

import csv
import io
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from pms.access import users
from pms.access.permissions import HOUSEKEEPING_ASSIGN
from pms.housekeeping import visits
from pms.housekeeping.minutes import by_type, typed
from pms.housekeeping.pages import ATTENDANTS
from pms.housekeeping.visit_rules import Department, VisitKind
from pms.housekeeping.visits_api import DayQuery, attendants, of_day, today
from pms.kernel.html import page
from pms.kernel.http import ReadCall, Routes

routes = Routes("minutes_pages")

COLUMNS = ("attendant", "card", "department", "room", "kind", "entered", "left", "minutes", "planned", "at_most",
           "from_audit", "guests")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@routes.page("/housekeeping/minutes", permission=HOUSEKEEPING_ASSIGN, query=DayQuery)
async def board(call: ReadCall) -> web.Response:
    """A day's visits by attendant."""
    return await page(call, "housekeeping/minutes.html", "housekeeping", **await _day(call))


@routes.page("/housekeeping/minutes/list", permission=HOUSEKEEPING_ASSIGN, query=DayQuery)
async def listing(call: ReadCall) -> web.Response:
    """The visits without the frame around them."""
    return await page(call, "housekeeping/minutes_list.html", **await _day(call))


@routes.page("/housekeeping/minutes.csv", permission=HOUSEKEEPING_ASSIGN, query=DayQuery)
async def as_file(call: ReadCall) -> web.Response:
    """The same as a file for a spreadsheet."""
    context = await _day(call)
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for one in context["attendants"]:
        for line in one.visits:
            said = line.model_dump(mode="json") | {"attendant": one.name, "department": one.department}
            rows.writerow([_cell(said[name]) for name in COLUMNS])
    name = f"minutes-{context['day']:%Y-%m-%d}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text.getvalue(), content_type="text/csv", charset="utf-8", headers=disposition)


async def _day(call: ReadCall) -> dict[str, Any]:
    now = today(call)
    day: date = call.query(DayQuery).day or now
    found = await of_day(call, day)
    people = await users.people(call.session, call.property_id)
    known = await visits.cards(call.session, call.property_id)
    seen = sorted({visit.card for visit in found if visit.card is not None})
    return {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < now else None,
        "attendants": await attendants(call, found),
        "types": by_type(typed(found)),
        "unassigned": [card for card in seen if card not in known],
        "departments": [one.value for one in Department],
        "kinds": [one.value for one in VisitKind],
        "people": [one.user.username for one in people if one.role in ATTENDANTS and one.user.disabled_at is None],
    }


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
