"""The configurations that are shipped: what is written is what the files say, for any size."""

from pathlib import Path

import pytest

from devices.catalog import Catalog
from devices.inventory import load_inventory
from pms.hotelfile import load_hotel
from simulators.demo_config import modbus_lines, write_demo_config
from simulators.modbus.models import MODELS

CONFIG = Path(__file__).parents[2] / "config"
FILES = ("hotel.toml", "devices.toml", "service.toml")


def test_config_demo_is_what_is_written(tmp_path: Path) -> None:
    write_demo_config(tmp_path)
    for name in FILES:
        assert (CONFIG / "demo" / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8"), name


@pytest.mark.parametrize("rooms", [1, 2, 3, 7, 24, 121, 500])
def test_a_hotel_of_any_size_is_valid(rooms: int, tmp_path: Path, catalog: Catalog) -> None:
    write_demo_config(tmp_path, rooms, modbus_port=6000)
    hotel = load_hotel(tmp_path / "hotel.toml")
    inventory = load_inventory(tmp_path / "devices.toml", catalog, hotel.rooms)
    assert len(hotel.rooms) == rooms
    for number in hotel.rooms:
        points = {point for device in inventory.in_room(number) for point in catalog.get(device.profile).points}
        assert {"door", "motion", "lock", "temperature", "setpoint", "leak"} <= points
    ports = {line.port for line in inventory.lines.values() if line.kind == "modbus_tcp"}
    assert ports == set(range(6000, 6000 + modbus_lines(rooms)))


def test_a_hotel_has_a_room(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one room"):
        write_demo_config(tmp_path, 0)


def test_the_demo_has_every_dialect_and_model(catalog: Catalog) -> None:
    inventory = load_inventory(CONFIG / "demo" / "devices.toml", catalog, None)
    used = {device.profile for device in inventory.devices.values()}
    assert set(MODELS) <= used, "every Modbus unit with registers of its own"
    assert {catalog.get(name).dialect for name in used} == {
        "zigbee2mqtt",
        "tasmota",
        "shelly",
        "mapped",
        "modbus",
        "pn532",
    }
    encoders = [(one.id, one.line) for one in inventory.devices.values() if one.profile == "pn532"]
    assert encoders == [("desk-1", "desk-1"), ("desk-2", "desk-2")]


def test_the_example_is_as_the_design_says(catalog: Catalog) -> None:
    hotel = load_hotel(CONFIG / "example" / "hotel.toml")
    inventory = load_inventory(CONFIG / "example" / "devices.toml", catalog, hotel.rooms)
    assert sorted(hotel.rooms) == ["101", "102", "103", "104"]
    for unit, number in enumerate(sorted(hotel.rooms), start=1):
        found = {device.id: (device.profile, device.address) for device in inventory.in_room(number)}
        assert found == {
            f"{number}_door": ("zigbee2mqtt/contact", f"zigbee2mqtt/{number}_door"),
            f"{number}_motion": ("zigbee2mqtt/motion", f"zigbee2mqtt/{number}_motion"),
            f"{number}_lock": ("zigbee2mqtt/lock", f"zigbee2mqtt/{number}_lock"),
            f"{number}_thermostat": ("smarttemp_smt131", str(unit)),
        }
    encoder = inventory.devices["desk-1"]
    assert (encoder.line, encoder.profile, encoder.room) == ("desk-1", "pn532", None)
    assert [(line.kind, line.port, line.path) for line in inventory.lines.values()] == [
        ("mqtt", None, None),
        ("modbus_tcp", 5020, None),
        ("serial", None, "desk-1.tty"),
    ]


def test_the_examples_literal_lines_stand() -> None:
    service = (CONFIG / "example" / "service.toml").read_text("utf-8").splitlines()
    devices = (CONFIG / "example" / "devices.toml").read_text("utf-8").splitlines()
    for line in (
        'host = "127.0.0.1"',
        "port = 8080",
        'mode = "auto"     # auto mosquitto embedded url',
        "port = 1883",
        'url = ""          # empty: the broker above',
        'url = "sqlite"    # or postgresql+asyncpg://...',
    ):
        assert line in service
    for line in (
        'id = "field"            # kind: mqtt | modbus_tcp | modbus_rtu | serial | tcp',
        'kind = "mqtt"           # mqtt without host: the service\'s own broker',
        'id = "floor-1"',
        "port = 5020",
        'id = "desk-1"',
        'path = "desk-1.tty"     # relative to DATA; a real one: /dev/ttyUSB0',
        'address = "zigbee2mqtt/101_door"    # topic, unit number, encoder ...',
    ):
        assert line in devices
