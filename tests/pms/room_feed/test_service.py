"""The running feed on a real broker: what the rooms say arrives, what the front desk does is told, nothing stops it."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomqtt
import pytest
from sqlalchemy import select

from pms.frontdesk import service as frontdesk
from pms.guests.service import NewGuest
from pms.housekeeping.model import CleaningSpell
from pms.kernel.database import Database
from pms.kernel.health import Health
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor, UnitOfWork
from pms.link.link import Link
from pms.link.messages import Envelope
from pms.link.transport import LinkSettings
from pms.maintenance.model import Alert
from pms.onboarding import service as onboarding
from pms.onboarding.model import DeviceCandidates, InventoryChange
from pms.onboarding.rules import Wanted
from pms.property.service import business_date, room_to_change, set_occupancy
from pms.room_feed.commands import Order, order
from pms.room_feed.configured import configured
from pms.room_feed.model import CommandJob, LinkOutbox, LinkRejected
from pms.room_feed.sensed import sensed_of
from pms.room_feed.service import RoomFeed
from tests.link.stores import MemoryInbox, MemoryOutbox
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.edge import Envelopes, cleaning, condition, room, system
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

UP = f"innkeeper/{HOUSE}/up/"


@contextlib.asynccontextmanager
async def running(*runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Tasks for the length of a block."""
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class House:
    """The PMS's end of the link, running."""

    def __init__(self, database: Database, port: int, clock: TestClock, actor: Actor) -> None:
        self.database, self.clock, self.actor = database, clock, actor
        self.health = Health(("link", "edge"), clock)
        self.feed = RoomFeed(database, HOUSE, LinkSettings("127.0.0.1", port), clock, self.health)
        self.reactions = Reactions(database, HOUSE, clock)
        self.feed.register(self.reactions, Jobs(database, HOUSE, clock))

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        return running(self.feed.run, self.reactions.run)

    async def do(self, use_case: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        return await self.database.run(self.actor, self.clock(), use_case)

    async def walk_in(self) -> str:
        async def use_case(work: UnitOfWork) -> str:
            leaves = await business_date(work.session, HOUSE) + timedelta(days=2)
            asked = frontdesk.WalkIn("101", leaves, 2, NewGuest("Ada Lovelace"))
            return (await frontdesk.walk_in(work, self.database.keyring, asked)).id

        stay: str = await self.do(use_case)
        return stay

    async def version(self, number: str = "101") -> int:
        async with self.database.read() as session:
            found = await sensed_of(session, HOUSE, [number])
            return int(found[number][1]["version"]) if number in found else 0

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.database.read() as session:
            return list((await session.scalars(select(table))).all())


class HandMadeEdge:
    """Publishes envelopes, in whatever order, and hears what the PMS says."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client, self.envelopes, self.heard = client, Envelopes(), list[Envelope]()

    async def publish(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            await self.client.publish(UP + envelope.kind, envelope.model_dump_json(), qos=1)

    async def listen(self) -> None:
        await self.client.subscribe(f"innkeeper/{HOUSE}/down/+", qos=1)
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            self.heard.append(Envelope.model_validate_json(message.payload))

    def acknowledged(self, epoch: str = "edge_1") -> int:
        acks = [one.body["through"] for one in self.heard if one.kind == "ack" and one.body["epoch"] == epoch]
        return max(acks, default=0)


@pytest.fixture
async def house(database: Database, mosquitto: RealBroker, clock: TestClock, actor: Actor) -> AsyncIterator[House]:
    house = House(database, mosquitto.port, clock, actor)
    async with house.running():
        await until(lambda: house.feed.status().connected)
        yield house


@pytest.fixture
async def edge(mosquitto: RealBroker) -> AsyncIterator[HandMadeEdge]:
    prompt = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with aiomqtt.Client("127.0.0.1", mosquitto.port, socket_options=prompt) as client:
        made = HandMadeEdge(client)
        async with running(made.listen):
            yield made


async def test_twice_out_of_order_unknown_and_junk_stop_nothing(house: House, edge: HandMadeEdge) -> None:
    at, make = house.clock(), edge.envelopes.of
    first = make("room", room(at, version=5), at)
    raised = make("condition", condition(at, "raised"), at)
    older = make("room", room(at, version=3), at)
    junk = make("room", {"room": "101", "version": "many"}, at)
    unknown = make("minibar", {"cola": 2}, at)
    cleared = make("condition", condition(at, "cleared"), at)
    last = make("room", room(at, "102", version=1), at)
    await edge.client.publish(UP + "room", b"\x00 not json", qos=1)
    await edge.client.publish(UP + "room", json.dumps([1, 2, 3]), qos=1)
    await edge.publish(first, first, older, cleared, junk, raised, raised, unknown, last, first)
    await until(lambda: edge.acknowledged() == last.seq)
    assert (await house.version("101"), await house.version("102")) == (5, 1)
    [alert] = await house.rows(Alert)
    assert (alert.state, alert.count) == ("cleared_unacknowledged", 1)
    assert {kept.seq for kept in await house.rows(LinkRejected)} == {junk.seq, unknown.seq}
    assert house.feed.rejected == 2
    assert house.feed.status().rejected == 2
    assert house.feed.status().duplicates >= 2


async def test_a_restarted_pms_goes_on_where_it_was(
    database: Database, mosquitto: RealBroker, clock: TestClock, actor: Actor, edge: HandMadeEdge
) -> None:
    at, make = clock(), edge.envelopes.of
    batches = [make("condition", condition(at, "raised"), at), make("room", room(at, version=2), at)]
    for _ in range(2):
        house = House(database, mosquitto.port, clock, actor)
        async with house.running():
            await until(lambda house=house: house.feed.status().connected)  # type: ignore[misc]
            await edge.publish(*batches)
            await until(lambda: edge.acknowledged() == 2)
        edge.heard.clear()
    assert len(await house.rows(Alert)) == 1


async def test_a_detected_cleaning_reaches_the_room(house: House, edge: HandMadeEdge) -> None:
    at, make = house.clock(), edge.envelopes.of
    await edge.publish(
        make("cleaning", cleaning(at, "started"), at), make("cleaning", cleaning(at, "ended", "cleaned"), at)
    )
    await until(lambda: edge.acknowledged() == 2)
    [spell] = await house.rows(CleaningSpell)
    assert (spell.by, spell.outcome) == ("112", "cleaned")


async def test_the_edge_learns_what_the_front_desk_does_without_a_name(house: House, edge: HandMadeEdge) -> None:
    stay = await house.walk_in()

    def told() -> list[Envelope]:
        return [one for one in edge.heard if one.kind == "room_facts" and one.body["room"] == "101"]

    await until(lambda: any(one.body["rented"] for one in told()))
    body = told()[-1].body
    assert (body["stay"], body["guests"], body["arrival"]) == (stay, 2, "2026-11-22")
    assert "Lovelace" not in str(edge.heard)
    await house.do(lambda work: frontdesk.check_out(work, stay))
    await until(lambda: not told()[-1].body["rented"])


async def test_an_answer_set_by_hand_is_told_with_its_end(house: House, edge: HandMadeEdge) -> None:
    async def set_by_hand(work: UnitOfWork) -> None:
        set_occupancy(work, await room_to_change(work, "102"), "occupied", work.now + timedelta(hours=2))

    await house.do(set_by_hand)
    overrides = await until(
        lambda: [one.body["occupancy_override"] for one in edge.heard if one.body.get("occupancy_override")]
    )
    assert overrides[-1]["value"] == "occupied"
    assert datetime.fromisoformat(overrides[-1]["until"]) == house.clock() + timedelta(hours=2)


async def test_an_order_goes_down_and_its_result_comes_up(house: House, edge: HandMadeEdge) -> None:
    job = await house.do(lambda work: order(work, Order("101", "setpoint", 19.5)))
    [told] = await until(lambda: [one for one in edge.heard if one.kind == "command"])
    assert (told.body["id"], told.body["point"], told.body["value"]) == (job.id, "setpoint", 19.5)
    at = house.clock()
    await edge.publish(edge.envelopes.of("command_result", {"id": job.id, "state": "done", "at": at.isoformat()}, at))
    await until(lambda: edge.acknowledged() == 1)
    [ended] = await house.rows(CommandJob)
    assert ended.state == "done"


async def test_a_real_peer_is_told_all_and_what_it_has_taken_is_forgotten(
    house: House, mosquitto: RealBroker, clock: TestClock
) -> None:
    inbox = MemoryInbox()
    stores = (MemoryOutbox("edge_9"), inbox)
    link = Link("up", HOUSE, LinkSettings("127.0.0.1", mosquitto.port), stores, clock)
    async with running(link.run):
        await until(lambda: {"property", "room_facts"} <= {one.kind for one in inbox.applied})
        rooms = {one.body["room"] for one in inbox.applied if one.kind == "room_facts"}
        await until(lambda: len({one.body["room"] for one in inbox.applied if one.kind == "room_facts"}) == 5)
        [told] = [one for one in inbox.applied if one.kind == "property"][-1:]
        assert [one["number"] for one in told.body["rooms"]] == ["101", "102", "103", "104", "201"]
        assert rooms

        async def nothing_owed() -> bool:
            return await house.rows(LinkOutbox) == []

        await until(nothing_owed)


async def test_the_health_of_the_edge_is_ours(house: House, edge: HandMadeEdge) -> None:
    assert not house.health.ready
    at = house.clock()
    await edge.publish(edge.envelopes.of("system", system(at), at))
    await until(lambda: house.health.ready)
    parts = {part.name: part for part in house.health.parts()}
    assert (parts["edge/line:field"].state, parts["edge/line:field"].code) == ("down", "connect_refused")
    assert house.health.state == "degraded"
    await edge.publish(edge.envelopes.of("system", system(at, ready=False), at))
    await until(lambda: not house.health.ready)


async def test_the_broker_goes_and_comes(house: House, mosquitto: RealBroker) -> None:
    mosquitto.kill()
    await until(lambda: not house.feed.status().connected)
    await until(lambda: not house.health.is_up("link"))
    mosquitto.start()
    await until(lambda: house.feed.status().connected, timeout=20)
    await until(lambda: house.health.is_up("link"))


async def test_states_are_committed_within_their_budget(house: House, edge: HandMadeEdge) -> None:
    """200 messages a second, published to committed and acknowledged; the budget of the whole way is 15 ms."""
    taken = []
    for number in range(200):
        at = datetime.now(UTC)
        body = room(at, ["101", "102", "103", "104", "201"][number % 5], number, door={"value": f"state {number % 2}"})
        envelope = edge.envelopes.of("room", body, at)
        began = time.perf_counter()
        await edge.publish(envelope)
        await until(lambda seq=envelope.seq: edge.acknowledged() >= seq, every=0.0005)  # type: ignore[misc]
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[len(taken) // 2] < 0.05, "far from its budget even on a busy machine"


async def signs_of_life(house: House, edge: HandMadeEdge, ahead: float) -> None:
    at = house.clock() + timedelta(seconds=ahead)
    for _ in range(3):
        told = edge.envelopes.of("system", system(at), at)
        await edge.publish(told.model_copy(update={"seq": 0, "after": 0}))


@pytest.mark.parametrize(
    ("ahead", "state", "detail"), [(0, "ok", ""), (-90, "degraded", "-90 s"), (12, "degraded", "+12 s")]
)
async def test_clocks_that_differ_are_said_with_the_seconds(
    house: House, edge: HandMadeEdge, ahead: float, state: str, detail: str
) -> None:
    await signs_of_life(house, edge, ahead)
    await until(lambda: "clock" in {part.name for part in house.health.parts()})
    [clock] = [part for part in house.health.parts() if part.name == "clock"]
    assert (clock.state, clock.detail) == (state, detail)
    assert clock.code == house.feed.clock_trouble() == ("clocks_differ" if ahead else None)


async def test_a_clock_that_was_set_right_is_well_again(house: House, edge: HandMadeEdge) -> None:
    await signs_of_life(house, edge, -90)
    await until(lambda: house.feed.clock_trouble() == "clocks_differ")
    await signs_of_life(house, edge, 0)
    await until(lambda: house.feed.clock_trouble() is None)


async def test_new_devices_are_heard_and_a_change_goes_down_and_ends(house: House, edge: HandMadeEdge) -> None:
    at = house.clock()
    found = {"line": "field", "address": "zigbee2mqtt/101_leak", "first_heard": at.isoformat()}
    list_ = {"at": at.isoformat(), "candidates": [found | {"last_heard": at.isoformat()}]}
    await edge.publish(edge.envelopes.of("candidates", list_, at))
    await until(lambda: house.rows(DeviceCandidates))
    wanted = Wanted("place", "101_leak", "field", "zigbee2mqtt/leak", "zigbee2mqtt/101_leak", "101")
    asked = await house.do(lambda work: onboarding.ask(work, wanted, configured))
    (change,) = await until(lambda: [one for one in edge.heard if one.kind == "inventory_change"])
    assert {name: change.body[name] for name in ("id", "action", "address", "room", "by")} == {
        "id": asked.id,
        "action": "place",
        "address": "zigbee2mqtt/101_leak",
        "room": "101",
        "by": house.actor.name,
    }
    await edge.publish(edge.envelopes.of("command_result", {"id": asked.id, "state": "done", "at": at.isoformat()}, at))

    async def done() -> bool:
        return [row.state for row in await house.rows(InventoryChange)] == ["done"]

    await until(done)
