"""Orders over HTTP: once whatever is sent twice, what a device takes, who may move a lock, and what is kept of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from pms.kernel.audit import verify
from pms.kernel.database import Database
from pms.kernel.events import Event
from pms.room_feed.inbox import FeedInbox
from pms.room_feed.model import CommandJob, LinkOutbox
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.edge import Envelopes, system
from tests.pms.serving import Api, serving

PATH = "/api/v1/rooms/101/commands"
SETPOINT = {"point": "setpoint", "kind": "number", "choices": [], "minimum": 5, "maximum": 30, "unit": "degC"}
FAN = {"point": "fan", "kind": "choice", "choices": ["low", "high"]}
LOCK = {"point": "lock", "kind": "choice", "choices": ["locked", "unlocked"]}
RELAY = {"point": "relay", "kind": "boolean"}
DEVICES = {
    "101_thermostat": [SETPOINT, FAN],
    "101_lock": [LOCK, {"point": "key_sequence", "kind": "number"}],
    "101_left": [RELAY],
    "101_right": [RELAY],
    "101_door": [],
}


@dataclass
class Desk:
    """The API, and an edge that has told what its devices take."""

    api: Api
    database: Database
    clock: TestClock
    edge: Envelopes

    async def say(self, kind: str, body: dict[str, Any]) -> None:
        async def rooms() -> frozenset[str]:
            return frozenset({"101", "102"})

        envelope = self.edge.of(kind, body, self.clock())
        await FeedInbox(self.database, HOUSE, self.clock, rooms).apply([envelope], envelope.seq)

    async def result(self, job: str, state: str, reason: str | None = None) -> None:
        body = {"id": job, "state": state, "at": self.clock().isoformat(), "reason": reason}
        await self.say("command_result", body)

    async def events(self, *kinds: str) -> list[Event]:
        async with self.database.read() as session:
            query = select(Event).where(Event.kind.in_(kinds)).order_by(Event.offset)
            return list((await session.scalars(query)).all())

    async def count(self, table: type[Any]) -> int:
        async with self.database.read() as session:
            return len((await session.scalars(select(table))).all())

    async def ordered(self, point: str, value: object, **more: object) -> dict[str, Any]:
        answer = await self.api.post(PATH, {"point": point, "value": value, **more})
        assert answer.status == 202, answer.body
        body: dict[str, Any] = answer.body
        return body


@pytest.fixture
async def desk(database: Database, clock: TestClock) -> AsyncIterator[Desk]:
    async with serving(database, HOUSE, clock) as api:
        made = Desk(api, database, clock, Envelopes())
        told = [
            {"id": name, "room": "101", "line": "field", "profile": "p", "online": True, "commands": commands}
            for name, commands in DEVICES.items()
        ]
        await made.say("system", {**system(clock()), "devices": told})
        await api.sign_in("manager")
        yield made


async def test_an_order_sent_twice_is_one_order(desk: Desk) -> None:
    order = {"point": "setpoint", "value": 21.0}
    first = await desk.api.post(PATH, order, Idempotency_Key="k1")
    again = await desk.api.post(PATH, order, Idempotency_Key="k1")
    assert (first.status, again.status) == (202, 202)
    assert first.body == again.body
    assert await desk.count(CommandJob) == 1
    assert len(await desk.events("command.accepted")) == 1
    other = await desk.api.post(PATH, {**order, "value": 22.0}, Idempotency_Key="k1")
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert await desk.count(CommandJob) == 1
    assert await desk.count(LinkOutbox) == 0, "the reaction tells the edge, once an event"


async def test_each_step_is_shown_as_it_comes(desk: Desk) -> None:
    job = (await desk.ordered("setpoint", 21))["id"]
    shown = []
    for state in ("sent", "acknowledged", "sent", "done", "failed"):
        desk.clock.forward(seconds=1)
        await desk.result(job, state)
        body = (await desk.api.get(f"/api/v1/commands/{job}")).body
        shown.append((body["state"], body["step"], body["advice"]["code"]))
    assert shown == [
        ("sent", "sent", "sent"),
        ("acknowledged", "acknowledged", "acknowledged"),
        ("acknowledged", "acknowledged", "acknowledged"),
        ("done", "verified", "done"),
        ("done", "verified", "done"),
    ]
    assert body["sent_at"] < body["acknowledged_at"] < body["ended_at"]
    assert body["device"] == "101_thermostat"
    assert [event.payload["state"] for event in await desk.events("command.step")] == ["sent", "acknowledged"]
    assert len(await desk.events("command.ended")) == 1


async def test_what_is_unknown_says_what_to_do_in_the_readers_language(desk: Desk) -> None:
    job = (await desk.ordered("setpoint", 21))["id"]
    open_one = (await desk.api.get(f"/api/v1/commands/{job}")).body
    assert open_one["actions"][0]["reasons"][0]["code"] == "order_not_ended"
    await desk.result(job, "unknown", "restarted")
    english = (await desk.api.get(f"/api/v1/commands/{job}", Accept_Language="en")).body
    chinese = (await desk.api.get(f"/api/v1/commands/{job}", Accept_Language="zh-CN")).body
    assert english["advice"]["code"] == chinese["advice"]["code"] == "unknown_restarted"
    assert "look at the room before you order again" in english["advice"]["text"]
    assert "请先查看房间" in chinese["advice"]["text"]
    assert english["actions"] == [{"action": "order", "allowed": True, "reasons": []}]


async def test_the_controls_of_a_room_are_what_its_devices_take(desk: Desk) -> None:
    items = (await desk.api.get("/api/v1/rooms/101/controls")).body["items"]
    assert [(one["device"], one["point"]) for one in items] == [
        ("101_thermostat", "setpoint"),
        ("101_thermostat", "fan"),
        ("101_lock", "lock"),
        ("101_left", "relay"),
        ("101_right", "relay"),
    ]
    assert (items[0]["minimum"], items[0]["maximum"], items[0]["unit"]) == (5.0, 30.0, "degC")
    assert items[1]["choices"] == ["low", "high"]
    assert (await desk.api.get("/api/v1/rooms/102/controls")).body["items"] == []
    assert (await desk.api.get("/api/v1/rooms/999/controls")).status == 404


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"point": "setpoint", "value": 31}, "value_too_high"),
        ({"point": "setpoint", "value": 4.5}, "value_too_low"),
        ({"point": "setpoint", "value": "21"}, "value_of_wrong_kind"),
        ({"point": "fan", "value": "medium"}, "value_not_offered"),
        ({"point": "mode", "value": "heat"}, "no_device_takes_this"),
        ({"point": "relay", "value": True}, "several_devices_take_this"),
        ({"point": "relay", "value": True, "device": "101_door"}, "no_device_takes_this"),
        ({"point": "lock", "value": "jammed"}, "value_of_wrong_kind"),
    ],
)
async def test_what_no_device_takes_is_refused_with_its_reason(desk: Desk, order: dict[str, Any], reason: str) -> None:
    texts = []
    for language in ("en", "zh-CN"):
        answer = await desk.api.post(PATH, order, Accept_Language=language)
        assert answer.status == 422
        (told,) = answer.body["reasons"]
        assert told["code"] == reason
        texts.append(told["text"])
    assert texts[0].isascii() or "°C" in texts[0]
    assert not texts[1].isascii()
    assert all("{" not in text for text in texts)
    assert await desk.count(CommandJob) == 0


async def test_of_several_devices_one_is_named(desk: Desk) -> None:
    assert (await desk.ordered("relay", value=True, device="101_right"))["device"] == "101_right"


async def test_a_lock_is_moved_by_who_may_and_it_is_kept_who_did(desk: Desk) -> None:
    job = await desk.ordered("lock", "unlocked")
    await desk.result(job["id"], "done")
    ordered, ended = await desk.events("lock.ordered", "lock.ended")
    assert ordered.actor.startswith("user_")
    told = {"room": "101", "device": "101_lock", "point": "lock", "value": "unlocked"}
    assert ordered.payload == told
    assert ended.payload == told | {"state": "done", "reason": None, "by": ordered.actor}
    assert {ordered.permission, ended.permission} == {"audit.read"}
    async with desk.database.read() as session:
        assert (await verify(session, HOUSE)).cause is None


@pytest.mark.parametrize("role", ["frontdesk", "housekeeping", "maintenance"])
async def test_who_may_not_move_a_lock_is_refused_and_it_is_kept(desk: Desk, role: str) -> None:
    await desk.api.sign_in(role)
    answer = await desk.api.post(PATH, {"point": "lock", "value": "unlocked"})
    assert (answer.status, answer.code) == (403, "forbidden")
    assert await desk.count(CommandJob) == 0
    (refused,) = await desk.events("lock.refused")
    assert refused.actor.startswith("user_")
    assert refused.payload == {"room": "101", "device": None, "value": "unlocked", "reason": "forbidden"}
    controls = (await desk.api.get("/api/v1/rooms/101/controls")).body["items"]
    lock = next(one for one in controls if one["point"] == "lock")
    assert [reason["code"] for reason in lock["actions"][0]["reasons"]] == ["not_permitted"]
    async with desk.database.read() as session:
        assert (await verify(session, HOUSE)).cause is None


async def test_only_orders_to_locks_leave_their_refusal(desk: Desk) -> None:
    await desk.api.sign_in("housekeeping")
    assert (await desk.api.post(PATH, {"point": "setpoint", "value": 21})).status == 403
    assert (await desk.api.post(PATH, {"point": 7})).status == 403
    assert await desk.events("lock.refused") == []
    await desk.api.sign_in("manager")
    assert (await desk.api.post(PATH, {"point": "lock", "value": "unlocked", "device": "102_lock"})).status == 422
    (refused,) = await desk.events("lock.refused")
    assert refused.payload["reason"] == "invalid"


async def test_an_edge_that_told_nothing_decides_itself(database: Database, clock: TestClock) -> None:
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("manager")
        answer = await api.post(PATH, {"point": "setpoint", "value": 21})
        assert (answer.status, answer.body["device"]) == (202, None)
