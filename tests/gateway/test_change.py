"""Lines and devices become others while the gateway runs: what is not concerned keeps its very connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiomqtt
import pytest

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.inventory_diff import Stock
from devices.model import CommandState, Device, LineState
from gateway.gateway import Gateway, Home
from gateway.lines.modbus import ModbusLine
from simulators.modbus.unit import Fault, FaultKind
from tests.gateway.conftest import Field, FieldMaker, running
from tests.gateway.test_mqtt_gateway import publish
from tests.servers import RealBroker, a_free_port
from tests.waiting import until

DOOR, RELAY = ("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101"), (
    "102_relay", "field", "tasmota/relay", "r102", "102",
)  # fmt: skip
UNITS = tuple((f"10{n}_thermostat", "floor-1", "smarttemp_smt131", n, f"10{n}") for n in (1, 2, 3))
NO_BROKER = 9
OPEN, CLOSED = '{"contact": false}', '{"contact": true}'


def only(inventory: Inventory, *names: str) -> Inventory:
    """The inventory with these devices, all lines."""
    return Inventory(inventory.lines, {name: inventory.devices[name] for name in names})


def with_device(inventory: Inventory, name: str, **told: Any) -> Inventory:
    """The inventory with a device that is another one now."""
    return Inventory(inventory.lines, inventory.devices | {name: replace(inventory.devices[name], **told)})


async def changed(field: Field, inventory: Inventory) -> None:
    change = field.gateway.prepare(Stock(inventory, field.catalog))
    await field.gateway.stop(change)
    field.gateway.switch(change)


@contextlib.asynccontextmanager
async def started(field: Field, inventory: Inventory, *, simulated: bool = True) -> AsyncIterator[Field]:
    """The gateway over `inventory`; the simulated hotel has all of the field's."""
    ports = field.taken.ports()
    field.gateway = Gateway(inventory, field.catalog, field.clock, ports, Home(folder=field.folder))
    async with contextlib.AsyncExitStack() as stack:
        if simulated:
            await stack.enter_async_context(field.hotel)
        await stack.enter_async_context(running(field.gateway))
        await until(lambda: all(line.state is LineState.UP for line in field.gateway.status().lines))
        yield field


def connections(broker: RealBroker, client: str = "innkeeper-house-field") -> int:
    """How often the client has connected, by the broker's own log."""
    return (broker.folder / "log").read_text().count(f" as {client} ")


def session(field: Field, line: str = "floor-1") -> tuple[int, int]:
    """Of a Modbus line: connections made, and those that the simulator has open."""
    found = field.gateway._lines[line]
    assert isinstance(found, ModbusLine)
    simulated: Any = field.hotel.lines[line]
    return found.sessions, len(simulated._wire.connections)


@pytest.mark.real("mosquitto")
async def test_an_mqtt_line_gets_and_loses_devices_on_the_same_connection(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, DOOR, RELAY)
    port = mosquitto.port
    async with started(field, only(field.inventory, "102_relay"), simulated=False):
        await changed(field, field.inventory)
        heard: Callable[[], bool] = lambda: field.taken.value("101_door", "door") is not None  # noqa: E731
        while not heard():
            await publish(port, ("zigbee2mqtt/101_door", OPEN))
        assert ("101_door", True, None) in field.taken.health
        await changed(field, only(field.inventory, "101_door"))
        field.taken.messages.clear()
        await publish(port, ("stat/r102/POWER", "ON"), ("zigbee2mqtt/101_door", CLOSED))
        await until(lambda: field.taken.value("101_door", "door") == "closed")
        assert {message.source for message in field.taken.messages} == {"zigbee2mqtt/101_door"}
        assert [figures.device for figures in field.gateway.status().devices] == ["101_door"]
        assert (await field.result("102_relay", "relay", value=True)).reason == "unknown_device"
    assert connections(mosquitto) == 1


@pytest.mark.real("mosquitto")
async def test_what_was_given_up_while_the_broker_was_away_is_unsubscribed_when_it_is_back(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, DOOR, RELAY)
    async with started(field, field.inventory, simulated=False):
        mosquitto.stop()
        await until(lambda: field.line("field") is LineState.DOWN)
        await changed(field, only(field.inventory, "101_door"))
        mosquitto.start()
        await until(lambda: field.line("field") is LineState.UP, timeout=20)
        await publish(mosquitto.port, ("stat/r102/POWER", "ON"), ("zigbee2mqtt/101_door", CLOSED))
        await until(lambda: field.taken.value("101_door", "door") == "closed")
        assert field.gateway.status().unknown_sources == 0


@pytest.mark.real("mosquitto")
async def test_a_moved_device_speaks_for_its_new_room_which_hears_that_it_is_away(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, DOOR)
    async with started(field, field.inventory, simulated=False):
        field.gateway._liveness.missed("101_door")
        await changed(field, with_device(field.inventory, "101_door", room="102"))
        assert field.taken.health == [("101_door", False, None)] * 2
        await publish(mosquitto.port, ("zigbee2mqtt/101_door", OPEN))
        await until(lambda: field.taken.value("101_door", "door") == "open")
        assert {reading.room for reading in field.taken.readings("101_door", "door")} == {"102"}


@pytest.mark.real("mosquitto")
async def test_a_device_in_anothers_place_is_there_when_it_speaks_itself(
    fields: FieldMaker, mosquitto: RealBroker
) -> None:
    field = fields.make(mosquitto.port, DOOR)
    async with started(field, field.inventory, simulated=False):
        field.gateway._liveness.missed("101_door")
        await changed(field, with_device(field.inventory, "101_door", address="zigbee2mqtt/new"))
        assert field.gateway.status().devices[0].online is False
        await publish(mosquitto.port, ("zigbee2mqtt/101_door", OPEN), ("zigbee2mqtt/new", CLOSED))
        await until(lambda: field.taken.value("101_door", "door") == "closed")
        assert not [one for one in field.taken.readings("101_door", "door") if one.value == "open"]
        assert field.taken.health == [("101_door", False, None), ("101_door", True, None)]
    assert connections(mosquitto) == 1


async def test_a_modbus_line_gets_and_loses_units_on_the_same_connection(fields: FieldMaker) -> None:
    field = fields.make(NO_BROKER, *UNITS)
    async with started(field, only(field.inventory, "101_thermostat", "102_thermostat")):
        await until(lambda: field.taken.value("102_thermostat", "temperature") is not None)
        await changed(field, only(field.inventory, "102_thermostat", "103_thermostat"))
        field.taken.messages.clear()
        await until(lambda: field.taken.value("103_thermostat", "temperature") is not None)
        await until(lambda: len(field.taken.readings("102_thermostat", "temperature")) > 2)
        assert not field.taken.readings("101_thermostat", "temperature")
        assert (await field.result("103_thermostat", "setpoint", 19.5)).state is CommandState.DONE
        await until(lambda: session(field) == (1, 1))


async def test_a_unit_in_another_room_is_read_on_and_keeps_what_is_known_of_it(fields: FieldMaker) -> None:
    field = fields.make(NO_BROKER, *UNITS[:2])
    async with started(field, field.inventory):
        await until(lambda: ("101_thermostat", True, None) in field.taken.health)
        field.hotel.fault("102_thermostat", Fault(FaultKind.DEAD))
        await until(lambda: ("102_thermostat", False, None) in field.taken.health)
        heard = len(field.taken.health)
        await changed(field, with_device(field.inventory, "101_thermostat", room="109"))
        field.taken.messages.clear()
        await until(lambda: field.taken.readings("101_thermostat", "temperature"))
        assert {one.room for one in field.taken.readings("101_thermostat", "temperature")} == {"109"}
        assert field.taken.health[heard:] == []
        await until(lambda: session(field) == (1, 1))


async def test_a_line_with_another_port_is_connected_anew_and_no_other_is(fields: FieldMaker) -> None:
    field = fields.make(NO_BROKER, *UNITS[:2])
    floor = field.inventory.lines["floor-1"]
    second = replace(floor, id="floor-2")
    devices = {"101_thermostat": Device("101_thermostat", "floor-2", "smarttemp_smt131", "1", "101")}
    before = Inventory({"floor-1": floor, "floor-2": second}, field.inventory.devices | devices)
    async with started(field, before):
        nowhere = replace(second, port=a_free_port())
        await changed(field, Inventory({"floor-1": floor, "floor-2": nowhere}, before.devices))
        await until(lambda: field.line("floor-2") is LineState.DOWN)
        await until(lambda: ("101_thermostat", False, "floor-2") in field.taken.health)
        await until(lambda: session(field) == (1, 1))
        await changed(field, Inventory({"floor-1": floor}, field.inventory.devices))
        assert [line.line for line in field.gateway.status().lines] == ["floor-1"]
        await until(lambda: field.gateway.status().devices[0].online)
        await until(lambda: session(field) == (1, 1))


@pytest.mark.real("mosquitto")
async def test_an_order_on_a_line_that_is_given_up_has_its_one_end(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, RELAY)
    deaf = aiomqtt.Client("127.0.0.1", mosquitto.port)  # it listens, and never answers
    async with started(field, field.inventory, simulated=False), deaf:
        await deaf.subscribe("cmnd/r102/#", 1)
        waiting = asyncio.create_task(field.result("102_relay", "relay", value=True, seconds=1))
        await until(lambda: not field.gateway._dispatch.waiting and field.gateway._dispatch._pending)
        await changed(field, Inventory({}, {}))
        assert (await waiting).state is CommandState.UNKNOWN
        assert len(field.taken.results) == 1


@pytest.mark.real("mosquitto")
async def test_orders_go_out_on_a_line_that_was_connected_anew(fields: FieldMaker, mosquitto: RealBroker) -> None:
    field = fields.make(mosquitto.port, RELAY)
    line = field.inventory.lines["field"]
    async with started(field, field.inventory):
        waiting = asyncio.create_task(field.result("102_relay", "relay", value=True))
        await waiting
        await changed(field, Inventory({"field": replace(line, host="localhost")}, field.inventory.devices))
        await until(lambda: field.line("field") is LineState.UP)
        assert (await field.result("102_relay", "relay", value=False)).state is CommandState.DONE
    assert connections(mosquitto, "innkeeper-house-field-orders") == 2
    assert connections(mosquitto) == 2


async def test_what_cannot_be_made_changes_nothing(fields: FieldMaker) -> None:
    field = fields.make(NO_BROKER, *UNITS[:1])
    known = field.catalog.get("zigbee2mqtt/contact")
    strange = Catalog([replace(known, dialect="of_an_extension_that_is_gone"), field.catalog.get("smarttemp_smt131")])
    devices = field.inventory.devices | {"x": Device("x", "field", known.id, "zigbee2mqtt/x")}
    lines = field.inventory.lines | {"field": replace(field.inventory.lines["floor-1"], id="field", kind="mqtt")}
    async with started(field, field.inventory):
        with pytest.raises(KeyError):
            field.gateway.prepare(Stock(Inventory(lines, devices), strange))
        field.taken.messages.clear()
        await until(lambda: field.taken.readings("101_thermostat", "temperature"))
        await until(lambda: session(field) == (1, 1))
