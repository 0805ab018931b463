"""A lock that reads key cards: it verifies what the card really carries, and opens or says why not."""

from dataclasses import replace
from pathlib import Path

import structlog

from devices.clock import Clock
from devices.encoders.payload import CardContent, CardKeys, PayloadError, decode
from simulators.device import UseCases
from simulators.encoder.card import Card
from simulators.encoder.content import stored_on
from simulators.lock_rules import Decision, LockMemory, decide

log = structlog.get_logger()

KEY_FILE = "secrets/card_key"


class KeyRing:
    """The hotel's card key as its locks have it: read from DATA each time, for it may come after the locks."""

    def __init__(self, data: Path, property_id: str | None) -> None:
        self._file = data / KEY_FILE
        self._property = property_id

    def keys(self) -> CardKeys | None:
        """The keys; None while there are none."""
        if self._property is None or not self._file.exists():
            return None
        try:
            master = bytes.fromhex(self._file.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            log.warning("locks have no card key", file=str(self._file), error=type(error).__name__)
            return None
        return CardKeys(self._property, master) if len(master) == 16 else None


def content_of(card: Card, keys: CardKeys | None) -> CardContent | str:
    """What an authentic card says, else the code of what is wrong (of a PayloadError, `no_key`, `unreadable`)."""
    data = stored_on(card)
    if data is None:
        return "unreadable"
    if keys is None:
        return "no_key"
    try:
        return decode(data, keys, card.uid)
    except PayloadError as error:
        return error.code


class CardLock:
    """The card reader of a lock device."""

    def __init__(self, device: UseCases, ring: KeyRing, clock: Clock) -> None:
        self.device = device
        self.refused = 0
        self.opened = 0
        self._ring = ring
        self._clock = clock
        self._memory = LockMemory(device.state.device.room)

    def present(self, card: Card) -> Decision:
        """Hold a card to it: it opens and locks itself again, or refuses, and tells of it either way."""
        decision = decide(content_of(card, self._ring.keys()), self._known(), self._clock.now())
        self._memory = decision.memory
        if decision.opens:
            self.opened += 1
            self.device.learns("key_sequence", decision.memory.key_sequence)
        else:
            self.refused += 1
        self.device.card_read(_told(decision.content), decision.reason)
        return decision

    def _known(self) -> LockMemory:
        values = self.device.state.values
        sequence, bolted = values.get("key_sequence"), values.get("bolt") is True
        floor = int(sequence) if isinstance(sequence, int | float) else self._memory.key_sequence
        return replace(self._memory, key_sequence=floor, bolted=bolted)


def _told(content: CardContent | None) -> dict[str, str]:
    """How the lock names a card that it believes."""
    if content is None:
        return {}
    return {"credential": f"card:{content.credential}", "credential_class": str(content.credential_class)}
