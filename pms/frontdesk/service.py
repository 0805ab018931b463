"""Use cases of stays: check-in, check-out, extension, the check-in taken back. One transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import STAYS_READ
from pms.frontdesk.model import StayMove
from pms.frontdesk.rules import departure_refusals, readiness_reasons, stay_refusals
from pms.guests import service as guests
from pms.guests.service import NewGuest
from pms.kernel.crypto import Keyring
from pms.kernel.errors import Conflict, FieldError, Invalid, Reason
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.property import service as house
from pms.property.model import Room, RoomType
from pms.property.rules import check_in_reasons
from pms.reservations import service as reservations
from pms.reservations.model import Reservation
from pms.reservations.rules import Action, ReservationState, nights

CHECKED_IN = EventKind("stay.checked_in", STAYS_READ)
CHECKED_OUT = EventKind("stay.checked_out", STAYS_READ)
EXTENDED = EventKind("stay.extended", STAYS_READ)
MOVED = EventKind("stay.moved", STAYS_READ)
CHECK_IN_REVERSED = EventKind("stay.check_in_reversed", STAYS_READ)
CANCELLED = EventKind("reservation.cancelled", STAYS_READ)

OPEN = (ReservationState.CONFIRMED.value, ReservationState.IN_HOUSE.value)
"""What a list of stays shows unless it is asked for more."""


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody at the desk who wants a room now. `override_reason`: why a room that is not ready is given away."""

    room: str
    departure: date
    guests: int
    guest: NewGuest
    override_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Another room for a guest in the house. `override_reason`: why one that is not ready is given away."""

    room: str
    reason: str | None = None
    override_reason: str | None = None


async def walk_in(work: UnitOfWork, keyring: Keyring, asked: WalkIn) -> Reservation:
    """A reservation with an immediate check-in. Raises Conflict with every reason against it, Invalid, NotFound."""
    today = await house.business_date(work.session, work.property_id)
    room = await house.room_to_change(work, asked.room)
    _refuse_unready(room, asked.override_reason)
    await _check_dates_and_guests(work.session, room, asked, today)
    guest = await guests.register(work, keyring, asked.guest)
    booking = reservations.Booking(room.number, today, asked.departure, asked.guests, guest.id, walk_in=True)
    stay = await reservations.book(work, booking)
    reservations.move(stay, Action.CHECK_IN)
    stay.checked_in_at = work.now
    house.occupy(work, room, stay.id)
    stay.override_reason = asked.override_reason
    _record(work, stay, CHECKED_IN, {"override": bool(asked.override_reason), "guests": stay.guests})
    await work.session.flush()
    return stay


async def _check_dates_and_guests(session: AsyncSession, room: Room, asked: WalkIn, today: date) -> None:
    problems = [
        FieldError("departure", reason.code, "the departure is after the business date and within a year")
        for reason in departure_refusals(asked.departure, today)
    ]
    problems += await _guests_that_do_not_fit(session, room, asked.guests)
    if problems:
        raise Invalid(problems)


async def _guests_that_do_not_fit(session: AsyncSession, room: Room, guests_: int) -> list[FieldError]:
    kind = await session.get(RoomType, (room.property_id, room.type_code))
    if kind is None or guests_ <= kind.capacity:
        return []
    return [FieldError("guests", "too_many_guests", f"room {room.number} holds {kind.capacity}")]


def _refuse_unready(room: Room, override_reason: str | None) -> None:
    """Raise Conflict with everything against giving this room to a guest now."""
    reasons = check_in_reasons(room.front_office, room.sellability)
    if not override_reason:
        reasons += readiness_reasons(room.housekeeping)
    if reasons:
        raise Conflict(f"nobody can check in to room {room.number} now", reasons=reasons)


async def check_out(work: UnitOfWork, stay_id: str) -> Reservation:
    """The guests have left: the room is vacant and dirty, nights not slept are free. Raises Conflict, NotFound."""
    stay = await _to_act_on(work, stay_id, Action.CHECK_OUT)
    today = await house.business_date(work.session, work.property_id)
    room = await house.room_to_change(work, stay.room)
    released = await reservations.release(work, stay, today)
    early = stay.departure > today
    reservations.move(stay, Action.CHECK_OUT)
    stay.checked_out_at = work.now
    stay.departure = min(stay.departure, max(today, stay.arrival))
    if room.stay_id == stay.id:
        house.vacate(work, room)
    _record(work, stay, CHECKED_OUT, {"released": [night.isoformat() for night in released], "early": early})
    await work.session.flush()
    return stay


async def extend(work: UnitOfWork, stay_id: str, departure: date) -> Reservation:
    """Another departure, later or earlier. Raises Conflict when a new night is taken, Invalid, NotFound."""
    stay = await _to_act_on(work, stay_id, Action.EXTEND)
    today = await house.business_date(work.session, work.property_id)
    refused = departure_refusals(departure, today)
    if refused:
        raise Invalid(
            [FieldError("departure", reason.code, "after the business date, within a year") for reason in refused]
        )
    await reservations.release(work, stay, departure)
    await reservations.claim(work, stay, nights(max(stay.departure, today), departure))
    before, stay.departure = stay.departure, departure
    _record(work, stay, EXTENDED, {"before": before.isoformat()})
    await work.session.flush()
    return stay


async def move(work: UnitOfWork, stay_id: str, asked: Move) -> Reservation:
    """A guest in the house takes another room, for the nights that are left; the old one is vacant and dirty.

    Raises Conflict with every reason against it, Invalid when the guests do not fit, NotFound.
    """
    stay = await _to_act_on(work, stay_id, Action.MOVE)
    if asked.room == stay.room:
        raise Conflict("the guest is in this room", reasons=[Reason("same_room")])
    old, new = await _both_rooms(work, stay.room, asked.room)
    _refuse_unready(new, asked.override_reason)
    if problems := await _guests_that_do_not_fit(work.session, new, stay.guests):
        raise Invalid(problems)
    await reservations.change_room(work, stay, new.number, await house.business_date(work.session, work.property_id))
    if old.stay_id == stay.id:
        house.vacate(work, old)
    house.occupy(work, new, stay.id)
    stay.override_reason = asked.override_reason or stay.override_reason
    work.session.add(_move_row(work, stay, old, asked))
    _record(work, stay, MOVED, {"from": old.number, "override": bool(asked.override_reason)})
    await work.session.flush()
    return stay


def _move_row(work: UnitOfWork, stay: Reservation, old: Room, asked: Move) -> StayMove:
    return StayMove(
        property_id=work.property_id,
        stay_id=stay.id,
        from_room=old.number,
        to_room=stay.room,
        at=work.now,
        by=work.actor.name,
        reason=asked.reason,
    )


async def _both_rooms(work: UnitOfWork, old: str, new: str) -> tuple[Room, Room]:
    """Two rooms, locked always in the same order: two guests who swap wait for each other instead of both ways."""
    found = {number: await house.room_to_change(work, number) for number in sorted((old, new))}
    return found[old], found[new]


async def reverse_check_in(work: UnitOfWork, stay_id: str) -> Reservation:
    """Nobody moved in after all: the reservation stands as before, the room is vacant. Raises Conflict, NotFound."""
    stay = await _to_act_on(work, stay_id, Action.REVERSE_CHECK_IN)
    room = await house.room_to_change(work, stay.room)
    reservations.move(stay, Action.REVERSE_CHECK_IN)
    stay.checked_in_at = None
    if room.stay_id == stay.id:
        house.vacate(work, room, dirty=False)
    _record(work, stay, CHECK_IN_REVERSED, {})
    await work.session.flush()
    return stay


async def check_in(work: UnitOfWork, stay_id: str, override_reason: str | None = None) -> Reservation:
    """Somebody with a reservation moves in. Raises Conflict with every reason against it, NotFound."""
    stay = await _to_act_on(work, stay_id, Action.CHECK_IN)
    room = await house.room_to_change(work, stay.room)
    _refuse_unready(room, override_reason)
    reservations.move(stay, Action.CHECK_IN)
    stay.checked_in_at = work.now
    house.occupy(work, room, stay.id)
    stay.override_reason = override_reason
    _record(work, stay, CHECKED_IN, {"override": bool(override_reason), "guests": stay.guests})
    await work.session.flush()
    return stay


async def cancel(work: UnitOfWork, stay_id: str) -> Reservation:
    """The reservation is not wanted any more; its nights are free again. Raises Conflict, NotFound."""
    stay = await _to_act_on(work, stay_id, Action.CANCEL)
    released = await reservations.release(work, stay, stay.arrival)
    reservations.move(stay, Action.CANCEL)
    _record(work, stay, CANCELLED, {"released": [night.isoformat() for night in released]})
    await work.session.flush()
    return stay


def reasons_against(action: Action, stay: Reservation, today: date) -> list[Reason]:
    """Why `action` cannot be done to this stay now, as far as the stay itself goes."""
    return stay_refusals(action, ReservationState(stay.state), stay.arrival, today)


async def listing(
    session: AsyncSession,
    property_id: str,
    *,
    states: Sequence[str] = OPEN,
    room: str | None = None,
    before: str | None = None,
    limit: int = 500,
) -> Sequence[Reservation]:
    """Stays in these states, the newest first; `before` an id to go on where a list was left off."""
    query = select(Reservation).where(Reservation.property_id == property_id, Reservation.state.in_(states))
    if room is not None:
        query = query.where(Reservation.room == room)
    if before is not None:
        query = query.where(Reservation.id < before)
    return (await session.scalars(query.order_by(Reservation.id.desc()).limit(limit))).all()


async def _to_act_on(work: UnitOfWork, stay_id: str, action: Action) -> Reservation:
    stay = await reservations.find(work.session, work.property_id, stay_id, lock=True)
    reasons = reasons_against(action, stay, await house.business_date(work.session, work.property_id))
    if reasons:
        raise Conflict(f"cannot {action.value} this stay", reasons=reasons)
    return stay


def _record(work: UnitOfWork, stay: Reservation, kind: EventKind, more: dict[str, object]) -> None:
    payload = {
        "room": stay.room,
        "state": stay.state,
        "arrival": stay.arrival.isoformat(),
        "departure": stay.departure.isoformat(),
    }
    work.record(kind, stay.id, {**payload, **more})
