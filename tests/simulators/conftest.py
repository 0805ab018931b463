"""A small hotel of the tests' own: every kind of line, on a real broker."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import orjson
import pytest

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import load_inventory
from simulators.hotel import BrokerAddress, SimulatedHotel
from tests.servers import RealBroker
from tests.waiting import until

LINES = """
[[line]]
id = "field"
kind = "mqtt"

[[line]]
id = "floor-1"
kind = "modbus_tcp"
host = "127.0.0.1"
port = {port}

[[line]]
id = "bus"
kind = "modbus_rtu"
path = "bus.tty"

[[line]]
id = "desk-1"
kind = "serial"
path = "ports/desk-1.tty"
"""


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The built-in profiles."""
    return Catalog.load()


@dataclass
class Maker:
    """Builds hotels from rows of (id, line, profile, address, room)."""

    folder: Path
    catalog: Catalog
    broker_port: int
    modbus_port: int

    def hotel(
        self, *rows: tuple[str, str, str, str | int, str], speed: float = 1.0, property_id: str | None = None
    ) -> SimulatedHotel:
        """A hotel with these devices (no room: an empty one), its serial ports under the test's folder."""
        text = LINES.format(port=self.modbus_port)
        for name, line, profile, address, room in rows:
            shown = address if isinstance(address, int) else f'"{address}"'
            text += f'\n[[device]]\nid = "{name}"\nline = "{line}"\nprofile = "{profile}"\naddress = {shown}\n'
            text += f'room = "{room}"\n' if room else ""
        path = self.folder / "devices.toml"
        path.write_text(text)
        broker = BrokerAddress("127.0.0.1", self.broker_port)
        inventory = load_inventory(path, self.catalog, None)
        return SimulatedHotel(inventory, self.catalog, Clock(speed), 1, broker, self.folder, property_id)


@pytest.fixture
def maker(tmp_path: Path, catalog: Catalog, mosquitto: RealBroker, free_port: int) -> Maker:
    """Hotels on a real broker."""
    return Maker(tmp_path, catalog, mosquitto.port, free_port)


@dataclass
class Ear:
    """Everything the broker passed on, by topic, and a way to speak."""

    client: aiomqtt.Client
    said: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def json(self, topic: str, at: int = -1) -> dict[str, Any]:
        """A message of a topic, the last by default."""
        body = orjson.loads(self.said[topic][at])
        assert isinstance(body, dict)
        return body

    def last(self, topic: str) -> bytes | None:
        """The last message of a topic."""
        return self.said[topic][-1] if self.said[topic] else None

    def all(self, topic: str) -> list[dict[str, Any]]:
        """Every message of a topic."""
        return [orjson.loads(payload) for payload in self.said[topic]]

    async def say(self, topic: str, payload: str) -> None:
        """Publish."""
        await self.client.publish(topic, payload, 1)


@contextlib.asynccontextmanager
async def listening(port: int) -> AsyncIterator[Ear]:
    """A client of its own that hears every topic."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        ear = Ear(client)
        await client.subscribe("#", 1)

        async def hear() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                ear.said[str(message.topic)].append(message.payload)

        task = asyncio.create_task(hear())
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.wait([task])


@contextlib.asynccontextmanager
async def opened(hotel: SimulatedHotel) -> AsyncIterator[SimulatedHotel]:
    """The hotel, once every device is on its wire."""
    async with hotel:
        await until(lambda: hotel.connected)
        yield hotel
