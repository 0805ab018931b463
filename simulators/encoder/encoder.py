"""A simulated card encoder on its port: a pseudo-terminal, or a socket as of a serial server."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from simulators.encoder.card import Card
from simulators.encoder.chip import Chip
from simulators.encoder.field import Field, Watcher
from simulators.encoder.voice import Faults
from simulators.terminal import PseudoTerminal


class Port(Protocol):
    """Where the chip's bytes go and come from."""

    on_bytes: Callable[[bytes], None] | None

    @property
    def plugged(self) -> bool:
        """Is it there?"""

    def write(self, data: bytes) -> None:
        """To the host, if one listens."""

    async def open(self) -> None:
        """Make it appear. Raises OSError."""

    def close(self) -> None:
        """Make it vanish, at once."""


class SerialPort(PseudoTerminal):
    """A pseudo-terminal linked where the configuration says that the port is."""

    async def open(self) -> None:
        """Plug it in. Raises OSError."""
        self.plug()

    def close(self) -> None:
        """Unplug it."""
        self.unplug()


class SimulatedEncoder:
    """`place(card)` and `take()` are the hand; `faults` is the cable; `plug()` and `unplug()` the plug itself.

    `chip.commands` and `chip.damaged` tell what the host did, `field.after_writes` plans an accident in mid-write,
    `watch` tells of every moment of a card.
    """

    def __init__(self, port: Port) -> None:
        self.port = port
        self.faults = Faults()
        self.field = Field()
        self.chip = Chip(self.field, port.write, self.faults)
        port.on_bytes = self.chip.receive

    @property
    def up(self) -> bool:
        """Is it plugged in?"""
        return self.port.plugged

    @property
    def card(self) -> Card | None:
        """What lies on it."""
        return self.field.card

    def place(self, card: Card) -> None:
        """Put a card down. ValueError: another one lies there."""
        self.field.place(card)

    def take(self) -> Card:
        """Take it away. ValueError: there is none."""
        return self.field.take()

    def watch(self, watcher: Watcher) -> None:
        """Tell that one too."""
        self.field.watchers.append(watcher)

    async def plug(self) -> None:
        """Plug it in: fresh, asleep. Raises OSError."""
        if not self.port.plugged:
            await self.port.open()
            self.chip.power_on()

    def unplug(self) -> None:
        """Pull it out, whatever it is doing."""
        self.chip.power_off()
        self.port.close()


class SocketPort:
    """The port of a serial server: one host at a time, a second one is turned away."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.on_bytes: Callable[[bytes], None] | None = None
        self.transport: asyncio.Transport | None = None
        self._server: asyncio.Server | None = None

    @property
    def plugged(self) -> bool:
        """Does it listen?"""
        return self._server is not None

    def write(self, data: bytes) -> None:
        """To the host, if one is there."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    async def open(self) -> None:
        """Listen; port 0 becomes the one that was free. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Host(self), self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Close it and the connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        if self.transport is not None:
            self.transport.abort()


class _Host(asyncio.Protocol):
    """One connection."""

    def __init__(self, port: SocketPort) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            return
        if self._port.transport is not None:
            transport.abort()
            return
        self._transport = self._port.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 the protocol's signature
        if self._port.transport is self._transport:
            self._port.transport = None

    def data_received(self, data: bytes) -> None:
        if self._port.on_bytes is not None:
            self._port.on_bytes(data)
