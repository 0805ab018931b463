"""Does a lock open to this card? The pure decision, as an on-line lock with our keys takes it.

Order of the questions: is the card authentic and this hotel's, is it this room's, is it time, is it the newest
(card cycling: a higher sequence opens and voids the lower ones), was it good for once, is the bolt turned.
"""

from dataclasses import dataclass
from datetime import datetime

from devices.encoders.payload import CardContent
from devices.model import CredentialClass

INVALID, EXPIRED, NO_RIGHT, BLACKLISTED, CRYPTO = "invalid", "expired", "no_right", "blacklisted", "crypto"
PROBLEMS = {"not_authentic": CRYPTO}
"""Why a card cannot be believed -> why the lock refuses; every other problem is `invalid`."""


@dataclass(frozen=True, slots=True)
class LockMemory:
    """What the lock knows. `key_sequence` is the lowest that opens; `used`: one-shot cards that have opened it."""

    room: str | None
    key_sequence: int = 0
    bolted: bool = False
    used: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the lock does. `reason` is None when it opens; `memory` is what it knows from now on."""

    reason: str | None
    memory: LockMemory
    content: CardContent | None = None

    @property
    def opens(self) -> bool:
        """Does it open?"""
        return self.reason is None


def decide(card: CardContent | str, memory: LockMemory, now: datetime) -> Decision:
    """`card` is what an authentic card says, or the code of what is wrong with it (`no_key`: the lock cannot tell)."""
    if isinstance(card, str):
        return Decision(CRYPTO if card == "no_key" else PROBLEMS.get(card, INVALID), memory)
    reason = _refusal(card, memory, now)
    return Decision(reason, memory if reason else _after(card, memory), card)


def _refusal(card: CardContent, memory: LockMemory, now: datetime) -> str | None:
    guest = card.credential_class is CredentialClass.GUEST
    if guest and card.room != memory.room:
        return NO_RIGHT
    if now < card.valid_from:
        return NO_RIGHT
    if now >= card.valid_until:
        return EXPIRED
    if guest and card.sequence < memory.key_sequence:
        return BLACKLISTED
    if card.one_shot and card.credential in memory.used:
        return EXPIRED
    if memory.bolted and not guest and card.credential_class is not CredentialClass.EMERGENCY:
        return NO_RIGHT
    return None


def _after(card: CardContent, memory: LockMemory) -> LockMemory:
    """A guest's newer card voids the older ones; a card for once has had its turn."""
    guest = card.credential_class is CredentialClass.GUEST
    sequence = max(memory.key_sequence, card.sequence) if guest else memory.key_sequence
    used = memory.used | {card.credential} if card.one_shot else memory.used
    return LockMemory(memory.room, sequence, memory.bolted, used)
