"""Any order of check-ins, check-outs, extensions and nights: every night has one owner, every room one truth."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from pms.frontdesk import service
from pms.guests.service import NewGuest
from pms.hotelfile import Hotel
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.engines import full_url
from pms.kernel.errors import Conflict
from pms.kernel.work import Actor, UnitOfWork
from pms.property.house import import_hotel, move_business_date
from pms.property.service import all_rooms
from pms.reservations.model import Reservation, RoomNight
from pms.schema import migrate
from tests.pms.conftest import HOUSE, TestClock

ROOMS = ("101", "102")
TODAY = date(2026, 11, 22)
HOTEL = Hotel.model_validate(
    {
        "property": {"id": HOUSE, "name": "Test House", "time_zone": "Europe/Berlin"},
        "floor": [{"id": "1", "name": "First"}],
        "room_type": [{"code": "STD", "name": "Standard"}],
        "room": [{"number": number, "type": "STD", "floor": "1"} for number in ROOMS],
    }
)


class StayMachine(RuleBasedStateMachine):
    """The front desk on a database of its own, beside a plain model of who is where."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="innkeeper-stays-"))
        self.loop = asyncio.Runner()
        self.clock, self.actor = TestClock(), Actor(HOUSE, "user_test")
        self.today = TODAY
        self.inside: dict[str, tuple[str, date]] = {}
        self.loop.run(self._open())

    async def _open(self) -> None:
        url = full_url("sqlite", self.folder)
        await migrate(url)
        self.database = Database(url, Keyring.load_or_create(self.folder))
        await self.database.run(self.actor, self.clock(), lambda work: import_hotel(work, HOTEL))

    def teardown(self) -> None:
        self.loop.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def do(self, use_case: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        """The result, or None when it was refused."""
        try:
            return self.loop.run(self.database.run(self.actor, self.clock(), use_case))
        except Conflict:
            return None

    @rule(room=st.sampled_from(ROOMS), nights=st.integers(1, 4))
    def walk_in(self, room: str, nights: int) -> None:
        leaves = self.today + timedelta(days=nights)
        asked = service.WalkIn(room, leaves, 1, NewGuest("Ada"), override_reason="any room will do")
        stay = self.do(lambda work: service.walk_in(work, self.database.keyring, asked))
        assert (stay is None) == (room in self.inside)
        if stay is not None:
            self.inside[room] = (stay.id, leaves)

    @rule(room=st.sampled_from(ROOMS))
    def check_out(self, room: str) -> None:
        if room in self.inside:
            stay, _ = self.inside.pop(room)
            assert self.do(lambda work: service.check_out(work, stay)).state == "checked_out"
            assert self.do(lambda work: service.check_out(work, stay)) is None

    @rule(room=st.sampled_from(ROOMS), nights=st.integers(1, 5))
    def extend(self, room: str, nights: int) -> None:
        if room in self.inside:
            stay, leaves = self.inside[room][0], self.today + timedelta(days=nights)
            assert self.do(lambda work: service.extend(work, stay, leaves)).departure == leaves
            self.inside[room] = (stay, leaves)

    @rule()
    def night_falls(self) -> None:
        self.clock.forward(days=1)
        self.today += timedelta(days=1)
        assert self.do(move_business_date)

    @invariant()
    def the_house_is_as_the_model_says(self) -> None:
        self.loop.run(self._compare())

    async def _compare(self) -> None:
        async with self.database.read() as session:
            rooms = {room.number: room.stay_id for room in await all_rooms(session, HOUSE)}
            query = select(RoomNight.room, RoomNight.night, RoomNight.reservation_id).where(
                RoomNight.night >= self.today
            )
            owned = {(row.room, row.night): row.reservation_id for row in await session.execute(query)}
            in_house = set(await session.scalars(select(Reservation.id).where(Reservation.state == "in_house")))
        assert rooms == {room: self.inside.get(room, (None,))[0] for room in ROOMS}
        assert in_house == {stay for stay, _ in self.inside.values()}
        assert owned == {
            (room, self.today + timedelta(days=ahead)): stay
            for room, (stay, leaves) in self.inside.items()
            for ahead in range((leaves - self.today).days)
        }


StayMachine.TestCase.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStayMachine = StayMachine.TestCase
