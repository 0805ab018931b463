"""Self-describing and topic-by-topic devices through the whole gateway: commanded, lost, and back."""

import contextlib
import json
from collections.abc import AsyncIterator

import aiomqtt
import pytest

from devices.model import CommandState, LineState, Value
from tests.gateway.conftest import Field, FieldMaker, running
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ROWS = (
    ("fcu", "field", "homie/thermostat", "homie/5/fcu", "101"),
    ("relay", "field", "homie/relay", "homie/relay", "101"),
    ("lock", "field", "esphome/lock", "door-101", "101"),
    ("split", "field", "esphome/thermostat", "split-101", "101"),
    ("plug", "field", "shelly_gen1/relay", "shellies/shelly1-101", "101"),
    ("valve", "field", "shelly/blu_trv", "shellyblugw-101", "101"),
    ("strike", "field", "tasmota/strike", "strike-101#2", "101"),
)
ORDERS: list[tuple[str, str, Value]] = [
    ("fcu", "setpoint", 19.5),
    ("fcu", "mode", "heat"),
    ("relay", "relay", True),
    ("lock", "lock", "unlocked"),
    ("split", "setpoint", 23.5),
    ("plug", "relay", True),
    ("valve", "setpoint", 18.5),
    ("strike", "lock", "unlocked"),
]


@contextlib.asynccontextmanager
async def started(fields: FieldMaker, broker: RealBroker) -> AsyncIterator[Field]:
    field = fields.make(broker.port, *ROWS)
    async with running(field.gateway), field.hotel:
        await until(lambda: field.line("field") is LineState.UP and field.hotel.connected)
        yield field


async def test_every_order_is_done_when_the_device_says_so(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with started(fields, mosquitto) as field:
        await until(lambda: all(field.taken.value(device, point) is not None for device, point, _ in ORDERS))
        results = [await field.result(*order) for order in ORDERS]
        assert [result.state for result in results] == [CommandState.DONE] * len(ORDERS), results


async def test_an_order_to_one_that_has_not_described_itself_fails_at_once(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, *ROWS)
    async with running(field.gateway):
        await until(lambda: field.line("field") is LineState.UP)
        result = await field.result("fcu", "setpoint", 20)
        assert (result.state, result.reason) == (CommandState.FAILED, "unheard")


async def test_one_out_of_its_own_range_is_refused(fields: FieldMaker, mosquitto: RealBroker) -> None:
    async with started(fields, mosquitto) as field:
        await until(lambda: field.taken.value("fcu", "setpoint") is not None)
        result = await field.result("fcu", "setpoint", 35)
        assert (result.state, result.reason) == (CommandState.FAILED, "range")


async def test_a_lost_device_is_told_and_comes_back(fields: FieldMaker, mosquitto: RealBroker) -> None:
    mains = {"fcu", "relay", "lock", "split", "plug", "strike"}
    async with started(fields, mosquitto) as field:
        await until(lambda: {name for name, online, _ in field.taken.health if online} >= mains)
        field.hotel.rooms["101"].die()
        await until(lambda: {name for name, online, _ in field.taken.health if not online} == mains)
        field.taken.health.clear()
        field.hotel.rooms["101"].revive()
        await until(lambda: {name for name, online, _ in field.taken.health if online} == mains)


async def test_a_lost_root_takes_its_children_with_it(fields: FieldMaker, mosquitto: RealBroker) -> None:
    child = "homie/5/child"
    described = json.dumps({"homie": "5.0", "version": 1, "root": "bridge", "parent": "bridge", "nodes": {}})
    told = [("homie/5/bridge/$state", "ready"), (f"{child}/$description", described), (f"{child}/$state", "ready")]
    field = fields.make(mosquitto.port, ("child", "field", "homie/contact", child, "101"))
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as bridge:
        for topic, payload in told:
            await bridge.publish(topic, payload, 2, retain=True)
        async with running(field.gateway):
            await until(lambda: ("child", True, None) in field.taken.health)
            await bridge.publish("homie/5/bridge/$state", "lost", 2, retain=True)
            await until(lambda: field.taken.health[-1] == ("child", False, None))
            await bridge.publish("homie/5/bridge/$state", "ready", 2, retain=True)
            await until(lambda: field.taken.health[-1] == ("child", True, None))
