"""What anybody's reader sees on a card without any key: is it one of our format, whose number, which room."""

from typing import NamedTuple

from devices.encoders.payload import FORMAT, MAGIC, SIZE
from simulators.encoder.card import Card, CardRefusedError, CardSilentError
from simulators.encoder.classic import BLOCK, ClassicCard

FIRST_PAGE, PAGES_A_READ, PAGE = 4, 4, 4
CLASSIC_FIRST_BLOCK = 4


class Written(NamedTuple):
    """The readable part of a key card that concerns people: nothing of it is proved."""

    room: str
    credential: int
    sequence: int


def stored_on(card: Card) -> bytes | None:
    """The bytes where our cards carry their content; None: the card has no such place, or does not let it be read."""
    if isinstance(card, ClassicCard):  # who reads such cards has the sector's key
        return bytes(card.memory[CLASSIC_FIRST_BLOCK * BLOCK :][:SIZE])
    card.select()
    if card.ats:
        return None
    try:
        pages = range(FIRST_PAGE, FIRST_PAGE + SIZE // PAGE, PAGES_A_READ)
        return b"".join(card.exchange(bytes([0x30, page])) for page in pages)
    except (CardRefusedError, CardSilentError):
        return None


def written_on(card: Card) -> Written | None:
    """What is written on it; None: nothing, or something of somebody else's."""
    data = stored_on(card)
    if data is None or data[:2] != MAGIC or data[2] != FORMAT:
        return None
    room = data[24:40].rstrip(b"\x00").decode(errors="replace")
    return Written(room, int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big"))
