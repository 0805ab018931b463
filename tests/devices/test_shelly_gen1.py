"""Shelly of the first generation: a topic a value, presses that are told again, orders as words."""

from typing import Any

import pytest

from devices.model import Command
from devices.mqtt.router import MqttRouter
from tests.devices.codec import NOON, device, events, reasons, router, say, values

STEM = "shellies/shelly1pm-8caab54e8a6b"


def one(profile: str, address: str = STEM) -> MqttRouter:
    return router(device(f"shelly_gen1/{profile}", address))


STATUS = {"motion": True, "timestamp": 1614416952, "active": True, "vibration": True, "lux": 303, "bat": 87}
VALVE = {
    "calibrated": True,
    "charger": False,
    "target_t": {"enabled": True, "value": 21.5, "units": "C"},
    "tmp": {"value": 20.3, "units": "C", "is_valid": True},
    "bat": 64,
}

MESSAGES: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("relay", "relay/0", b"on", {"relay": True}),
    ("relay", "relay/0", b"overpower", {"relay": False}),
    ("relay", "relay/0/power", b"60.00", {"power": 60.0}),
    ("relay", "relay/0/energy", b"120000", {"energy": 2.0}),
    ("light", "light/0", b"off", {"relay": False}),
    ("strike", "relay/0", b"on", {"lock": "unlocked"}),
    ("meter", "emeter/0/power", b"352.11", {"power": 352.11}),
    ("meter", "emeter/0/total", b"12310.5", {"energy": 12.3105}),
    ("meter", "emeter/0/voltage", b"231.52", {"voltage": 231.52}),
    ("input", "input/0", b"1", {"contact": True}),
    ("keycard", "input/0", b"0", {"keycard": False}),
    ("contact", "sensor/state", b"open", {"door": "open"}),
    ("contact", "sensor/state", b"close", {"door": "closed"}),
    ("contact", "sensor/lux", b"41", {"lux": 41}),
    ("contact", "sensor/battery", b"88", {"battery": 88}),
    ("window", "sensor/state", b"open", {"window": True}),
    ("climate", "sensor/temperature", b"22.88", {"temperature": 22.88}),
    ("climate", "sensor/humidity", b"51.0", {"humidity": 51.0}),
    ("flood", "sensor/flood", b"true", {"leak": True}),
    ("smoke", "sensor/smoke", b"false", {"smoke": False}),
    ("motion", "status", STATUS, {"motion": True, "lux": 303, "tamper": True, "battery": 87}),
    ("trv", "status", VALVE, {"setpoint": 21.5, "temperature": 20.3, "battery": 64}),
    ("relay", "online", b"false", {"online": False}),
    ("climate", "online", b"true", {"online": True}),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "expected"), MESSAGES)
def test_a_message_says(profile: str, topic: str, payload: Any, expected: dict[str, Any]) -> None:
    decoded = say(one(profile), f"{STEM}/{topic}", payload)
    assert values(decoded) == expected
    assert not decoded.rejected


def test_the_last_will_of_one_that_sleeps_says_nothing() -> None:
    assert not say(one("climate"), f"{STEM}/online", b"false").facts


def test_a_press_counts_once_though_it_is_told_again() -> None:
    codec = one("button")
    topic = f"{STEM}/input_event/0"
    assert events(say(codec, topic, {"event": "", "event_cnt": 0})) == []
    assert events(say(codec, topic, {"event": "SS", "event_cnt": 1})) == [("button", {"name": "SS"})]
    assert events(say(codec, topic, {"event": "SS", "event_cnt": 1})) == []
    assert events(say(codec, topic, {"event": "SS", "event_cnt": 2})) == [("button", {"name": "SS"})]
    assert reasons(say(codec, topic, {"event": 7, "event_cnt": 3})) == ["wrong_type"]
    assert reasons(say(codec, topic, b"S")) == ["not_json", "not_json"], "neither the press nor its number"


def test_the_first_press_heard_after_it_was_retained_is_known() -> None:
    codec = one("button")
    topic = f"{STEM}/input_event/0"
    assert events(say(codec, topic, {"event": "L", "event_cnt": 4}, retained=True)) == []
    assert events(say(codec, topic, {"event": "L", "event_cnt": 4})) == []
    assert len(events(say(codec, topic, {"event": "L", "event_cnt": 5}))) == 1


def test_each_press_has_its_number() -> None:
    codec = one("button")
    for number in (4, 5):
        said = say(codec, f"{STEM}/input_event/0", {"event": "S", "event_cnt": number})
        assert values(said) == {"message_number": number}


def test_another_channel() -> None:
    codec = one("relay", f"{STEM}#1")
    assert not say(codec, f"{STEM}/relay/0", b"on").facts
    assert values(say(codec, f"{STEM}/relay/1", b"on")) == {"relay": True}
    assert codec.encode(Command("c", "101_thing", "relay", value=False, deadline=NOON)) == [
        (f"{STEM}/relay/1/command", b"off")
    ]


ORDERS: list[tuple[str, str, Any, str, bytes]] = [
    ("relay", "relay", True, "relay/0/command", b"on"),
    ("light", "relay", False, "light/0/command", b"off"),
    ("strike", "lock", "unlocked", "relay/0/command", b"on"),
    ("trv", "setpoint", 19.5, "thermostat/0/command/target_t", b"19.5"),
]


@pytest.mark.parametrize(("profile", "point", "value", "topic", "payload"), ORDERS)
def test_an_order_is_a_word(profile: str, point: str, value: Any, topic: str, payload: bytes) -> None:
    assert one(profile).encode(Command("c1", "101_thing", point, value, NOON)) == [(f"{STEM}/{topic}", payload)]


WRONG: list[tuple[str, str, Any, str]] = [
    ("relay", "relay/0", b"perhaps", "unknown_value"),
    ("relay", "relay/0/power", b"much", "wrong_type"),
    ("motion", "status", b"{", "not_json"),
    ("motion", "status", {"motion": "yes"}, "wrong_type"),
    ("relay", "online", b"maybe", "unknown_value"),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "reason"), WRONG)
def test_what_cannot_be_understood_is_counted(profile: str, topic: str, payload: Any, reason: str) -> None:
    assert reasons(say(one(profile), f"{STEM}/{topic}", payload)) == [reason]


def test_neighbours_are_heard_and_unused_topics_are_nothing() -> None:
    codec = one("relay")
    assert codec.filters == ("shellies/#",)
    assert reasons(say(codec, "shellies/shellyht-1/sensor/temperature", b"20")) == ["unknown_device"]
    assert not reasons(say(codec, f"{STEM}/info", {"wifi_sta": {}}))
    assert not reasons(say(codec, "shellies/announce", {"id": "shellyht-1"}))
