"""ESPHome states, birth and last will, and orders."""

from typing import Any

import orjson
import pytest

from devices.errors import NotSupported
from devices.model import Command, Quality, Reading
from devices.mqtt.router import MqttRouter
from tests.devices.codec import NOON, device, events, reasons, router, say, values

NODE = "room-101"


def one(profile: str, address: str = NODE) -> MqttRouter:
    return router(device(f"esphome/{profile}", address))


MESSAGES: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("contact", "binary_sensor/front_door/state", b"ON", {"door": "open"}),
    ("contact", "binary_sensor/front_door/state", b"OFF", {"door": "closed"}),
    ("window", "binary_sensor/window/state", b"ON", {"window": True}),
    ("motion", "binary_sensor/pir/state", b"ON", {"motion": True}),
    ("presence", "binary_sensor/bed_presence/state", b"ON", {"presence": True}),
    ("presence", "binary_sensor/ld2410_has_target/state", b"OFF", {"presence": False}),
    ("leak", "binary_sensor/bathroom_floor/state", b"ON", {"leak": True}),
    ("smoke", "binary_sensor/smoke/state", b"OFF", {"smoke": False}),
    ("keycard", "binary_sensor/card_holder/state", b"ON", {"keycard": True}),
    ("climate", "sensor/room_temperature/state", b"21.4", {"temperature": 21.4}),
    ("climate", "sensor/room_humidity/state", b"48.2", {"humidity": 48.2}),
    ("climate", "sensor/scd40_co2/state", b"612", {"co2": 612.0}),
    ("climate", "sensor/room_temperature/state", b"nan", {"temperature": None}),
    ("meter", "sensor/plug_power/state", b"43.20", {"power": 43.2}),
    ("meter", "sensor/total_energy/state", b"12.310", {"energy": 12.31}),
    ("relay", "switch/bedside/state", b"ON", {"relay": True}),
    ("light", "light/ceiling/state", {"state": "ON", "brightness": 200, "color_mode": "brightness"}, {"relay": True}),
    ("thermostat", "climate/fan_coil/current_temperature/state", b"22.6", {"temperature": 22.6}),
    ("thermostat", "climate/fan_coil/target_temperature/state", b"21.0", {"setpoint": 21.0}),
    ("thermostat", "climate/fan_coil/mode/state", b"heat_cool", {"mode": "auto"}),
    ("thermostat", "climate/fan_coil/mode/state", b"fan_only", {"mode": "vent"}),
    ("thermostat", "climate/fan_coil/fan_mode/state", b"medium", {"fan": "medium"}),
    ("setpoint", "number/target/state", b"19.5", {"setpoint": 19.5}),
    ("lock", "lock/door/state", b"LOCKED", {"lock": "locked"}),
    ("lock", "lock/door/state", b"JAMMED", {"lock": "jammed"}),
    ("lock", "lock/door/state", b"UNLOCKING", {"lock": "not_fully_locked"}),
    ("relay", "status", b"offline", {"online": False}),
    ("relay", "status", b"online", {"online": True}),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "expected"), MESSAGES)
def test_a_message_says(profile: str, topic: str, payload: Any, expected: dict[str, Any]) -> None:
    decoded = say(one(profile), f"{NODE}/{topic}", payload)
    assert values(decoded) == expected
    assert not decoded.rejected


WRONG: list[tuple[str, str, Any, str]] = [
    ("contact", "binary_sensor/door/state", b"MAYBE", "unknown_value"),
    ("contact", "binary_sensor/door/state", b"", "empty"),
    ("contact", "binary_sensor/door/state", b"\xff\xfe", "not_text"),
    ("climate", "sensor/temperature/state", b"warm", "wrong_type"),
    ("climate", "sensor/temperature/state", b"1e300", "absurd_value"),
    ("light", "light/ceiling/state", b"ON", "not_json"),
    ("light", "light/ceiling/state", [1], "wrong_type"),
    ("lock", "lock/door/state", b"NONE", "unknown_value"),
    ("lock", "status", b"asleep", "unknown_value"),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "reason"), WRONG)
def test_what_cannot_be_understood_is_counted(profile: str, topic: str, payload: Any, reason: str) -> None:
    decoded = say(one(profile), f"{NODE}/{topic}", payload)
    assert reasons(decoded) == [reason]
    assert decoded.rejected[0].source == f"{NODE}/{topic}"


def test_a_node_with_two_of_a_kind_has_to_be_told_which() -> None:
    codec = one("relay")
    assert values(say(codec, f"{NODE}/switch/left/state", b"ON")) == {"relay": True}
    second = say(codec, f"{NODE}/switch/right/state", b"OFF")
    assert (values(second), reasons(second)) == ({}, ["ambiguous"])
    chosen = one("relay", f"{NODE}#right")
    assert not say(chosen, f"{NODE}/switch/left/state", b"ON").facts
    assert values(say(chosen, f"{NODE}/switch/right/state", b"ON")) == {"relay": True}


def test_a_node_may_be_several_devices() -> None:
    codec = router(
        device("esphome/contact", f"{NODE}#door", "101_door"), device("esphome/motion", f"{NODE}#pir", "101_motion")
    )
    assert [fact.device for fact in say(codec, f"{NODE}/binary_sensor/pir/state", b"ON").facts] == ["101_motion"]
    assert len(say(codec, f"{NODE}/status", b"offline").facts) == 2


def test_what_no_point_uses_is_nothing_and_a_stranger_is_said() -> None:
    codec = one("contact")
    assert not reasons(say(codec, f"{NODE}/sensor/uptime/state", b"12"))
    assert reasons(say(codec, "room-102/binary_sensor/door/state", b"ON")) == ["unknown_device"]
    assert not reasons(say(codec, "homeassistant/status", b"online"))
    assert reasons(say(codec, "room-102/status", b"online")) == ["unknown_device"]
    assert set(codec.filters) == {"+/status", "+/+/+/state", "+/+/+/+/state"}


def test_a_retained_state_is_stale_and_a_retained_press_is_none() -> None:
    (reading,) = say(one("contact"), f"{NODE}/binary_sensor/door/state", b"ON", retained=True).facts
    assert isinstance(reading, Reading)
    assert reading.quality is Quality.STALE
    press = {"event_type": "panic"}
    assert events(say(one("button"), f"{NODE}/event/cord/state", press)) == [("sos", {})]
    assert not say(one("button"), f"{NODE}/event/cord/state", press, retained=True).facts
    assert events(say(one("button"), f"{NODE}/event/cord/state", {"event_type": "single"})) == [
        ("button", {"name": "single"})
    ]


ORDERS: list[tuple[str, str, Any, str, bytes]] = [
    ("relay", "relay", True, "switch/bedside/command", b"ON"),
    ("light", "relay", False, "light/bedside/command", b'{"state":"OFF"}'),
    ("thermostat", "setpoint", 19.5, "climate/bedside/target_temperature/command", b"19.5"),
    ("thermostat", "mode", "vent", "climate/bedside/mode/command", b"FAN_ONLY"),
    ("thermostat", "fan", "high", "climate/bedside/fan_mode/command", b"HIGH"),
    ("setpoint", "setpoint", 21.0, "number/bedside/command", b"21.0"),
    ("lock", "lock", "unlocked", "lock/bedside/command", b"UNLOCK"),
]


@pytest.mark.parametrize(("profile", "point", "value", "topic", "payload"), ORDERS)
def test_an_order_is_plain_text_on_the_command_topic(
    profile: str, point: str, value: Any, topic: str, payload: bytes
) -> None:
    codec = one(profile, f"{NODE}#bedside")
    assert codec.encode(Command("c1", "101_thing", point, value, NOON)) == [(f"{NODE}/{topic}", payload)]


def test_an_order_waits_for_the_topic_that_only_the_node_knows() -> None:
    codec = one("relay")
    order = Command("c1", "101_thing", "relay", value=True, deadline=NOON)
    with pytest.raises(NotSupported, match="unheard"):
        codec.encode(order)
    say(codec, f"{NODE}/switch/bedside/state", b"OFF")
    assert codec.encode(order) == [(f"{NODE}/switch/bedside/command", b"ON")]


@pytest.mark.parametrize(("point", "value", "reason"), [("setpoint", 80, "range"), ("mode", "eco", "value")])
def test_an_order_it_cannot_carry_out_is_refused(point: str, value: Any, reason: str) -> None:
    with pytest.raises(NotSupported, match=reason):
        one("thermostat", f"{NODE}#fc").encode(Command("c1", "101_thing", point, value, NOON))


def test_a_light_is_ordered_in_json() -> None:
    ((_, payload),) = one("light", f"{NODE}#x").encode(Command("c", "101_thing", "relay", value=True, deadline=NOON))
    assert orjson.loads(payload) == {"state": "ON"}
