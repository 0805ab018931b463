"""The inbox on each engine: newest state wins, facts once, what cannot be used is kept aside and stops nothing."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from pms.kernel.database import Database
from pms.kernel.events import Event
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import Envelope
from pms.maintenance.model import Alert
from pms.room_feed.commands import Order, find_job, give_up, order
from pms.room_feed.inbox import KEPT_ASIDE, FeedInbox
from pms.room_feed.model import AccessRecord, DeviceSeen, EdgeSystem, LinkRejected
from pms.room_feed.sensed import sensed_of
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.edge import Envelopes, condition, room, system

ROOMS = frozenset({"101", "102", "103", "104", "201"})


class Feed:
    """An inbox, and an edge that speaks into it."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        self.database, self.clock = database, clock
        self.edge = Envelopes()
        self.inbox = FeedInbox(database, HOUSE, clock, self._rooms)

    async def _rooms(self) -> frozenset[str]:
        return ROOMS

    async def say(self, *messages: tuple[str, dict[str, Any]]) -> list[Envelope]:
        envelopes = [self.edge.of(kind, body, self.clock()) for kind, body in messages]
        await self.apply(envelopes)
        return envelopes

    async def apply(self, envelopes: Sequence[Envelope]) -> None:
        await self.inbox.apply(envelopes, envelopes[-1].seq)

    async def rooms(self, *versions: dict[str, Any]) -> None:
        await self.say(*(("room", body) for body in versions))

    async def version(self, number: str = "101") -> int:
        async with self.database.read() as session:
            return int((await sensed_of(session, HOUSE, [number]))[number][1]["version"])

    async def events(self, kind: str) -> list[dict[str, Any]]:
        async with self.database.read() as session:
            query = select(Event).where(Event.kind == kind).order_by(Event.offset)
            return [event.payload for event in (await session.scalars(query)).all()]

    async def rows(self, table: type[Any]) -> Sequence[Any]:
        async with self.database.read() as session:
            return (await session.scalars(select(table))).all()


@pytest.fixture
def feed(database: Database, clock: TestClock) -> Feed:
    return Feed(database, clock)


async def test_the_latest_version_of_a_room_is_kept_whatever_its_order(feed: Feed) -> None:
    at = feed.clock()
    await feed.rooms(room(at, version=3), room(at, version=5), room(at, version=4))
    assert await feed.version() == 5
    await feed.rooms(room(at, version=4, door={"value": "open"}))
    assert await feed.version() == 5
    await feed.rooms(room(at, version=6))
    assert await feed.version() == 6


async def test_a_new_epoch_of_the_edge_begins_its_versions_anew(feed: Feed) -> None:
    at, first = feed.clock(), feed.edge
    await feed.rooms(room(at, version=90))
    feed.edge = Envelopes("edge_2")
    await feed.rooms(room(at, version=1))
    assert await feed.version() == 1
    await feed.apply([first.of("room", room(at, version=91), at)])
    assert await feed.version() == 1
    assert await feed.inbox.positions() == {"edge_1": 2, "edge_2": 1}


async def test_only_what_matters_is_told(feed: Feed) -> None:
    at = feed.clock()
    await feed.rooms(room(at, version=1, climate={"temperature_c": 21.0}))
    await feed.rooms(room(at, version=2, climate={"temperature_c": 21.3}))
    await feed.rooms(room(at, version=3, climate={"temperature_c": 21.6}))
    await feed.rooms(room(at, version=4, climate={"temperature_c": 21.6}, door={"value": "open"}))
    told = await feed.events("room.sensed")
    assert [event["version"] for event in told] == [1, 3, 4]
    assert [event["changed"] for event in told[1:]] == [["climate"], ["door"]]


async def test_facts_are_applied_in_their_order(feed: Feed) -> None:
    at = feed.clock()
    await feed.say(("condition", condition(at, "raised")), ("condition", condition(at, "cleared")))
    [alert] = await feed.rows(Alert)
    assert (alert.state, alert.priority) == ("cleared_unacknowledged", "critical")


async def test_a_fault_of_a_room_nobody_knows_is_shown_all_the_same(feed: Feed) -> None:
    await feed.say(("condition", condition(feed.clock(), "raised", number="corridor-2")))
    assert [alert.room for alert in await feed.rows(Alert)] == ["corridor-2"]


async def test_the_same_batch_again_after_a_crash_changes_nothing(feed: Feed) -> None:
    at = feed.clock()
    access = {
        "room": "101",
        "device": "101_lock",
        "at": at.isoformat(),
        "result": "granted",
        "credential_class": "guest",
    }
    batch = await feed.say(("access", access), ("condition", condition(at, "raised")), ("room", room(at)))
    await feed.apply(batch)
    assert len(await feed.rows(AccessRecord)) == len(await feed.rows(Alert)) == 1
    assert len(await feed.events("room.access")) == len(await feed.events("room.sensed")) == 1


async def test_what_waited_during_an_outage_is_marked_in_the_feed(feed: Feed) -> None:
    at = feed.clock().isoformat()
    access = {"room": "101", "device": "101_lock", "at": at, "result": "granted", "credential_class": "guest"}
    placed = {"device": "101_door", "room": "101", "line": "field", "profile": "zigbee2mqtt/contact"}
    device = placed | {"online": True, "heard": at}
    for historical in (True, False):
        for kind, body in (("access", access), ("device", device)):
            envelope = feed.edge.of(kind, body, feed.clock())
            await feed.apply([envelope.model_copy(update={"historical": historical})])
    for kind in ("room.access", "device.changed"):
        marks = [payload.get("historical") for payload in await feed.events(kind)]
        assert marks == [True, None], kind


async def test_what_waited_in_the_broker_is_of_the_past_too(feed: Feed) -> None:
    at = feed.clock()
    access = {
        "room": "101",
        "device": "101_lock",
        "at": at.isoformat(),
        "result": "granted",
        "credential_class": "guest",
    }
    feed.clock.forward(seconds=61)
    await feed.say(("condition", condition(at, "raised")), ("access", access))
    await feed.say(("condition", condition(feed.clock(), "cleared")))
    marks = [
        (await feed.events(kind))[0].get("historical") for kind in ("alert.raised", "room.access", "alert.cleared")
    ]
    assert marks == [True, True, None]


async def test_a_fault_that_waited_is_marked_in_the_feed(feed: Feed) -> None:
    at = feed.clock()
    for state, historical in (("raised", True), ("cleared", False)):
        envelope = feed.edge.of("condition", condition(at, state), at)
        await feed.apply([envelope.model_copy(update={"historical": historical})])
    marks = [(await feed.events(kind))[0].get("historical") for kind in ("alert.raised", "alert.cleared")]
    assert marks == [True, None]


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("minibar", {"cola": 2}, "unknown_kind"),
        ("room", {"room": "101", "version": "many"}, "invalid_body: version"),
        ("room", {}, "invalid_body: room"),
        ("room", {"room": "999", "version": 1, "at": "2026-11-22T11:00:00Z"}, "unknown_room"),
        ("room", {"room": "101", "version": 2**70, "at": "2026-11-22T11:00:00Z"}, "unfit_number: version"),
        (
            "condition",
            {"key": "k" * 500, "kind": "leak", "state": "raised", "at": "2026-11-22T11:00:00Z"},
            "unfit_text",
        ),
        ("condition", {"key": "a\x00b", "kind": "leak", "state": "raised", "at": "2026-11-22T11:00:00Z"}, "unfit_text"),
    ],
)
async def test_what_cannot_be_used_is_kept_aside_and_stops_nothing(
    feed: Feed, kind: str, body: dict[str, Any], reason: str
) -> None:
    at = feed.clock()
    await feed.say(("room", room(at, version=1)), (kind, body), ("room", room(at, "102", version=1)))
    [kept] = await feed.rows(LinkRejected)
    assert kept.reason.startswith(reason)
    assert (kept.seq, feed.inbox.rejected) == (2, 1)
    assert await feed.version("102") == 1
    assert await feed.inbox.positions() == {"edge_1": 3}


async def test_poison_that_only_the_database_finds_is_set_aside_alone(feed: Feed) -> None:
    at = feed.clock()
    poison = condition(at, "raised") | {"evidence": [{"code": "x", "at": at.isoformat(), "params": {"n": 2**70}}]}
    await feed.say(("condition", condition(at, "raised", "smoke")), ("condition", poison), ("room", room(at)))
    assert [alert.kind for alert in await feed.rows(Alert)] == ["smoke"]
    assert [kept.seq for kept in await feed.rows(LinkRejected)] == [2]
    assert await feed.version() == 1
    assert await feed.inbox.positions() == {"edge_1": 3}


async def test_only_the_last_unusable_messages_are_kept_and_all_are_counted(feed: Feed) -> None:
    for _ in range(KEPT_ASIDE + 20):
        feed.clock.forward(seconds=1)
        await feed.say(("minibar", {}))
    assert len(await feed.rows(LinkRejected)) == KEPT_ASIDE
    again = Feed(feed.database, feed.clock)
    await again.inbox.positions()
    assert again.inbox.rejected == KEPT_ASIDE + 20


async def test_devices_and_the_health_of_the_edge_are_kept(feed: Feed) -> None:
    at = feed.clock()
    device = {
        "device": "101_door",
        "room": "101",
        "line": "field",
        "profile": "zigbee2mqtt/contact",
        "online": False,
        "heard": at.isoformat(),
        "battery": 12.5,
        "something_new": True,
    }
    await feed.say(("device", device | {"online": True}), ("device", device), ("system", system(at)))
    [seen] = await feed.rows(DeviceSeen)
    assert (seen.online, seen.battery, seen.heard) == (False, 12.5, at)
    [account] = await feed.rows(EdgeSystem)
    assert account.body["counters"] == {"messages": 7}


async def test_an_order_ends_once(feed: Feed, actor: Actor) -> None:
    async def ask(work: UnitOfWork) -> str:
        return (await order(work, Order("101", "setpoint", 19.5))).id

    job = await feed.database.run(actor, feed.clock(), ask)
    for state, reason in (("sent", None), ("done", None), ("failed", "timeout")):
        await feed.say(
            ("command_result", {"id": job, "state": state, "at": feed.clock().isoformat(), "reason": reason})
        )
    async with feed.database.read() as session:
        ended = await find_job(session, HOUSE, job)
    assert (ended.state, ended.reason) == ("done", None)
    assert len(await feed.events("command.ended")) == 1


async def test_an_order_nobody_answers_is_unknown_until_a_late_word(feed: Feed, actor: Actor) -> None:
    async def ask(work: UnitOfWork) -> str:
        return (await order(work, Order("101", "mode", "eco"))).id

    job = await feed.database.run(actor, feed.clock(), ask)
    feed.clock.forward(minutes=30)
    assert await feed.database.run(actor, feed.clock(), give_up) == 1
    await feed.say(("command_result", {"id": job, "state": "done", "at": feed.clock().isoformat()}))
    async with feed.database.read() as session:
        assert (await find_job(session, HOUSE, job)).state == "done"


async def test_a_database_in_trouble_loses_no_message(feed: Feed) -> None:
    async def no_table(work: UnitOfWork) -> None:
        await work.session.execute(text("ALTER TABLE room_sensed RENAME TO gone"))

    async def table_again(work: UnitOfWork) -> None:
        await work.session.execute(text("ALTER TABLE gone RENAME TO room_sensed"))

    actor = Actor.system(HOUSE, "test")
    await feed.database.run(actor, feed.clock(), no_table)
    batch = [feed.edge.of("room", room(feed.clock()), feed.clock())]
    with pytest.raises(DBAPIError):
        await feed.apply(batch)
    assert await feed.rows(LinkRejected) == []
    await feed.database.run(actor, feed.clock(), table_again)
    await feed.apply(batch)
    assert await feed.version() == 1
