"""Rooms over HTTP."""

from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import (
    PROPERTY_READ,
    ROOMS_HOUSEKEEPING,
    ROOMS_MAINTENANCE,
    ROOMS_OCCUPANCY,
    ROOMS_READ,
    ROOMS_REQUEST,
    ROOMS_SELLABILITY,
)
from pms.kernel.errors import FieldError, Invalid, Reason
from pms.kernel.http import Action, Body, Call, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.property import rules, service
from pms.property.model import Room
from pms.property.sources import ROOM_SOURCES, RoomSources
from pms.property.views import Reader, RoomView, room_view

routes = Routes("property")

LONGEST_OVERRIDE = timedelta(days=2)
DEFAULT_OVERRIDE = timedelta(hours=2)
LONGEST_MAINTENANCE = timedelta(days=30)
DEFAULT_MAINTENANCE = timedelta(hours=4)


class HousekeepingChange(Body):
    """The housekeeping state, set by hand."""

    state: Literal["dirty", "pickup", "clean", "inspected"]


class SellabilityChange(Body):
    """Out of sale (until the morning of `until`, when it is known), or back."""

    state: Literal["sellable", "out_of_service", "out_of_order"]
    reason: str | None = Field(None, max_length=200)
    until: date | None = None

    @model_validator(mode="after")
    def _reason_given(self) -> "SellabilityChange":
        if self.state != "sellable" and not self.reason:
            raise ValueError("a room is taken out of sale for a reason")
        return self


class OccupancyChange(Body):
    """Whether somebody is in the room, for `minutes` or `until` an instant (two hours without); null withdraws it."""

    value: Literal["vacant", "occupied"] | None
    until: AwareDatetime | None = None
    minutes: int | None = Field(None, ge=1, le=2880)


class RequestChange(Body):
    """Do not disturb, make up room, none; null withdraws it, and the panel in the room counts."""

    value: Literal["none", "dnd", "mur"] | None


class MaintenanceChange(Body):
    """Why people work on the room, for `minutes` or `until` an instant (four hours without)."""

    reason: str = Field(min_length=1, max_length=200)
    until: AwareDatetime | None = None
    minutes: int | None = Field(None, ge=1, le=43_200)


class PropertyView(View):
    """The house."""

    id: str
    name: str
    time_zone: str
    language: str
    currency: str
    business_date: date
    now: datetime
    version: int


@routes.read("/api/v1/property", permission=PROPERTY_READ, response=PropertyView)
async def the_property(call: ReadCall) -> PropertyView:
    """The house: name, time zone, business date."""
    house = await service.the_property(call.session, call.property_id)
    return PropertyView(
        id=house.id,
        name=house.name,
        time_zone=house.time_zone,
        language=house.language,
        currency=house.currency,
        business_date=house.business_date,
        now=call.now,
        version=house.version,
    )


@routes.read("/api/v1/rooms", permission=ROOMS_READ, response=Page[RoomView])
async def rooms(call: ReadCall) -> Page[RoomView]:
    """Every room of the house, in one list."""
    return Page[RoomView](items=await views_of(call))


@routes.read("/api/v1/rooms/{number}", permission=ROOMS_READ, response=RoomView)
async def room(call: ReadCall) -> Reply:
    """One room, with its evidence and what can be done."""
    found = await service.find_room(call.session, call.property_id, call.path("number"))
    view = await _view(call, call.session, found)
    return Reply(view, version=found.version)


@routes.write(
    "POST",
    "/api/v1/rooms/{number}/housekeeping",
    permission=ROOMS_HOUSEKEEPING,
    body=HousekeepingChange,
    response=RoomView,
)
async def housekeeping(call: WriteCall) -> Reply:
    """Set the housekeeping state by hand."""
    found = await _room(call)
    service.set_housekeeping(call.work, found, call.body(HousekeepingChange).state, source="manual", check=True)
    return await _reply(call, found)


@routes.write(
    "POST",
    "/api/v1/rooms/{number}/sellability",
    permission=ROOMS_SELLABILITY,
    body=SellabilityChange,
    response=RoomView,
)
async def sellability(call: WriteCall) -> Reply:
    """Take the room out of service or out of order, or give it back."""
    found, change = await _room(call), call.body(SellabilityChange)
    service.set_sellability(call.work, found, change.state, change.reason, change.until)
    return await _reply(call, found)


@routes.write(
    "POST", "/api/v1/rooms/{number}/occupancy", permission=ROOMS_OCCUPANCY, body=OccupancyChange, response=RoomView
)
async def occupancy(call: WriteCall) -> Reply:
    """Say by hand whether somebody is in the room: it wins over the sensors until it expires or is withdrawn."""
    found, change = await _room(call), call.body(OccupancyChange)
    service.set_occupancy(call.work, found, change.value, override_end(change, call.now))
    return await _reply(call, found)


@routes.write("POST", "/api/v1/rooms/{number}/request", permission=ROOMS_REQUEST, body=RequestChange, response=RoomView)
async def request(call: WriteCall) -> Reply:
    """Set what the guest asked for."""
    found = await _room(call)
    service.set_request(call.work, found, call.body(RequestChange).value)
    return await _reply(call, found)


@routes.write(
    "POST",
    "/api/v1/rooms/{number}/maintenance",
    permission=ROOMS_MAINTENANCE,
    body=MaintenanceChange,
    response=RoomView,
)
async def maintenance(call: WriteCall) -> Reply:
    """Begin work on the room, or set another end: meanwhile it raises nothing, not even smoke, water or SOS."""
    found, change = await _room(call), call.body(MaintenanceChange)
    service.begin_maintenance(call.work, found, change.reason, maintenance_end(change, call.now))
    return await _reply(call, found)


@routes.write(
    "POST",
    "/api/v1/rooms/{number}/maintenance/end",
    permission=ROOMS_MAINTENANCE,
    body=Nothing,
    response=RoomView,
)
async def end_of_maintenance(call: WriteCall) -> Reply:
    """The work is done: what is wrong with the room now is raised."""
    found = await _room(call)
    service.end_maintenance(call.work, found)
    return await _reply(call, found)


def maintenance_end(change: MaintenanceChange, now: datetime) -> datetime:
    """When the work is to end by itself. Raises Invalid for an instant that is past or too far."""
    if change.until is None:
        return now + (timedelta(minutes=change.minutes) if change.minutes else DEFAULT_MAINTENANCE)
    if not now < change.until <= now + LONGEST_MAINTENANCE:
        raise Invalid([FieldError("until", "out_of_range", "in the future, within thirty days")])
    return change.until


def override_end(change: OccupancyChange, now: datetime) -> datetime | None:
    """When an answer set by hand ends. Raises Invalid for an instant that is past or too far."""
    if change.value is None:
        return None
    if change.until is None:
        return now + (timedelta(minutes=change.minutes) if change.minutes else DEFAULT_OVERRIDE)
    if not now < change.until <= now + LONGEST_OVERRIDE:
        raise Invalid([FieldError("until", "out_of_range", "in the future, within two days")])
    return change.until


async def views_of(call: ReadCall) -> list[RoomView]:
    """Every room as this reader sees it: what the list and the boards show."""
    found = await service.all_rooms(call.session, call.property_id)
    sources = _sources(call)
    sensed = await sources.sensed(call.session, call.property_id, None)
    reader = reader_of(call)
    return [_one(call, reader, one, sensed.get(one.number, (None, None))[1]) for one in found]


def reader_of(call: Call) -> Reader:
    """For whom rooms are shown in this request."""
    context = call.context
    link_up = context.health.is_up("link") and context.health.is_up("edge")
    return Reader(call.now, call.language, context.translator, context.zone, link_up)


async def _room(call: WriteCall) -> Room:
    found = await service.room_to_change(call.work, call.path("number"))
    call.check_version(found.version)
    return found


async def _reply(call: WriteCall, found: Room) -> Reply:
    await call.work.session.flush()
    return Reply(await _view(call, call.work.session, found), version=found.version)


async def _view(call: Call, session: AsyncSession, found: Room) -> RoomView:
    sensed = await _sources(call).sensed(session, call.property_id, [found.number])
    return _one(call, reader_of(call), found, sensed.get(found.number, (None, None))[1])


def _one(call: Call, reader: Reader, found: Room, body: dict[str, object] | None) -> RoomView:
    sources = _sources(call)
    discrepancy = sources.discrepancy(found.front_office, body, call.now)
    return room_view(found, body, reader, discrepancy, actions_of(call, found))


def actions_of(call: Call, found: Room) -> list[Action]:
    """What this reader may do with a room now, and why not."""
    offered = [
        *(
            (f"housekeeping.{state}", ROOMS_HOUSEKEEPING, rules.housekeeping_reasons(found.housekeeping, state))
            for state in rules.HOUSEKEEPING
            if state != found.housekeeping
        ),
        *(
            (f"sellability.{state}", ROOMS_SELLABILITY, rules.sellability_reasons(found.front_office, state))
            for state in rules.SELLABILITY
            if state != found.sellability
        ),
        ("occupancy", ROOMS_OCCUPANCY, list[Reason]()),
        ("request", ROOMS_REQUEST, list[Reason]()),
        ("maintenance", ROOMS_MAINTENANCE, list[Reason]()),
    ]
    own = [call.action(name, reasons) for name, permission, reasons in offered if call.may(permission)]
    more = [offer for contribute in _sources(call).actions for offer in contribute(call, found)]
    return [*own, *more]


def _sources(call: Call) -> RoomSources:
    return call.request.config_dict[ROOM_SOURCES]
