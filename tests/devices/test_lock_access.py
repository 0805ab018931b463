"""Locks: whose card it was, who was refused, who went out from inside."""

from typing import Any

import pytest

from devices.model import CredentialClass, DeviceEvent
from devices.mqtt.router import MqttRouter
from tests.devices.codec import device, events, reasons, router, say, values


def one(profile: str) -> MqttRouter:
    return router(device(f"zigbee2mqtt/{profile}", "zigbee2mqtt/101_thing"))


def access(result: str, credential_class: CredentialClass, credential: str | None, reason: str | None) -> Any:
    params = {"result": result, "credential_class": credential_class, "credential": credential, "reason": reason}
    return ("access", params)


ACTIONS: list[tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]] = [
    (
        {"action": "unlock", "action_source_name": "rfid", "action_user": 3},
        [access("granted", CredentialClass.GUEST, "3", None)],
    ),
    (
        {"action": "unlock", "action_source_name": "rfid", "action_user": 104},
        [access("granted", CredentialClass.HOUSEKEEPING, "104", None)],
    ),
    (
        {"action": "unlock", "action_source_name": "keypad", "action_user": 950},
        [access("granted", CredentialClass.EMERGENCY, "950", None)],
    ),
    (
        {"action": "unlock", "action_user": 3, "credential_class": "engineering"},
        [access("granted", CredentialClass.ENGINEERING, "3", None)],
    ),
    ({"action": "unlock", "action_user": 65535}, [access("granted", CredentialClass.UNKNOWN, None, None)]),
    (
        {"action": "keypad_unlock", "action_user": 500, "credential_class": "chef"},
        [access("granted", CredentialClass.UNKNOWN, "500", None)],
    ),
    (
        {"action": "unlock_failure_invalid_pin_or_id", "action_user": 12},
        [access("denied", CredentialClass.GUEST, "12", "invalid")],
    ),
    (
        {
            "action": "unlock",
            "action_source_name": "rfid",
            "action_user": 65535,
            "credential": "card:17",
            "credential_class": "guest",
        },
        [access("granted", CredentialClass.GUEST, "card:17", None)],
    ),
    (
        {
            "action": "unlock_failure_invalid_schedule",
            "action_user": 65535,
            "credential": "card:17",
            "credential_class": "guest",
            "denied_reason": "expired",
        },
        [access("denied", CredentialClass.GUEST, "card:17", "expired")],
    ),
    (
        {"action": "unlock_failure_invalid_pin_or_id", "action_user": 65535, "denied_reason": "crypto"},
        [access("denied", CredentialClass.UNKNOWN, None, "crypto")],
    ),
    (
        {"action": "access_denied", "action_user": 12, "credential": ["card:1"], "denied_reason": "because"},
        [access("denied", CredentialClass.GUEST, "12", "invalid")],
    ),
    (
        {"action": "unlock", "action_user": 12, "credential": "x" * 65, "denied_reason": "expired"},
        [access("granted", CredentialClass.GUEST, "12", None)],
    ),
    ({"action": "key_unlock"}, [access("granted", CredentialClass.UNKNOWN, None, "mechanical_key")]),
    ({"action": "manual_unlock", "action_source": 2, "action_user": 65535}, [("egress", {})]),
    ({"action": "unlock", "action_source_name": "manual"}, [("egress", {})]),
    ({"action": "unlock", "action_source_name": "rf"}, []),
    ({"action": "forced_open"}, [("forced", {})]),
    ({"action": "auto_lock"}, []),
    ({"action": ""}, []),
]


@pytest.mark.parametrize(("payload", "expected"), ACTIONS)
def test_a_lock_action_means(payload: dict[str, Any], expected: list[Any]) -> None:
    decoded = say(one("lock"), "zigbee2mqtt/101_thing", payload)
    assert events(decoded) == expected
    assert not decoded.rejected


def test_action_and_state_are_separate_facts() -> None:
    decoded = say(
        one("lock"), "zigbee2mqtt/101_thing", {"action": "manual_unlock", "lock_state": "locked", "state": "LOCK"}
    )
    assert values(decoded) == {"lock": "locked"}
    assert events(decoded) == [("egress", {})]


@pytest.mark.parametrize(
    ("action", "reason"), [("juggle", "unknown_action"), (3, "wrong_type"), (["unlock"], "wrong_type")]
)
def test_an_action_nobody_knows_is_counted_and_the_rest_holds(action: object, reason: str) -> None:
    decoded = say(one("lock"), "zigbee2mqtt/101_thing", {"action": action, "battery": 9})
    assert values(decoded) == {"battery": 9}
    assert reasons(decoded) == [reason]


def test_the_sequence_that_a_lock_opens_to() -> None:
    assert values(say(one("lock"), "zigbee2mqtt/101_thing", {"key_sequence": 7})) == {"key_sequence": 7}
    assert values(say(one("lock"), "zigbee2mqtt/101_thing", {"battery": 70})) == {"battery": 70}
    assert reasons(say(one("lock"), "zigbee2mqtt/101_thing", {"key_sequence": -1})) == ["absurd_value"]


def test_a_lock_that_numbers_its_records_tells_the_number_with_each() -> None:
    said = say(one("lock"), "zigbee2mqtt/101_thing", {"action": "unlock", "action_user": 1, "record": 42})
    assert values(said) == {"record": 42}
    assert [fact.kind for fact in said.facts if isinstance(fact, DeviceEvent)] == ["access"]
