"""Each line by itself, at the end of a real wire: absent, up, cut, up again, stopped; asked, late, hung."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymodbus.framer import FramerRTU
from pymodbus.pdu import ModbusPDU

from devices.model import Decoded, LineState
from gateway.lines.byte_line import ByteLine
from gateway.lines.line import FieldLine, LineDownError, LineUser
from gateway.lines.modbus import ModbusLine, RequestError
from gateway.lines.modbus_settings import ModbusSettings
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings
from gateway.lines.serial import SerialLine, SerialSettings
from gateway.lines.tcp import TcpLine
from gateway.ports import LineMessage
from simulators.terminal import PseudoTerminal
from tests.gateway.conftest import Taken
from tests.servers import RealBroker, a_free_port
from tests.waiting import until


def user(taken: Taken) -> LineUser:
    return LineUser(taken.take, taken.lines.append, lambda: datetime.now(UTC))


@contextlib.asynccontextmanager
async def serving(line: FieldLine) -> AsyncIterator[None]:
    task = asyncio.create_task(line.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error


class DeafRouter:
    """Subscribes to everything and understands nothing."""

    filters = ("zigbee2mqtt/#",)

    def decode(self, topic: str, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        return Decoded()


@dataclass
class Peer:
    """The other end of a wire, which a test plugs and unplugs."""

    plug: Callable[[], Awaitable[None]]
    unplug: Callable[[], Awaitable[None]]
    absent: str
    """The cause that the line names while nobody is there."""


@dataclass
class Server:
    """A TCP server that answers each piece with `answer`."""

    port: int = field(default_factory=a_free_port)
    answer: Callable[[bytes], bytes] = bytes.upper
    server: asyncio.Server | None = None
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def plug(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def unplug(self) -> None:
        if self.server:
            self.server.close()
            for writer in self.writers:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            self.writers.clear()
            self.server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(1000):
                writer.write(self.answer(data))


def serial_peer(path: Path) -> tuple[PseudoTerminal, Peer]:
    terminal = PseudoTerminal(path)

    async def plug() -> None:
        terminal.plug()

    async def unplug() -> None:
        terminal.unplug()

    return terminal, Peer(plug, unplug, "no_such_port")


def make(kind: str, folder: Path, taken: Taken) -> tuple[FieldLine, Peer]:
    if kind in ("serial", "modbus_rtu"):
        _, peer = serial_peer(folder / "port.tty")
        if kind == "serial":
            return SerialLine("l", SerialSettings(folder / "port.tty"), user(taken)), peer
        return ModbusLine("l", ModbusSettings(path=folder / "port.tty"), user(taken)), peer
    server = Server()
    peer = Peer(server.plug, server.unplug, "connect_refused")
    if kind == "tcp":
        return TcpLine("l", "127.0.0.1", server.port, user(taken)), peer
    return ModbusLine("l", ModbusSettings("127.0.0.1", server.port), user(taken)), peer


@pytest.mark.parametrize("kind", ["serial", "tcp", "modbus_tcp", "modbus_rtu"])
async def test_every_line_tells_its_state_and_mends_itself(kind: str, tmp_path: Path) -> None:
    taken = Taken()
    line, peer = make(kind, tmp_path, taken)
    seen = [line.status.state]
    async with serving(line):
        await until(lambda: line.status.cause == peer.absent)
        for _ in range(2):
            await peer.plug()
            await until(lambda: line.status.state is LineState.UP)
            await peer.unplug()
            await until(lambda: line.status.state is LineState.DOWN)
    seen.append(line.status.state)
    assert seen == [LineState.STARTING, LineState.STOPPED]
    told = [status.state for status in taken.lines]
    assert told.count(LineState.UP) == 2, "each change is told once"


@pytest.mark.real("mosquitto")
async def test_a_broker_session_tells_its_state_and_mends_itself(mosquitto: RealBroker) -> None:
    taken = Taken()
    mosquitto.kill()
    line = MqttLine("l", MqttSettings("127.0.0.1", mosquitto.port), DeafRouter(), user(taken))
    async with serving(line):
        await until(lambda: line.status.cause == "connect_refused")
        for _ in range(2):
            mosquitto.start()
            await until(lambda: line.subscribed)
            mosquitto.kill()
            await until(lambda: line.status.state is LineState.DOWN)
            with pytest.raises(LineDownError):
                line.publish("innkeeper/x", b"")
    assert line.status.state is LineState.STOPPED


@pytest.mark.real("mosquitto")
async def test_a_broker_that_hangs_is_noticed_by_its_silence(mosquitto: RealBroker) -> None:
    settings = MqttSettings("127.0.0.1", mosquitto.port, keepalive_s=1, connect_timeout_s=0.5)
    line = MqttLine("l", settings, DeafRouter(), user(Taken()))
    assert mosquitto.process
    async with serving(line):
        await until(lambda: line.subscribed)
        mosquitto.process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: line.status.state is LineState.DOWN)
            assert line.status.cause == "timeout"
        finally:
            mosquitto.process.send_signal(signal.SIGCONT)
        await until(lambda: line.subscribed)


@pytest.mark.real("mosquitto")
async def test_a_paused_line_stays_known_to_its_broker(mosquitto: RealBroker) -> None:
    """Longer than the broker waits for a word from a client, which is one and a half times the keepalive."""
    taken = Taken()
    settings = MqttSettings("127.0.0.1", mosquitto.port, state_topic="innkeeper/s", keepalive_s=1)
    line = MqttLine("l", settings, DeafRouter(), user(taken))
    async with serving(line):
        await until(lambda: line.subscribed)
        line.pause()
        since = asyncio.get_running_loop().time()
        await until(lambda: asyncio.get_running_loop().time() - since > 2.5)
        line.resume()
        line.publish("zigbee2mqtt/still", b"here")
        await until(lambda: taken.messages)
    assert [status.state for status in taken.lines] == [LineState.UP, LineState.STOPPED]


@pytest.mark.real("mosquitto")
async def test_a_bug_of_the_taker_ends_the_line_and_is_not_swallowed(mosquitto: RealBroker) -> None:
    def broken(_message: LineMessage) -> None:
        raise ZeroDivisionError

    taken = Taken()
    serve_bug = LineUser(broken, taken.lines.append, lambda: datetime.now(UTC))
    line = MqttLine("l", MqttSettings("127.0.0.1", mosquitto.port), DeafRouter(), serve_bug)
    task = asyncio.create_task(line.run())
    await until(lambda: line.subscribed)
    line.publish("zigbee2mqtt/x", b"1")
    with pytest.raises(ZeroDivisionError):
        await task


# Bare bytes


@contextlib.asynccontextmanager
async def byte_line(kind: str, folder: Path, taken: Taken) -> AsyncIterator[tuple[ByteLine, Callable[[bytes], None]]]:
    """A line to a peer that answers in capitals, and how the peer speaks unasked."""
    if kind == "serial":
        terminal, peer = serial_peer(folder / "port.tty")
        terminal.on_bytes = lambda data: terminal.write(data.upper())
        line: ByteLine = SerialLine("l", SerialSettings(folder / "port.tty"), user(taken))
        speak = terminal.write
    else:
        server = Server()
        peer = Peer(server.plug, server.unplug, "connect_refused")
        line = TcpLine("l", "127.0.0.1", server.port, user(taken))
        speak = lambda data: server.writers[-1].write(data)  # noqa: E731
    await peer.plug()
    async with serving(line):
        await until(lambda: line.up)
        yield line, speak
        await peer.unplug()


def to_line_end(data: bytes) -> bytes | None:
    return data if data.endswith(b"\n") else None


@pytest.mark.parametrize("kind", ["serial", "tcp"])
async def test_an_exchange_returns_the_whole_answer(kind: str, tmp_path: Path) -> None:
    async with byte_line(kind, tmp_path, Taken()) as (line, _):
        assert await line.exchange(b"hello\n", to_line_end, 5) == b"HELLO\n"
        answers = await asyncio.gather(*(line.exchange(b"%d a\n" % n, to_line_end, 5) for n in range(5)))
        assert answers == [b"%d A\n" % n for n in range(5)], "one question at a time"


@pytest.mark.parametrize("kind", ["serial", "tcp"])
async def test_bytes_nobody_asked_for_are_counted(kind: str, tmp_path: Path) -> None:
    taken = Taken()
    async with byte_line(kind, tmp_path, taken) as (line, speak):
        await line.exchange(b"ready\n", to_line_end, 5)
        speak(b"\x01\x02")
        await until(lambda: taken.reasons() == {"unexpected_bytes"})
        assert taken.messages[0].decoded.rejected[0].detail == "01 02"


@pytest.mark.parametrize("kind", ["serial", "tcp"])
async def test_a_silent_peer_is_a_time_out_and_a_lost_one_an_error(kind: str, tmp_path: Path) -> None:
    async with byte_line(kind, tmp_path, Taken()) as (line, _):
        with pytest.raises(TimeoutError):
            await line.exchange(b"no end", to_line_end, 0.05)
        assert await line.exchange(b"and on\n", to_line_end, 5)
    with pytest.raises(LineDownError, match="not_sent"):
        await line.exchange(b"too late\n", to_line_end, 5)


# A slow unit on a serial bus


class SlowUnit:
    """A hand-written slave: answers reads of register N with N in turn, the first after `late` seconds."""

    def __init__(self, terminal: PseudoTerminal, late: float) -> None:
        self.terminal = terminal
        self.late = late
        self.busy_until = 0.0
        terminal.on_bytes = self.received

    def received(self, frame: bytes) -> None:
        address, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        body = bytes([frame[0], frame[1], 2 * count]) + address.to_bytes(2, "big") * count
        answer = body + FramerRTU.compute_CRC(body).to_bytes(2, "big")
        loop = asyncio.get_running_loop()
        self.busy_until = max(self.busy_until, loop.time()) + self.late
        self.late = 0.0
        loop.call_at(self.busy_until, self.terminal.write, answer)


@pytest.mark.parametrize(("quiet_s", "believed"), [(0.4, 200), (0.0, 100)])
async def test_only_the_quiet_period_keeps_a_late_answer_from_the_next_question(
    tmp_path: Path, quiet_s: float, believed: int
) -> None:
    """The second row is the control: without the quiet period the same unit's late answer is believed."""
    terminal, peer = serial_peer(tmp_path / "bus.tty")
    SlowUnit(terminal, late=0.15)
    await peer.plug()
    settings = ModbusSettings(path=tmp_path / "bus.tty", timeout_s=0.1, quiet_s=quiet_s)
    line = ModbusLine("l", settings, user(Taken()))
    async with serving(line):
        await until(lambda: line.up)
        with pytest.raises(RequestError, match="timeout"):
            await line.read(1, 3, 100, 1)
        assert await line.read(1, 3, 200, 1) == [believed]
        assert line.dropped == (1 if quiet_s else 0)
    await peer.unplug()


async def test_a_cancellation_that_the_library_keeps_to_itself_is_made_good(tmp_path: Path) -> None:
    """As its `wait_for` does when the answer comes in the same turn of the loop."""
    _, peer = serial_peer(tmp_path / "bus.tty")
    await peer.plug()
    line = ModbusLine("l", ModbusSettings(path=tmp_path / "bus.tty"), user(Taken()))

    async def answered_all_the_same(_client: object) -> ModbusPDU:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.get_running_loop().create_future()
        return ModbusPDU()

    async with serving(line):
        await until(lambda: line.up)
        asking = asyncio.create_task(line._ask(answered_all_the_same))
        await until(lambda: line.requests == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await peer.unplug()


async def test_a_path_that_is_no_port_is_a_cause_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "port.tty").touch()
    line = SerialLine("l", SerialSettings(tmp_path / "port.tty"), user(Taken()))
    async with serving(line):
        await until(lambda: line.status.cause == "connect_failed")
