"""Key cards of the tests' own hotel, written without an encoder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.encoders.payload import CardContent, CardKeys, encode
from simulators.encoder.card import Card
from simulators.encoder.deck import Deck
from simulators.encoder.type2 import Type2Card

PROPERTY = "grand"
MASTER = bytes.fromhex("00112233445566778899aabbccddeeff")
KEYS = CardKeys(PROPERTY, MASTER)


def store_key(data: Path, master: bytes = MASTER) -> None:
    """Put the hotel's card key where the edge makes it."""
    (data / "secrets").mkdir(parents=True, exist_ok=True)
    (data / "secrets" / "card_key").write_text(master.hex() + "\n")


def content(room: str = "101", credential: int = 17, sequence: int = 5, now: datetime | None = None) -> CardContent:
    """What a guest's card says, good for a day around `now` (else the present)."""
    at = (now or datetime.now(UTC)).replace(microsecond=0)
    return CardContent(room, credential, sequence, at - timedelta(days=1), at + timedelta(days=1))


def key_card(what: CardContent, keys: CardKeys = KEYS, kind: str = "ntag213") -> Card:
    """A card with that on it."""
    card = Deck(what.credential).blank(kind)
    assert isinstance(card, Type2Card)
    card.put(encode(what, keys, card.uid))
    return card
