"""What simulated devices say, read by the product's own codecs: two spellings, written apart, that must agree."""

import struct
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import load_inventory
from devices.modbus.plan import Block, identity, plan
from devices.modbus.registers import decode, encode
from devices.model import Command, Device, DeviceEvent, Quality, Reading, Value
from devices.mqtt.router import MqttRouter
from simulators.demo_config import write_demo_config
from simulators.device import State, UseCases
from simulators.hotel import BrokerAddress, SimulatedHotel
from simulators.modbus.models import MODELS, unit_of
from simulators.modbus.unit import ModbusUnit
from simulators.timers import Timers
from tests.simulators.conftest import Maker, listening, opened
from tests.waiting import until

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def near(point: str, value: Value) -> Any:
    """Equal but for what a device rounds."""
    if point == "link_quality":
        return pytest.approx(value, abs=2)
    return pytest.approx(value, abs=0.1, rel=0.01) if isinstance(value, float) else value


def demo(folder: Path, catalog: Catalog, broker_port: int, modbus_port: int) -> SimulatedHotel:
    """The demo's hotel."""
    write_demo_config(folder, 24, modbus_port=modbus_port)
    inventory = load_inventory(folder / "devices.toml", catalog, None)
    broker = BrokerAddress("127.0.0.1", broker_port)
    return SimulatedHotel(inventory, catalog, Clock(), 1, broker, folder)


@pytest.mark.real("mosquitto")
async def test_every_mqtt_device_of_the_demo_is_understood(maker: Maker, catalog: Catalog) -> None:
    hotel = demo(maker.folder, catalog, maker.broker_port, maker.modbus_port)
    field = [use for use in hotel.devices.values() if use.state.device.line == "field"]
    router = MqttRouter([use.state.device for use in field], catalog)
    facts: dict[str, dict[str, Reading]] = {use.id: {} for use in field}
    events: list[DeviceEvent] = []
    async with listening(maker.broker_port) as ear, opened(hotel):
        stir(hotel)
        await until(lambda: hotel.sent > 400 and all(not session._outbox for session in hotel.sessions))
        await until(lambda: sum(len(messages) for messages in ear.said.values()) >= hotel.sent)
        for topic, payload in [(t, p) for t, messages in ear.said.items() for p in messages]:
            decoded = router.decode(topic, payload, NOW, 1, False)  # noqa: FBT003 the codec's signature
            assert not decoded.rejected, (topic, payload, decoded.rejected)
            for fact in decoded.facts:
                if isinstance(fact, Reading):
                    facts[fact.device][fact.point] = fact
                else:
                    events.append(fact)
    for use in field:
        said = {point: reading for point, reading in facts[use.id].items() if point != "online"}
        assert said, f"nothing understood of {use.id}"
        for point, reading in said.items():
            assert reading.quality is Quality.GOOD, (use.id, point, reading)
            if point in use.state.values:
                assert reading.value == near(point, use.state.values[point]), (use.id, point)
    kinds = {(event.kind, event.params.get("result"), str(event.params.get("credential_class"))) for event in events}
    assert {("access", "granted", "guest"), ("access", "granted", "housekeeping")} <= kinds
    assert ("access", "denied", "unknown") in kinds
    assert {kind for kind, _, _ in kinds} >= {"egress", "sos"}


def stir(hotel: SimulatedHotel) -> None:
    """Something of everything happens."""
    for room in hotel.rooms.values():
        room.card("guest")
        room.card("housekeeping")
        room.card("unknown", granted=False)
        room.opened_from_inside()
        room.open_door()
        room.arrives("guest")
        room.window()
        room.leak()
        room.smoke()
        room.request("dnd")
        room.battery(42)
    hotel.rooms["101"].sos()
    hotel.rooms["101"].look()
    for use in hotel.devices.values():
        use.heartbeat()


@pytest.mark.real("mosquitto")
async def test_every_writable_point_is_obeyed(maker: Maker, catalog: Catalog) -> None:
    hotel = maker.hotel(
        ("lock", "field", "zigbee2mqtt/lock", "zigbee2mqtt/lock", "1"),
        ("plug", "field", "zigbee2mqtt/plug", "zigbee2mqtt/plug", "1"),
        ("valve", "field", "zigbee2mqtt/thermostat", "zigbee2mqtt/valve", "1"),
        ("tasmota", "field", "tasmota/relay", "t1", "1"),
        ("shelly", "field", "shelly/switch", "s1", "1"),
        ("panel", "field", "mapped/panel", "panel/1", "1"),
        ("text", "field", "mapped/text_switch", "text/1", "1"),
    )
    orders: tuple[tuple[str, str, Any], ...] = (
        ("lock", "lock", "unlocked"),
        ("plug", "relay", True),
        ("valve", "setpoint", 19.5),
        ("valve", "mode", "vent"),
        ("tasmota", "relay", True),
        ("shelly", "relay", True),
        ("panel", "request", "mur"),
        ("text", "relay", True),
    )
    router = MqttRouter([use.state.device for use in hotel.devices.values()], catalog)
    async with listening(maker.broker_port) as ear, opened(hotel):
        for device, point, value in orders:
            for topic, payload in router.encode(Command("c", device, point, value, NOW + timedelta(hours=1))):
                await ear.say(topic, payload.decode())
            await until(partial(believes, hotel.devices[device], point, value))


def believes(device: UseCases, point: str, value: Value) -> bool:
    """Does the device believe this?"""
    return device.state.values[point] == value


def read(unit: ModbusUnit, block: Block) -> tuple[int, ...]:
    """The words of a block."""
    answer = unit.answer(struct.pack(">BHH", block.function, block.address, block.count))
    assert answer is not None
    assert not answer[0] & 0x80, (block, answer)
    return struct.unpack(f">{block.count}H", answer[2:])


@pytest.mark.parametrize("profile_id", sorted(MODELS))
async def test_every_modbus_model_reads_as_it_believes(profile_id: str, catalog: Catalog) -> None:
    profile = catalog.get(profile_id)
    device = Device("unit", "bus", profile_id, "7", "101")
    unit = unit_of(State.fresh(device, profile))
    values = unit.state.values
    measured = {"temperature": 19.3, "humidity": 51.2, "power": 87.5, "lux": 130}
    values.update({point: value for point, value in measured.items() if point in values})
    check = identity(profile)
    assert check is None or check.matches(read(unit, check.block))
    for block in plan(profile):
        words = read(unit, block)
        decoded = decode(block, words, device, profile, NOW, 1)
        assert not decoded.rejected
        for fact in decoded.facts:
            assert isinstance(fact, Reading)
            assert fact.quality is Quality.GOOD
            assert fact.value == near(fact.point, values[fact.point]), fact.point


@pytest.mark.parametrize("profile_id", sorted(MODELS))
async def test_every_modbus_model_obeys(profile_id: str, catalog: Catalog) -> None:
    profile = catalog.get(profile_id)
    unit = unit_of(State.fresh(Device("unit", "bus", profile_id, "7", "101"), profile))
    unit.add(UseCases(unit.state, unit, Timers(Clock())))
    wanted: dict[str, Any] = {"setpoint": 18.5, "mode": "vent", "fan": "high", "request": "dnd", "relay": True}
    for point, value in wanted.items():
        spec = profile.points.get(point)
        if spec is not None and spec.writable:
            order = encode(spec, value)
            assert len(order.words) == 1
            pdu = struct.pack(">BHH", 6, order.address, order.words[0])
            assert unit.answer(pdu) == pdu
            assert unit.state.values[point] == value


async def test_a_profile_without_a_model_still_has_registers(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = catalog.get("eastron_sdm120")
    monkeypatch.delitem(MODELS, "eastron_sdm120")
    device = Device("unit", "bus", profile.id, "7", None)
    unit = unit_of(State.fresh(device, profile))
    unit.state.values["power"] = 1234.5
    blocks = [block for block in plan(profile) if any(point.name == "power" for point in block.points)]
    assert blocks
    words = struct.pack(">f", 1234.5)
    answer = unit.answer(struct.pack(">BHH", 4, 12, 2))
    assert answer == b"\x04\x04" + words


def bits_or_words(unit: ModbusUnit, block: Block) -> list[int]:
    """What a block says, whichever table it is of."""
    if block.function > 2:
        return list(read(unit, block))
    answer = unit.answer(struct.pack(">BHH", block.function, block.address, block.count))
    assert answer is not None
    assert answer[0] == block.function
    return [answer[2 + place // 8] >> place % 8 & 1 for place in range(block.count)]


async def test_every_modbus_profile_can_be_simulated(catalog: Catalog) -> None:
    for profile in map(catalog.get, catalog.ids()):
        if profile.dialect == "modbus":
            device = Device("unit", "bus", profile.id, "7", "101")
            unit = unit_of(State.fresh(device, profile))
            for block in (block for name in profile.points for block in plan(profile, {name})):
                decoded = decode(block, bits_or_words(unit, block), device, profile, NOW, 1)
                assert [one.reason for one in decoded.rejected if one.reason == "bad_frame"] == []
                assert {fact.point for fact in decoded.facts if isinstance(fact, Reading)} == {
                    spec.name for spec in block.points
                }


async def test_a_part_is_taken_only_with_its_enabling_bit(catalog: Catalog) -> None:
    profile = catalog.get("domat_fc013")
    unit = unit_of(State.fresh(Device("unit", "bus", profile.id, "7", "101"), profile))
    unit.add(UseCases(unit.state, unit, Timers(Clock())))
    order = encode(profile.points["mode"], "eco")
    assert unit.answer(struct.pack(">BHH", 6, order.address, order.words[0] & 0x7FFF)) == b"\x86\x03"
    assert unit.answer(struct.pack(">BHH", 6, order.address, order.words[0])) is not None
    assert unit.state.values["mode"] == "eco"
