"""Payloads that are no message at all, and what is not expected of a topic."""

import pytest

from devices.mqtt.payload import DEEPEST, LARGEST, depth
from devices.mqtt.topics import covers, fewest, matches
from tests.devices.codec import device, reasons, router, say

DEEP = b'{"temperature":' + b"[" * 40 + b"]" * 40 + b"}"

REFUSED: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"hello", "not_json"),
    (b'{"temperature": 21', "not_json"),
    (b'{"temperature": NaN}', "not_json"),
    (b'{"temperature": Infinity}', "not_json"),
    (b'{"temperature": 1e999}', "not_json"),
    (b"\xff\xfe{}", "not_json"),
    (b"[1, 2]", "wrong_type"),
    (b"21.5", "wrong_type"),
    (b"null", "wrong_type"),
    (b'"online"', "wrong_type"),
    (b'{"a":"' + b"x" * LARGEST + b'"}', "too_large"),
    (DEEP, "too_deep"),
    (b"[" * 60_000, "too_deep"),
    (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, "too_deep"),
]


@pytest.mark.parametrize(("payload", "reason"), REFUSED, ids=lambda value: str(value)[:24])
@pytest.mark.parametrize(
    ("profile", "address", "topic"),
    [
        ("zigbee2mqtt/climate", "zigbee2mqtt/101", "zigbee2mqtt/101"),
        ("tasmota/climate", "101", "tele/101/SENSOR"),
        ("shelly/climate", "101", "101/events/rpc"),
        ("mapped/climate_json", "x/101", "x/101/data"),
    ],
)
def test_a_payload_that_is_no_message_is_refused(
    payload: bytes, reason: str, profile: str, address: str, topic: str
) -> None:
    decoded = say(router(device(profile, address)), topic, payload)
    assert reasons(decoded) == [reason]
    assert decoded.rejected[0].device == "101_thing"
    assert not decoded.facts


def test_depth_counts_brackets_outside_of_strings() -> None:
    assert depth(b'{"a":[[1],{"b":"[[[\\"{{"}]}') == 3
    assert depth(b"1") == 0


def test_many_shallow_objects_are_no_deep_one() -> None:
    flat = b'{"temperature": 20, "history": [' + b",".join([b"{}"] * (DEEPEST * 2)) + b"]}"
    assert not reasons(say(router(device("zigbee2mqtt/climate", "zigbee2mqtt/101")), "zigbee2mqtt/101", flat))


@pytest.mark.parametrize(
    ("pattern", "topic", "heard"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a/b/c", False),
        ("a/b", "a/b", True),
        ("a/b/c", "a/b", False),
    ],
)
def test_a_filter_hears(pattern: str, topic: str, heard: bool) -> None:
    assert matches(pattern, topic) is heard


def test_a_filter_within_another_is_left_out() -> None:
    assert fewest(["a/+/c", "a/#", "b/c", "b/c", "+/online", "a/b"]) == ("+/online", "a/#", "b/c")
    assert covers("+/+", "a/+")
    assert not covers("a/+", "a/#")
    assert not covers("a/b", "a/+")
