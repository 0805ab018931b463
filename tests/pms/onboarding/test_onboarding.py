"""New devices over HTTP: what the edge hears is kept, changes are asked for, told, ended once, and taken back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pms.kernel.database import Database
from pms.kernel.events import events_after
from pms.kernel.work import Actor
from pms.onboarding import rules, service
from pms.onboarding.rules import House, Wanted
from pms.room_feed import telling
from pms.room_feed.inbox import FeedInbox
from pms.room_feed.model import LinkOutbox
from pms.room_feed.outbox import ensure_head, renew_epoch
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.edge import Envelopes, system
from tests.pms.serving import Api, serving

CHANGES = "/api/v1/devices/changes"
DOOR = {"line": "field", "address": "zigbee2mqtt/102_door"}
PLACE = {"action": "place", "device": "102_door", "profile": "zigbee2mqtt/contact", "room": "102", **DOOR}


class Edge:
    """The edge at the other end: says its list, answers changes."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        self._database, self._clock = database, clock
        self._envelopes = Envelopes()
        self._inbox = FeedInbox(database, HOUSE, clock, self._rooms)

    async def _rooms(self) -> frozenset[str]:
        return frozenset({"101", "102"})

    async def says(self, kind: str, body: dict[str, Any]) -> None:
        envelope = self._envelopes.of(kind, body, self._clock())
        await self._inbox.apply([envelope], envelope.seq)
        assert self._inbox.rejected == 0

    async def hears(self, *found: dict[str, Any], **more: Any) -> None:
        at = self._clock().isoformat()
        times = {"first_heard": at, "last_heard": at}
        await self.says("candidates", {"at": at, "candidates": [times | one for one in found], **more})

    async def answers(self, change: str, state: str = "done", **more: Any) -> None:
        await self.says("command_result", {"id": change, "state": state, "at": self._clock().isoformat(), **more})


def looks(number: str = "102", kind: str = "door", profile: str = "zigbee2mqtt/contact") -> dict[str, Any]:
    name = f"{number}_{kind}"
    like = [{"profile": profile, "why": "points", "share": 0.9}]
    placed = {"room": number, "device": name, "looks_like": like}
    return {"line": "field", "address": f"zigbee2mqtt/{name}", "name": name, "values": {"door": "closed"}, **placed}


@pytest.fixture
async def edge(database: Database, clock: TestClock) -> Edge:
    made = Edge(database, clock)
    await made.says("system", system(clock()))
    return made


@pytest.fixture
async def api(database: Database, clock: TestClock, edge: Edge) -> AsyncIterator[Api]:
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("maintenance")
        yield api


async def test_the_latest_list_is_shown_with_what_each_looks_like(api: Api, edge: Edge) -> None:
    empty = (await api.get("/api/v1/devices/candidates")).body
    assert (empty["items"], empty["at"]) == ([], None)
    await edge.hears(looks("101", "motion"), looks())
    await edge.hears(looks(), {"line": "field", "address": "what/is/this"}, ignored=2, dropped=7)
    told = (await api.get("/api/v1/devices/candidates")).body
    assert [one["address"] for one in told["items"]] == ["zigbee2mqtt/102_door", "what/is/this"]
    assert (told["ignored"], told["dropped"]) == (2, 7)
    assert told["items"][0]["looks_like"] == [{"profile": "zigbee2mqtt/contact", "why": "points", "share": 0.9}]
    assert [one["action"] for one in told["items"][0]["actions"]] == ["place", "replace", "ignore"]


async def test_only_a_list_that_is_another_one_is_an_event(database: Database, edge: Edge, clock: TestClock) -> None:
    await edge.hears(looks())
    clock.forward(minutes=1)
    await edge.hears(looks())
    await edge.hears(looks(profile="zigbee2mqtt/window"))
    async with database.read() as session:
        kinds = [one.kind for one in await events_after(session, HOUSE, 0)]
    assert kinds.count("inventory.candidates") == 2


async def test_a_device_is_placed_and_the_edge_answers(api: Api, edge: Edge, database: Database) -> None:
    await edge.hears(looks())
    asked = await api.post(CHANGES, PLACE)
    assert (asked.status, asked.body["state"], asked.body["actions"]) == (202, "accepted", [])
    await edge.answers(asked.body["id"])
    ended = (await api.get(f"{CHANGES}/{asked.body['id']}")).body
    assert (ended["state"], [one["action"] for one in ended["actions"]]) == ("done", ["undo"])
    async with database.read() as session:
        told = {one.kind: one.payload for one in await events_after(session, HOUSE, 0)}
    assert told["inventory.asked"] == {"action": "place", "device": "102_door", "room": "102"}
    assert told["inventory.ended"]["state"] == "done"


async def test_a_refusal_of_the_edge_says_why_and_a_late_word_changes_nothing(api: Api, edge: Edge) -> None:
    await edge.hears(looks())
    change = (await api.post(CHANGES, PLACE)).body["id"]
    await edge.answers(change, "failed", reason="bad_file", detail="devices.toml: line 7: " + "x" * 3000)
    await edge.answers(change, "done")
    ended = (await api.get(f"{CHANGES}/{change}")).body
    assert (ended["state"], ended["reason"], ended["detail"][:12]) == ("failed", "bad_file", "devices.toml")
    assert ended["actions"] == []


async def test_what_was_placed_moved_or_ignored_is_taken_back(api: Api, edge: Edge) -> None:
    await edge.hears(looks())
    for wanted, back in (
        ({"action": "ignore", **DOOR}, ("unignore", None, "zigbee2mqtt/102_door")),
        ({"action": "move", "device": "101_door"}, ("move", "101", None)),
    ):
        change = (await api.post(CHANGES, wanted)).body["id"]
        assert (await api.post(f"{CHANGES}/{change}/undo")).code == "conflict"
        await edge.answers(change)
        if wanted["action"] == "move":
            await edge.says("system", _moved(edge))
        undone = (await api.post(f"{CHANGES}/{change}/undo")).body
        assert (undone["action"], undone["room"], undone["address"]) == back
        assert undone["undoes"] == change
        listed = (await api.get(CHANGES)).body["items"]
        assert [one["actions"] for one in listed if one["id"] == change] == [[]]


def _moved(edge: Edge) -> dict[str, Any]:
    told = system(edge._clock())
    told["devices"][0]["room"] = None
    return told


async def test_everything_the_naming_rules_know_is_placed_at_once(api: Api, edge: Edge) -> None:
    assert (await api.post("/api/v1/devices/candidates/place")).code == "conflict"
    strange = {"line": "field", "address": "what/is/this"}
    await edge.hears(looks(), looks("104", "door"), looks("999", "door"), looks("101", "door"), strange)
    placed = await api.post("/api/v1/devices/candidates/place")
    assert placed.status == 202
    assert [(one["device"], one["room"]) for one in placed.body["items"]] == [("102_door", "102"), ("104_door", "104")]


HERE = House({"101", "102"}, {"101_door": "101"}, {("field", "zigbee2mqtt/102_door")})
WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (PLACE, []),
    (PLACE | {"room": None}, []),
    (PLACE | {"room": "999"}, [("room", "unknown")]),
    (PLACE | {"device": "101_door"}, [("device", "taken")]),
    (PLACE | {"device": "a b"}, [("device", "wrong_id")]),
    (PLACE | {"profile": None}, [("profile", "missing")]),
    (PLACE | {"address": "zigbee2mqtt/other"}, [("address", "not_heard")]),
    ({"action": "move", "device": "101_door", "room": "101"}, [("room", "same")]),
    ({"action": "move", "device": "101_door"}, []),
    ({"action": "move", "device": "nobody"}, [("device", "unknown")]),
    ({"action": "replace", "device": "101_door", **DOOR}, []),
    ({"action": "replace", "device": "101_door", "line": "field"}, [("address", "missing")]),
    ({"action": "remove", "device": "101_door"}, []),
    ({"action": "remove"}, [("device", "missing")]),
    ({"action": "unignore", "line": "field", "address": "zigbee2mqtt/left_out"}, []),
]


@pytest.mark.parametrize(("wanted", "expected"), WRONG)
def test_what_speaks_against_a_change(wanted: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert [(one.field, one.code) for one in rules.wrong(Wanted(**wanted), HERE)] == expected


async def test_a_wrong_change_is_refused_by_field_and_some_may_only_look(api: Api, edge: Edge) -> None:
    await edge.hears(looks())
    refused = await api.post(CHANGES, PLACE | {"room": "999"})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "room")
    assert (await api.post(CHANGES, {"action": "explode"})).status == 422
    await api.sign_in("frontdesk")
    assert (await api.get("/api/v1/devices/candidates")).body["items"][0]["actions"] == []
    assert (await api.post(CHANGES, PLACE)).status == 403
    await api.sign_in("housekeeping")
    assert (await api.get("/api/v1/devices/candidates")).status == 403


async def test_no_answer_is_called_unknown_and_a_late_one_counts_all_the_same(
    api: Api, edge: Edge, database: Database, clock: TestClock
) -> None:
    await edge.hears(looks())
    change = (await api.post(CHANGES, PLACE)).body["id"]
    clock.forward(minutes=8)
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        assert await service.give_up(work) == 1
    assert (await api.get(f"{CHANGES}/{change}")).body["reason"] == "no_answer"
    await edge.answers(change)
    assert (await api.get(f"{CHANGES}/{change}")).body["state"] == "done"


async def test_the_edge_is_told_and_after_a_restore_nobody_knows(
    api: Api, edge: Edge, database: Database, clock: TestClock
) -> None:
    await edge.hears(looks())
    change = (await api.post(CHANGES, PLACE)).body["id"]
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        await ensure_head(work)
        for event in await events_after(work.session, HOUSE, 0):
            if event.kind == service.ASKED.name:
                await telling.on_event(work, event)
        rows = (await work.session.scalars(select(LinkOutbox))).all()
        assert [row.kind for row in rows] == ["inventory_change"]
        assert f'"id":"{change}"' in rows[0].body
        await renew_epoch(work)
    assert (await api.get(f"{CHANGES}/{change}")).body["reason"] == "restored"


async def test_a_removed_device_is_gone_from_the_list_at_once(api: Api, edge: Edge, clock: TestClock) -> None:
    heard = {"heard": clock().isoformat(), "online": True}
    await edge.says("device", {"device": "102_lock", "room": "102", "line": "field", "profile": "x/lock", **heard})
    assert "102_lock" in {one["id"] for one in (await api.get("/api/v1/devices")).body["items"]}
    told = system(clock())
    told["devices"].append({"id": "102_lock", "room": "102", "line": "field", "profile": "x/lock"})
    await edge.says("system", told)
    change = (await api.post(CHANGES, {"action": "remove", "device": "102_lock"})).body["id"]
    await edge.answers(change)
    await edge.says("system", system(clock() + timedelta(seconds=1)))
    assert "102_lock" not in {one["id"] for one in (await api.get("/api/v1/devices")).body["items"]}


async def test_what_a_stranger_calls_itself_is_shortened(api: Api, edge: Edge) -> None:
    await edge.hears(looks() | {"name": "x\x00" * 900, "sample": "y" * 5000, "vendor": "z" * 900})
    (one,) = (await api.get("/api/v1/devices/candidates")).body["items"]
    assert (len(one["name"]), len(one["sample"]), len(one["vendor"])) == (200, 600, 120)
