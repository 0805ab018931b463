"""Homie 4 and 5: devices that say what they are, the state of a device and of its root, values by datatype, orders."""

from typing import Any

import pytest

from devices.errors import NotSupported
from devices.model import Command, Quality, Reading
from devices.mqtt.router import MqttRouter
from tests.devices.codec import NOON, device, events, reasons, router, say, values

FIFTH = "homie/5/room-101"
FOURTH = "homie/room-101"


def one(profile: str, address: str = FIFTH) -> MqttRouter:
    return router(device(f"homie/{profile}", address))


def document(nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    shaped = {node: {"name": node, "properties": properties} for node, properties in nodes.items()}
    return {"homie": "5.0", "version": 7, "name": "Room 101", "nodes": shaped, **more}


def prop(datatype: str, **more: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": datatype, **more}


MESSAGES: list[tuple[str, str, bytes, dict[str, Any]]] = [
    ("contact", "entrance/open", b"true", {"door": "open"}),
    ("contact", "entrance/door", b"closed", {"door": "closed"}),
    ("contact", "entrance/battery", b"81", {"battery": 81.0}),
    ("window", "balcony/open", b"false", {"window": False}),
    ("motion", "pir/motion", b"true", {"motion": True}),
    ("presence", "radar/presence", b"false", {"presence": False}),
    ("climate", "air/temperature", b"21.5", {"temperature": 21.5}),
    ("climate", "air/humidity", b"44", {"humidity": 44.0}),
    ("climate", "air/co2", b"612", {"co2": 612.0}),
    ("leak", "bath/water", b"true", {"leak": True}),
    ("smoke", "ceiling/smoke", b"false", {"smoke": False}),
    ("keycard", "holder/card", b"in", {"keycard": True}),
    ("relay", "light/power", b"true", {"relay": True}),
    ("meter", "plug/power", b"43.2", {"power": 43.2}),
    ("thermostat", "fcu/set-temperature", b"20.5", {"setpoint": 20.5}),
    ("thermostat", "fcu/mode", b"fan-only", {"mode": "vent"}),
    ("lock", "door/lock", b"jammed", {"lock": "jammed"}),
    ("climate", "air/temperature", b"", {"temperature": None}),
    ("contact", "$state", b"ready", {"online": True}),
    ("contact", "$state", b"sleeping", {"online": True}),
    ("contact", "$state", b"lost", {"online": False}),
    ("contact", "$state", b"disconnected", {"online": False}),
    ("contact", "$state", b"init", {}),
    ("contact", "$state", b"", {"online": False}),
]


@pytest.mark.parametrize("address", [FIFTH, FOURTH])
@pytest.mark.parametrize(("profile", "topic", "payload", "expected"), MESSAGES)
def test_a_message_says(address: str, profile: str, topic: str, payload: bytes, expected: dict[str, Any]) -> None:
    decoded = say(one(profile, address), f"{address}/{topic}", payload)
    assert values(decoded) == expected
    assert not decoded.rejected


UNITS: list[tuple[str, str, str, bytes, dict[str, Any]]] = [
    ("climate", "air/temperature", "°F", b"71.6", {"temperature": 22.0}),
    ("climate", "air/temperature", "K", b"295.15", {"temperature": 22.0}),
    ("meter", "m/energy", "Wh", b"12310", {"energy": 12.31}),
    ("meter", "m/power", "kW", b"1.2", {"power": 1200.0}),
    ("meter", "m/current", "mA", b"190", {"current": 0.19}),
    ("meter", "m/voltage", "V", b"230.1", {"voltage": 230.1}),
]


@pytest.mark.parametrize(("profile", "path", "unit", "payload", "expected"), UNITS)
def test_the_devices_own_unit_counts(
    profile: str, path: str, unit: str, payload: bytes, expected: dict[str, Any]
) -> None:
    node, name = path.split("/")
    fifth, fourth = one(profile), one(profile, FOURTH)
    say(fifth, f"{FIFTH}/$description", document({node: {name: prop("float", unit=unit)}}))
    assert values(say(fifth, f"{FIFTH}/{path}", payload)) == expected
    for attribute, told in (("$datatype", "float"), ("$unit", unit), ("$settable", "false")):
        assert not reasons(say(fourth, f"{FOURTH}/{path}/{attribute}", told.encode(), retained=True))
    assert values(say(fourth, f"{FOURTH}/{path}", payload)) == expected


def test_a_description_that_says_otherwise_than_the_profile_is_said() -> None:
    codec = one("motion")
    say(codec, f"{FIFTH}/$description", document({"pir": {"motion": prop("integer")}}))
    assert reasons(say(codec, f"{FIFTH}/pir/motion", b"3")) == ["wrong_type"]


def test_a_lost_root_takes_its_children_with_it_and_brings_them_back() -> None:
    codec = one("contact")
    say(codec, "homie/5/bridge/$state", b"ready", retained=True)
    say(codec, f"{FIFTH}/$state", b"ready", retained=True)
    say(codec, f"{FIFTH}/$description", document({}, root="bridge", parent="bridge"), retained=True)
    assert values(say(codec, "homie/5/bridge/$state", b"lost")) == {"online": False}
    assert values(say(codec, f"{FIFTH}/$state", b"ready")) == {"online": False}
    assert values(say(codec, "homie/5/bridge/$state", b"ready")) == {"online": True}


def test_a_root_that_was_lost_before_the_child_described_itself() -> None:
    codec = router(device("homie/contact", FIFTH), device("homie/relay", "homie/5/bridge", "101_bridge"))
    say(codec, f"{FIFTH}/$state", b"ready", retained=True)
    say(codec, "homie/5/bridge/$state", b"lost", retained=True)
    assert values(say(codec, f"{FIFTH}/$description", document({}, root="bridge"))) == {"online": False}


def test_a_child_that_is_away_does_not_come_back_with_its_root() -> None:
    codec = one("contact")
    say(codec, f"{FIFTH}/$description", document({}, root="bridge"))
    say(codec, f"{FIFTH}/$state", b"lost")
    assert values(say(codec, "homie/5/bridge/$state", b"ready")) == {"online": False}


def test_a_retained_value_is_stale_and_a_press_is_an_event_only_when_it_is_not_retained() -> None:
    (reading,) = say(one("contact"), f"{FIFTH}/entrance/open", b"true", retained=True).facts
    assert isinstance(reading, Reading)
    assert reading.quality is Quality.STALE
    assert events(say(one("button"), f"{FIFTH}/cord/action", b"panic")) == [("sos", {})]
    assert events(say(one("button"), f"{FIFTH}/cord/action", b"double")) == [("button", {"name": "double"})]
    assert not say(one("button"), f"{FIFTH}/cord/action", b"panic", retained=True).facts


def test_nodes_that_are_alike_are_named_in_the_address() -> None:
    codec = router(
        device("homie/relay", f"{FIFTH}#left", "101_left"), device("homie/relay", f"{FIFTH}#right", "101_right")
    )
    assert [fact.device for fact in say(codec, f"{FIFTH}/right/power", b"true").facts] == ["101_right"]
    assert len(say(codec, f"{FIFTH}/$state", b"lost").facts) == 2
    open_ended = one("relay")
    say(open_ended, f"{FIFTH}/left/power", b"true")
    assert reasons(say(open_ended, f"{FIFTH}/right/power", b"true")) == ["ambiguous"]


WRONG: list[tuple[str, str, Any, str]] = [
    ("climate", "air/temperature", b"warm", "wrong_type"),
    ("climate", "air/temperature", b"nan", "absurd_value"),
    ("climate", "air/temperature", b"\xff", "not_text"),
    ("contact", "entrance/open", b"ajar", "unknown_value"),
    ("motion", "pir/motion", b"TRUE", "unknown_value"),
    ("contact", "$state", b"confused", "unknown_value"),
    ("contact", "$description", b"{", "not_json"),
    ("contact", "$description", [], "wrong_type"),
    ("contact", "$description", {"homie": "6.0", "nodes": {}}, "wrong_version"),
    ("contact", "$description", {"homie": "5.0", "nodes": [1]}, "wrong_type"),
    ("contact", "$description", {"homie": "5.0", "nodes": {"a": {"properties": {"b": 1}}}}, "wrong_type"),
]


@pytest.mark.parametrize(("profile", "topic", "payload", "reason"), WRONG)
def test_what_cannot_be_understood_is_counted(profile: str, topic: str, payload: Any, reason: str) -> None:
    assert reasons(say(one(profile), f"{FIFTH}/{topic}", payload)) == [reason]


def test_a_wrong_description_leaves_the_last_good_one() -> None:
    codec = one("climate")
    say(codec, f"{FIFTH}/$description", document({"air": {"temperature": prop("float", unit="°F")}}))
    assert reasons(say(codec, f"{FIFTH}/$description", b"{}")) == ["wrong_version"]
    assert values(say(codec, f"{FIFTH}/air/temperature", b"68")) == {"temperature": 20.0}


QUIET = ["air/temperature/set", "air/temperature/$target", "$log/info", "$alert/battery", "$name", "$nodes"]


@pytest.mark.parametrize("topic", QUIET)
def test_what_carries_nothing_for_a_room_is_nothing(topic: str) -> None:
    decoded = say(one("climate"), f"{FIFTH}/{topic}", b"21")
    assert not decoded.facts
    assert not decoded.rejected


def test_strangers_are_heard_and_broadcasts_are_nothing() -> None:
    codec = router(device("homie/contact", FIFTH), device("homie/contact", FOURTH, "x"))
    assert codec.filters == ("homie/#",)
    assert reasons(say(codec, "homie/5/room-102/$state", b"ready")) == ["unknown_device"]
    assert reasons(say(codec, "homie/room-102/a/b", b"1")) == ["unknown_device"]
    assert not reasons(say(codec, "homie/5/$broadcast/alert", b"fire drill"))


def described(**properties: Any) -> MqttRouter:
    codec = one("thermostat")
    say(codec, f"{FIFTH}/$description", document({"fcu": {k.replace("_", "-"): v for k, v in properties.items()}}))
    return codec


def order(codec: MqttRouter, point: str, value: Any) -> list[tuple[str, bytes]]:
    return codec.encode(Command("c1", "101_thing", point, value, NOON))


def test_an_order_goes_to_the_property_that_the_device_described() -> None:
    codec = described(
        target_temperature=prop("float", settable=True, format="10:30:0.5", unit="°C"),
        mode=prop("enum", settable=True, format="off,heat,cool"),
    )
    assert order(codec, "setpoint", 20.5) == [(f"{FIFTH}/fcu/target-temperature/set", b"20.5")]
    assert order(codec, "mode", "heat") == [(f"{FIFTH}/fcu/mode/set", b"heat")]
    for point, value, reason in (("setpoint", 31, "range"), ("mode", "auto", "value")):
        with pytest.raises(NotSupported, match=reason):
            order(codec, point, value)


def test_an_order_is_told_in_the_devices_own_unit() -> None:
    codec = described(setpoint=prop("integer", settable=True, unit="°F"))
    assert order(codec, "setpoint", 20) == [(f"{FIFTH}/fcu/setpoint/set", b"68")]
    with pytest.raises(NotSupported, match="range"):
        order(codec, "setpoint", 20.5)


def test_an_order_to_a_switch_that_has_words_of_its_own() -> None:
    codec = one("relay", FOURTH)
    for attribute, told in (("$datatype", b"enum"), ("$format", b"on,off"), ("$settable", b"true")):
        say(codec, f"{FOURTH}/light/power/{attribute}", told)
    assert order(codec, "relay", value=True) == [(f"{FOURTH}/light/power/set", b"on")]


def test_what_cannot_be_set_or_is_not_known_takes_no_orders() -> None:
    with pytest.raises(NotSupported, match="read_only"):
        order(described(setpoint=prop("float", settable=False)), "setpoint", 20)
    with pytest.raises(NotSupported, match="unheard"):
        order(one("thermostat"), "setpoint", 20)
