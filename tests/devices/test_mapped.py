"""Devices that are described by their profile alone: topic, JSON path, words, scale."""

from pathlib import Path
from typing import Any

import pytest

from devices.catalog import Catalog
from devices.model import Command, Quality, Reading
from devices.mqtt.router import MqttRouter
from tests.devices.codec import NOON, device, reasons, router, say, values

MESSAGES: list[tuple[str, str, str, Any, dict[str, Any]]] = [
    ("climate_json", "sensor/5", "sensor/5/data", {"temp": 21.4, "hum": 40}, {"temperature": 21.4, "humidity": 40}),
    ("panel", "panel/101", "panel/101/state", {"request": "dnd"}, {"request": "dnd"}),
    ("keycard", "card/101", "card/101/state", {"card": "in"}, {"keycard": True}),
    ("text_switch", "light/101", "light/101/state", b"ON", {"relay": True}),
]


@pytest.mark.parametrize(("profile", "address", "topic", "payload", "expected"), MESSAGES)
def test_a_message_says(profile: str, address: str, topic: str, payload: Any, expected: dict[str, Any]) -> None:
    decoded = say(router(device(f"mapped/{profile}", address)), topic, payload)
    assert values(decoded) == expected
    assert not decoded.rejected


def test_the_device_beside_a_declared_one_is_heard() -> None:
    codec = router(device("mapped/climate_json", "sensor/5"))
    assert codec.filters == ("sensor/+/data",)
    assert reasons(say(codec, "sensor/6/data", {"temp": 20})) == ["unknown_device"]


def test_nodes_that_share_a_topic_are_told_apart() -> None:
    codec = router(
        device("mapped/node_climate", "temp-hum-readings#node-1", "101_climate"),
        device("mapped/node_climate", "temp-hum-readings#node-2", "102_climate", "102"),
    )
    told = {"node-id": "node-2", "temp-C": 21.2, "hum-percent": 36, "timestamp": 1_795_348_800}
    decoded = say(codec, "temp-hum-readings", told)
    assert {fact.device for fact in decoded.facts} == {"102_climate"}
    assert values(decoded) == {"temperature": 21.2, "humidity": 36}
    assert decoded.facts[0].device_time is not None
    assert reasons(say(codec, "temp-hum-readings", {"node-id": "node-9", "temp-C": 1})) == ["unknown_device"]
    assert reasons(say(codec, "temp-hum-readings", {"node-id": ["node-1"]})) == ["unknown_device"]
    assert reasons(say(codec, "temp-hum-readings", b"[")) == ["not_json"]


COMMANDS: list[tuple[str, str, str, Any, tuple[str, bytes]]] = [
    ("panel", "panel/101", "request", "mur", ("panel/101/set", b'{"request":"mur"}')),
    ("text_switch", "light/101", "relay", False, ("light/101/command", b"OFF")),
]


@pytest.mark.parametrize(("profile", "address", "point", "value", "message"), COMMANDS)
def test_an_order_is_the_profiles_template(profile: str, address: str, point: str, value: Any, message: Any) -> None:
    codec = router(device(f"mapped/{profile}", address))
    assert codec.encode(Command("c1", "101_thing", point, value, NOON)) == [message]


PLAIN_NUMBER = """
id = "mapped/plain"
dialect = "mapped"
label = "A thermometer that says its tenths of a degree"
[points.temperature]
wire = { topic = "t", path = "", format = "text", scale = 0.1 }
[points.humidity]
wire = { topic = "h", path = "" }
"""


@pytest.fixture
def plain(tmp_path: Path) -> MqttRouter:
    (tmp_path / "plain.toml").write_text(PLAIN_NUMBER)
    return MqttRouter([device("mapped/plain", "x/1")], Catalog.load([tmp_path]))


def test_a_payload_may_be_a_number_alone(plain: MqttRouter) -> None:
    assert values(say(plain, "x/1/t", b"214")) == {"temperature": 21.4}
    assert values(say(plain, "x/1/h", b"40.5")) == {"humidity": 40.5}


@pytest.mark.parametrize(
    ("payload", "reason"), [(b"nan", "absurd_value"), (b"inf", "absurd_value"), (b"warm", "wrong_type"), (b"", "empty")]
)
def test_a_text_that_is_no_plausible_number_is_never_a_good_reading(
    plain: MqttRouter, payload: bytes, reason: str
) -> None:
    decoded = say(plain, "x/1/t", payload)
    assert reasons(decoded) == [reason]
    assert all(
        isinstance(fact, Reading) and fact.quality is Quality.BAD and fact.value is None for fact in decoded.facts
    )


COUNTED = """
id = "mapped/counted"
dialect = "mapped"
label = "Contact behind a LoRaWAN server"

[points.door]
wire = { topic = "up", path = "object.door", values = { open = "open", closed = "closed" } }

[points.message_number]
wire = { topic = "up", path = "fCnt" }
"""


def test_a_profile_says_where_a_device_counts_its_messages(tmp_path: Path) -> None:
    (tmp_path / "counted.toml").write_text(COUNTED)
    codec = MqttRouter([device("mapped/counted", "contact/101")], Catalog.load([tmp_path]))
    told = say(codec, "contact/101/up", {"fCnt": 1412, "object": {"door": "open"}})
    assert values(told) == {"door": "open", "message_number": 1412}
