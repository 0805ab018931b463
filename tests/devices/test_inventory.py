"""`devices.toml`: what a right one gives, and how a wrong one is explained."""

from pathlib import Path

import pytest

from devices.inventory import ConfigurationError, Inventory, inventory_schema, load_inventory
from tests.devices.codec import catalog

GOOD = """
[[line]]
id = "field"
kind = "mqtt"

[[line]]
id = "floor-1"
kind = "modbus_tcp"
host = "127.0.0.1"
port = 5020

[[line]]
id = "desk-1"
kind = "serial"
path = "desk-1.tty"

[[device]]
id = "101_door"
line = "field"
profile = "zigbee2mqtt/contact"
address = "zigbee2mqtt/101_door"
room = "101"

[[device]]
id = "101_thermostat"
line = "floor-1"
profile = "smarttemp_smt131"
address = 1
room = "101"

[[device]]
id = "desk-1"
line = "desk-1"
profile = "pn532"
"""


def load(tmp_path: Path, text: str, rooms: list[str] | None = None) -> Inventory:
    path = tmp_path / "devices.toml"
    path.write_text(text)
    return load_inventory(path, catalog(), rooms)


def wrong(tmp_path: Path, text: str, rooms: list[str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as refusal:
        load(tmp_path, text, rooms)
    return [str(problem) for problem in refusal.value.problems]


def test_lines_and_devices_are_found(tmp_path: Path) -> None:
    inventory = load(tmp_path, GOOD, ["101"])
    assert list(inventory.lines) == ["field", "floor-1", "desk-1"]
    assert [device.id for device in inventory.on("floor-1")] == ["101_thermostat"]
    assert [device.id for device in inventory.in_room("101")] == ["101_door", "101_thermostat"]
    assert [device.id for device in inventory.in_room(None)] == ["desk-1"]
    assert inventory.devices["101_thermostat"].address == "1"


def test_a_line_has_its_kinds_defaults(tmp_path: Path) -> None:
    inventory = load(tmp_path, GOOD)
    assert inventory.lines["field"].host is None
    assert inventory.lines["field"].port is None, "the service's own broker knows its port"
    assert inventory.lines["floor-1"].settings.timeout_s == 0.5
    assert inventory.lines["desk-1"].settings.baud == 115_200
    other = load(tmp_path, '[[line]]\nid = "f"\nkind = "mqtt"\nhost = "b"\ntls = true\n')
    assert other.lines["f"].port == 8883


def test_an_empty_file_is_a_hotel_without_devices(tmp_path: Path) -> None:
    assert load(tmp_path, "").devices == {}


LINE = '[[line]]\nid = "field"\nkind = "mqtt"\n'
RTU = '[[line]]\nid = "bus"\nkind = "modbus_rtu"\npath = "bus.tty"\n'
DEVICE = (
    '[[device]]\nid = "101_door"\nline = "field"\nprofile = "zigbee2mqtt/contact"\naddress = "zigbee2mqtt/101_door"\n'
)


def unit(address: str) -> str:
    return f'{RTU}[[device]]\nid = "t"\nline = "bus"\nprofile = "smarttemp_smt131"\naddress = {address}\n'


def topic(profile: str, address: str) -> str:
    return f'{LINE}[[device]]\nid = "d"\nline = "field"\nprofile = "{profile}"\naddress = "{address}"\n'


AT_8 = 'devices.toml:8: [[device]] #1 "d": address: '
AT_9 = 'devices.toml:9: [[device]] #1 "d": address: '


def encoder(address: str) -> str:
    desk = '[[line]]\nid = "desk"\nkind = "serial"\npath = "desk.tty"\n'
    return f'{desk}[[device]]\nid = "d"\nline = "desk"\nprofile = "pn532"\naddress = "{address}"\n'


WRONG: list[tuple[str, list[str]]] = [
    (LINE + "colour = 1\n", ['devices.toml:4: [[line]] #1 "field": colour: unknown key']),
    (LINE + DEVICE + "colour = 1\n", ['devices.toml:9: [[device]] #1 "101_door": colour: unknown key']),
    ("[hotel]\nname = 1\n", ["devices.toml:1: hotel: unknown key"]),
    (LINE + DEVICE + 'room = "999"\n', ['devices.toml:9: [[device]] #1 "101_door": room: no such room: "999"']),
    (DEVICE, ['devices.toml:3: [[device]] #1 "101_door": line: no such line: "field"']),
    (LINE + LINE, ['devices.toml:5: [[line]] #2 "field": id: is used twice']),
    (
        LINE + DEVICE + DEVICE.replace("101_door", "101_door", 1),
        ['devices.toml:10: [[device]] #2 "101_door": id: is used twice'],
    ),
    (
        LINE + DEVICE + DEVICE.replace('id = "101_door"', 'id = "102_door"'),
        ['devices.toml:13: [[device]] #2 "102_door": address: is that of "101_door" too'],
    ),
    (
        LINE + DEVICE.replace("zigbee2mqtt/contact", "acme/toaster"),
        ['devices.toml:7: [[device]] #1 "101_door": profile: no such profile: "acme/toaster"'],
    ),
    (
        LINE + DEVICE.replace("zigbee2mqtt/contact", "smarttemp_smt131"),
        [
            (
                'devices.toml:7: [[device]] #1 "101_door": profile: "smarttemp_smt131" speaks modbus, '
                "which a line of kind mqtt does not carry"
            )
        ],
    ),
    (
        '[[line]]\nid = "x"\nkind = "pigeon"\n',
        ["devices.toml:3: [[line]] #1 \"x\": kind: is none of 'mqtt', 'modbus_tcp', 'modbus_rtu', 'serial', 'tcp'"],
    ),
    ('[[line]]\nid = "x"\n', ['devices.toml:1: [[line]] #1 "x": kind: missing']),
    ('[[line]]\nid = "x"\nkind = "modbus_tcp"\n', ['devices.toml:1: [[line]] #1 "x": host: missing']),
    (RTU + RTU.replace('"bus"', '"other"'), ['devices.toml:8: [[line]] #2 "other": path: is that of "bus" too']),
    (unit("0"), ["devices.toml:9: [[device]] #1 \"t\": address: is not a unit number from 1 to 247 (found '0')"]),
    (
        unit('"three"'),
        ["devices.toml:9: [[device]] #1 \"t\": address: is not a unit number from 1 to 247 (found 'three')"],
    ),
    (
        encoder("left"),
        [f"{AT_9}stays empty: the encoder has its line for itself (found 'left')"],
    ),
    (
        topic("zigbee2mqtt/contact", "101_door"),
        ['devices.toml:8: [[device]] #1 "d": address: is the whole topic, such as "zigbee2mqtt/101_door"'],
    ),
    (
        topic("zigbee2mqtt/contact", "zigbee2mqtt/+"),
        ["devices.toml:8: [[device]] #1 \"d\": address: is not a topic (found 'zigbee2mqtt/+')"],
    ),
    (
        topic("zigbee2mqtt/contact", "innkeeper/up/room"),
        ['devices.toml:8: [[device]] #1 "d": address: is a topic below innkeeper/, where no device speaks'],
    ),
    (
        topic("tasmota/relay", "tele/101"),
        ['devices.toml:8: [[device]] #1 "d": address: is the topic without its prefix: "101"'],
    ),
    (topic("tasmota/relay", "box#left"), [f"{AT_8}has the number of a channel behind # (found 'left')"]),
    (
        topic("tasmota/zigbee_climate", "bridge#a.b"),
        [f"{AT_8}has the device behind the bridge after #, such as #0x4773 (found 'a.b')"],
    ),
    (topic("tasmota/zigbee_climate", "bridge"), [f"{AT_8}needs the node's name after the topic: TOPIC#NODE"]),
    (topic("shelly/switch", "shellyplus2pm-1#"), [f"{AT_8}has the number of a channel behind # (found '')"]),
    (topic("esphome/relay", "room#a/b"), [f"{AT_8}has the name of one part of the device behind # (found 'a/b')"]),
    (topic("homie/relay", "room-101"), [f'{AT_8}is the device\'s whole topic, such as "homie/5/room-101"']),
    (topic("zigbee2mqtt/plug", "zigbee2mqtt/plug#1"), [f"{AT_8}is a topic: # has no place in it"]),
    (
        topic("mapped/node_motion", "motion-readings"),
        ['devices.toml:8: [[device]] #1 "d": address: needs the node\'s name after the topic: TOPIC#NODE'],
    ),
    (LINE + "line = 3\n", ['devices.toml:4: [[line]] #1 "field": line: unknown key']),
    ("line = 3\n", ["devices.toml: line: is not a list of tables: write [[line]]"]),
    ("[[line]\n", ["devices.toml:1: Expected ']]' at the end of an array declaration (at line 1, column 7)"]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert wrong(tmp_path, text, ["101"]) == expected


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = LINE + DEVICE.replace("zigbee2mqtt/101_door", "101_door") + 'room = "999"\ncolour = 1\n' + RTU + "baud = 3\n"
    assert len(wrong(tmp_path, text, ["101"])) == 4


def test_a_room_number_is_text(tmp_path: Path) -> None:
    assert wrong(tmp_path, LINE + DEVICE + "room = 101\n") == [
        "devices.toml:9: [[device]] #1 \"101_door\": room: Input should be a valid string (found '101')"
    ]


def test_two_parts_of_one_thing_may_share_a_topic(tmp_path: Path) -> None:
    text = topic("shelly/switch", "shelly-1") + topic("shelly/input", "shelly-1").removeprefix(LINE).replace(
        '"d"', '"e"'
    )
    assert len(load(tmp_path, text).devices) == 2


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"devices\.toml: No such file"):
        load_inventory(tmp_path / "devices.toml", catalog(), None)
    (tmp_path / "devices.toml").write_bytes(b"\xff\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_inventory(tmp_path / "devices.toml", catalog(), None)


def test_the_schema_names_every_kind_of_line() -> None:
    schema = inventory_schema()
    kinds = {definition.get("properties", {}).get("kind", {}).get("const") for definition in schema["$defs"].values()}
    assert {"mqtt", "modbus_tcp", "modbus_rtu", "serial", "tcp"} <= kinds
    assert schema["additionalProperties"] is False
