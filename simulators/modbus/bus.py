"""Several units on one wire: one request at a time, and the ways a wire delivers answers."""

import asyncio
import os
import struct
from dataclasses import dataclass, field

from simulators.modbus.unit import NO_ANSWER_BEHIND_GATEWAY, FaultKind, ModbusUnit
from simulators.terminal import PseudoTerminal

MBAP = struct.Struct(">HHHB")
LARGEST = 260
SILENT_CHARACTERS = 3.5
"""What must pass between two frames on a serial bus."""
TIMER_S = 0.0015
SILENCE_S = 0.05
"""Real seconds of silence after which the beginning of a frame is forgotten."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A PDU and the real seconds after which it is on the wire."""

    pdu: bytes
    delay: float
    garbled: bool = False


@dataclass
class Bus:
    """The units and the wire's time. `latency_s` is what one request takes on it (real seconds)."""

    latency_s: float = 0.005
    units: dict[int, ModbusUnit] = field(default_factory=dict)
    _busy_until: float = 0.0

    def ask(self, number: int, request: bytes, now: float) -> Answer | None:
        """What comes back for a request at real time `now`; None for silence. KeyError: nobody has that number."""
        unit = self.units[number]
        pdu = unit.answer(request)
        fault = unit.fault
        begin = max(now, self._busy_until)
        self._busy_until = begin + self.latency_s + (fault.seconds if fault.kind is FaultKind.SLOW else 0)
        if pdu is None:
            return None
        late = fault.seconds if fault.kind is FaultKind.LATE else 0
        return Answer(pdu, self._busy_until + late - now, fault.kind is FaultKind.GARBLED)


class _Connection(asyncio.Protocol):
    """One Modbus TCP connection."""

    def __init__(self, line: "TcpLine") -> None:
        self._line = line
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._line.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 the protocol's signature
        if self._transport is not None:
            self._line.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= MBAP.size:
            transaction, protocol, length, unit = MBAP.unpack_from(self._buffer)
            if protocol != 0 or not 2 <= length <= LARGEST - 6:
                self._close()
                return
            if len(self._buffer) < 6 + length:
                return
            request = bytes(self._buffer[MBAP.size : 6 + length])
            del self._buffer[: 6 + length]
            self._ask(transaction, unit, request)

    def _ask(self, transaction: int, unit: int, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            answer = self._line.bus.ask(unit, request, loop.time())
        except KeyError:
            answer = Answer(bytes([request[0] | 0x80, NO_ANSWER_BEHIND_GATEWAY]), self._line.bus.latency_s)
        if answer is not None:
            frame = MBAP.pack(transaction, 0, len(answer.pdu) + 1, unit) + answer.pdu
            loop.call_later(answer.delay, self._send, os.urandom(len(frame)) if answer.garbled else frame)

    def _send(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class TcpLine:
    """Units behind one listening socket; `cut()` closes it and every connection, `restore()` listens again."""

    def __init__(self, host: str, port: int, bus: Bus) -> None:
        self.host = host
        self.port = port
        self.bus = bus
        self.connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    async def restore(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Connection(self), self.host, self.port)

    async def cut(self) -> None:
        """Close the socket and abort the connections."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for transport in list(self.connections):
                transport.abort()
            await server.wait_closed()

    @property
    def up(self) -> bool:
        """Is it listening?"""
        return self._server is not None


class RtuLine:
    """Units on a serial bus: frames with a checksum on a pseudo-terminal.

    A pseudo-terminal knows no baud rate: with `character_s`, the real seconds that a character takes on the wire, an
    answer comes when request, silence and answer would have passed; without it, as soon as the bus has it.
    """

    def __init__(self, terminal: PseudoTerminal, bus: Bus, character_s: float = 0.0) -> None:
        self.bus = bus
        self.character_s = character_s
        self.damaged = 0  # frames with a wrong checksum or none
        self._terminal = terminal
        self._terminal.on_bytes = self._received
        self._buffer = bytearray()
        self._heard = 0.0

    async def restore(self) -> None:
        """Plug the bus in. Raises OSError when the path cannot be linked."""
        self._terminal.plug()

    async def cut(self) -> None:
        """Unplug it."""
        self._terminal.unplug()

    @property
    def up(self) -> bool:
        """Is it plugged in?"""
        return self._terminal.plugged

    def _received(self, data: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._heard > SILENCE_S:
            self._buffer.clear()
        self._heard = now
        self._buffer += data
        while (size := _request_size(self._buffer)) is not None and len(self._buffer) >= size:
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._frame(frame, now)

    def _frame(self, frame: bytes, now: float) -> None:
        if crc16(frame[:-2]) != struct.unpack("<H", frame[-2:])[0]:
            self.damaged += 1
            self._buffer.clear()
            return
        if frame[0] not in self.bus.units:
            return  # nobody answers on a wire without that unit
        answer = self.bus.ask(frame[0], frame[1:-2], now)
        if answer is not None:
            reply = frame[:1] + answer.pdu
            reply += struct.pack("<H", crc16(reply) ^ (0x5555 if answer.garbled else 0))
            passing = (len(frame) + SILENT_CHARACTERS + len(reply)) * self.character_s
            self._say(reply, now + answer.delay + passing)

    def _say(self, reply: bytes, at: float) -> None:
        """A loop's timers are a millisecond late, a wire is not: where it counts the last bit is waited out."""
        loop = asyncio.get_running_loop()

        def write() -> None:
            while self.character_s and loop.time() < at:
                pass
            self._terminal.write(reply)

        loop.call_at(at - TIMER_S if self.character_s else at, write)


def _request_size(buffer: bytearray) -> int | None:
    """Bytes of the request that begins here; None when that cannot be told yet."""
    if len(buffer) < 2:
        return None
    if buffer[1] in {15, 16}:
        return 9 + buffer[6] if len(buffer) > 6 else None
    return 8


def crc16(data: bytes) -> int:
    """The Modbus RTU checksum."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc
