"""Two ends over a real broker: nothing lost, nothing twice, whatever goes away meanwhile."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import structlog

from pms.link import sender
from pms.link.link import Link
from pms.link.transport import LinkEnd, LinkSettings, Side
from tests.link.stores import MemoryInbox, MemoryOutbox
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")


class End:
    """One end with its stores; its link can be stopped and started again."""

    def __init__(self, side: Side, port: int, epoch: str) -> None:
        self.side, self.port = side, port
        self.outbox, self.inbox = MemoryOutbox(epoch), MemoryInbox()
        self.link = self._make()

    def _make(self) -> Link:
        settings = LinkSettings("127.0.0.1", self.port)
        return Link(self.side, "hotel", settings, (self.outbox, self.inbox), lambda: datetime.now(UTC))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.link = self._make()
        task = asyncio.create_task(self.link.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def say(self, first: int, last: int) -> None:
        for n in range(first, last + 1):
            self.outbox.add("condition", n=n)
        self.link.wake()


@pytest.fixture
def edge(mosquitto: RealBroker) -> End:
    return End("up", mosquitto.port, "edge-1")


@pytest.fixture
def pms(mosquitto: RealBroker) -> End:
    return End("down", mosquitto.port, "pms-1")


async def test_both_directions_and_outboxes_drain(edge: End, pms: End) -> None:
    async with edge.running(), pms.running():
        edge.say(1, 1200)
        pms.say(1, 3)
        await until(lambda: len(pms.inbox.applied) == 1200 and len(edge.inbox.applied) == 3)
        await until(lambda: not edge.outbox.rows and not pms.outbox.rows)
    assert pms.inbox.numbers == list(range(1, 1201))


async def test_the_other_end_away_and_back(edge: End, pms: End) -> None:
    async with edge.running():
        async with pms.running():
            edge.say(1, 10)
            await until(lambda: len(pms.inbox.applied) == 10)
        edge.say(11, 700)
        async with pms.running():
            await until(lambda: len(pms.inbox.applied) == 700)
            await until(lambda: not edge.outbox.rows)
    assert pms.inbox.numbers == list(range(1, 701))
    assert edge.outbox.new_peers == 1


async def test_the_broker_is_killed_and_comes_back(edge: End, pms: End, mosquitto: RealBroker) -> None:
    async with edge.running(), pms.running():
        edge.say(1, 50)
        await until(lambda: len(pms.inbox.applied) == 50)
        mosquitto.kill()
        edge.say(51, 900)
        await until(lambda: not edge.link.connected)
        mosquitto.start()
        await until(lambda: len(pms.inbox.applied) == 900, 20)
    assert pms.inbox.numbers == list(range(1, 901))


async def test_a_receiver_whose_database_fails_acknowledges_nothing(edge: End, pms: End) -> None:
    async with edge.running(), pms.running():
        pms.inbox.broken = True
        edge.say(1, 20)
        await until(lambda: pms.inbox.failures >= 2)
        assert pms.link.status().failing
        assert len(edge.outbox.rows) == 20
        pms.inbox.broken = False
        await until(lambda: not edge.outbox.rows)
    assert pms.inbox.numbers == list(range(1, 21))
    assert pms.link.status().failing is None


async def test_a_restored_peer_is_told_everything_again(edge: End, pms: End) -> None:
    async with edge.running():
        async with pms.running():
            edge.say(1, 5)
            await until(lambda: not edge.outbox.rows)
        restored = End("down", pms.port, "pms-2")
        restored.inbox.position = {"edge-1": 2}
        async with restored.running():
            await until(lambda: edge.outbox.new_peers == 2)
            edge.say(6, 8)
            await until(lambda: not edge.outbox.rows)
        assert restored.inbox.numbers == [6, 7, 8]


async def test_a_restored_sender_is_not_taken_for_the_old_one(edge: End, pms: End) -> None:
    async with pms.running():
        async with edge.running():
            edge.say(1, 5)
            await until(lambda: not edge.outbox.rows)
        restored = End("up", edge.port, "edge-2")
        async with restored.running():
            restored.say(1, 3)
            await until(lambda: not restored.outbox.rows)
    assert pms.inbox.numbers == [1, 2, 3, 4, 5, 1, 2, 3]
    assert pms.inbox.position == {"edge-1": 5, "edge-2": 3}


async def test_without_progress_it_is_sent_again(edge: End, pms: End, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "RESEND_SECONDS", 0.1)
    async with edge.running(), pms.running():
        pms.inbox.broken = True
        edge.say(1, 3)
        await until(lambda: edge.link.status().resent >= 6)
        pms.inbox.broken = False
        await until(lambda: not edge.outbox.rows)
    assert pms.inbox.numbers == [1, 2, 3]
    assert pms.link.status().duplicates > 0


async def test_how_an_end_is_is_told_without_its_database_and_again_to_a_new_peer(edge: End, pms: End) -> None:
    async with edge.running():
        edge.link.tell("system", b'{"n":1}')
        async with pms.running():
            await until(lambda: pms.inbox.numbers[-1:] == [1])
            edge.link.tell("system", b'{"n":2}')
            await until(lambda: pms.inbox.numbers[-1:] == [2])
        assert edge.outbox.last == 0
        restarted = End("down", pms.port, "pms-1")
        async with restarted.running():
            await until(lambda: 2 in restarted.inbox.numbers)
            edge.say(7, 7)
            await until(lambda: not edge.outbox.rows)
        assert restarted.inbox.position == {"edge-1": 1}


async def test_a_link_that_never_came_up_is_said_and_so_is_its_coming(mosquitto: RealBroker) -> None:
    mosquitto.stop()
    with structlog.testing.capture_logs() as logs:
        end = End("down", mosquitto.port, "p1")
        async with end.running():
            await until(lambda: [one for one in logs if one["event"] == "link.down"])
            mosquitto.start()
            await until(lambda: [one for one in logs if one["event"] == "link.up"])
    assert [one["event"] for one in logs if one["log_level"] == "warning"] == ["link.down"], "once, not at each try"


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="Linux alone acknowledges on request")
async def test_what_the_broker_answers_is_acknowledged_at_once(mosquitto: RealBroker) -> None:
    end = LinkEnd("up", "hotel", LinkSettings("127.0.0.1", mosquitto.port), lambda _envelope: None)
    task = asyncio.create_task(end.run())
    try:
        await until(lambda: end.connected)
        for _ in range(5):  # a connection to and fro is one where the kernel waits for something to send along
            await end.publish([("condition", b"{}")])
        assert end._client is not None
        connection = end._client._client.socket()
        assert isinstance(connection, socket.socket)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
