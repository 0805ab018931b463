"""What a lock decides, as a table: a card, what the lock knows, the time -> opens, or why not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.encoders.payload import CardContent
from devices.model import CredentialClass
from simulators.lock_rules import LockMemory, decide

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GUEST = CardContent("101", 17, 5, NOON - timedelta(hours=1), NOON + timedelta(hours=1))
LOCK = LockMemory("101", key_sequence=5)
STAFF = [name for name in CredentialClass if name not in {CredentialClass.GUEST, CredentialClass.UNKNOWN}]


def guest(**changes: Any) -> CardContent:
    return replace(GUEST, **changes)


def lock(**changes: Any) -> LockMemory:
    return replace(LOCK, **changes)


def staff(kind: CredentialClass, **changes: Any) -> CardContent:
    return replace(GUEST, room="staff", sequence=0, credential_class=kind, **changes)


TABLE: list[tuple[str, CardContent | str, LockMemory, str | None]] = [
    ("the guest's card", guest(), lock(), None),
    ("another room's", guest(room="102"), lock(), "no_right"),
    ("a lock without a room", guest(), lock(room=None), "no_right"),
    ("from this second on", guest(valid_from=NOON), lock(), None),
    ("not yet", guest(valid_from=NOON + SECOND), lock(), "no_right"),
    ("until the last second", guest(valid_until=NOON + SECOND), lock(), None),
    ("no longer", guest(valid_until=NOON), lock(), "expired"),
    ("superseded", guest(sequence=4), lock(), "blacklisted"),
    ("newer", guest(sequence=9), lock(), None),
    ("a lock that has never been told", guest(sequence=1), lock(key_sequence=0), None),
    ("for once, fresh", guest(one_shot=True), lock(), None),
    ("for once, used", guest(one_shot=True), lock(used=frozenset({17})), "expired"),
    ("the same number, not for once", guest(), lock(used=frozenset({17})), None),
    ("the guest with the bolt turned", guest(), lock(bolted=True), None),
    ("not authentic", "not_authentic", lock(), "crypto"),
    ("a lock without the key", "no_key", lock(), "crypto"),
    ("another hotel's", "other_property", lock(), "invalid"),
    ("somebody else's", "foreign", lock(), "invalid"),
    ("empty", "empty", lock(), "invalid"),
    ("not to be read", "unreadable", lock(), "invalid"),
    *[(f"{kind}: any room, any sequence", staff(kind), lock(), None) for kind in STAFF],
    *[(f"{kind} too late", staff(kind, valid_until=NOON), lock(), "expired") for kind in STAFF],
    *[
        (f"{kind} and the bolt", staff(kind), lock(bolted=True), "no_right")
        for kind in STAFF
        if kind is not CredentialClass.EMERGENCY
    ],
    ("emergency and the bolt", staff(CredentialClass.EMERGENCY), lock(bolted=True), None),
]


@pytest.mark.parametrize(("card", "memory", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_lock_decides(card: CardContent | str, memory: LockMemory, reason: str | None) -> None:
    decision = decide(card, memory, NOON)
    assert (decision.reason, decision.opens) == (reason, reason is None)


def test_a_newer_card_moves_the_lock_up_and_voids_the_older_ones() -> None:
    after = decide(guest(sequence=9), LOCK, NOON).memory
    assert after.key_sequence == 9
    assert decide(guest(sequence=5), after, NOON).reason == "blacklisted"
    assert decide(guest(sequence=9), after, NOON).opens


def test_a_card_for_once_opens_once() -> None:
    once = guest(one_shot=True)
    after = decide(once, LOCK, NOON).memory
    assert decide(once, after, NOON).reason == "expired"
    assert decide(guest(credential=18, one_shot=True), after, NOON).opens


@pytest.mark.parametrize("card", [guest(room="102", sequence=9), guest(sequence=9, valid_until=NOON), "not_authentic"])
def test_a_refused_card_changes_nothing(card: CardContent | str) -> None:
    assert decide(card, LOCK, NOON).memory == LOCK


def test_a_staff_card_moves_nothing_up() -> None:
    card = replace(staff(CredentialClass.MASTER), sequence=99)
    assert decide(card, LOCK, NOON).memory == LOCK
