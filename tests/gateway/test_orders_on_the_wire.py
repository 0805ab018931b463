"""Orders over a real broker: what a device gets, when it gets it no more, and what its answers are worth."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from devices.clock import Clock
from devices.model import CommandState, LineState
from edge.broker import BrokerAddress
from gateway.lines.line import LineUser
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings, Parcel
from gateway.mqtt_orders import MqttOrders, Nothing
from gateway.ports import LineMessage
from tests.edge.test_broker import running as broker_running
from tests.gateway.conftest import Field, FieldMaker, running
from tests.gateway.test_mqtt_gateway import ROWS, mute
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

RELAY = "cmnd/r102/POWER"
EXPIRED_S = 3.2
"""When an order of a second's life is gone for certain."""


@contextlib.asynccontextmanager
async def ready(fields: FieldMaker, port: int) -> AsyncIterator[Field]:
    """A gateway that could send, with no devices but those of the test."""
    field = fields.make(port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP and wire(field).subscribed)
        yield field


def orders(field: Field) -> MqttOrders:
    found = field.gateway._dispatch.workers["field"]
    assert isinstance(found, MqttOrders)
    return found


def wire(field: Field) -> MqttLine:
    """The connection for orders."""
    return orders(field).wire


def nothing_comes(message: LineMessage) -> None:
    raise AssertionError(f"nothing was to come: {message}")


def sleeper(port: int) -> aiomqtt.Client:
    """A device whose broker keeps for it what comes while it is away."""
    return aiomqtt.Client("127.0.0.1", port, identifier="r102", clean_session=False)


async def first(client: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(5):
        return await anext(aiter(client.messages))


async def test_a_device_that_comes_back_after_the_deadline_never_gets_the_order(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    """What the broker keeps has an end: the note that was sent after the order is there, the order is not."""
    async with sleeper(mosquitto.port) as device:
        await device.subscribe("cmnd/#", 1)
    async with ready(fields, mosquitto.port) as field:
        sent = time.time()
        result = await field.result("102_relay", "relay", value=True, seconds=1.2)
        assert (result.state, result.reason) == (CommandState.UNKNOWN, "no_answer")
        assert (result.id, "acknowledged") in field.taken.steps, "the broker had taken it"
        await until(lambda: time.time() > sent + EXPIRED_S)  # the broker counts whole seconds of its own clock
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as other:
            await other.publish("cmnd/r102/NOTE", "kept", 1)
        async with sleeper(mosquitto.port) as device:
            message = await first(device)
            assert (str(message.topic), message.payload) == ("cmnd/r102/NOTE", b"kept"), "and nothing before it"


async def test_a_device_that_comes_back_in_time_gets_it_once_and_not_retained(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    async with sleeper(mosquitto.port) as device:
        await device.subscribe("cmnd/#", 1)
    async with ready(fields, mosquitto.port) as field:
        waiting = asyncio.create_task(field.result("102_relay", "relay", value=True, seconds=20))
        await until(lambda: [step for _, step in field.taken.steps] == ["sending", "acknowledged"])
        async with sleeper(mosquitto.port) as device:
            message = await first(device)
            assert (str(message.topic), message.payload, message.retain) == (RELAY, b"ON", False)
            await device.publish("stat/r102/RESULT", '{"POWER":"ON"}', 1)
            assert (await waiting).state is CommandState.DONE
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as later:
        await later.subscribe("cmnd/#", 1)
        await later.publish("cmnd/r102/NOTE", "first", 1)
        assert str((await first(later)).topic) == "cmnd/r102/NOTE", "nothing of the order was left at the broker"


async def test_nothing_goes_out_that_could_not_be_stored(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with mute(mosquitto.port, RELAY) as got, ready(fields, mosquitto.port) as field:
        field.taken.storing = False
        result = await field.result("102_relay", "relay", value=True)
        assert (result.state, result.reason) == (CommandState.FAILED, "not_stored")
        field.taken.storing = True
        await field.result("102_relay", "relay", value=False, seconds=0.4)
        assert [message.payload for message in got] == [b"OFF"]


async def test_while_the_broker_is_away_an_order_waits_expires_and_is_never_sent(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    async with ready(fields, mosquitto.port) as field:
        mosquitto.kill()
        await until(lambda: field.line("field") is LineState.DOWN)
        result = await field.result("102_relay", "relay", value=True, seconds=0.3)
        assert (result.state, result.reason) == (CommandState.EXPIRED, "line_down")
        mosquitto.start()
        async with mute(mosquitto.port, RELAY) as got:
            await until(lambda: field.line("field") is LineState.UP and wire(field).subscribed, timeout=20)
            await field.result("102_relay", "relay", value=False, seconds=0.4)
            assert [message.payload for message in got] == [b"OFF"]


async def test_the_answer_of_a_shelly_counts_as_taken_and_its_refusal_as_failed(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    async with ready(fields, mosquitto.port) as field, aiomqtt.Client("127.0.0.1", mosquitto.port) as device:
        await device.subscribe("s102/rpc", 1)
        waiting = asyncio.create_task(field.result("102_light", "relay", value=True, seconds=20))
        request = json.loads(bytes((await first(device)).payload))
        error = {"code": -103, "message": "Invalid argument"}
        answer = {"id": request["id"], "src": "s102", "dst": request["src"], "error": error}
        await device.publish(f"{request['src']}/rpc", json.dumps(answer), 1)
        result = await waiting
        assert (result.state, result.reason) == (CommandState.FAILED, "device_refused")


async def test_a_lock_that_locks_again_by_itself_was_unlocked(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with ready(fields, mosquitto.port) as field, aiomqtt.Client("127.0.0.1", mosquitto.port) as lock:
        await lock.subscribe("zigbee2mqtt/101_lock/set", 1)
        waiting = asyncio.create_task(field.result("101_lock", "lock", "unlocked", seconds=20))
        await first(lock)
        for state in ("unlocked", "locked"):
            await lock.publish("zigbee2mqtt/101_lock", json.dumps({"lock_state": state}), 1)
        assert (await waiting).state is CommandState.DONE


@pytest.mark.parametrize(("mode", "version"), [("embedded", 4), ("mosquitto", 5)])
async def test_a_broker_that_does_not_speak_mqtt_5_gets_orders_all_the_same(
    tmp_path: Path, mode: str, version: int
) -> None:
    """The embedded one of a trial; it keeps nothing for devices that are away."""
    taken: list[str | None] = []
    async with broker_running(mode, tmp_path) as broker, connected(broker.address("innkeeper")) as line:
        assert line.speech.version == version
        own = broker.address("field")
        async with aiomqtt.Client(own.host, own.port, username=own.username, password=own.password) as device:
            await device.subscribe(RELAY, 1)
            line.order(Parcel(RELAY, b"ON", 5, taken.append))
            assert (await first(device)).payload == b"ON"
            await until(lambda: taken == [None])


@contextlib.asynccontextmanager
async def connected(address: BrokerAddress) -> AsyncIterator[MqttLine]:
    """A connection for orders."""
    user, word = address.username, address.password
    settings = MqttSettings(address.host, address.port, user, word, "x-orders", version=5, persistent=False)
    clock = Clock()
    line = MqttLine("field", settings, Nothing(), LineUser(nothing_comes, lambda _: None, clock.now))
    task = asyncio.create_task(line.run())
    try:
        await until(lambda: line.subscribed, timeout=20)
        yield line
    finally:
        task.cancel()
        await asyncio.wait([task])
