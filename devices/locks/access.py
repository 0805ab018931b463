"""What a lock's action means: who opened, who was refused, who went out from inside.

Locks tell a user number, not a person; the profile says which numbers belong to which class of credential. A lock that
reads our cards tells besides, which one (`credential`), its class and, when it refuses, why (`denied_reason`). An
action is separate from the lock's state: an action may arrive together with a state that is not true any more.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from devices.model import CredentialClass

NOBODY = 65_535  # what Zigbee locks send when no user is concerned

DEFAULT_USERS: dict[CredentialClass, Sequence[int]] = {
    CredentialClass.GUEST: (1, 99),
    CredentialClass.HOUSEKEEPING: (100, 199),
    CredentialClass.ENGINEERING: (200, 299),
    CredentialClass.MASTER: (900, 949),
    CredentialClass.EMERGENCY: (950, 999),
}

_OPENED = frozenset({"unlock", "keypad_unlock", "rfid_unlock", "fingerprint_unlock", "app_unlock"})
_BY_HAND = frozenset({"manual_unlock", "egress", "inside_unlock"})
_REFUSED = {
    "unlock_failure_invalid_pin_or_id": "invalid",
    "unlock_failure_invalid_schedule": "no_right",
    "lock_failure_invalid_pin_or_id": "invalid",
    "lock_failure_invalid_schedule": "no_right",
    "invalid_code": "invalid",
    "access_denied": "invalid",
}
_REASONS = frozenset({"invalid", "expired", "no_right", "blacklisted", "privacy", "antipassback", "crypto"})
_LONGEST_CREDENTIAL = 64
_ALARMS = {"tamper": "tamper", "forced": "forced", "forced_open": "forced", "door_forced": "forced"}
_SILENT = frozenset(
    {
        *("lock", "manual_lock", "key_lock", "auto_lock", "one_touch_lock", "schedule_lock", "schedule_unlock"),
        *("keypad_lock", "rf_lock", "rf_unlock", "rfid_lock", "pin_code_added", "pin_code_deleted"),
        *("non_access_user_operational_event", "unknown"),
    }
)


class Happened(NamedTuple):
    """An event a lock's action stands for: kind and params of a DeviceEvent."""

    kind: str
    params: dict[str, Any]


def classify(user: int | None, users: Mapping[CredentialClass, Sequence[int]]) -> CredentialClass:
    """The class a user number belongs to; UNKNOWN when none."""
    if user is None:
        return CredentialClass.UNKNOWN
    found = (credential for credential, (first, last) in users.items() if first <= user <= last)
    return next(found, CredentialClass.UNKNOWN)


def happened(body: Mapping[str, Any], users: Mapping[CredentialClass, Sequence[int]]) -> Happened | None:
    """The event of a lock's message, None when it tells of none; raises KeyError for an action nobody knows."""
    action = body.get("action")
    if not action or action in _SILENT:
        return None
    if action in _BY_HAND or (action == "unlock" and body.get("action_source_name") == "manual"):
        return Happened("egress", {})
    if action in _ALARMS:
        return Happened(_ALARMS[action], {})
    if action == "unlock" and body.get("action_source_name") == "rf":
        return None  # our own command from afar: nobody stands at the door
    if action == "key_unlock":
        return _access("granted", CredentialClass.UNKNOWN, None, "mechanical_key")
    user = _user(body)
    credential_class = _told_class(body) or classify(user, users)
    credential = _told_credential(body) or (None if user is None else str(user))
    if action in _OPENED:
        return _access("granted", credential_class, credential, None)
    refused = _REFUSED[action]
    return _access("denied", credential_class, credential, _told_reason(body) or refused)


def _access(result: str, credential_class: CredentialClass, credential: str | None, reason: str | None) -> Happened:
    params = {"result": result, "credential_class": credential_class, "credential": credential, "reason": reason}
    return Happened("access", params)


def _user(body: Mapping[str, Any]) -> int | None:
    user = body.get("action_user")
    return user if type(user) is int and 0 <= user < NOBODY else None


def _told_class(body: Mapping[str, Any]) -> CredentialClass | None:
    """The class when the lock system tells it outright; a word we do not know is UNKNOWN, not a guess."""
    told = body.get("credential_class")
    if not isinstance(told, str):
        return None
    return CredentialClass(told) if told in set(CredentialClass) else CredentialClass.UNKNOWN


def _told_credential(body: Mapping[str, Any]) -> str | None:
    """The credential when the lock names it; what no credential can look like is as if it had not."""
    told = body.get("credential")
    return told if isinstance(told, str) and 0 < len(told) <= _LONGEST_CREDENTIAL and told.isprintable() else None


def _told_reason(body: Mapping[str, Any]) -> str | None:
    """Why it refused, when it says so in a word that we know."""
    told = body.get("denied_reason")
    return told if isinstance(told, str) and told in _REASONS else None
