"""Strangers on a real broker: heard beside the line, without a message of the line's own being touched."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiomqtt
import pytest

from devices.clock import Clock
from gateway.discovery import Discovery, Field, Limits
from gateway.lines.mqtt_settings import MqttSettings
from tests.gateway.conftest import FieldMaker, running
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ROWS = (("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101"),)
DOOR = '{"contact":true,"battery":97,"linkquality":80}'


@contextlib.asynccontextmanager
async def listening(discovery: Discovery) -> AsyncIterator[None]:
    task = asyncio.create_task(discovery.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def publish(port: int, *messages: tuple[str, str], retain: bool = True) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, 1, retain)


async def test_a_stranger_is_heard_and_the_line_rejects_nothing_for_it(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    discovery = Discovery(Field(field.gateway.mqtt_lines, lambda _line: ["zigbee2mqtt/101_door"]), Clock())
    async with running(field.gateway), field.hotel, listening(discovery):
        await publish(mosquitto.port, ("node-7/binary_sensor/door/state", "ON"), ("zigbee2mqtt/101_door", DOOR))
        await until(lambda: ("field", "node-7") in discovery.heard)
        await until(lambda: field.taken.value("101_door", "door") == "closed")
        assert not any(address.startswith("zigbee2mqtt/101_door") for _, address in discovery.heard)
        assert not any(message.source.startswith("node-7") for message in field.taken.messages)


async def test_a_busy_house_is_listened_to_for_its_round_and_then_left_in_peace(mosquitto: RealBroker) -> None:
    settings = MqttSettings("127.0.0.1", mosquitto.port, client_id="busy")
    limits = Limits(messages=50, round_s=600)
    discovery = Discovery(Field(lambda: {"field": settings}, lambda _line: []), Clock(), limits=limits)
    await publish(mosquitto.port, *[(f"zigbee2mqtt/d{number}", DOOR) for number in range(120)])
    async with listening(discovery):
        await until(lambda: len(discovery.heard) == 50)
        await until(lambda: _gone("discovery session"))
        assert len(discovery.heard) == 50


async def test_a_line_that_goes_is_left_and_one_that_cannot_be_reached_is_said(
    mosquitto: RealBroker, free_port: int
) -> None:
    lines = {"field": MqttSettings("127.0.0.1", free_port, client_id="gone")}
    discovery = Discovery(Field(lambda: dict(lines), lambda _line: []), Clock())
    async with listening(discovery):
        await until(lambda: discovery.unheard == {"field": "connect_refused"})
        lines["field"] = MqttSettings("127.0.0.1", mosquitto.port, client_id="back")
        await publish(mosquitto.port, ("zigbee2mqtt/d1", DOOR))
        await until(lambda: ("field", "zigbee2mqtt/d1") in discovery.heard)
        lines.clear()
        await until(lambda: _gone("discovery field"))


def _gone(name: str) -> bool:
    return not any(task.get_name().startswith(name) for task in asyncio.all_tasks())
