"""A guest who changes rooms: both rooms, the nights, the cleaning; what is refused; two who swap at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from pms import departments
from pms.frontdesk.model import StayMove
from pms.kernel.database import Database
from pms.kernel.events import Event
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor
from pms.property.house import move_business_date
from pms.reservations.model import RoomNight
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Answer, Api

GUEST = {"name": "Ada Lovelace"}


@pytest.fixture(autouse=True)
async def signed_in(api: Api) -> None:
    await api.sign_in("frontdesk")


async def walk_in(api: Api, room: str = "101", guests: int = 1) -> str:
    body = {"room": room, "departure": "2026-11-25", "guests": guests, "guest": GUEST}
    made = await api.post("/api/v1/stays", body)
    stay: str = made.body["id"]
    return stay


async def move(api: Api, stay: str, room: str, **more: Any) -> Answer:
    return await api.post(f"/api/v1/stays/{stay}/move", {"room": room} | more)


async def nights(database: Database) -> Sequence[tuple[str, str]]:
    async with database.read() as session:
        rows = await session.execute(select(RoomNight.room, RoomNight.night).order_by(RoomNight.night))
        return [(row.room, row.night.isoformat()) for row in rows]


async def test_the_old_room_is_vacant_and_dirty_and_the_new_one_is_theirs(api: Api, database: Database) -> None:
    stay = await walk_in(api)
    moved = await move(api, stay, "102", reason="Ms Lovelace says the lift is loud")
    assert (moved.status, moved.body["room"], moved.body["state"]) == (200, "102", "in_house")
    shown = {room: (await api.get(f"/api/v1/rooms/{room}")).body for room in ("101", "102")}
    assert (shown["101"]["display"], shown["101"]["stay"]) == ("VD", None)
    assert (shown["102"]["display"], shown["102"]["stay"]) == ("OC", stay)
    assert await nights(database) == [("102", f"2026-11-{day}") for day in (22, 23, 24)]
    async with database.read() as session:
        [row] = await session.scalars(select(StayMove))
        [event] = await session.scalars(select(Event).where(Event.kind == "stay.moved"))
    assert (row.from_room, row.to_room, row.reason) == ("101", "102", "Ms Lovelace says the lift is loud")
    assert (event.payload["from"], event.payload["room"]) == ("101", "102")
    assert "Lovelace" not in str(event.payload)


async def test_nights_that_were_slept_stay_where_they_were(api: Api, database: Database, clock: TestClock) -> None:
    stay = await walk_in(api)
    clock.forward(days=1)
    await database.run(Actor.system(HOUSE, "night"), clock(), move_business_date)
    await api.sign_in("frontdesk")
    assert (await move(api, stay, "102")).status == 200
    assert await nights(database) == [("101", "2026-11-22"), ("102", "2026-11-23"), ("102", "2026-11-24")]


async def test_what_speaks_against_a_move_is_said_and_nothing_changes(api: Api, database: Database) -> None:
    stay, other = await walk_in(api), await walk_in(api, "102")
    before = await nights(database)
    for room, code in (("101", "same_room"), ("102", "room_occupied")):
        refused = await move(api, stay, room)
        assert (refused.status, [reason["code"] for reason in refused.body["reasons"]]) == (409, [code])
        assert refused.body["reasons"][0]["text"]
    assert (await move(api, stay, "999")).status == 404
    await api.post(f"/api/v1/stays/{other}/check-out")
    dirty = await move(api, stay, "102")
    assert dirty.status == 409
    assert [night for night in await nights(database) if night[0] == "101"] == [
        one for one in before if one[0] == "101"
    ]
    assert (await move(api, stay, "102", override_reason="she insists")).status == 200
    await api.post(f"/api/v1/stays/{stay}/check-out")
    assert (await move(api, stay, "103")).status == 409


async def test_guests_must_fit_into_the_new_room(api: Api) -> None:
    stay = await walk_in(api, "201", guests=3)
    refused = await move(api, stay, "101")
    assert (refused.status, refused.body["errors"][0]["code"]) == (422, "too_many_guests")


async def test_a_move_leaves_a_departure_clean_behind(api: Api, database: Database, clock: TestClock) -> None:
    stay = await walk_in(api)
    await move(api, stay, "102")
    reactions = Reactions(database, HOUSE, clock)
    departments.register_reactions(reactions)
    await reactions.catch_up()
    await api.sign_in("housekeeping")
    tasks = (await api.get("/api/v1/housekeeping/tasks")).body["items"]
    assert [(task["room"], task["type"]) for task in tasks] == [("101", "departure")]


async def test_two_who_want_the_same_room_do_not_both_get_it(api: Api) -> None:
    first, second = await walk_in(api, "101"), await walk_in(api, "102")
    got = await asyncio.gather(move(api, first, "103"), move(api, second, "103"))
    assert sorted(answer.status for answer in got) == [200, 409]


async def test_housekeeping_moves_nobody(api: Api) -> None:
    stay = await walk_in(api)
    await api.sign_in("housekeeping")
    assert (await move(api, stay, "102")).status == 403
