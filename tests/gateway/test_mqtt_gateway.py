"""MQTT devices through the whole gateway on a real broker: heard, commanded, killed, resumed, paused."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import aiomqtt
import pytest

from devices.model import CommandState, LineState, Quality
from gateway.gateway import Gateway, Home
from gateway.lines.line import LineUser
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings
from gateway.ports import LineMessage
from tests.gateway.conftest import Field, FieldMaker, Taken, running
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ROWS = (
    ("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101"),
    ("101_motion", "field", "zigbee2mqtt/motion", "zigbee2mqtt/101_motion", "101"),
    ("101_lock", "field", "zigbee2mqtt/lock", "zigbee2mqtt/101_lock", "101"),
    ("102_relay", "field", "tasmota/relay", "r102", "102"),
    ("102_light", "field", "shelly/switch", "s102", "102"),
)
STATE_TOPIC = "innkeeper/house/gateway/field"


@contextlib.asynccontextmanager
async def started(fields: FieldMaker, broker: RealBroker) -> AsyncIterator[Field]:
    field = fields.make(broker.port, *ROWS)
    async with running(field.gateway), field.hotel:
        await until(lambda: field.line("field") is LineState.UP and field.hotel.connected)
        yield field


async def publish(port: int, *messages: tuple[str, str], retain: bool = False) -> None:
    """As a device of its own."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, 1, retain)


async def test_a_door_is_heard(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with started(fields, mosquitto) as field:
        field.hotel.rooms["101"].open_door()
        await until(lambda: field.taken.value("101_door", "door") == "open")
        assert ("101_door", True, None) in field.taken.health


@pytest.mark.parametrize(("device", "value"), [("102_relay", True), ("102_light", True), ("101_lock", "unlocked")])
async def test_a_command_is_done_when_the_device_says_so(
    fields: FieldMaker, mosquitto: RealBroker, device: str, value: bool | str
) -> None:
    async with started(fields, mosquitto) as field:
        point = "lock" if device.endswith("lock") else "relay"
        result = await field.result(device, point, value)
        assert result.state is CommandState.DONE, result


@contextlib.asynccontextmanager
async def mute(port: int, *filters: str) -> AsyncIterator[list[aiomqtt.Message]]:
    """A device that takes what comes and says nothing; what it got."""
    got: list[aiomqtt.Message] = []

    async def listen(client: aiomqtt.Client) -> None:
        take = got.append
        async for message in client.messages:
            take(message)

    async with aiomqtt.Client("127.0.0.1", port) as client:
        for topic in filters:
            await client.subscribe(topic, 1)
        task = asyncio.create_task(listen(client))
        try:
            yield got
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_a_device_that_does_not_answer_leaves_the_outcome_unknown(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with mute(mosquitto.port, "cmnd/#"), running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        result = await field.result("102_relay", "relay", value=True, seconds=0.5)
        assert (result.state, result.reason) == (CommandState.UNKNOWN, "no_answer")
        assert field.taken.steps == [(result.id, "sending"), (result.id, "acknowledged")]


async def test_an_order_that_nobody_could_get_has_failed_at_once(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        result = await field.result("102_relay", "relay", value=True, seconds=60)
        assert (result.state, result.reason) == (CommandState.FAILED, "nobody_listens")


async def test_a_command_ends_in_time_though_nothing_is_read(fields: FieldMaker, mosquitto: RealBroker) -> None:
    """A full disk pauses the line for hours: a command goes out all the same, is acknowledged, and its outcome said."""
    field = fields.make(mosquitto.port, *ROWS)
    async with mute(mosquitto.port, "cmnd/#", "s102/rpc"), running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        field.gateway.pause()
        results = [
            await field.result(device, "relay", value=True, seconds=0.5) for device in ("102_relay", "102_light")
        ]
        assert [result.state for result in results] == [CommandState.UNKNOWN] * 2
        assert [step for _, step in field.taken.steps] == ["sending", "acknowledged"] * 2


async def test_a_password_file_that_is_not_there_stops_nothing(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    line = field.inventory.lines["field"]
    field.inventory.lines["field"] = replace(line, settings=replace(line.settings, password_file="absent"))
    async with running(Gateway(field.inventory, field.catalog, field.clock, field.taken.ports())):
        await until(lambda: field.taken.lines and field.taken.lines[-1].state is LineState.UP)


async def test_a_broker_killed_and_back_is_told_and_mended(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with started(fields, mosquitto) as field:
        mosquitto.kill()
        await until(lambda: field.line("field") is LineState.DOWN)
        assert ("102_relay", False, "field") in field.taken.health
        mosquitto.start()
        await until(lambda: field.line("field") is LineState.UP and field.hotel.connected, timeout=20)
        field.taken.messages.clear()
        field.hotel.rooms["101"].open_door()
        await until(lambda: field.taken.value("101_door", "door") == "open")


async def test_what_was_not_acknowledged_comes_again_marked(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    field.taken.acknowledging = False
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        await publish(mosquitto.port, ("zigbee2mqtt/101_door", '{"contact": false}'))
        await until(lambda: field.taken.messages)
    first = field.taken.messages[0]
    again = fields.make(mosquitto.port, *ROWS)
    async with running(again.gateway):
        await until(lambda: again.taken.messages)
    assert again.taken.messages[0].redelivered
    assert again.taken.messages[0].duplicate_key == first.duplicate_key


async def test_what_came_while_nobody_was_connected_is_delivered(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
    await publish(mosquitto.port, *(("zigbee2mqtt/101_door", json.dumps({"contact": bool(n % 2)})) for n in range(50)))
    later = fields.make(mosquitto.port, *ROWS)
    async with running(later.gateway):
        await until(lambda: len(later.taken.readings("101_door", "door")) == 50)


async def test_a_retained_message_is_a_state_of_unknown_age(fields: FieldMaker, mosquitto: RealBroker) -> None:
    await publish(mosquitto.port, ("zigbee2mqtt/101_door", '{"contact": false}'), retain=True)
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.taken.messages)
    assert field.taken.messages[0].retained
    assert {reading.quality for reading in field.taken.readings("101_door", "door")} == {Quality.STALE}
    assert not field.taken.health, "old news do not make a device present"


async def test_birth_and_last_will_stand_on_the_state_topic(fields: FieldMaker, mosquitto: RealBroker) -> None:
    seen: list[str] = []

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
            await client.subscribe(STATE_TOPIC, 1)
            async for message in client.messages:
                seen.extend([json.loads(str(message.payload, "utf-8"))["state"]])

    listening = asyncio.create_task(listen())
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: seen and seen[-1] == "online")
    await until(lambda: seen[-1] == "offline")
    listening.cancel()
    await asyncio.wait([listening])


async def test_a_paused_line_reads_nothing_and_loses_nothing(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        field.gateway.pause()
        sent = [("zigbee2mqtt/101_door", json.dumps({"contact": bool(n % 2)})) for n in range(200)]
        await publish(mosquitto.port, *sent)
        assert len(field.taken.messages) < 200
        field.gateway.resume()
        await until(lambda: len(field.taken.readings("101_door", "door")) == 200)


async def test_junk_is_counted_and_the_rest_goes_on(fields: FieldMaker, mosquitto: RealBroker) -> None:
    junk = ["", "{", "\x00\xff", '{"battery": "full"}', '{"battery": 1e308}', "[" * 5000, json.dumps("x" * 70_000)]
    async with started(fields, mosquitto) as field:
        await publish(mosquitto.port, *(("zigbee2mqtt/101_door", text) for text in junk))
        await publish(mosquitto.port, ("zigbee2mqtt/nobody", "{}"), ("zigbee2mqtt/101_door", '{"contact": false}'))
        await until(lambda: field.taken.value("101_door", "door") == "open")
        assert {"not_json", "wrong_type", "absurd_value", "too_large"} <= field.taken.reasons()
        assert field.gateway.status().unknown_sources >= 1


async def test_wrong_credentials_are_named(fields: FieldMaker, mosquitto: RealBroker, free_port: int) -> None:
    config = mosquitto.folder / "closed.conf"
    config.write_text(f"listener {free_port} 127.0.0.1\nallow_anonymous false\nuser root\n")
    closed = RealBroker(mosquitto.folder, free_port)
    closed.start_with(config)
    taken = Taken()
    field = fields.make(free_port, *ROWS)
    router = type("Nothing", (), {"filters": (), "decode": lambda *_: None})()
    settings = MqttSettings("127.0.0.1", free_port, username="x", password="wrong")
    line = MqttLine("field", settings, router, LineUser(_refuse, taken.lines.append, field.clock.now))
    task = asyncio.create_task(line.run())
    try:
        await until(lambda: taken.lines)
        assert (taken.lines[0].state, taken.lines[0].cause) == (LineState.DOWN, "credentials")
    finally:
        task.cancel()
        await asyncio.wait([task])
        closed.stop()


def _refuse(message: LineMessage) -> None:
    raise AssertionError(f"nothing was to come: {message}")


BRIDGE = "zigbee2mqtt/bridge/state"


async def test_a_bridge_that_is_gone_is_one_fault_and_its_devices_come_back_with_it(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):  # and no simulated devices: one that speaks shows that the bridge is there
        await until(lambda: field.line("field") is LineState.UP)
        await publish(mosquitto.port, ("zigbee2mqtt/101_door", '{"contact":false}'))
        await until(lambda: ("101_door", True, None) in field.taken.health)
        lines, health = len(field.taken.lines), len(field.taken.health)
        for _ in range(3):
            await publish(mosquitto.port, (BRIDGE, '{"state":"offline"}'))
        await until(lambda: ("101_door", False, "field/zigbee2mqtt") in field.taken.health)
        await publish(mosquitto.port, (BRIDGE, '{"state":"online"}'))
        await until(lambda: ("101_door", True, "field/zigbee2mqtt") in field.taken.health)
        said = [(status.line, status.state) for status in field.taken.lines[lines:]]
        assert said == [("field/zigbee2mqtt", LineState.DOWN), ("field/zigbee2mqtt", LineState.UP)]
        door = [told for told in field.taken.health[health:] if told[0] == "101_door"]
        assert door == [("101_door", False, "field/zigbee2mqtt"), ("101_door", True, "field/zigbee2mqtt")]
        assert False not in [reading.value for reading in field.taken.readings("101_door", "online")]


async def test_a_device_that_speaks_through_a_bridge_shows_that_it_is_there(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    async with started(fields, mosquitto) as field:
        await publish(mosquitto.port, (BRIDGE, '{"state":"offline"}'))
        await until(lambda: ("101_lock", False, "field/zigbee2mqtt") in field.taken.health)
        field.hotel.rooms["101"].open_door()
        await until(lambda: ("101_lock", True, "field/zigbee2mqtt") in field.taken.health)
        assert field.taken.lines[-1].state is LineState.UP


async def test_what_a_bridge_says_of_a_device_shows_that_the_bridge_is_there(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    """The will of the bridge's old connection may come after the first words of its new one."""
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        await publish(mosquitto.port, (BRIDGE, '{"state":"online"}'), (BRIDGE, '{"state":"offline"}'))
        await until(lambda: ("101_lock", False, "field/zigbee2mqtt") in field.taken.health)
        await publish(mosquitto.port, ("zigbee2mqtt/101_lock/availability", '{"state":"online"}'))
        await until(lambda: ("101_lock", True, "field/zigbee2mqtt") in field.taken.health)
        await until(lambda: ("101_door", True, "field/zigbee2mqtt") in field.taken.health)
        assert field.taken.lines[-1].state is LineState.UP
        assert field.taken.value("101_lock", "online") is True


async def test_a_mains_device_that_is_back_is_asked_for_its_state(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway), aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        await client.subscribe("cmnd/#", 1)
        await until(lambda: field.line("field") is LineState.UP)
        await client.publish("tele/r102/LWT", "Offline", 1)
        await client.publish("tele/r102/LWT", "Online", 1)
        async with asyncio.timeout(10):
            question = await anext(aiter(client.messages))
        assert (str(question.topic), question.payload) == ("cmnd/r102/STATE", b"")


async def test_what_was_silent_before_a_restart_is_remembered(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with started(fields, mosquitto) as field:
        field.hotel.rooms["101"].open_door()
        await until(lambda: "101_door" in field.gateway.memories())  # its bridge may say earlier that it is there
        memories = field.gateway.memories()
    again = Gateway(field.inventory, field.catalog, field.clock, Taken().ports(), Home(remembered=memories))
    figures = {one.device: one for one in again.status().devices}
    assert figures["101_door"].last_heard == memories["101_door"].heard is not None
