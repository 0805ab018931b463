"""Tasmota telemetry, results, last will and orders."""

from typing import Any

import pytest

from devices.errors import NotSupported
from devices.model import Command, Quality, Reading
from devices.mqtt.router import MqttRouter
from tests.devices.codec import NOON, device, events, reasons, router, say, values


def one(profile: str, address: str = "101_thing") -> MqttRouter:
    return router(device(f"tasmota/{profile}", address))


MESSAGES: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("switch_contact", "tele/101_thing/SENSOR", {"Time": "2026-11-22T10:20:00", "Switch1": "ON"}, {"door": "open"}),
    ("switch_contact", "stat/101_thing/RESULT", {"Switch1": {"Action": "OFF"}}, {"door": "closed"}),
    ("switch_keycard", "tele/101_thing/SENSOR", {"Switch1": "ON"}, {"keycard": True}),
    ("motion", "tele/101_thing/SENSOR", {"Switch1": "OFF"}, {"motion": False}),
    (
        "climate",
        "tele/101_thing/SENSOR",
        {"DHT11": {"Temperature": 23.0, "Humidity": 37.0, "DewPoint": 7.5}, "TempUnit": "C"},
        {"temperature": 23.0, "humidity": 37.0},
    ),
    (
        "climate",
        "tele/101_thing/SENSOR",
        {"ESP32": {"Temperature": 53.3}, "SCD40": {"CarbonDioxide": 612, "Temperature": 71.6}, "TempUnit": "F"},
        {"temperature": 22.0, "co2": 612},
    ),
    (
        "relay",
        "tele/101_thing/STATE",
        {"POWER": "OFF", "Wifi": {"RSSI": 94, "Signal": -53}},
        {"relay": False, "link_quality": 239.7},
    ),
    (
        "relay",
        "tele/101_thing/SENSOR",
        {"ENERGY": {"Total": 3.185, "Today": 0.6, "Power": 43, "Voltage": 230, "Current": 0.19}},
        {"energy": 3.185, "power": 43, "voltage": 230, "current": 0.19},
    ),
    ("relay", "stat/101_thing/RESULT", {"POWER1": "ON"}, {"relay": True}),
    ("relay", "stat/101_thing/POWER", b"ON", {"relay": True}),
    ("switch_window", "stat/101_thing/RESULT", {"Switch1": {"Action": "ON"}}, {"window": True}),
    ("switch_leak", "tele/101_thing/SENSOR", {"Switch1": "ON"}, {"leak": True}),
    ("switch_smoke", "tele/101_thing/SENSOR", {"Switch1": "OFF"}, {"smoke": False}),
    ("presence", "tele/101_thing/SENSOR", {"Switch1": "ON"}, {"presence": True}),
    ("light", "stat/101_thing/RESULT", {"POWER": "ON", "Dimmer": 60}, {"relay": True}),
    ("strike", "stat/101_thing/POWER", b"ON", {"lock": "unlocked"}),
    (
        "meter",
        "stat/101_thing/STATUS8",
        {"StatusSNS": {"Time": "2026-11-22T10:20:00", "ENERGY": {"Power": 43, "Voltage": 230, "Frequency": 50}}},
        {"power": 43, "voltage": 230, "frequency": 50},
    ),
    ("relay", "stat/101_thing/STATUS11", {"StatusSTS": {"POWER": "ON"}}, {"relay": True}),
    ("thermostat", "stat/101_thing/RESULT", {"TempTargetSet1": 20.5}, {"setpoint": 20.5}),
    ("thermostat", "stat/101_thing/RESULT", {"ThermostatModeSet1": 1}, {"mode": "auto"}),
    ("relay", "tele/101_thing/LWT", b"Offline", {"online": False}),
    ("relay", "tele/101_thing/LWT", b"Online", {"online": True}),
    ("relay", "tele/101_thing/STATE", {"POWER": None}, {"relay": None}),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "expected"), MESSAGES)
def test_a_message_says(profile: str, topic: str, payload: Any, expected: dict[str, Any]) -> None:
    decoded = say(one(profile), topic, payload)
    assert values(decoded) == expected
    assert not decoded.rejected


def test_a_payload_time_without_zone_is_not_taken_for_utc() -> None:
    (reading,) = say(
        one("switch_contact"), "tele/101_thing/SENSOR", {"Time": "2026-11-22T10:20:00", "Switch1": "ON"}
    ).facts
    assert reading.device_time is None


WRONG: list[tuple[str, Any, str]] = [
    ("tele/101_thing/STATE", b"ON", "not_json"),
    ("tele/101_thing/STATE", {"POWER": "MAYBE"}, "unknown_value"),
    ("tele/101_thing/STATE", {"POWER": {"on": 1}}, "wrong_type"),
    ("stat/101_thing/POWER", b"\xff", "not_text"),
    ("tele/101_thing/LWT", b"Sleeping", "unknown_value"),
    ("tele/101_thing/SENSOR", {"ENERGY": {"Power": [1, 2]}}, "wrong_type"),
    ("tele/102_thing/STATE", {"POWER": "ON"}, "unknown_device"),
    ("stat/101_thing/STATUS11", {"StatusSTS": [1]}, "wrong_type"),
    ("stat/101_thing/STATUS10", {}, "wrong_type"),
]


@pytest.mark.parametrize(("topic", "payload", "reason"), WRONG)
def test_what_cannot_be_understood_is_counted(topic: str, payload: Any, reason: str) -> None:
    assert reasons(say(one("relay"), topic, payload)) == [reason]


@pytest.mark.parametrize("topic", ["tele/101_thing/INFO1", "stat/101_thing/STATUS5", "stat/101_thing/LOGGING"])
def test_what_carries_nothing_for_a_room_is_nothing(topic: str) -> None:
    assert not reasons(say(one("relay"), topic, {"Info1": {}}))


def test_a_retained_last_will_is_stale() -> None:
    (reading,) = say(one("relay"), "tele/101_thing/LWT", b"Online", retained=True).facts
    assert isinstance(reading, Reading)
    assert reading.quality is Quality.STALE


def test_another_pattern_of_topics() -> None:
    codec = one("relay", "hotel/%prefix%/101_thing")
    assert codec.filters == ("hotel/stat/#", "hotel/tele/#")
    assert values(say(codec, "hotel/tele/101_thing/STATE", {"POWER": "ON"})) == {"relay": True}
    ((topic, _),) = codec.encode(Command("c1", "101_thing", "relay", value=False, deadline=NOON))
    assert topic == "hotel/cmnd/101_thing/POWER"


def test_an_order_is_plain_text() -> None:
    assert one("relay").encode(Command("c1", "101_thing", "relay", value=True, deadline=NOON)) == [
        ("cmnd/101_thing/POWER", b"ON")
    ]


def test_the_second_relay_and_the_second_switch() -> None:
    codec = router(
        device("tasmota/relay", "box#2", "101_second"), device("tasmota/switch_contact", "box#3", "101_third")
    )
    decoded = say(codec, "stat/box/RESULT", {"POWER1": "ON", "POWER2": "OFF", "Switch3": {"Action": "ON"}})
    assert values(decoded) == {"relay": False, "door": "open"}
    assert values(say(codec, "stat/box/POWER2", b"ON")) == {"relay": True}
    assert codec.encode(Command("c1", "101_second", "relay", value=True, deadline=NOON)) == [("cmnd/box/POWER2", b"ON")]
    assert not say(codec, "stat/box/POWER1", b"ON").facts


def test_a_sensor_behind_a_zigbee_bridge() -> None:
    codec = router(
        device("tasmota/zigbee_climate", "bridge#0x329F", "101_air"),
        device("tasmota/zigbee_climate", "bridge#THERMO1", "102_air", "102"),
    )
    short = {"ZbReceived": {"0x329F": {"Device": "0x329F", "Humidity": 69.45, "Endpoint": 1, "LinkQuality": 92}}}
    named = {"Device": "0x5480", "Name": "THERMO1", "Temperature": 20.9, "Endpoint": 1, "LinkQuality": 76}
    first = say(codec, "tele/bridge/SENSOR", short)
    assert values(first) == {"humidity": 69.45, "link_quality": 92}
    assert {fact.device for fact in first.facts} == {"101_air"}
    second = say(codec, "tele/bridge/SENSOR", {"ZbReceived": {"THERMO1": named}})
    assert values(second) == {"temperature": 20.9, "link_quality": 76}
    assert {fact.device for fact in second.facts} == {"102_air"}
    battery = {"ZbReceived": {"0x329F": {"Device": "0x329F", "BatteryVoltage": 2.7, "BatteryPercentage": 17}}}
    assert values(say(codec, "tele/bridge/329F/SENSOR", battery)) == {"battery": 17}
    assert len(say(codec, "tele/bridge/LWT", b"Offline").facts) == 2


def test_a_press_is_a_button_event() -> None:
    assert events(say(one("button"), "stat/101_thing/RESULT", {"Button1": {"Action": "DOUBLE"}})) == [
        ("button", {"name": "DOUBLE"})
    ]
    second = one("button", "101_thing#2")
    assert not say(second, "stat/101_thing/RESULT", {"Button1": {"Action": "DOUBLE"}}).facts
    assert events(say(second, "stat/101_thing/RESULT", {"Button2": {"Action": "SOS"}})) == [("sos", {})]
    assert reasons(say(one("button"), "stat/101_thing/RESULT", {"Button1": {"Action": 3}})) == ["wrong_type"]


ORDERS: list[tuple[str, str, Any, str, bytes]] = [
    ("light", "relay", False, "POWER", b"OFF"),
    ("strike", "lock", "unlocked", "POWER", b"ON"),
    ("thermostat", "setpoint", 21.5, "TempTargetSet1", b"21.5"),
    ("thermostat", "mode", "off", "ThermostatModeSet1", b"0"),
]


@pytest.mark.parametrize(("profile", "point", "value", "name", "payload"), ORDERS)
def test_each_kind_of_device_obeys(profile: str, point: str, value: Any, name: str, payload: bytes) -> None:
    command = Command("c1", "101_thing", point, value, NOON)
    assert one(profile).encode(command) == [(f"cmnd/101_thing/{name}", payload)]


def test_a_contact_takes_no_orders() -> None:
    with pytest.raises(NotSupported, match="read_only"):
        one("switch_contact").encode(Command("c1", "101_thing", "door", "open", NOON))
