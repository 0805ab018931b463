"""Guests' stories on each engine: a room says otherwise than the desk, and the case comes and goes by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from pms.frontdesk import service as frontdesk
from pms.housekeeping import cases, service, signs, visits
from pms.housekeeping.case_model import GuestSign
from pms.housekeeping.case_rules import CaseState
from pms.kernel.database import Database
from pms.kernel.errors import Conflict, Invalid
from pms.kernel.work import Actor
from pms.link.messages import RoomBody, VisitBody
from pms.property.service import business_date, find_room, room_to_change, set_request
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.housekeeping.test_tasks import House


class Hotel(House):
    """The test house whose rooms say what the test tells them to."""

    def __init__(self, database: Database, actor: Actor, clock: TestClock) -> None:
        super().__init__(database, actor, clock)
        self.bodies: dict[str, dict[str, Any]] = {}

    def says(self, value: str, room: str = "101", **more: Any) -> None:
        """From now on."""
        occupancy = {"value": value, "since": self.clock(), "heard": self.clock(), "confidence": 0.95, **more}
        evidence = [{"code": "no_motion_since", "at": self.clock()}]
        kept = self.bodies.get(room, {}).get("request") or {"value": "none"}
        body = RoomBody.model_validate(
            {"room": room, "version": 1, "at": self.clock(), "occupancy": occupancy | {"evidence": evidence}}
            | {"request": kept}
        )
        self.bodies[room] = body.model_dump(mode="json")

    def asks(self, value: str, room: str = "101", source: str = "panel") -> None:
        """The panel (or the lock's bolt), from now on."""
        self.bodies[room]["request"] = {"value": value, "since": self.clock().isoformat(), "source": source}

    async def sensed(
        self, _session: AsyncSession, _property_id: str, _rooms: Sequence[str] | None
    ) -> dict[str, tuple[datetime, dict[str, Any]]]:
        return {room: (self.clock(), body) for room, body in self.bodies.items()}

    async def look(self, **later: float) -> list[str]:
        """Let time pass, look twice, say what is open."""
        self.clock.forward(**later)
        for _ in range(2):
            await self.do(lambda work: signs.follow_rooms(work, self.sensed))
            await self.do(lambda work: cases.look_at_rooms(work, self.sensed))
        return await self.open()

    async def open(self) -> list[str]:
        async with self.database.read() as session:
            return sorted(f"{one.room} {one.kind}" for one in await cases.listing(session, HOUSE))

    async def case(self) -> Any:
        async with self.database.read() as session:
            every = [state.value for state in CaseState]
            return (await cases.listing(session, HOUSE, states=every))[0]


@pytest.fixture
def inn(database: Database, actor: Actor, clock: TestClock) -> Hotel:
    return Hotel(database, actor, clock)


async def test_a_guest_who_left_without_a_word_is_found_the_next_morning(inn: Hotel) -> None:
    await inn.walk_in()
    inn.says("vacant")
    assert await inn.look(hours=9) == []  # at nine in the evening
    await inn.next_day()
    assert await inn.look(hours=-12) == ["101 skip"]
    case = await inn.case()
    assert [item["code"] for item in case.evidence] == ["bed_not_slept_in", "no_motion_since"]
    async with inn.database.read() as session:
        assert (await cases.discrepancies(session, HOUSE))["101"]["kind"] == "skip"
    inn.says("occupied")
    assert await inn.look(minutes=5) == ["101 skip"]
    assert await inn.look(minutes=11) == []


async def test_an_answer_that_flaps_neither_opens_nor_closes(inn: Hotel) -> None:
    inn.says("occupied")
    for _ in range(4):
        assert await inn.look(minutes=20) == []
        inn.says("vacant")
        assert await inn.look(minutes=2) == []
        inn.says("occupied")
    assert await inn.look(minutes=31) == ["101 sleep"]
    for _ in range(3):
        inn.says("vacant")
        assert await inn.look(minutes=4) == ["101 sleep"]
        inn.says("occupied")
        assert await inn.look(minutes=31) == ["101 sleep"]


async def test_a_silent_room_keeps_its_case_and_a_check_in_settles_it(inn: Hotel) -> None:
    inn.says("occupied")
    assert await inn.look(minutes=31) == ["101 sleep"]
    inn.says("occupied", stale=True)
    assert await inn.look(hours=3) == ["101 sleep"]
    await inn.walk_in()
    assert await inn.look() == []
    assert (await inn.case()).state == "closed"


async def test_what_somebody_dealt_with_stays_away_until_it_was_otherwise(inn: Hotel) -> None:
    inn.says("occupied")
    await inn.look(minutes=31)
    case = await inn.case()
    await inn.do(lambda work: cases.dismiss(work, case.id, "the painter"))
    assert await inn.look(hours=2) == []
    with pytest.raises(Conflict):
        await inn.do(lambda work: cases.dismiss(work, case.id, ""))
    inn.says("vacant")
    await inn.look(minutes=1)
    await inn.look(minutes=11)
    inn.says("occupied")
    assert await inn.look(minutes=31) == ["101 sleep"]


async def test_guests_who_are_due_out_and_gone(inn: Hotel) -> None:
    stay = await inn.walk_in(nights=1)
    await inn.next_day()
    inn.clock.forward(hours=-2)
    inn.says("vacant")
    assert await inn.look(minutes=10) == []
    assert await inn.look(minutes=15) == ["101 early"]
    assert await inn.look(minutes=40) == ["101 departed", "101 early"]
    await inn.check_out(stay)
    assert await inn.look() == []


async def test_an_early_cleaning_that_is_planned_is_offered_no_more(inn: Hotel) -> None:
    await inn.walk_in(nights=1)
    await inn.next_day()
    inn.clock.forward(hours=-2)
    inn.says("vacant")
    assert await inn.look(minutes=25) == ["101 early"]
    task = await inn.the_task()  # of the morning: a stayover clean
    await inn.do(lambda work: service.plan_departure(work, "101"))
    again = await inn.the_task()
    assert (again.id, again.type, again.minutes) == (task.id, "departure", 35)
    assert await inn.look() == []


async def test_somebody_who_is_still_in_after_the_hour(inn: Hotel) -> None:
    stay = await inn.walk_in(nights=1)
    await inn.next_day()
    inn.clock.forward(hours=-1)
    inn.says("occupied")
    assert await inn.look(minutes=55) == []
    assert await inn.look(minutes=10) == ["101 overdue"]
    await inn.do(lambda work: frontdesk_extend(work, stay))
    assert await inn.look() == []


async def frontdesk_extend(work: Any, stay: str) -> None:
    """Another night."""
    await frontdesk.extend(work, stay, await business_date(work.session, HOUSE) + timedelta(days=1))


async def test_another_number_of_people(inn: Hotel) -> None:
    await inn.walk_in()
    inn.says("occupied")
    await inn.do(lambda work: cases.count_persons(work, "101", 2))
    assert await inn.look(minutes=1) == ["101 persons"]
    assert (await inn.case()).evidence[0]["params"] == {"counted": 2, "booked": 1}
    await inn.do(lambda work: cases.count_persons(work, "101", 1))
    assert await inn.look() == []
    with pytest.raises(Invalid):
        await inn.do(lambda work: cases.count_persons(work, "101", 99))


@pytest.mark.parametrize("source", ["panel", "lock", "app"])
async def test_who_is_not_to_be_disturbed_for_long_is_looked_after(inn: Hotel, source: str) -> None:
    await inn.walk_in()
    inn.says("occupied")
    if source == "app":
        await inn.do(lambda work: _ask(work, "dnd", "app"))
    else:
        inn.asks("dnd", source=source)
    assert await inn.look(hours=23) == []
    assert await inn.look(hours=2) == ["101 welfare"]
    async with inn.database.read() as session:
        sign = await session.get(GuestSign, (HOUSE, "101"))
        assert sign is not None
        assert (sign.value, sign.source) == ("dnd", source)
    seen = {"room": "101", "visit": "v", "by": "master", "credential": "900", "request": "dnd"}
    times = {"entered": inn.clock(), "left": inn.clock() + timedelta(minutes=2)}
    await inn.do(lambda work: visits.take_visit(work, VisitBody.model_validate(seen | times)))
    assert await inn.look(minutes=5) == []
    assert await inn.look(hours=25) == ["101 welfare"]


async def _ask(work: Any, value: str | None, source: str) -> None:
    set_request(work, await room_to_change(work, "101"), value, source)


async def test_the_panel_has_the_last_word_when_it_is_touched_later(inn: Hotel) -> None:
    await inn.walk_in()
    inn.says("occupied")
    inn.asks("mur")
    await inn.look(minutes=5)
    await inn.do(lambda work: _ask(work, "dnd", "desk"))
    await inn.look(minutes=5)
    async with inn.database.read() as session:
        assert (await find_room(session, HOUSE, "101")).request == "dnd"
    inn.asks("mur")
    await inn.look(minutes=5)
    async with inn.database.read() as session:
        assert (await find_room(session, HOUSE, "101")).request is None
        sign = await session.get(GuestSign, (HOUSE, "101"))
        assert sign is not None
        assert (sign.value, sign.source) == ("mur", "panel")
