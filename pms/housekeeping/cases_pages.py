"""Where desk and room disagree, and what is to be looked after: a page of its own, and a part of the room's page."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from pms.access.permissions import HOUSEKEEPING_ASSIGN, HOUSEKEEPING_READ, HOUSEKEEPING_WORK, ROOMS_READ
from pms.housekeeping import cases
from pms.housekeeping.case_model import RoomCase
from pms.housekeeping.case_rules import CaseKind, CaseState
from pms.housekeeping.cases_api import CaseView, view
from pms.kernel.html import Section, page
from pms.kernel.http import ReadCall, Routes

routes = Routes("cases_pages")

LATELY = 10
"""So many that are over are shown."""


@routes.page("/cases", permission=ROOMS_READ)
async def board(call: ReadCall) -> web.Response:
    """Every open case, by kind."""
    return await page(call, "housekeeping/cases.html", "rooms", **await _cases(call))


@routes.page("/cases/list", permission=ROOMS_READ)
async def listing(call: ReadCall) -> web.Response:
    """The same without the frame around it."""
    return await page(call, "housekeeping/cases_list.html", **await _cases(call))


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The room's open cases, and a place to say how many people are in it."""
    found = await cases.listing(call.session, call.property_id, room=number)
    counts = call.may(HOUSEKEEPING_WORK)
    if not found and not counts:
        return None
    context = {"cases": [view(call, one) for one in found], "number": number, "may_count": counts}
    return Section("housekeeping/room_cases.html", context | _may(call))


async def open_of(call: ReadCall, kinds: Iterable[CaseKind]) -> list[CaseView]:
    """The open cases of some kinds."""
    wanted = {kind.value for kind in kinds}
    found = await cases.listing(call.session, call.property_id)
    return [view(call, one) for one in found if one.kind in wanted]


async def _cases(call: ReadCall) -> dict[str, Any]:
    found = await cases.listing(call.session, call.property_id)
    groups = [{"kind": kind.value, "cases": _views(call, found, kind)} for kind in CaseKind]
    over = (CaseState.CLOSED.value, CaseState.DISMISSED.value)
    lately = await cases.listing(call.session, call.property_id, states=over, limit=LATELY)
    return {
        "groups": [group for group in groups if group["cases"]],
        "total": len(found),
        "lately": [view(call, one) for one in lately],
    } | _may(call)


def _views(call: ReadCall, found: Iterable[RoomCase], kind: CaseKind) -> list[CaseView]:
    return [view(call, one) for one in sorted(found, key=lambda one: one.room) if one.kind == kind.value]


def _may(call: ReadCall) -> dict[str, bool]:
    return {"may_plan": call.may(HOUSEKEEPING_ASSIGN), "sees_tasks": call.may(HOUSEKEEPING_READ)}
