"""Zigbee2MQTT messages as devices publish them."""

from typing import Any

import orjson
import pytest

from devices.errors import NotSupported
from devices.model import Command, Quality, Reading
from devices.mqtt.router import MqttRouter
from tests.devices.codec import NOON, device, events, reasons, router, say, values


def one(profile: str) -> MqttRouter:
    return router(device(f"zigbee2mqtt/{profile}", "zigbee2mqtt/101_thing"))


STATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "contact",
        {"contact": True, "battery": 97, "linkquality": 132, "voltage": 3005},
        {"door": "closed", "battery": 97, "link_quality": 132},
    ),
    (
        "contact",
        {"contact": False, "battery_low": True, "tamper": False},
        {"door": "open", "battery_low": True, "tamper": False},
    ),
    ("window", {"contact": False}, {"window": True}),
    ("motion", {"occupancy": True, "illuminance": 120}, {"motion": True, "lux": 120}),
    ("motion", {"occupancy": False, "illuminance_lux": 3, "illuminance": 5000}, {"motion": False, "lux": 3}),
    ("presence", {"presence": True, "target_distance": 1.8}, {"presence": True}),
    ("presence", {"occupancy": False}, {"presence": False}),
    (
        "climate",
        {"temperature": 20.74, "humidity": 44.43, "pressure": 957.4, "battery": 100},
        {"temperature": 20.74, "humidity": 44.43, "pressure": 957.4, "battery": 100},
    ),
    ("climate", {"co2": 612, "voc": 20}, {"co2": 612, "voc": 20}),
    (
        "thermostat",
        {"local_temperature": 22.1, "occupied_heating_setpoint": 21, "system_mode": "heat", "running_state": "idle"},
        {"temperature": 22.1, "setpoint": 21, "mode": "heat"},
    ),
    (
        "leak",
        {"water_leak": True, "battery_low": False, "tamper": False},
        {"leak": True, "battery_low": False, "tamper": False},
    ),
    ("smoke", {"smoke": False, "battery": 80}, {"smoke": False, "battery": 80}),
    (
        "lock",
        {"state": "LOCK", "lock_state": "not_fully_locked", "battery": 80},
        {"lock": "not_fully_locked", "battery": 80},
    ),
    ("lock", {"state": "UNLOCK"}, {"lock": "unlocked"}),
    ("lock", {"state": "LOCK", "lock_state": None, "privacy": True}, {"lock": "locked", "bolt": True}),
    (
        "plug",
        {"state": "ON", "power": 43.2, "energy": 12.31, "voltage": 230, "current": 0.19},
        {"relay": True, "power": 43.2, "energy": 12.31, "voltage": 230, "current": 0.19},
    ),
    ("button", {"sos": True}, {"sos": True}),
    ("keycard", {"contact": True}, {"keycard": True}),
]


@pytest.mark.parametrize(("profile", "payload", "expected"), STATES)
def test_a_state_message_says(profile: str, payload: dict[str, Any], expected: dict[str, Any]) -> None:
    decoded = say(one(profile), "zigbee2mqtt/101_thing", payload)
    assert values(decoded) == expected
    assert not decoded.rejected


def test_a_reading_carries_where_when_and_how_good() -> None:
    decoded = say(one("contact"), "zigbee2mqtt/101_thing", {"contact": True, "last_seen": "2026-11-22T12:59:58+01:00"})
    (reading,) = decoded.facts
    assert isinstance(reading, Reading)
    assert (reading.device, reading.room, reading.sequence, reading.received) == ("101_thing", "101", 7, NOON)
    assert reading.device_time is not None
    assert reading.device_time.isoformat() == "2026-11-22T11:59:58+00:00"
    assert reading.quality is Quality.GOOD


def test_last_seen_may_be_milliseconds_and_nonsense_is_no_time() -> None:
    codec = one("contact")
    (told,) = say(codec, "zigbee2mqtt/101_thing", {"contact": True, "last_seen": 1_795_000_000_000}).facts
    (unset,) = say(codec, "zigbee2mqtt/101_thing", {"contact": True, "last_seen": 12}).facts
    (wrong,) = say(codec, "zigbee2mqtt/101_thing", {"contact": True, "last_seen": "2026-11-22T10:00:00"}).facts
    assert told.device_time is not None
    assert unset.device_time is None
    assert wrong.device_time is None, "a time without a zone is not taken for UTC"


def test_a_retained_state_is_stale_and_never_an_event() -> None:
    payload = {"lock_state": "locked", "action": "unlock", "action_source_name": "rfid", "action_user": 3}
    (reading,) = say(one("lock"), "zigbee2mqtt/101_thing", payload, retained=True).facts
    assert isinstance(reading, Reading)
    assert reading.quality is Quality.STALE
    assert reading.retained


def test_null_is_unknown_and_not_an_error() -> None:
    decoded = say(one("contact"), "zigbee2mqtt/101_thing", {"contact": None, "battery": 50})
    (battery, door) = sorted(decoded.facts, key=lambda fact: fact.point if isinstance(fact, Reading) else "")
    assert isinstance(door, Reading)
    assert (door.value, door.quality) == (None, Quality.BAD)
    assert isinstance(battery, Reading)
    assert battery.quality is Quality.GOOD
    assert not decoded.rejected


@pytest.mark.parametrize("value", [1e308, 2**63, -273.2, 200])
def test_an_absurd_value_is_a_bad_reading_and_counted(value: float) -> None:
    decoded = say(one("climate"), "zigbee2mqtt/101_thing", {"temperature": value, "humidity": 40})
    by_point = {fact.point: fact for fact in decoded.facts if isinstance(fact, Reading)}
    assert by_point["temperature"].quality is Quality.BAD
    assert by_point["humidity"].quality is Quality.GOOD
    assert reasons(decoded) == ["absurd_value"]


@pytest.mark.parametrize("value", [True, "21.5", [21.5], {"value": 21.5}])
def test_a_wrong_type_gives_no_reading(value: Any) -> None:
    decoded = say(one("climate"), "zigbee2mqtt/101_thing", {"temperature": value, "humidity": 40})
    assert values(decoded) == {"humidity": 40}
    assert reasons(decoded) == ["wrong_type"]
    assert decoded.rejected[0].device == "101_thing"


def test_an_unknown_word_makes_the_point_unknown() -> None:
    (reading,) = say(one("lock"), "zigbee2mqtt/101_thing", {"lock_state": "ajar"}).facts
    assert isinstance(reading, Reading)
    assert (reading.point, reading.value, reading.quality) == ("lock", None, Quality.BAD)


def test_a_press_is_a_button_and_an_emergency_is_sos() -> None:
    codec = one("button")
    assert events(say(codec, "zigbee2mqtt/101_thing", {"action": "single"})) == [("button", {"name": "single"})]
    assert events(say(codec, "zigbee2mqtt/101_thing", {"action": "emergency"})) == [("sos", {})]


@pytest.mark.parametrize(
    ("payload", "expected"), [(b"online", True), (b"offline", False), ({"state": "offline"}, False)]
)
def test_availability_as_text_and_as_json(payload: Any, expected: bool) -> None:
    assert values(say(one("contact"), "zigbee2mqtt/101_thing/availability", payload)) == {"online": expected}


def test_a_device_is_online_only_while_its_bridge_is() -> None:
    codec = router(
        device("zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101_door"),
        device("zigbee2mqtt/lock", "zigbee2mqtt/floor 1/102_lock", "102_lock"),
        device("zigbee2mqtt/contact", "other/103_door", "103_door"),
    )
    say(codec, "zigbee2mqtt/101_door/availability", b"offline")
    down = say(codec, "zigbee2mqtt/bridge/state", {"state": "offline"})
    assert {fact.device: fact.value for fact in down.facts if isinstance(fact, Reading)} == {
        "101_door": False,
        "102_lock": False,
    }
    kept = say(codec, "zigbee2mqtt/floor 1/102_lock/availability", b"online", retained=True)
    assert values(kept) == {"online": False}, "said before the bridge went"
    up = say(codec, "zigbee2mqtt/bridge/state", b"online")
    assert {fact.device: fact.value for fact in up.facts if isinstance(fact, Reading)} == {
        "101_door": False,
        "102_lock": True,
    }


def test_a_bridge_that_speaks_of_a_device_is_there() -> None:
    codec = one("contact")
    say(codec, "zigbee2mqtt/bridge/state", b"offline")
    assert values(say(codec, "zigbee2mqtt/101_thing/availability", b"online")) == {"online": True}


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt/bridge/devices",
        "zigbee2mqtt/bridge/logging",
        "zigbee2mqtt/101_thing/set",
        "zigbee2mqtt/101_thing/set/state",
        "zigbee2mqtt/101_thing/get",
    ],
)
def test_the_bridges_own_topics_and_orders_are_nothing(topic: str) -> None:
    decoded = say(one("contact"), topic, b"x" * 200_000)
    assert not decoded.facts
    assert not decoded.rejected


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("zigbee2mqtt/999_door", "unknown_device"),
        ("zigbee2mqtt/999_door/availability", "unknown_device"),
        ("zigbee2mqtt/101_thing/contact", "unknown_topic"),
        ("elsewhere/101", "unknown_topic"),
    ],
)
def test_what_is_not_declared_is_counted(topic: str, reason: str) -> None:
    assert reasons(say(one("contact"), topic, {"contact": True})) == [reason]


COMMANDS: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("plug", "relay", True, {"state": "ON"}),
    ("plug", "relay", False, {"state": "OFF"}),
    ("lock", "lock", "unlocked", {"state": "UNLOCK"}),
    ("lock", "key_sequence", 9, {"key_sequence": 9}),
    ("thermostat", "setpoint", 19.5, {"occupied_heating_setpoint": 19.5}),
    ("thermostat", "mode", "vent", {"system_mode": "fan_only"}),
]


@pytest.mark.parametrize(("profile", "point", "value", "body"), COMMANDS)
def test_a_command_is_a_set_message(profile: str, point: str, value: Any, body: dict[str, Any]) -> None:
    ((topic, payload),) = one(profile).encode(Command("c1", "101_thing", point, value, NOON))
    assert topic == "zigbee2mqtt/101_thing/set"
    assert orjson.loads(payload) == body


REFUSED: list[tuple[str, str, Any, str]] = [
    ("plug", "power", 3, "read_only"),
    ("plug", "colour", "red", "unknown_point"),
    ("plug", "relay", "ON", "value"),
    ("lock", "lock", "jammed", "value"),
    ("thermostat", "setpoint", 99, "range"),
    ("thermostat", "setpoint", float("nan"), "range"),
    ("thermostat", "setpoint", True, "value"),
]


@pytest.mark.parametrize(("profile", "point", "value", "reason"), REFUSED)
def test_a_command_that_the_device_cannot_take_is_refused(profile: str, point: str, value: Any, reason: str) -> None:
    with pytest.raises(NotSupported) as refusal:
        one(profile).encode(Command("c1", "101_thing", point, value, NOON))
    assert refusal.value.reason == reason


def test_a_command_for_another_lines_device_is_refused() -> None:
    with pytest.raises(NotSupported, match="unknown_device"):
        one("plug").encode(Command("c1", "elsewhere", "relay", value=True, deadline=NOON))


def test_a_live_reading_of_the_value_answers_a_command() -> None:
    codec = one("thermostat")
    command = Command("c1", "101_thing", "setpoint", 19.5, NOON)

    def answered(setpoint: object, *, retained: bool = False) -> bool:
        decoded = say(codec, "zigbee2mqtt/101_thing", {"occupied_heating_setpoint": setpoint}, retained=retained)
        return any(codec.answered(command, fact) for fact in decoded.facts if isinstance(fact, Reading))

    assert answered(19.5)
    assert not answered(21)
    assert not answered(19.5, retained=True)
    assert not answered(None)
