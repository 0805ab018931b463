"""Stays over HTTP: what each reader sees, what is refused and how."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pms.kernel.database import Database
from pms.kernel.work import Actor
from pms.link.messages import RoomBody
from pms.room_feed.sensed import apply_rooms
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import Answer, Api, serving

GUEST = {"name": "Ada Lovelace"}


@pytest.fixture
async def api(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("frontdesk")
        yield api


async def walk_in(api: Api, room: str = "101", **more: Any) -> Answer:
    body = {"room": room, "departure": "2026-11-24", "guests": 1, "guest": GUEST} | more
    return await api.post("/api/v1/stays", body)


async def test_a_walk_in_is_made_shown_and_checked_out(api: Api) -> None:
    made = await walk_in(api)
    assert made.status == 201
    stay = made.body
    assert (stay["room"], stay["state"], stay["phase"], stay["nights"]) == ("101", "in_house", "arrived_today", 2)
    assert stay["guest"]["name"] == "Ada Lovelace"
    room = (await api.get("/api/v1/rooms/101")).body
    assert (room["front_office"], room["stay"], room["display"]) == ("occupied", stay["id"], "OC")
    assert "check-out" in {one["action"] for one in room["actions"] if one["allowed"]}
    assert [one["id"] for one in (await api.get("/api/v1/stays?room=101")).body["items"]] == [stay["id"]]
    gone = await api.post(f"/api/v1/stays/{stay['id']}/check-out")
    assert (gone.status, gone.body["state"]) == (200, "checked_out")
    assert (await api.get("/api/v1/rooms/101")).body["display"] == "VD"
    assert (await api.get("/api/v1/stays")).body["items"] == []


async def test_the_same_key_checks_in_once(api: Api) -> None:
    body = {"room": "101", "departure": "2026-11-24", "guest": GUEST}
    first = await api.post("/api/v1/stays", body, Idempotency_Key="one")
    again = await api.post("/api/v1/stays", body, Idempotency_Key="one")
    assert first.body["id"] == again.body["id"]


async def test_refusals_are_problems_with_reasons_to_read(api: Api) -> None:
    await walk_in(api)
    taken = await walk_in(api)
    assert (taken.status, taken.code) == (409, "conflict")
    assert [reason["code"] for reason in taken.body["reasons"]] == ["room_occupied"]
    assert taken.body["reasons"][0]["text"] == "the room is occupied"
    assert (await walk_in(api, "999")).status == 404
    assert (await walk_in(api, "102", departure="2026-11-22")).status == 422
    assert (await walk_in(api, "102", departure="soon")).status == 422
    assert (await walk_in(api, "102", guest={"name": " \x00 "})).status == 422
    assert (await walk_in(api, "102", guests=40)).status == 422
    assert (await walk_in(api, "102", minibar=True)).status == 422
    assert (await api.get("/api/v1/stays/stay_nobody_knows")).status == 404


async def test_what_was_seen_must_still_be_so(api: Api) -> None:
    stay = (await walk_in(api)).body
    path = f"/api/v1/stays/{stay['id']}/extend"
    seen = f'"{stay["version"]}"'
    assert (await api.post(path, {"departure": "2026-11-25"}, If_Match=seen)).status == 200
    assert (await api.post(path, {"departure": "2026-11-26"}, If_Match=seen)).status == 412


async def test_who_has_no_business_with_stays_sees_none(api: Api) -> None:
    stay = (await walk_in(api)).body
    for person in ("housekeeping", "maintenance"):
        await api.sign_in(person)
        assert (await api.get("/api/v1/stays")).status == 403
        assert (await api.post(f"/api/v1/stays/{stay['id']}/check-out")).status == 403
        assert "Lovelace" not in str((await api.get("/api/v1/rooms/101")).body)


async def test_a_list_goes_on_where_it_was_left(api: Api) -> None:
    for room in ("101", "102", "103"):
        await walk_in(api, room)
    first = (await api.get("/api/v1/stays?limit=2")).body
    rest = (await api.get(f"/api/v1/stays?limit=2&cursor={first['next']}")).body
    assert [one["room"] for one in first["items"] + rest["items"]] == ["103", "102", "101"]
    assert rest["next"] is None


async def test_what_the_sensors_see_warns_at_check_out_and_does_not_forbid(
    api: Api, database: Database, clock: TestClock
) -> None:
    stay = (await walk_in(api)).body
    body = RoomBody.model_validate(
        {"room": "101", "version": 1, "at": clock(), "occupancy": {"value": "occupied", "heard": clock()}}
    )
    await database.run(Actor.edge(HOUSE), clock(), lambda work: apply_rooms(work, 1, {"101": body}))
    gone = await api.post(f"/api/v1/stays/{stay['id']}/check-out")
    assert gone.status == 200
    assert [warning["code"] for warning in gone.body["warnings"]] == ["sensed_occupied"]
