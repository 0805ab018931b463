"""Stays over HTTP."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import GUESTS_READ, STAYS_CHANGE, STAYS_READ
from pms.frontdesk import service
from pms.frontdesk.rules import occupancy_warnings
from pms.frontdesk.sources import STAY_SOURCES
from pms.guests import service as guests
from pms.guests.rules import masked
from pms.guests.service import NewGuest
from pms.kernel.errors import Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Call, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.models import PageQuery, ReasonView, decode_cursor, encode_cursor
from pms.property import service as house
from pms.property.model import Room
from pms.property.rules import check_in_reasons
from pms.property.sources import ROOM_SOURCES
from pms.reservations import service as reservations
from pms.reservations.model import Reservation
from pms.reservations.rules import Action, ReservationState, nights, phase

routes = Routes("frontdesk")

OFFERED = {
    Action.CHECK_IN: "check-in",
    Action.CHECK_OUT: "check-out",
    Action.EXTEND: "extend",
    Action.MOVE: "move",
    Action.REVERSE_CHECK_IN: "reverse-check-in",
    Action.CANCEL: "cancel",
}
"""What a person can do to a stay, and the last part of its address."""


class GuestBody(Body):
    """Who stays. Only the name must be there."""

    name: str = Field(min_length=1, max_length=200)
    phone: str | None = Field(None, max_length=40)
    email: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=20)


class StayBody(Body):
    """A walk-in: somebody who takes a room now, until `departure`."""

    room: str = Field(max_length=20)
    departure: date
    guests: int = Field(1, ge=1, le=50)
    guest: GuestBody
    override_reason: str | None = Field(None, max_length=500)


class ExtendBody(Body):
    """Another day of departure."""

    departure: date


class CheckInBody(Body):
    """Why a room that is not ready is given away, when it is not."""

    override_reason: str | None = Field(None, max_length=500)


class MoveBody(Body):
    """The room to move to, why (in your own words), and why it is given away when it is not ready."""

    room: str = Field(max_length=20)
    reason: str | None = Field(None, max_length=500)
    override_reason: str | None = Field(None, max_length=500)


class StayQuery(PageQuery):
    """`?state=&room=`: without a state, who is in the house or expected."""

    state: Literal["confirmed", "in_house", "checked_out", "cancelled", "no_show"] | None = None
    room: str | None = Field(None, max_length=20)


class GuestView(View):
    """The guest; the name is cut to its first character for whom it is not meant."""

    id: str
    name: str


class StayView(View):
    """A stay. `phase` follows from the dates; `warnings` never keep anybody from doing anything."""

    id: str
    room: str
    state: str
    phase: str | None
    arrival: date
    departure: date
    nights: int
    guests: int
    guest: GuestView
    walk_in: bool
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    version: int
    warnings: list[ReasonView]
    actions: list[ActionView]


@routes.read("/api/v1/stays", permission=STAYS_READ, response=Page[StayView], query=StayQuery)
async def stays(call: ReadCall) -> Page[StayView]:
    """Who is in the house or expected, newest first."""
    query = call.query(StayQuery)
    before = decode_cursor(call.property_id, query.cursor)[0] if query.cursor else None
    found = await service.listing(
        call.session,
        call.property_id,
        states=(query.state,) if query.state else service.OPEN,
        room=query.room,
        before=before,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = encode_cursor(call.property_id, [shown[-1].id]) if len(found) > query.limit else None
    return Page[StayView](items=await views(call, call.session, list(shown)), next=more)


@routes.read("/api/v1/stays/{id}", permission=STAYS_READ, response=StayView)
async def stay(call: ReadCall) -> Reply:
    """One stay, and what can be done with it."""
    found = await reservations.find(call.session, call.property_id, call.path("id"))
    warnings = await _warnings(call, call.session, Action.CHECK_OUT, found)
    return Reply((await views(call, call.session, [found], warnings))[0], version=found.version)


@routes.write("POST", "/api/v1/stays", permission=STAYS_CHANGE, body=StayBody, response=StayView, status=201)
async def walk_in(call: WriteCall) -> Reply:
    """Check a walk-in in."""
    asked = call.body(StayBody)
    request = service.WalkIn(
        asked.room, asked.departure, asked.guests, NewGuest(**asked.guest.model_dump()), asked.override_reason
    )
    made = await service.walk_in(call.work, call.context.database.keyring, request)
    return await _reply(call, made, 201, await _warnings(call, call.work.session, Action.CHECK_IN, made))


@routes.write("POST", "/api/v1/stays/{id}/check-out", permission=STAYS_CHANGE, body=Nothing, response=StayView)
async def check_out(call: WriteCall) -> Reply:
    """Check out: the room becomes vacant and dirty, nights not slept are free again."""
    found = await _found(call)
    warnings = await _warnings(call, call.work.session, Action.CHECK_OUT, found)
    return await _reply(call, await service.check_out(call.work, found.id), 200, warnings)


@routes.write("POST", "/api/v1/stays/{id}/extend", permission=STAYS_CHANGE, body=ExtendBody, response=StayView)
async def extend(call: WriteCall) -> Reply:
    """Give a stay another departure, later or earlier."""
    found = await _found(call)
    return await _reply(call, await service.extend(call.work, found.id, call.body(ExtendBody).departure))


@routes.write("POST", "/api/v1/stays/{id}/move", permission=STAYS_CHANGE, body=MoveBody, response=StayView)
async def move(call: WriteCall) -> Reply:
    """Give a guest in the house another room; the old one becomes vacant and dirty, its keys end."""
    found = await _found(call)
    wanted = service.Move(**call.body(MoveBody).model_dump())
    return await _reply(call, await service.move(call.work, found.id, wanted))


@routes.write("POST", "/api/v1/stays/{id}/reverse-check-in", permission=STAYS_CHANGE, body=Nothing, response=StayView)
async def reverse_check_in(call: WriteCall) -> Reply:
    """Take a check-in back, on its own day."""
    found = await _found(call)
    return await _reply(call, await service.reverse_check_in(call.work, found.id))


@routes.write("POST", "/api/v1/stays/{id}/check-in", permission=STAYS_CHANGE, body=CheckInBody, response=StayView)
async def check_in(call: WriteCall) -> Reply:
    """Check in somebody who has a reservation."""
    found, reason = await _found(call), call.body(CheckInBody).override_reason
    return await _reply(call, await service.check_in(call.work, found.id, reason))


@routes.write("POST", "/api/v1/stays/{id}/cancel", permission=STAYS_CHANGE, body=Nothing, response=StayView)
async def cancel(call: WriteCall) -> Reply:
    """Cancel a reservation before its check-in."""
    found = await _found(call)
    return await _reply(call, await service.cancel(call.work, found.id))


def room_actions(call: Call, room: Room) -> list[ActionView]:
    """What the front desk offers to do with a room: part of the room's own actions."""
    if not call.may(STAYS_CHANGE):
        return []
    if room.front_office == "occupied":
        return [call.action(OFFERED[what]) for what in (Action.CHECK_OUT, Action.EXTEND, Action.MOVE)]
    return [call.action(OFFERED[Action.CHECK_IN], check_in_reasons(room.front_office, room.sellability))]


async def views(
    call: Call, session: AsyncSession, found: list[Reservation], warnings: list[ReasonView] | None = None
) -> list[StayView]:
    """Stays as this reader sees them."""
    names = await guests.names(session, call.property_id, {one.guest_id for one in found})
    today = await house.business_date(session, call.property_id)
    told = await _told_of_stays(call, session, [one.id for one in found])
    return [
        _view(call, one, names.get(one.guest_id, ""), today, [*(warnings or []), *told.get(one.id, [])])
        for one in found
    ]


def _view(call: Call, found: Reservation, name: str, today: date, warnings: list[ReasonView]) -> StayView:
    state = ReservationState(found.state)
    offered = OFFERED.items() if call.may(STAYS_CHANGE) else ()
    return StayView(
        id=found.id,
        room=found.room,
        state=found.state,
        phase=phase(state, found.arrival, found.departure, today),
        arrival=found.arrival,
        departure=found.departure,
        nights=len(nights(found.arrival, found.departure)),
        guests=found.guests,
        guest=GuestView(id=found.guest_id, name=name if call.may(GUESTS_READ) else masked(name)),
        walk_in=found.walk_in,
        checked_in_at=found.checked_in_at,
        checked_out_at=found.checked_out_at,
        version=found.version,
        warnings=warnings,
        actions=[call.action(name, service.reasons_against(what, found, today)) for what, name in offered],
    )


async def _told_of_stays(call: Call, session: AsyncSession, ids: list[str]) -> dict[str, list[ReasonView]]:
    """What other departments have to say of these stays."""
    told: dict[str, list[ReasonView]] = {}
    for source in call.request.config_dict[STAY_SOURCES].warnings:
        for stay, reasons in (await source(session, call.property_id, ids)).items():
            told.setdefault(stay, []).extend(_warning(call, reason) for reason in reasons)
    return told


def _warning(call: Call, reason: Reason) -> ReasonView:
    text = call.text(f"reason.{reason.code}", **reason.params)
    return ReasonView(code=reason.code, params=dict(reason.params), text=text)


async def _found(call: WriteCall) -> Reservation:
    found = await reservations.find(call.work.session, call.property_id, call.path("id"), lock=True)
    call.check_version(found.version)
    return found


async def _reply(
    call: WriteCall, changed: Reservation, status: int = 200, warnings: list[ReasonView] | None = None
) -> Reply:
    view = (await views(call, call.work.session, [changed], warnings))[0]
    return Reply(view, status=status, version=changed.version)


async def _warnings(call: Call, session: AsyncSession, what: Action, found: Reservation) -> list[ReasonView]:
    """What the room's devices say against it."""
    if found.state != ReservationState.IN_HOUSE.value:
        return []
    sources = call.request.config_dict[ROOM_SOURCES]
    sensed = await sources.sensed(session, call.property_id, [found.room])
    occupancy = sensed[found.room][1].get("occupancy", {}) if found.room in sensed else {}
    reasons = occupancy_warnings(what, occupancy.get("value", "unknown"), stale=bool(occupancy.get("stale")))
    return [ReasonView(code=one.code, text=call.text(f"reason.{one.code}", room=found.room)) for one in reasons]
