"""The service's own broker: who may come in, what it survives, what it says."""

import asyncio
import contextlib
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest

from edge.broker import Broker, BrokerAddress, BrokerError, address_of
from edge.brokers.mosquitto import find_mosquitto
from edge.settings import BrokerTable
from tests.waiting import until

MOSQUITTO = pytest.param("mosquitto", marks=pytest.mark.real("mosquitto"))


@contextlib.asynccontextmanager
async def running(mode: str, data: Path, port: int = 0) -> AsyncIterator[Broker]:
    settings = BrokerTable.model_validate({"mode": mode, "port": port})
    async with Broker(settings, data, lambda: datetime.now(UTC)) as broker:
        watch = asyncio.create_task(broker.run())
        try:
            yield broker
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch


def client(address: BrokerAddress, **more: object) -> aiomqtt.Client:
    settings: dict[str, object] = {"username": address.username, "password": address.password, "timeout": 5, **more}
    return aiomqtt.Client(address.host, address.port, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", [MOSQUITTO, "embedded"])
async def test_field_may_not_touch_the_service_topics(mode: str, tmp_path: Path) -> None:
    async with running(mode, tmp_path) as broker:
        own, field = broker.address("innkeeper"), broker.address("field")
        async with client(own) as service, client(field) as device:
            await service.subscribe("#", qos=1)
            await device.publish("innkeeper/h/up/room", b"forged", qos=1, timeout=1) if mode == "mosquitto" else None
            await device.publish("zigbee2mqtt/101_door", b"{}", qos=1)
            message = await asyncio.wait_for(anext(aiter(service.messages)), 5)
            assert str(message.topic) == "zigbee2mqtt/101_door"


@pytest.mark.parametrize("mode", [MOSQUITTO, "embedded"])
async def test_field_hears_nothing_of_the_service_by_asking_for_everything(mode: str, tmp_path: Path) -> None:
    async with running(mode, tmp_path) as broker:
        own, field = broker.address("innkeeper"), broker.address("field")
        async with client(own) as service, client(field) as device:
            await device.subscribe("#", qos=1)
            await service.publish("innkeeper/h/down/key_job", b"secret", qos=1)
            await service.publish("zigbee2mqtt/101_lock/set", b"{}", qos=1)
            message = await asyncio.wait_for(anext(aiter(device.messages)), 5)
            assert str(message.topic) == "zigbee2mqtt/101_lock/set"


@pytest.mark.parametrize("mode", [MOSQUITTO, "embedded"])
async def test_nobody_is_anonymous(mode: str, tmp_path: Path) -> None:
    async with running(mode, tmp_path) as broker:
        address = broker.address("field")
        for user, word in ((None, None), ("field", "wrong")):
            with pytest.raises(aiomqtt.MqttError):
                async with client(address, username=user, password=word):
                    pass
        assert broker.status.up


def test_secrets_are_files_of_the_user_alone(tmp_path: Path) -> None:
    settings = BrokerTable(port=1)
    first = address_of(settings, tmp_path, "field").password
    path = tmp_path / "secrets" / "broker_field"
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert address_of(settings, tmp_path, "field").password == first


@pytest.mark.real("mosquitto")
async def test_a_killed_broker_is_said_and_started_again_with_what_it_held(tmp_path: Path) -> None:
    async with running("mosquitto", tmp_path) as broker:
        own = broker.address("innkeeper")
        async with client(own, identifier="keeper", clean_session=False) as keeper:
            await keeper.subscribe("zigbee2mqtt/#", qos=1)
        async with client(broker.address("field")) as device:
            await device.publish("zigbee2mqtt/101_door", b"held", qos=1)
        store = tmp_path / "broker" / "mosquitto.db"
        await until(lambda: store.exists() and b"held" in store.read_bytes())
        os.kill(int((tmp_path / "broker" / "pid").read_text()), signal.SIGKILL)
        await until(lambda: broker.restarts == 1)
        assert broker.status.up
        async with client(own, identifier="keeper", clean_session=False) as keeper:
            message = await asyncio.wait_for(anext(aiter(keeper.messages)), 5)
            assert message.payload == b"held"


@pytest.mark.real("mosquitto")
async def test_a_port_in_use_says_what_to_do(tmp_path: Path, free_port: int) -> None:
    async with running("mosquitto", tmp_path / "a", free_port):
        with pytest.raises(BrokerError, match='mode = "url"'):
            async with running("mosquitto", tmp_path / "b", free_port):
                pass


SERVICE = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from edge.broker import Broker
from edge.settings import BrokerTable
async def main():
    settings = BrokerTable(mode=sys.argv[2], port=0)
    async with Broker(settings, Path(sys.argv[1]), lambda: datetime.now(UTC)):
        print("up", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.parametrize("mode", [MOSQUITTO, "embedded"])
async def test_it_dies_with_its_parent(mode: str, tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVICE, tmp_path, mode, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    while await child.stdout.readline() != b"up\n":
        pass
    pid = int((tmp_path / "broker" / "pid").read_text())
    child.kill()
    await child.wait()
    await until(lambda: not Path(f"/proc/{pid}").exists())


def test_auto_takes_mosquitto_when_it_is_there(tmp_path: Path) -> None:
    broker = Broker(BrokerTable(), tmp_path, lambda: datetime.now(UTC))
    assert broker.mode == ("mosquitto" if find_mosquitto() else "embedded")


async def test_the_hotels_own_broker_is_left_alone(tmp_path: Path) -> None:
    settings = BrokerTable(mode="url", url="mqtt://hotel:word@broker.local:1884")
    async with Broker(settings, tmp_path, lambda: datetime.now(UTC)) as broker:
        assert broker.address("field") == BrokerAddress("broker.local", 1884, "hotel", "word")
