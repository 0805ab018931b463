"""NTAG21x and MIFARE Ultralight: pages of 4 bytes, read by four. The payload is in the user memory, from page 4 on.

Source: NXP NTAG213/215/216 and MF0ULx1 data sheets (GET_VERSION), NFC Forum type 2 tag (capability container).
"""

from devices.encoders.payload import SIZE
from devices.encoders.technology import OK, CardFault, CardRefused, Select, Steps, Tell

READ, WRITE, GET_VERSION, AUTHENTICATE = 0x30, 0xA2, 0x60, 0x1A
FIRST_PAGE, PAGE, READ_AT_ONCE = 4, 4, 16
CONTAINER_PAGE, CONTAINER_MAGIC = 3, 0xE1
VERSIONS = {
    (0x04, 0x0F): ("ntag213", 144),
    (0x04, 0x11): ("ntag215", 504),
    (0x04, 0x13): ("ntag216", 888),
    (0x03, 0x0B): ("ultralight_ev1", 48),
    (0x03, 0x0E): ("ultralight_ev1", 128),
}
"""Product type and storage size of GET_VERSION: what it is, and the bytes of its user memory."""


class Type2Card:
    """A card of this family; nothing has to be opened on it."""

    unit = PAGE

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def open(self) -> Steps[None]:
        """Its memory is open."""
        yield from ()

    def protect(self) -> Steps[None]:
        """It has no keys."""
        yield from ()

    def read(self) -> Steps[bytes]:
        """The 48 bytes from page 4 on."""
        content = b""
        for page in range(FIRST_PAGE, FIRST_PAGE + SIZE // PAGE, READ_AT_ONCE // PAGE):
            content += yield from _read(page)
        return content

    def write(self, part: int, data: bytes) -> Steps[None]:
        """One page."""
        answer = yield Tell(bytes([WRITE, FIRST_PAGE + part]) + data)
        if answer.status != OK:
            raise CardFault("write_failed", answer.status)


def recognise_type2() -> Steps[Type2Card]:
    """Which one it is: by GET_VERSION, else by its capability container. Raises CardRefused, CardFault."""
    answer = yield Tell(bytes([GET_VERSION]), plain=True)
    if answer.status == OK and len(answer.data) >= 8:
        kind, memory = VERSIONS.get((answer.data[2], answer.data[6]), ("unknown", 0))
        return _big_enough(kind, memory or (yield from _memory()))
    yield Select()
    answer = yield Tell(bytes([AUTHENTICATE, 0x00]), plain=True)
    kind = "ultralight_c" if answer.status == OK and answer.data[:1] == b"\xaf" else "ultralight"
    yield Select()
    return _big_enough(kind, (yield from _memory()))


def _big_enough(kind: str, memory: int) -> Type2Card:
    if memory < SIZE:
        raise CardRefused("card_too_small", kind)
    return Type2Card(kind)


def _memory() -> Steps[int]:
    """Bytes of user memory as the capability container tells; without one the card has the family's smallest."""
    container = (yield from _read(CONTAINER_PAGE))[:PAGE]
    return container[2] * 8 if container[0] == CONTAINER_MAGIC else SIZE


def _read(page: int) -> Steps[bytes]:
    answer = yield Tell(bytes([READ, page]))
    if answer.status != OK or len(answer.data) != READ_AT_ONCE:
        raise CardFault("read_failed", answer.status)
    return answer.data
