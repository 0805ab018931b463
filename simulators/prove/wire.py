"""A device's way to the broker: MQTT 3.1.1 spoken by hand, so that each acknowledgement is known by its packet.

A library would send again by itself what was not acknowledged; then nobody knew how often something was said.
"""

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field

from simulators.bench.wire import remaining_length, text
from simulators.mqtt import BrokerAddress

PUBLISH, PUBACK, RETAIN, DUP, QOS1 = 0x30, 0x40, 0x01, 0x08, 0x02
LAST_PACKET = 60_000
PATIENCE_S = 5.0


class BrokerGoneError(Exception):
    """There is no connection now."""


@dataclass
class Wire:
    """One connection that only publishes; `run()` keeps it. `publish` returns a future: acknowledged, or the end."""

    address: BrokerAddress
    name: str
    window: int = 1000
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _open: dict[int, "asyncio.Future[None]"] = field(default_factory=dict)
    _writer: asyncio.StreamWriter | None = None
    _packet: int = 0

    async def run(self) -> None:
        """Connect, and again when the connection is lost, until cancelled."""
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await self._session()
            await asyncio.sleep(0.1)

    async def _session(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(self.address.host, self.address.port)
        try:
            writer.write(self._connect())
            async with asyncio.timeout(PATIENCE_S):
                answer = await reader.readexactly(4)
            if answer[3]:
                raise ConnectionRefusedError(f"the broker refused {self.name}: {answer.hex()}")
            self._writer = writer
            self.connected.set()
            while True:
                await self._acknowledged(reader)
        finally:
            self._lost()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _connect(self) -> bytes:
        body = text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 0) + text(self.name)
        body += text(self.address.username or "") + text(self.address.password or "")
        return b"\x10" + remaining_length(len(body)) + body

    async def _acknowledged(self, reader: asyncio.StreamReader) -> None:
        head, size = await reader.readexactly(2)
        body = await reader.readexactly(size)  # whoever subscribes to nothing gets short packets only
        if head & 0xF0 == PUBACK:
            future = self._open.pop(struct.unpack("!H", body[:2])[0], None)
            if future is not None and not future.done():
                future.set_result(None)

    def _lost(self) -> None:
        self.connected.clear()
        self._writer = None
        for future in self._open.values():
            if not future.done():
                future.set_exception(BrokerGoneError())
                future.exception()  # nobody has to look
        self._open.clear()

    @property
    def room(self) -> bool:
        """Whether one more may be sent now."""
        return self._there is not None and len(self._open) < self.window

    @property
    def _there(self) -> asyncio.StreamWriter | None:
        """Where to write; None: there is no connection, or it is just being lost."""
        return None if self._writer is None or self._writer.is_closing() else self._writer

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, twice: bool = False
    ) -> "asyncio.Future[None]":
        """Send with QoS 1; `twice`: the same packet again, marked as a duplicate. Raises BrokerGoneError."""
        writer = self._there
        if writer is None:
            raise BrokerGoneError
        self._packet = self._packet % LAST_PACKET + 1
        body = text(topic) + struct.pack("!H", self._packet) + payload
        head = PUBLISH | QOS1 | (RETAIN if retain else 0)
        future = asyncio.get_running_loop().create_future()
        self._open[self._packet] = future
        for first in (head, head | DUP)[: 2 if twice else 1]:
            writer.write(bytes([first]) + remaining_length(len(body)) + body)
        return future
