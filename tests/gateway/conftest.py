"""A gateway over a simulated hotel: the same inventory, real wire between them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import Inventory, load_inventory
from devices.model import Command, CommandResult, LineState, LineStatus, Reading, Value
from gateway.gateway import Gateway, Home
from gateway.ports import GatewayPorts, LineMessage
from simulators.hotel import BrokerAddress, SimulatedHotel
from tests.servers import a_free_port
from tests.waiting import until

LINES = """
[[line]]
id = "field"
kind = "mqtt"
host = "127.0.0.1"
port = {broker}

[[line]]
id = "floor-1"
kind = "modbus_tcp"
host = "127.0.0.1"
port = {modbus}
timeout_s = 0.2
poll_s = 0.2

[[line]]
id = "bus"
kind = "modbus_rtu"
path = "bus.tty"
timeout_s = 0.2
quiet_s = 0.4
poll_s = 0.3

[[line]]
id = "desk-1"
kind = "serial"
path = "desk-1.tty"
"""


@dataclass
class Taken:
    """What a hub would have got."""

    messages: list[LineMessage] = field(default_factory=list)
    lines: list[LineStatus] = field(default_factory=list)
    health: list[tuple[str, bool, str | None]] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)
    acknowledging: bool = True
    steps: list[tuple[str, str]] = field(default_factory=list)
    storing: bool = True
    at_sending: Callable[[], int] = lambda: 0
    seen: list[int] = field(default_factory=list)

    async def sending(self, command: str) -> bool:
        self.steps.append((command, "sending"))
        self.seen.append(self.at_sending())
        return self.storing

    def take(self, message: LineMessage) -> None:
        self.messages.append(message)
        if self.acknowledging:
            message.acknowledge()

    def ports(self) -> GatewayPorts:
        return GatewayPorts(
            self.take,
            self.lines.append,
            lambda *told: self.health.append(told),
            self.results.append,
            command_sending=self.sending,
            command_acknowledged=lambda command: self.steps.append((command, "acknowledged")),
        )

    def readings(self, device: str, point: str) -> list[Reading]:
        facts = [fact for message in self.messages for fact in message.decoded.facts]
        return [f for f in facts if isinstance(f, Reading) and (f.device, f.point) == (device, point)]

    def value(self, device: str, point: str) -> Value:
        found = self.readings(device, point)
        return found[-1].value if found else None

    def reasons(self) -> set[str]:
        return {rejected.reason for message in self.messages for rejected in message.decoded.rejected}


@dataclass
class Field:
    """Both ends of the wire."""

    inventory: Inventory
    catalog: Catalog
    folder: Path
    broker_port: int
    taken: Taken = field(default_factory=Taken)
    clock: Clock = field(default_factory=Clock)
    gateway: Gateway = field(init=False)
    hotel: SimulatedHotel = field(init=False)

    def __post_init__(self) -> None:
        self.gateway = Gateway(self.inventory, self.catalog, self.clock, self.taken.ports(), Home(folder=self.folder))
        broker = BrokerAddress("127.0.0.1", self.broker_port)
        self.hotel = SimulatedHotel(self.inventory, self.catalog, self.clock, 1, broker, self.folder)

    def line(self, name: str) -> LineState:
        return next(status.state for status in self.gateway.status().lines if status.line == name)

    async def result(self, device: str, point: str, value: Value, seconds: float = 5) -> CommandResult:
        """Give an order and wait for its one result."""
        name = f"c{len(self.taken.results)}"
        deadline = self.clock.now() + timedelta(seconds=seconds)
        self.gateway.submit(Command(name, device, point, value, deadline))
        await until(lambda: any(result.id == name for result in self.taken.results))
        return next(result for result in self.taken.results if result.id == name)


@contextlib.asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[None]:
    """The gateway, serving."""
    task = asyncio.create_task(gateway.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The built-in profiles."""
    return Catalog.load()


@dataclass
class FieldMaker:
    """Makes both ends from rows of (id, line, profile, address, room)."""

    folder: Path
    catalog: Catalog

    def make(self, broker_port: int, *rows: tuple[str, str, str, str | int, str]) -> Field:
        used = {line for _, line, *_ in rows}
        lines = [text for text in LINES.split("[[line]]")[1:] if any(f'id = "{line}"' in text for line in used)]
        text = "".join(f"[[line]]{line}" for line in lines).format(broker=broker_port, modbus=a_free_port())
        for name, line, profile, address, room in rows:
            shown = address if isinstance(address, int) else f'"{address}"'
            text += f'\n[[device]]\nid = "{name}"\nline = "{line}"\nprofile = "{profile}"\naddress = {shown}\n'
            text += f'room = "{room}"\n'
        path = self.folder / "devices.toml"
        path.write_text(text)
        return Field(load_inventory(path, self.catalog, None), self.catalog, self.folder, broker_port)


@pytest.fixture
def fields(tmp_path: Path, catalog: Catalog) -> FieldMaker:
    """Both ends of a wire, on demand."""
    return FieldMaker(tmp_path, catalog)
