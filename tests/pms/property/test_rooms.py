"""Rooms: what is believed, what is sensed, how old it is, what a hand may change."""

from datetime import timedelta
from typing import Any

import pytest

from pms.hotelfile import Hotel
from pms.kernel.database import Database
from pms.kernel.events import events_after
from pms.kernel.work import Actor
from pms.link.messages import RoomBody
from pms.property import service
from pms.property.house import import_hotel, move_business_date
from pms.property.service import business_date, end_overrides, find_room, room_to_change
from pms.room_feed.sensed import apply_rooms
from tests.pms.conftest import HOUSE, NOON, TestClock
from tests.pms.serving import Api

TOP = {
    "number", "type", "floor", "front_office", "stay", "housekeeping", "sellability", "sellability_reason", "request",
    "display", "version", "sensed", "cleaning", "door", "lock", "climate", "conditions", "discrepancy", "actions",
    "maintenance",
}  # fmt: skip


async def sense(database: Database, clock: TestClock, version: int = 1, **said: Any) -> None:
    body = RoomBody.model_validate({"room": "101", "version": version, "at": clock(), **said})

    async with database.work(Actor.edge(HOUSE), clock()) as work:
        await apply_rooms(work, 1, {"101": body})


def link_up(api: Api) -> None:
    api.context.health.report("link", "ok")
    api.context.health.report("edge", "ok")


async def test_every_room_is_there_with_every_key_before_anything_was_heard(api: Api) -> None:
    await api.sign_in("housekeeping")
    page = (await api.get("/api/v1/rooms")).body
    assert [room["number"] for room in page["items"]] == ["101", "102", "103", "104", "201"]
    assert page["next"] is None
    for room in page["items"]:
        assert set(room) == TOP
        sensed = room["sensed"]
        assert (sensed["occupancy"], sensed["confidence"], sensed["since"], sensed["age_s"]) == (
            "unknown",
            0,
            None,
            None,
        )
        assert room["door"] == {"state": "unknown", "age_s": None, "stale": False}
        assert room["cleaning"] == {"phase": "none", "by": None, "since": None}
        assert (room["display"], room["request"], room["conditions"]) == ("VC", "none", [])


async def test_what_was_sensed_has_its_age_and_grows_stale(api: Api, database: Database, clock: TestClock) -> None:
    link_up(api)
    at = clock().isoformat()
    fresh = (clock() + timedelta(minutes=2)).isoformat()
    said = {"value": "vacant", "confidence": 0.97, "since": at, "heard": at, "fresh_until": fresh}
    evidence = [{"code": "door_closed", "at": (clock() - timedelta(minutes=12)).isoformat()}]
    door = {"value": "closed", "heard": at, "fresh_until": fresh}
    await sense(database, clock, occupancy={**said, "evidence": evidence}, door=door)
    await api.sign_in("frontdesk")
    clock.forward(seconds=4)
    room = (await api.get("/api/v1/rooms/101")).body
    assert (room["sensed"]["occupancy"], room["sensed"]["age_s"], room["sensed"]["stale"]) == ("vacant", 4, False)
    assert room["door"] == {"state": "closed", "age_s": 4, "stale": False}
    assert room["sensed"]["evidence"][0]["code"] == "door_closed"
    assert "11:48" in room["sensed"]["evidence"][0]["text"]
    clock.forward(minutes=3)
    room = (await api.get("/api/v1/rooms/101")).body
    assert (room["sensed"]["stale"], room["door"]["stale"]) == (True, True)
    assert room["sensed"]["occupancy"] == "vacant"


async def test_all_that_is_sensed_is_stale_when_the_link_is_down(
    api: Api, database: Database, clock: TestClock
) -> None:
    await sense(database, clock, door={"value": "open", "heard": clock().isoformat()})
    await api.sign_in("frontdesk")
    assert (await api.get("/api/v1/rooms/101")).body["door"] == {"state": "open", "age_s": 0, "stale": True}
    link_up(api)
    assert (await api.get("/api/v1/rooms/101")).body["door"]["stale"] is False


async def test_the_reader_gets_evidence_in_their_language(api: Api, database: Database, clock: TestClock) -> None:
    evidence = [{"code": "door_closed", "at": clock().isoformat()}]
    await sense(database, clock, occupancy={"value": "vacant", "confidence": 0.9, "evidence": evidence})
    await api.sign_in("frontdesk")
    texts = {
        language: (await api.get("/api/v1/rooms/101", Accept_Language=language)).body["sensed"]["evidence"][0]["text"]
        for language in ("en", "zh-CN", "fr")
    }
    assert texts["en"] != texts["zh-CN"]
    assert texts["fr"] == texts["en"]


async def test_a_hand_wins_until_it_expires_and_the_sensors_stay_visible(
    api: Api, database: Database, clock: TestClock
) -> None:
    link_up(api)
    await sense(database, clock, occupancy={"value": "vacant", "confidence": 0.9, "heard": clock().isoformat()})
    await api.sign_in("frontdesk")
    set_by_hand = (await api.post("/api/v1/rooms/101/occupancy", {"value": "occupied", "minutes": 120})).body
    assert (set_by_hand["sensed"]["occupancy"], set_by_hand["sensed"]["source"]) == ("occupied", "manual")
    assert set_by_hand["sensed"]["detected"] == "vacant"
    clock.forward(hours=1, minutes=59)
    assert (await api.get("/api/v1/rooms/101")).body["sensed"]["source"] == "manual"
    clock.forward(minutes=2)
    after = (await api.get("/api/v1/rooms/101")).body["sensed"]
    assert (after["occupancy"], after["source"]) == ("vacant", "detected")
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        assert await end_overrides(work) == 1
    async with database.read() as session:
        events = await events_after(session, HOUSE, 0, kinds={"room.occupancy_set"})
    assert [event.payload["value"] for event in events] == ["occupied", None]


async def test_a_hand_is_withdrawn(api: Api) -> None:
    await api.sign_in("frontdesk")
    await api.post("/api/v1/rooms/101/occupancy", {"value": "occupied"})
    answer = await api.post("/api/v1/rooms/101/occupancy", {"value": None})
    assert (answer.body["sensed"]["occupancy"], answer.body["sensed"]["source"]) == ("unknown", "detected")


@pytest.mark.parametrize("until", ["2026-11-22T10:59:00Z", "2026-11-26T11:00:00Z", "2026-11-22T12:00:00"])
async def test_an_end_that_cannot_be(api: Api, until: str) -> None:
    await api.sign_in("frontdesk")
    answer = await api.post("/api/v1/rooms/101/occupancy", {"value": "occupied", "until": until})
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "until"


async def test_housekeeping_by_hand(api: Api) -> None:
    await api.sign_in("housekeeping")
    room = (await api.post("/api/v1/rooms/101/housekeeping", {"state": "dirty"})).body
    assert (room["display"], room["housekeeping"]) == ("VD", {"state": "dirty", "source": "manual"})
    refused = await api.post("/api/v1/rooms/101/housekeeping", {"state": "inspected"})
    assert [reason["code"] for reason in refused.body["reasons"]] == ["inspect_needs_clean"]
    assert refused.body["reasons"][0]["text"] != "reason.inspect_needs_clean"
    offered = {one["action"]: one["allowed"] for one in room["actions"]}
    assert offered["housekeeping.inspected"] is False
    assert offered["housekeeping.clean"] is True
    assert not any(action.startswith("sellability") for action in offered)
    await api.post("/api/v1/rooms/101/housekeeping", {"state": "clean"})
    assert (await api.post("/api/v1/rooms/101/housekeeping", {"state": "inspected"})).body["display"] == "VI"


async def test_out_of_order_needs_a_reason_and_an_empty_room(
    api: Api, database: Database, actor: Actor, clock: TestClock
) -> None:
    await api.sign_in("maintenance")
    path = "/api/v1/rooms/101/sellability"
    assert (await api.post(path, {"state": "out_of_order"})).status == 422
    room = (await api.post(path, {"state": "out_of_order", "reason": "pipe"})).body
    assert (room["display"], room["sellability"], room["sellability_reason"]) == ("OOO", "out_of_order", "pipe")
    assert (await api.post(path, {"state": "sellable"})).body["display"] == "VC"
    async with database.work(actor, clock()) as work:
        service.occupy(work, await room_to_change(work, "101"), "stay_1")
    refused = await api.post(path, {"state": "out_of_service", "reason": "paint"})
    assert (refused.status, refused.body["reasons"][0]["code"]) == (409, "room_occupied")


async def test_a_request_by_hand_goes_before_the_panel(api: Api, database: Database, clock: TestClock) -> None:
    await sense(database, clock, request={"value": "dnd", "heard": clock().isoformat()})
    await api.sign_in("frontdesk")
    assert (await api.get("/api/v1/rooms/101")).body["request"] == "dnd"
    assert (await api.post("/api/v1/rooms/101/request", {"value": "mur"})).body["request"] == "mur"
    assert (await api.post("/api/v1/rooms/101/request", {"value": None})).body["request"] == "dnd"


async def test_an_unknown_room(api: Api) -> None:
    await api.sign_in("frontdesk")
    assert (await api.get("/api/v1/rooms/999")).code == "not_found"
    assert (await api.post("/api/v1/rooms/999/request", {"value": "dnd"})).code == "not_found"


async def test_the_business_date_moves_at_four_and_dirties_what_was_slept_in(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    async with database.work(actor, clock()) as work:
        service.occupy(work, await room_to_change(work, "101"), "stay_1")

    async def roll() -> bool:
        async with database.work(Actor.system(HOUSE, "night"), clock()) as work:
            return await move_business_date(work)

    clock.value = NOON.replace(day=23, hour=2, minute=59)  # 03:59 in Berlin
    assert not await roll()
    clock.forward(minutes=1)
    assert await roll()
    assert not await roll()
    async with database.read() as session:
        assert (await business_date(session, HOUSE)).isoformat() == "2026-11-23"
        slept, empty = await find_room(session, HOUSE, "101"), await find_room(session, HOUSE, "102")
    assert (slept.housekeeping, slept.housekeeping_source) == ("dirty", "detected")
    assert empty.housekeeping == "clean"
    clock.value = NOON
    assert not await roll()


async def test_check_out_leaves_a_dirty_room_without_what_was_set_by_hand(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    async with database.work(actor, clock()) as work:
        room = await room_to_change(work, "101")
        service.occupy(work, room, "stay_1")
        service.set_request(work, room, "dnd")
        service.set_occupancy(work, room, "occupied", clock() + timedelta(hours=1))
    async with database.work(actor, clock()) as work:
        service.vacate(work, await room_to_change(work, "101"))
    async with database.read() as session:
        room = await find_room(session, HOUSE, "101")
    assert (room.front_office, room.stay_id, room.request, room.occupancy_set) == ("vacant", None, None, None)
    assert (room.housekeeping, room.housekeeping_source) == ("dirty", "detected")


async def test_the_house_is_imported_once(database: Database, actor: Actor, clock: TestClock, hotel: Hotel) -> None:
    async with database.work(actor, clock()) as work:
        room = await room_to_change(work, "101")
        service.set_housekeeping(work, room, "dirty", source="manual")
    async with database.work(actor, clock()) as work:
        assert not await import_hotel(work, hotel)
    async with database.read() as session:
        assert (await find_room(session, HOUSE, "101")).housekeeping == "dirty"
