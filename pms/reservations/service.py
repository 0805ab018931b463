"""Use cases of reservations. A reservation claims its nights in the transaction that makes it, or is not made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.errors import Conflict, NotFound, Reason
from pms.kernel.work import UnitOfWork
from pms.reservations.model import Reservation, RoomNight
from pms.reservations.rules import Action, ReservationState, after, nights


@dataclass(frozen=True, slots=True)
class Booking:
    """What a reservation is made of. The night before `departure` is the last one slept."""

    room: str
    arrival: date
    departure: date
    guests: int
    guest_id: str
    walk_in: bool = False


async def book(work: UnitOfWork, booking: Booking) -> Reservation:
    """Make a confirmed reservation and claim its nights. Raises Conflict when one of them is taken."""
    row = Reservation(
        property_id=work.property_id,
        state=ReservationState.CONFIRMED.value,
        room=booking.room,
        arrival=booking.arrival,
        departure=booking.departure,
        guests=booking.guests,
        guest_id=booking.guest_id,
        walk_in=booking.walk_in,
        created_at=work.now,
    )
    work.session.add(row)
    await work.session.flush()
    await claim(work, row, nights(booking.arrival, booking.departure))
    return row


async def claim(work: UnitOfWork, reservation: Reservation, wanted: Sequence[date]) -> None:
    """Own these nights. Raises Conflict naming the nights that somebody else owns."""
    if not wanted:
        return
    insert = sqlite_insert if work.session.get_bind().dialect.name == "sqlite" else postgres_insert
    rows = [
        {
            "property_id": work.property_id,
            "room": reservation.room,
            "night": night,
            "reservation_id": reservation.id,
        }
        for night in sorted(wanted)  # always in this order, so that two claims wait for each other instead of both ways
    ]
    claimed = await work.session.scalars(
        insert(RoomNight).values(rows).on_conflict_do_nothing().returning(RoomNight.night)
    )
    taken = sorted(set(wanted) - set(claimed))
    if taken:
        params = {"room": reservation.room, "nights": [night.isoformat() for night in taken]}
        raise Conflict("the room is taken for some of these nights", reasons=[Reason("night_taken", params)])


async def release(work: UnitOfWork, reservation: Reservation, since: date) -> list[date]:
    """Give back the nights from `since` on; the nights given back, in order."""
    given_back = await work.session.scalars(
        delete(RoomNight)
        .where(
            RoomNight.property_id == work.property_id,
            RoomNight.reservation_id == reservation.id,
            RoomNight.night >= since,
        )
        .returning(RoomNight.night)
        .execution_options(synchronize_session=False)
    )
    return sorted(given_back)


async def change_room(work: UnitOfWork, reservation: Reservation, room: str, since: date) -> None:
    """Put the nights from `since` on into another room; those before were slept where they were.

    Raises Conflict naming the nights that somebody else owns there.
    """
    await release(work, reservation, since)
    reservation.room = room
    await claim(work, reservation, nights(max(reservation.arrival, since), reservation.departure))


def move(reservation: Reservation, action: Action) -> None:
    """Put the reservation into the state `action` leads to. Raises Conflict where the table does not allow it."""
    target = after(action, ReservationState(reservation.state))
    if target is None:
        raise Conflict(f"{action.value} of a {reservation.state} stay", reasons=[Reason(f"stay_{reservation.state}")])
    reservation.state = target.value


async def find(session: AsyncSession, property_id: str, reservation_id: str, *, lock: bool = False) -> Reservation:
    """One reservation; `lock` it to change it. Raises NotFound."""
    query = select(Reservation).where(Reservation.property_id == property_id, Reservation.id == reservation_id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"no stay {reservation_id}")
    return row


async def in_house(session: AsyncSession, property_id: str, room: str | None = None) -> Sequence[Reservation]:
    """Who is in the house, by room; of one room only when it is given."""
    query = select(Reservation).where(
        Reservation.property_id == property_id, Reservation.state == ReservationState.IN_HOUSE.value
    )
    if room is not None:
        query = query.where(Reservation.room == room)
    return (await session.scalars(query.order_by(Reservation.room, Reservation.id))).all()


async def taken_nights(session: AsyncSession, property_id: str, since: date, until: date) -> set[tuple[str, date]]:
    """The (room, night) pairs that are owned from `since` up to, and without, `until`."""
    rows = await session.execute(
        select(RoomNight.room, RoomNight.night).where(
            RoomNight.property_id == property_id, RoomNight.night >= since, RoomNight.night < until
        )
    )
    return {(row.room, row.night) for row in rows}
