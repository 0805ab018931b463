"""Cards out of the box: every kind, each with a UID of its own."""

from random import Random

from simulators.encoder.card import Card
from simulators.encoder.classic import ClassicCard
from simulators.encoder.desfire import DesfireCard
from simulators.encoder.type2 import MAKES, Type2Card

KINDS = (*MAKES, ClassicCard.kind, DesfireCard.kind)
NXP = 0x04
FOREIGN = b"\x4b\x43\x01" + b"another hotel's card, room 512".ljust(45, b"\x5a")
"""What somebody else's encoder may leave on a card."""


class Deck:
    """A stack of new cards. The same seed gives the same UIDs."""

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(f"{seed}/cards")

    def blank(self, kind: str = "ntag213") -> Card:
        """A card of one of `KINDS` that nobody has written. KeyError: there is no such kind."""
        if kind == ClassicCard.kind:
            return ClassicCard(self._random.randbytes(4))
        uid = bytes([NXP]) + self._random.randbytes(6)
        return DesfireCard(uid) if kind == DesfireCard.kind else Type2Card(kind, uid)

    def delivered(self, kind: str = "ntag213") -> Type2Card:
        """As the factory delivers an NTAG: with an empty NDEF message in its first pages."""
        return Type2Card(kind, bytes([NXP]) + self._random.randbytes(6), delivered=True)

    def foreign(self, kind: str = "ntag213") -> Type2Card:
        """Another house's card."""
        card = Type2Card(kind, bytes([NXP]) + self._random.randbytes(6))
        card.put(FOREIGN)
        return card
