"""A hotel's own broker with ports for devices, its commands, and clients of several minds."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import structlog

from edge.broker import Broker
from edge.broker_settings import BrokerTable
from edge.brokers.credentials import Credentials, Wanted
from edge.brokers.users import BrokerUser
from edge.configuration import load_configuration
from tests.edge.test_cli import Shell

PLUGS = "".join(
    f'\n[[device]]\nid = "{name}"\nline = "field"\nprofile = "tasmota/relay"\naddress = "{name}"\nroom = "101"\n'
    for name in ("plug_a", "plug_b")
)
PORTS = 'device_host = "127.0.0.1"\ndevice_port = 0\ntls_port = 0\n'


@dataclass
class BrokerHouse:
    """`call` is the command line; passwords of the users it made are kept."""

    shell: Shell
    broker: Broker
    users: Credentials
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> BrokerTable:
        """Those of the broker."""
        return self.users.configuration.settings.broker

    async def call(self, *words: str) -> dict[str, Any]:
        """A command, as a person types it, beside the running broker."""
        result = await asyncio.to_thread(self.shell, "broker", *words, "--json")
        structlog.reset_defaults()  # the command's logging goes to a stream that ended with it
        assert result.exit_code == 0, result.stderr
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def make(self, name: str, wanted: Wanted) -> BrokerUser:
        """A user, by what the command calls."""
        given = self.users.add(name, wanted)
        assert given.told
        self.passwords[name] = given.password
        return given.user

    def device(self, name: str, **more: Any) -> aiomqtt.Client:
        """A client on the devices' plain port, as that user."""
        assert self.broker.device_port is not None
        wanted: dict[str, Any] = {
            "port": self.broker.device_port,
            "username": name,
            "password": self.passwords.get(name),
            "timeout": 5,
        }
        return aiomqtt.Client("127.0.0.1", **(wanted | more))

    def own(self, user: str = "innkeeper", **more: Any) -> aiomqtt.Client:
        """A client on the service's own port."""
        told = self.broker.address(user)
        port = int((self.shell.data / "broker" / "port").read_text())
        settings = {"username": user, "password": told.password, "timeout": 5, **more}
        return aiomqtt.Client(told.host, port, **settings)


@contextlib.asynccontextmanager
async def broker_house(folder: Path, ports: str = PORTS) -> AsyncIterator[BrokerHouse]:
    """With two Tasmota plugs that have users of their own."""
    shell = Shell(folder)
    shell.change("service.toml", "port = 1883", f"port = 0\n{ports}")
    devices = shell.config / "devices.toml"
    devices.write_text(devices.read_text() + PLUGS)
    configuration = load_configuration(shell.config)
    users = Credentials(configuration, shell.data, datetime.now(UTC))
    async with Broker(configuration.settings.broker, shell.data, lambda: datetime.now(UTC)) as broker:
        watch = asyncio.create_task(broker.run())
        try:
            house = BrokerHouse(shell, broker, users)
            for name in ("plug_a", "plug_b"):
                house.make(name, Wanted("device", name))
            yield house
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch


async def heard(client: aiomqtt.Client, last: str) -> list[tuple[str, bytes]]:
    """Topics and payloads up to the message on the topic `last`: what else there was has come before it."""
    found: list[tuple[str, bytes]] = []
    async with asyncio.timeout(10):
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            found.append((str(message.topic), message.payload))
            if str(message.topic) == last:
                return found
    raise AssertionError("the connection ended")
