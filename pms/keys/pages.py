"""Key cards for people: the keys of a room, a job at an encoder as it goes, the encoders, the ledger."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from pms.access.permissions import KEYS_ISSUE, KEYS_READ
from pms.frontdesk.api import StayView
from pms.kernel.html import Section, page
from pms.kernel.http import Body, ReadCall, Routes
from pms.keys import ledger, shown
from pms.keys.model import KeyCard
from pms.keys.rules import CANCELLABLE, JobState, KeyType, Life
from pms.keys.views import card_view, key_views
from pms.property.service import all_rooms, find_room

routes = Routes("keys_pages")

SHOWN = 50
"""Keys on one page of the ledger."""

WITH_A_KEY = (KeyType.DUPLICATE, KeyType.NEW, KeyType.REPLACE, KeyType.ONE_SHOT)
WITHOUT = (KeyType.NEW, KeyType.ONE_SHOT)
"""What kinds are offered to a stay with a key in force, and to one without; the first is chosen already."""


class LedgerQuery(Body):
    """Which keys the ledger shows; `before` is where the page before it ended."""

    room: str = Field("", max_length=20)
    stay: str = Field("", max_length=64)
    life: str = Field("", max_length=20)
    before: str = Field("", max_length=64)


@routes.page("/keys", permission=KEYS_READ, query=LedgerQuery)
async def board(call: ReadCall) -> web.Response:
    """The encoders, and below them the ledger."""
    asked = call.query(LedgerQuery)
    rooms = [room.number for room in await all_rooms(call.session, call.property_id)]
    more = {"rooms": rooms, "lives": [life.value for life in Life], "asked": asked}
    stay = (await shown.stays_of(call, [asked.stay])).get(asked.stay)
    stay_name = stay.guest.name if stay else ""
    parts = {**await _encoders(call), **await _ledger(call), **more}
    return await page(call, "keys/page.html", "keys", stay_name=stay_name, **parts)


@routes.page("/keys/encoders", permission=KEYS_READ)
async def encoders(call: ReadCall) -> web.Response:
    """The encoders alone."""
    return await page(call, "keys/encoders.html", **await _encoders(call))


@routes.page("/keys/ledger", permission=KEYS_READ, query=LedgerQuery)
async def ledger_part(call: ReadCall) -> web.Response:
    """The ledger alone."""
    return await page(call, "keys/ledger.html", **await _ledger(call))


@routes.page("/keys/jobs/{id}", permission=KEYS_READ)
async def job(call: ReadCall) -> web.Response:
    """How a key is coming about: drawn again at each step."""
    found = await ledger.find(call.session, call.property_id, call.path("id"))
    view = (await key_views(call, call.session, [found]))[0]
    stay = (await shown.stays_of(call, [found.stay_id])).get(found.stay_id)
    context = {
        "guest": stay.guest.name if stay else "",
        "more_guests": stay is not None and stay.guests > await shown.opening(call, stay.id),
        "can": _can(call, found, stay),
        **await shown.beside(call, found),
    }
    return await page(call, "keys/job.html", job=view, **context)


def _can(call: ReadCall, key: KeyCard, stay: StayView | None) -> dict[str, bool]:
    may_issue = call.may(KEYS_ISSUE)
    there = stay is not None and stay.state == "in_house" and stay.room == key.room
    return {"cancel": may_issue and JobState(key.state) in CANCELLABLE, "again": may_issue and there}


@routes.page("/keys/reads/{id}", permission=KEYS_READ)
async def reading(call: ReadCall) -> web.Response:
    """How a card is read or erased, and what was on it."""
    found = await ledger.find_job(call.session, call.property_id, call.path("id"))
    view = await card_view(call, call.session, found)
    may_issue = call.may(KEYS_ISSUE)
    context = {
        "verdict": shown.verdict(view),
        "may_issue": may_issue,
        "can_cancel": may_issue and JobState(found.state) in CANCELLABLE,
        **await shown.beside(call, found),
    }
    return await page(call, "keys/reading.html", job=view, **context)


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The keys of who stays in a room, and what can be done with them."""
    if not call.may(KEYS_READ):
        return None
    room = await find_room(call.session, call.property_id, number)
    stay = (await shown.stays_of(call, [room.stay_id])).get(room.stay_id) if room.stay_id else None
    context: dict[str, Any] = {"number": number, "stay": stay, "keys": [], "ends_before": None}
    if stay is not None:
        context |= await shown.keys_of_stay(call, stay)
        kinds = WITH_A_KEY if context["has_key"] else WITHOUT
        context |= {"types": [kind.value for kind in kinds], "preferred": kinds[0].value}
        context["encoders"] = await shown.usable_first(call)
    return Section("keys/room.html", context | {"may_issue": call.may(KEYS_ISSUE), "open_states": shown.OPEN})


async def _encoders(call: ReadCall) -> dict[str, Any]:
    return {"encoders": await shown.encoders_shown(call), "may_issue": call.may(KEYS_ISSUE)}


async def _ledger(call: ReadCall) -> dict[str, Any]:
    asked = call.query(LedgerQuery)
    wanted = ledger.Filter(
        stay=asked.stay or None,
        room=asked.room or None,
        lives=(asked.life,) if asked.life else None,
        before=asked.before or None,
    )
    found = await ledger.listing(call.session, call.property_id, wanted, limit=SHOWN + 1)
    keys = found[:SHOWN]
    stays = [key.stay_id for key in keys]
    chosen = {name: value for name, value in asked.model_dump().items() if value and name != "before"}
    return {
        "keys": await key_views(call, call.session, keys),
        "guests": {stay.id: stay.guest.name for stay in (await shown.stays_of(call, stays)).values()},
        "first": not asked.before,
        "newest": f"/keys?{urlencode(chosen)}#ledger",
        "older": f"/keys?{urlencode({**chosen, 'before': keys[-1].id})}#ledger" if len(found) > SHOWN else "",
        "address": f"/keys/ledger?{urlencode({**chosen, **({'before': asked.before} if asked.before else {})})}",
    }
