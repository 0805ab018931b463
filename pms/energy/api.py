"""Energy over HTTP: what was measured, and the switches."""

from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, Field

from pms.access.permissions import ENERGY_CHANGE, ENERGY_READ
from pms.energy import rules, service
from pms.energy.model import HOUSE
from pms.energy.service import NOTHING, Said
from pms.kernel.http import Body, Call, ReadCall, Routes, View, WriteCall
from pms.kernel.i18n.translator import local_params
from pms.property.service import all_rooms
from pms.property.sources import ROOM_SOURCES

routes = Routes("energy")


class SpanQuery(Body):
    """`?since=&until=`: days of the hotel's calendar, both included; the last seven without."""

    since: date | None = None
    until: date | None = None


class HouseSwitch(Body):
    """Setbacks in the whole hotel: on, off, null as the edge is configured."""

    allowed: bool | None


class RoomSwitch(Body):
    """Whether a room may be set back; why not is kept."""

    allowed: bool
    reason: str | None = Field(None, max_length=200)


class ExpectedChange(Body):
    """When somebody is expected: `at` an instant, or in so many `minutes`; neither: nobody any more."""

    at: AwareDatetime | None = None
    minutes: int | None = Field(None, ge=0, le=20_160)


class NowView(View):
    """What is done with the climate of a room now; `why` as a code, with the sentence."""

    phase: str
    since: datetime | None
    guest_c: float | None
    wanted_c: float | None
    reached: bool
    ventilation_off: bool
    why: str
    text: str


class RoomEnergyView(View):
    """A room: hours and degree-hours of the days asked for, what is done now (null: not told), and what people said."""

    room: str
    occupied_hours: float
    vacant_hours: float
    unknown_hours: float
    setback_hours: float
    deep_setback_hours: float
    window_setback_hours: float
    ventilation_off_hours: float
    setpoint_degree_hours: float
    temperature_degree_hours: float
    orders: int
    now: NowView | None
    allowed: bool
    reason: str | None
    expected: datetime | None


class EnergyView(View):
    """The hotel. `allowed`: its switch (null: as the edge is configured)."""

    since: date
    until: date
    allowed: bool | None
    rooms: list[RoomEnergyView]


@routes.read("/api/v1/energy", permission=ENERGY_READ, response=EnergyView, query=SpanQuery)
async def energy(call: ReadCall) -> EnergyView:
    """Measured setback hours and degree-hours of each room, and what is done in it now."""
    return await energy_view(call)


@routes.write("POST", "/api/v1/energy/switch", permission=ENERGY_CHANGE, body=HouseSwitch, response=HouseSwitch)
async def switch_house(call: WriteCall) -> HouseSwitch:
    """Setbacks in the whole hotel: on, off, or as the edge is configured."""
    wanted = call.body(HouseSwitch)
    await service.switch_house(call.work, wanted.allowed)
    return wanted


@routes.write("POST", "/api/v1/rooms/{number}/energy", permission=ENERGY_CHANGE, body=RoomSwitch, response=RoomSwitch)
async def switch_room(call: WriteCall) -> RoomSwitch:
    """Leave a room's climate alone (what was set back comes back), or no longer."""
    wanted = call.body(RoomSwitch)
    await service.switch_room(call.work, call.path("number"), wanted.allowed, wanted.reason)
    return wanted


@routes.write(
    "POST", "/api/v1/rooms/{number}/expected", permission=ENERGY_CHANGE, body=ExpectedChange, response=ExpectedChange
)
async def expect(call: WriteCall) -> ExpectedChange:
    """Say when somebody is expected in a room: it is made comfortable an hour before, as the code allows."""
    wanted = call.body(ExpectedChange)
    at = rules.arrival(wanted.at, wanted.minutes, call.now)
    await service.expect(call.work, call.path("number"), at)
    return ExpectedChange(at=at)


async def energy_view(call: ReadCall) -> EnergyView:
    """The hotel as this reader sees it."""
    days = span_of(call)
    counted = await service.by_room(call.session, call.property_id, days)
    said = await service.said_of(call.session, call.property_id)
    sensed = await call.request.config_dict[ROOM_SOURCES].sensed(call.session, call.property_id, None)
    empty = rules.total(())
    rooms = [
        _room(call, room.number, counted.get(room.number, empty), said.get(room.number, NOTHING), sensed)
        for room in await all_rooms(call.session, call.property_id)
    ]
    return EnergyView(since=days[0], until=days[1], allowed=said.get(HOUSE, NOTHING).allowed, rooms=rooms)


def span_of(call: ReadCall) -> tuple[date, date]:
    """The days that are asked for. Raises Invalid."""
    query = call.query(SpanQuery)
    return rules.span(query.since, query.until, call.now.astimezone(call.context.zone).date())


def now_view(call: Call, body: dict[str, Any] | None) -> NowView | None:
    """What is done in a room now, from what it said last."""
    told = (body or {}).get("energy")
    if not isinstance(told, dict):
        return None
    why = told.get("why") or {}
    code = str(why.get("code") or "")
    return NowView(
        phase=str(told.get("phase") or "comfort"),
        since=told.get("since"),
        guest_c=told.get("guest_c"),
        wanted_c=told.get("wanted_c"),
        reached=bool(told.get("reached")),
        ventilation_off=bool(told.get("still")),
        why=code,
        text=_sentence(call, why) if code else "",
    )


def _sentence(call: Call, why: dict[str, Any]) -> str:
    key, translator = f"energy_why.{why['code']}", call.context.translator
    if not translator.has(call.language, key):
        return str(why["code"]).replace("_", " ")
    item = {"code": why["code"], "at": why.get("at"), "params": _params(call, why.get("params") or {})}
    return translator.text(call.language, key, **local_params(item, call.context.zone))


def _params(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    mode = params.get("mode")
    known = isinstance(mode, str) and call.context.translator.has(call.language, f"mode.{mode}")
    return params | ({"mode": call.text(f"mode.{mode}")} if known else {})


def _room(
    call: ReadCall, number: str, counted: rules.Counted, said: Said, sensed: dict[str, tuple[datetime, dict[str, Any]]]
) -> RoomEnergyView:
    body = sensed[number][1] if number in sensed else None
    return RoomEnergyView(
        room=number,
        **rules.hours(counted),
        orders=int(counted["orders"]),
        now=now_view(call, body),
        allowed=said.allowed is not False,
        reason=said.reason,
        expected=said.expected if said.expected and said.expected > call.now else None,
    )
