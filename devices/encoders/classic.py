"""MIFARE Classic: weak (Crypto-1 has been public since 2008), used only where the hotel has switched it on.

The payload is in the blocks of sector 1. A card that still has the transport key gets keys of its own and the access
bits `FF 07 80 69` before anything else is written: no test key stays on a real card. Source: `locks-and-encoders`
section 2.
"""

from devices.encoders.payload import SIZE, CardKeys
from devices.encoders.technology import AUTHENTICATION, OK, CardFault, CardRefused, Select, Steps, Tell

AUTHENTICATE_A, READ, WRITE = 0x60, 0x30, 0xA0
BLOCK, FIRST_BLOCK, TRAILER = 16, 4, 7
TRANSPORT_KEY = b"\xff" * 6
ACCESS = bytes.fromhex("ff078069")


class ClassicCard:
    """A card of this family."""

    kind = "mifare_classic"
    unit = BLOCK

    def __init__(self, keys: CardKeys, uid: bytes) -> None:
        self._keys = keys.sector_keys(uid)
        self._uid = uid[-4:]  # all seven bytes of a long one are a syntax error to the chip
        self._has_transport_key = False

    def open(self) -> Steps[None]:
        """Authenticate with the card's own key, else with the transport key."""
        if (yield from self._authenticated(self._keys[0])):
            return
        yield Select()  # a refused card has halted
        self._has_transport_key = yield from self._authenticated(TRANSPORT_KEY)
        if not self._has_transport_key:
            yield Select()
            raise CardRefused("foreign_card", self.kind)

    def protect(self) -> Steps[None]:
        """Write the trailer with our keys, and prove them."""
        if not self._has_transport_key:
            return
        key_a, key_b = self._keys
        yield from _written(TRAILER, key_a + ACCESS + key_b)
        self._has_transport_key = False
        if not (yield from self._authenticated(key_a)):
            raise CardFault("write_failed")

    def read(self) -> Steps[bytes]:
        """Blocks 4 to 6."""
        content = b""
        for block in range(FIRST_BLOCK, FIRST_BLOCK + SIZE // BLOCK):
            answer = yield Tell(bytes([READ, block]))
            if answer.status != OK or len(answer.data) != BLOCK:
                raise CardFault("read_failed", answer.status)
            content += answer.data
        return content

    def write(self, part: int, data: bytes) -> Steps[None]:
        """One block."""
        yield from _written(FIRST_BLOCK + part, data)

    def _authenticated(self, key: bytes) -> Steps[bool]:
        answer = yield Tell(bytes([AUTHENTICATE_A, FIRST_BLOCK]) + key + self._uid)
        if answer.status not in (OK, AUTHENTICATION):
            raise CardFault("read_failed", answer.status)
        return answer.status == OK


def _written(block: int, data: bytes) -> Steps[None]:
    answer = yield Tell(bytes([WRITE, block]) + data)
    if answer.status != OK:
        raise CardFault("write_failed", answer.status)
