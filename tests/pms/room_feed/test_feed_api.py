"""Orders, devices and health over HTTP."""

from collections.abc import AsyncIterator

import pytest

from pms.kernel.database import Database
from pms.room_feed.inbox import FeedInbox
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.edge import Envelopes, room, system
from tests.pms.serving import Api, serving


@pytest.fixture
async def api(database: Database, clock: TestClock) -> AsyncIterator[Api]:
    async def rooms() -> frozenset[str]:
        return frozenset({"101"})

    edge, at = Envelopes(), clock()
    device = {"device": "101_lock", "room": "101", "line": "field", "profile": "zigbee2mqtt/lock", "online": None}
    batch = [
        edge.of("system", system(at), at),
        edge.of("device", device | {"heard": at.isoformat(), "battery": 55}, at),
        edge.of("minibar", {}, at),
        edge.of("room", room(at, occupancy={"value": "occupied", "confidence": 0.9, "heard": at.isoformat()}), at),
    ]
    await FeedInbox(database, HOUSE, clock, rooms).apply(batch, edge.seq)
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("manager")
        yield api


async def test_an_order_is_taken_and_looked_up(api: Api) -> None:
    taken = await api.post("/api/v1/rooms/101/commands", {"point": "setpoint", "value": 19.5})
    assert (taken.status, taken.body["state"], taken.body["value"]) == (202, "accepted", 19.5)
    assert (await api.get(f"/api/v1/commands/{taken.body['id']}")).body == taken.body
    assert (await api.get("/api/v1/rooms/101/commands")).body["items"] == [taken.body]


async def test_orders_that_make_no_sense_are_refused(api: Api) -> None:
    path = "/api/v1/rooms/101/commands"
    assert (await api.post(path, {"point": "bathtub", "value": 1})).status == 422
    assert (await api.post(path, {"point": "setpoint", "value": True})).status == 422
    assert (await api.post(path, {"point": "relay", "value": "on"})).status == 422
    assert (await api.post(path, {"point": "setpoint"})).status == 422
    assert (await api.post("/api/v1/rooms/999/commands", {"point": "setpoint", "value": 20})).status == 404
    await api.sign_in("housekeeping")
    assert (await api.post(path, {"point": "setpoint", "value": 20})).status == 403


async def test_devices_are_listed_with_their_age(api: Api, clock: TestClock) -> None:
    clock.forward(seconds=30)
    door, lock = (await api.get("/api/v1/devices?room=101")).body["items"]
    assert (door["id"], door["online"], door["heard"], door["age_s"]) == ("101_door", True, None, None)
    assert (lock["id"], lock["online"], lock["age_s"], lock["battery"]) == ("101_lock", None, 30, 55.0)
    assert (await api.get("/api/v1/devices?room=102")).body["items"] == []


async def test_the_health_shows_what_the_edge_said_and_what_nobody_understood(api: Api) -> None:
    body = (await api.get("/api/v1/system")).body
    assert body["counters"] == {"messages": 7}
    assert [one["reason"] for one in body["rejected"]] == ["unknown_kind"]
    assert body["link"] is None
    await api.sign_in("housekeeping")
    assert (await api.get("/api/v1/system")).status == 403


async def test_a_room_shows_what_its_devices_say(api: Api) -> None:
    sensed = (await api.get("/api/v1/rooms/101")).body["sensed"]
    assert (sensed["occupancy"], sensed["confidence"], sensed["age_s"]) == ("occupied", 0.9, 0)
    nobody = (await api.get("/api/v1/rooms/102")).body["sensed"]
    assert (nobody["occupancy"], nobody["confidence"], nobody["since"]) == ("unknown", 0.0, None)
