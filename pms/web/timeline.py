"""What a room was over a day, as a picture and in words: on the room's own page and for a chosen day."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import select

from pms.access.permissions import ROOMS_READ
from pms.kernel.events import Event
from pms.kernel.html import Section, page
from pms.kernel.http import Body, ReadCall, Routes
from pms.property.service import find_room
from pms.web import timeline_rules as rules

routes = Routes("web_timeline")

KINDS = ("room.sensed", "room.front_office")
DAY = timedelta(days=1)


class DayQuery(Body):
    """`?day=`: on the hotel's calendar; the last 24 hours without."""

    day: date | None = None


@routes.page("/rooms/{number}/timeline", permission=ROOMS_READ, query=DayQuery)
async def timeline(call: ReadCall) -> web.Response:
    """A day of a room."""
    room = await find_room(call.session, call.property_id, call.path("number"))
    shown = await _shown(call, room.number, call.query(DayQuery).day)
    return await page(call, "web/timeline-page.html", "rooms", **shown)


async def room_section(call: ReadCall, number: str) -> Section | None:
    """The last 24 hours."""
    return Section("web/timeline.html", await _shown(call, number, None))


async def _shown(call: ReadCall, number: str, day: date | None) -> dict[str, Any]:
    start, end = _span(call, day)
    happenings = await _happenings(call, number, (start, end))
    bands = rules.parts(happenings, start, min(end, call.now))
    full = rules.WIDTH * ((min(end, call.now) - start) / (end - start)) if end > call.now else float(rules.WIDTH)
    zone = call.context.zone
    return {
        "number": number,
        "day": day or call.now.astimezone(zone).date(),
        "today": call.now.astimezone(zone).date(),
        "chosen": day,
        "bands": [(name, bands[name]) for name in rules.BANDS],
        "scale": full / rules.WIDTH,
        "hours": rules.hours(start.astimezone(zone), end.astimezone(zone)),
        "lines": list(reversed(rules.told(bands))),
        "end": min(end, call.now),
    }


def _span(call: ReadCall, day: date | None) -> tuple[datetime, datetime]:
    if day is None:
        return call.now - DAY, call.now
    zone = call.context.zone
    return datetime.combine(day, time(), zone), datetime.combine(day + DAY, time(), zone)


async def _happenings(call: ReadCall, number: str, span: tuple[datetime, datetime]) -> Sequence[rules.Happening]:
    """What was said of a room in a span, and the last of each kind before it."""
    start, end = span
    mine = (Event.property_id == call.property_id, Event.subject == number, Event.redacted.is_(False))
    found = []
    for kind in KINDS:
        of_kind = select(Event).where(*mine, Event.kind == kind)
        before = of_kind.where(Event.at <= start).order_by(Event.offset.desc()).limit(1)
        within = of_kind.where(Event.at > start, Event.at <= end).order_by(Event.offset)
        found += [*(await call.session.scalars(before)), *(await call.session.scalars(within))]
    found.sort(key=lambda event: event.offset)
    return [rules.Happening(event.at, event.kind, event.payload) for event in found if call.may(event.permission)]
