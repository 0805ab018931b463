"""The simulators' way to the broker: the one file here that knows the MQTT library.

A `Session` is one MQTT connection of one thing (a Zigbee bridge, a Wi-Fi device) with its last will. What it is given
while it has no connection is lost and counted, as with the real ones; after each connect its owner announces itself.
"""

import asyncio
import json
import logging
import random
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import aiomqtt
import structlog

log = structlog.get_logger()

OUTBOX_LIMIT = 20_000
"""Messages that may wait for the broker; a newer one is dropped and counted when they are reached."""
LONGEST_PAUSE_S = 5.0
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Owner(Protocol):
    """The device or bridge whose connection it is."""

    def filters(self) -> list[str]:
        """Topics to subscribe to."""

    def announce(self) -> None:
        """The connection is up: say everything that this kind of device says then."""

    def heard(self, topic: str, payload: bytes) -> None:
        """A message came on one of the topics."""


class _Connection(aiomqtt.Client):
    """A connection that can be lost without a goodbye, so that the broker publishes the will."""

    def abort(self) -> None:
        plug = self._client.socket()
        if isinstance(plug, socket.socket):
            plug.shutdown(socket.SHUT_RDWR)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The library may replace a cancellation by an error of its own goodbye: the cancellation stays."""
        try:
            await super().__aexit__(kind, error, trace)
        except aiomqtt.MqttError:
            if not isinstance(error, asyncio.CancelledError):
                raise


class Session:
    """One connection, kept up until `stop()`; `cut()` and `restore()` are the cable."""

    def __init__(self, address: BrokerAddress, name: str, owner: Owner, will: Message | None = None) -> None:
        self.address = address
        self.name = name
        self.connected = False
        self.sent = 0  # given to the broker and, with QoS 1, acknowledged by it
        self.dropped = 0  # while there was no connection, or the outbox was full
        self.rejected = 0  # messages for us that could not be understood
        self._owner = owner
        self._will = will
        self._outbox: deque[Message] = deque()
        self._more = asyncio.Event()
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._stopping = False
        self._connection: _Connection | None = None
        self._random = random.Random(name)

    def publish(self, message: Message) -> None:
        """Send it as soon as possible; lost (and counted) when there is no connection."""
        if not self.connected or len(self._outbox) >= OUTBOX_LIMIT:
            self.dropped += 1
            return
        self._outbox.append(message)
        self._more.set()

    def cut(self) -> None:
        """Pull the cable: no goodbye, the broker finds out and publishes the will."""
        self._plugged.clear()
        if self._connection is not None:
            self._connection.abort()

    def restore(self) -> None:
        """Put the cable back."""
        self._plugged.set()

    def stop(self) -> None:
        """End `run()`, as if the power went."""
        self._stopping = True
        self.cut()
        self.restore()

    async def run(self) -> None:
        """Keep the connection until `stop()`."""
        pause = 0.2
        while not self._stopping:
            await self._plugged.wait()
            try:
                await self._connected_once()
            except* (aiomqtt.MqttError, OSError) as errors:
                log.debug("simulated device has no broker", session=self.name, cause=str(errors.exceptions[0]))
                pause = 0.2 if self.connected else min(pause * 2, LONGEST_PAUSE_S)
            finally:
                self._lost()
            if self._plugged.is_set() and not self._stopping:
                await asyncio.sleep(pause * self._random.uniform(0.7, 1.3))

    def _lost(self) -> None:
        self.connected = False
        self._connection = None
        self.dropped += len(self._outbox)
        self._outbox.clear()

    async def _connected_once(self) -> None:
        async with self._new_connection() as connection:
            self._connection = connection
            if not self._plugged.is_set() or self._stopping:
                connection.abort()
            async with asyncio.TaskGroup() as tasks:  # receiving notices at once when the connection is lost
                tasks.create_task(self._receive(connection))
                tasks.create_task(self._serve(connection))

    def _new_connection(self) -> _Connection:
        will = self._will
        return _Connection(
            self.address.host,
            self.address.port,
            username=self.address.username,
            password=self.address.password,
            identifier=self.name,
            will=None if will is None else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            socket_options=(NO_DELAY,),
            max_queued_incoming_messages=1000,
            timeout=5,
            logger=_quiet_logger(),
        )

    async def _receive(self, connection: _Connection) -> None:
        async for message in connection.messages:
            payload = message.payload
            if message.retain or not isinstance(payload, bytes):
                continue  # a retained order is nobody's order
            try:
                self._owner.heard(str(message.topic), payload)
            except (ValueError, KeyError, TypeError) as error:
                self.rejected += 1
                log.warning("simulated device does not understand", topic=str(message.topic), error=str(error))

    async def _serve(self, connection: _Connection) -> None:
        filters = self._owner.filters()
        if filters:
            await connection.subscribe([(topic, 1) for topic in filters])
        self.connected = True
        self._owner.announce()
        while True:
            while self._outbox:
                message = self._outbox[0]
                await connection.publish(message.topic, message.payload, message.qos, message.retain)
                obey_cancellation()
                if self._outbox and self._outbox[0] is message:
                    self._outbox.popleft()
                self.sent += 1
            self._more.clear()
            await self._more.wait()


def _quiet_logger() -> logging.Logger:
    """The library's own account of each lost connection is of no use to anybody here."""
    logger = logging.getLogger("innkeeper.simulators.mqtt")
    logger.setLevel(logging.CRITICAL)
    return logger


BareAddress = tuple[str, int, str, str]
"""Host, port, user and password."""


async def bare_receive_times(address: BareAddress, topic: str, count: int, ready: Callable[[], None]) -> list[float]:
    """The wall-clock times at which a bare receive loop had decoded each of `count` messages: a raw baseline."""
    host, port, user, password = address
    times: list[float] = []
    async with aiomqtt.Client(host, port, username=user, password=password, socket_options=(NO_DELAY,)) as client:
        await client.subscribe(topic, 1)
        ready()
        async for message in client.messages:
            json.loads(str(message.payload, "utf-8") if isinstance(message.payload, bytes) else "null")
            times.append(time.time())
            if len(times) >= count:
                break
    return times


async def bare_receive(address: BareAddress, topic: str, count: int, ready: Callable[[], None]) -> float:
    """The `time.perf_counter()` at which a bare receive loop with `json.loads` had all `count` messages."""
    await bare_receive_times(address, topic, count, ready)
    return time.perf_counter()


def obey_cancellation() -> None:
    """Raise the cancellation that the MQTT library may have swallowed (`asyncio.wait_for` of Python 3.11 does)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
