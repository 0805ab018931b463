"""Stays on each engine: check-in, check-out, extension, and many at once for one room."""

import asyncio
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from pms.frontdesk import service
from pms.frontdesk.service import WalkIn
from pms.guests.model import Guest
from pms.guests.service import NewGuest, names
from pms.kernel.database import Database
from pms.kernel.errors import Conflict, Invalid, NotFound
from pms.kernel.events import Event
from pms.kernel.work import Actor, UnitOfWork
from pms.property.house import move_business_date
from pms.property.model import Room
from pms.property.service import find_room, room_to_change, set_housekeeping, set_sellability
from pms.reservations.model import Reservation, RoomNight
from pms.reservations.service import Booking, book, taken_nights
from tests.pms.conftest import HOUSE, TestClock

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


class Desk:
    """The front desk of the test house."""

    def __init__(self, database: Database, actor: Actor, clock: TestClock) -> None:
        self.database, self.actor, self.clock = database, actor, clock

    async def walk_in(self, room: str = "101", nights: int = 2, **more: object) -> Reservation:
        asked = WalkIn(room, TODAY + nights * DAY, 1, NewGuest("Ada Lovelace"), **more)  # type: ignore[arg-type]

        async def use_case(work: UnitOfWork) -> Reservation:
            return await service.walk_in(work, self.database.keyring, asked)

        return await self.database.run(self.actor, self.clock(), use_case)

    async def check_out(self, stay: str) -> Reservation:
        return await self.database.run(self.actor, self.clock(), lambda work: service.check_out(work, stay))

    async def extend(self, stay: str, departure: date) -> Reservation:
        return await self.database.run(self.actor, self.clock(), lambda work: service.extend(work, stay, departure))

    async def room(self, number: str = "101") -> Room:
        async with self.database.read() as session:
            return await find_room(session, HOUSE, number)

    async def nights(self) -> set[tuple[str, date]]:
        async with self.database.read() as session:
            return await taken_nights(session, HOUSE, TODAY - 10 * DAY, TODAY + 400 * DAY)

    async def dirty(self, number: str = "101") -> None:
        async def use_case(work: UnitOfWork) -> None:
            set_housekeeping(work, await room_to_change(work, number), "dirty", source="manual")

        await self.database.run(self.actor, self.clock(), use_case)

    async def next_day(self) -> None:
        self.clock.forward(days=1)
        await self.database.run(self.actor, self.clock(), move_business_date)


@pytest.fixture
def desk(database: Database, actor: Actor, clock: TestClock) -> Desk:
    return Desk(database, actor, clock)


async def test_a_walk_in_owns_the_room_and_its_nights(desk: Desk) -> None:
    stay = await desk.walk_in(nights=2)
    assert (stay.state, stay.arrival, stay.departure) == ("in_house", TODAY, TODAY + 2 * DAY)
    room = await desk.room()
    assert (room.front_office, room.stay_id) == ("occupied", stay.id)
    assert await desk.nights() == {("101", TODAY), ("101", TODAY + DAY)}


async def test_a_check_out_frees_the_nights_not_slept_and_leaves_the_room_dirty(desk: Desk) -> None:
    stay = await desk.walk_in(nights=3)
    await desk.next_day()
    gone = await desk.check_out(stay.id)
    assert (gone.state, gone.departure) == ("checked_out", TODAY + DAY)
    room = await desk.room()
    assert (room.front_office, room.stay_id, room.housekeeping) == ("vacant", None, "dirty")
    assert await desk.nights() == {("101", TODAY)}


async def test_who_leaves_on_the_day_of_arrival_has_slept_no_night(desk: Desk) -> None:
    gone = await desk.check_out((await desk.walk_in()).id)
    assert gone.departure == gone.arrival == TODAY
    assert await desk.nights() == set()


async def test_a_check_out_happens_once(desk: Desk) -> None:
    stay = await desk.walk_in()
    await desk.check_out(stay.id)
    with pytest.raises(Conflict) as refused:
        await desk.check_out(stay.id)
    assert [reason.code for reason in refused.value.reasons] == ["stay_checked_out"]


async def test_a_dirty_room_is_given_for_a_reason_only(desk: Desk) -> None:
    await desk.dirty()
    with pytest.raises(Conflict) as refused:
        await desk.walk_in()
    assert [reason.code for reason in refused.value.reasons] == ["room_dirty"]
    stay = await desk.walk_in(override_reason="the guest only leaves the luggage")
    assert stay.override_reason == "the guest only leaves the luggage"


async def test_everything_against_a_check_in_is_said_at_once(desk: Desk) -> None:
    async def block(work: UnitOfWork) -> None:
        set_sellability(work, await room_to_change(work, "101"), "out_of_order", "boiler", None)

    await desk.dirty()
    await desk.database.run(desk.actor, desk.clock(), block)
    with pytest.raises(Conflict) as refused:
        await desk.walk_in()
    assert {reason.code for reason in refused.value.reasons} == {"room_out_of_order", "room_dirty"}


@pytest.mark.parametrize("nights", [0, -1, 500])
async def test_a_departure_that_cannot_be_is_refused_and_nothing_is_left(desk: Desk, nights: int) -> None:
    with pytest.raises(Invalid):
        await desk.walk_in(nights=nights)
    assert await desk.nights() == set()
    async with desk.database.read() as session:
        assert (await session.scalars(select(Guest))).all() == []


async def test_a_room_that_does_not_exist_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.walk_in(room="999")


async def test_a_night_promised_to_another_refuses_the_walk_in_and_the_extension(desk: Desk) -> None:
    async def promise(work: UnitOfWork) -> None:
        guest = Guest(property_id=HOUSE, name="Grace", name_index="x", created_at=work.now)
        work.session.add(guest)
        await work.session.flush()
        await book(work, Booking("101", TODAY + 2 * DAY, TODAY + 4 * DAY, 1, guest.id))

    await desk.database.run(desk.actor, desk.clock(), promise)
    with pytest.raises(Conflict) as refused:
        await desk.walk_in(nights=3)
    assert refused.value.reasons[0].code == "night_taken"
    stay = await desk.walk_in(nights=2)
    with pytest.raises(Conflict):
        await desk.extend(stay.id, TODAY + 3 * DAY)
    assert (await desk.room()).stay_id == stay.id


async def test_an_extension_claims_and_a_shortening_frees(desk: Desk) -> None:
    stay = await desk.walk_in(nights=2)
    assert (await desk.extend(stay.id, TODAY + 4 * DAY)).departure == TODAY + 4 * DAY
    assert len(await desk.nights()) == 4
    await desk.extend(stay.id, TODAY + DAY)
    assert await desk.nights() == {("101", TODAY)}


async def test_an_overdue_stay_can_be_extended_from_today(desk: Desk) -> None:
    stay = await desk.walk_in(nights=1)
    for _ in range(3):
        await desk.next_day()
    await desk.extend(stay.id, TODAY + 4 * DAY)
    assert ("101", TODAY + 3 * DAY) in await desk.nights()


async def test_a_check_in_is_taken_back_and_made_again(desk: Desk) -> None:
    stay = await desk.walk_in()

    async def reverse(work: UnitOfWork) -> Reservation:
        return await service.reverse_check_in(work, stay.id)

    assert (await desk.database.run(desk.actor, desk.clock(), reverse)).state == "confirmed"
    room = await desk.room()
    assert (room.front_office, room.housekeeping) == ("vacant", "clean")
    assert len(await desk.nights()) == 2
    again = await desk.database.run(desk.actor, desk.clock(), lambda work: service.check_in(work, stay.id))
    assert (again.state, (await desk.room()).stay_id) == ("in_house", stay.id)


async def test_a_cancelled_reservation_frees_its_nights(desk: Desk) -> None:
    stay = await desk.walk_in()
    await desk.database.run(desk.actor, desk.clock(), lambda work: service.reverse_check_in(work, stay.id))
    await desk.database.run(desk.actor, desk.clock(), lambda work: service.cancel(work, stay.id))
    assert await desk.nights() == set()


async def test_of_fifty_at_once_for_one_room_one_moves_in(desk: Desk) -> None:
    async def attempt() -> str:
        try:
            await desk.walk_in()
        except Conflict:
            return "refused"
        return "in"

    outcomes = Counter(await asyncio.gather(*(attempt() for _ in range(50))))
    assert outcomes == {"in": 1, "refused": 49}
    async with desk.database.read() as session:
        assert len((await session.scalars(select(Reservation))).all()) == 1
        assert len((await session.scalars(select(RoomNight))).all()) == 2
        assert len((await session.scalars(select(Guest))).all()) == 1


async def test_of_fifty_at_once_for_the_same_nights_one_claims_them(desk: Desk) -> None:
    """The claim alone, without the room's own lock in front of it."""

    async def attempt(number: int) -> str:
        async def use_case(work: UnitOfWork) -> None:
            guest = Guest(property_id=HOUSE, name="Grace", name_index=str(number), created_at=work.now)
            work.session.add(guest)
            await work.session.flush()
            arrival = TODAY + (number % 3) * DAY
            await book(work, Booking("102", arrival, TODAY + 5 * DAY, 1, guest.id))

        try:
            await desk.database.run(desk.actor, desk.clock(), use_case)
        except Conflict:
            return "refused"
        return "booked"

    assert Counter(await asyncio.gather(*(attempt(number) for number in range(50))))["booked"] == 1


async def test_a_name_is_a_token_in_the_database_and_in_no_event(desk: Desk) -> None:
    stay = await desk.walk_in()
    async with desk.database.read() as session:
        assert await names(session, HOUSE, [stay.guest_id]) == {stay.guest_id: "Ada Lovelace"}
        raw = (await session.execute(text("SELECT name FROM guest"))).scalar_one()
        assert "Ada" not in raw
        events = (await session.scalars(select(Event))).all()
    assert events
    assert all("Lovelace" not in str(event.payload) for event in events)
