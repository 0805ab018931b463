"""A key on the real link: the job goes down once whatever is lost or restarted, words come up in any order."""

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest

from pms.frontdesk import service as frontdesk
from pms.kernel.database import Database
from pms.kernel.work import Actor, UnitOfWork
from pms.keys import reactions, service
from pms.keys.model import KeyCard
from pms.keys.rules import KeyType
from pms.keys.sources import Encoder
from pms.link.link import Link
from pms.link.messages import Envelope
from pms.link.transport import LinkSettings
from tests.link.stores import MemoryInbox, MemoryOutbox
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.room_feed.test_service import HandMadeEdge, House, running
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ENCODER = Encoder("desk-1", "desk-1", "up")


class KeyHouse(House):
    """The PMS's end of the link with the keys following the feed."""

    def __init__(self, database: Database, port: int, clock: TestClock, actor: Actor) -> None:
        super().__init__(database, port, clock, actor)
        reactions.register(self.reactions)

    async def issue(self, stay: str, kind: KeyType = KeyType.NEW) -> KeyCard:
        async def use_case(work: UnitOfWork) -> KeyCard:
            return await service.issue(work, service.Issue(stay, kind), ENCODER)

        key: KeyCard = await self.do(use_case)
        return key

    async def is_in(self, state: str, life: str) -> bool:
        [key] = await self.rows(KeyCard)
        return (key.state, key.life) == (state, life)


@contextlib.asynccontextmanager
async def edge_of(mosquitto: RealBroker) -> AsyncIterator[HandMadeEdge]:
    prompt = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with aiomqtt.Client("127.0.0.1", mosquitto.port, socket_options=prompt) as client:
        made = HandMadeEdge(client)
        async with running(made.listen):
            yield made


def jobs(heard: list[Envelope], kind: str = "key_job") -> list[dict[str, Any]]:
    return [one.body for one in heard if one.kind == kind]


def word(edge: HandMadeEdge, key: str, state: str, clock: TestClock, **more: Any) -> Envelope:
    body = {"id": key, "state": state, "at": clock().isoformat()} | more
    return edge.envelopes.of("key_result", body, clock())


async def test_words_out_of_order_and_twice_end_a_key_once(
    database: Database, mosquitto: RealBroker, clock: TestClock, actor: Actor
) -> None:
    house = KeyHouse(database, mosquitto.port, clock, actor)
    async with edge_of(mosquitto) as edge, house.running():
        await until(lambda: house.feed.status().connected)
        key = await house.issue(await house.walk_in())
        [told] = await until(lambda: jobs(edge.heard))
        assert (told["id"], told["content"]["sequence"], told["content"]["room"]) == (key.id, 1, "101")
        waiting, writing, done = (word(edge, key.id, state, clock) for state in ("waiting", "writing", "confirmed"))
        await edge.publish(done, writing, waiting, writing, done)
        await until(lambda: edge.acknowledged() == done.seq)
        assert await house.is_in("confirmed", "active")
        assert "Lovelace" not in str(edge.heard)


async def test_a_job_is_committed_by_the_edge_once_through_restarts_of_both_and_a_dead_broker(
    database: Database, mosquitto: RealBroker, clock: TestClock, actor: Actor
) -> None:
    """The key is asked for while the edge is away; PMS and broker are restarted before it is back."""
    first = KeyHouse(database, mosquitto.port, clock, actor)
    async with first.running():
        await until(lambda: first.feed.status().connected)
        key = await first.issue(await first.walk_in())
        mosquitto.kill()
        await until(lambda: not first.feed.status().connected)
    mosquitto.start()
    inbox, outbox = MemoryInbox(), MemoryOutbox("edge_9")
    second = KeyHouse(database, mosquitto.port, clock, actor)
    for _ in range(2):
        link = Link("up", HOUSE, LinkSettings("127.0.0.1", mosquitto.port), (outbox, inbox), clock)
        async with second.running(), running(link.run):
            await until(lambda: jobs(inbox.applied), timeout=20)
        second = KeyHouse(database, mosquitto.port, clock, actor)
    assert [one["id"] for one in jobs(inbox.applied)] == [key.id]


async def test_a_check_out_shuts_the_door_and_calls_the_job_back(
    database: Database, mosquitto: RealBroker, clock: TestClock, actor: Actor
) -> None:
    house = KeyHouse(database, mosquitto.port, clock, actor)
    async with edge_of(mosquitto) as edge, house.running():
        await until(lambda: house.feed.status().connected)
        stay = await house.walk_in()
        key = await house.issue(stay)
        await until(lambda: jobs(edge.heard))
        await house.do(lambda work: frontdesk.check_out(work, stay))
        await until(lambda: any(one["key_floor"] == 2 for one in jobs(edge.heard, "room_facts")))
        await until(lambda: [one["id"] for one in jobs(edge.heard, "key_cancel")] == [key.id])
        failed = word(edge, key.id, "failed", clock, reason="cancelled")
        await edge.publish(failed)
        await until(lambda: edge.acknowledged() == failed.seq)
        assert await house.is_in("failed", "never")
