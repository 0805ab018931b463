"""NTAG21x and MIFARE Ultralight: pages of four bytes, read four at a time, written one at a time.

Sources: the NXP data sheets NTAG213/215/216, MF0ICU1, MF0ULx1 and MF0ICU2, as facts: sizes, versions, lock bits.
"""

import os
from dataclasses import dataclass

from simulators.encoder.card import CardRefusedError, CardSilentError

PAGE = 4
PAGES_A_READ = 4
LOCKS, CAPABILITY = 2, 3
FIRST_USER_PAGE = 4
LAST_LOCKED_PAGE = 15


@dataclass(frozen=True, slots=True)
class Make:
    """A model: pages in all, the last page for the user, what it says of itself, what the factory wrote."""

    pages: int
    last_user_page: int
    version: bytes = b""
    capability: bytes = bytes(4)
    delivered: bytes = b""
    secret_pages: range = range(0)
    takes_keys: bool = False


_NTAG_DELIVERED = bytes.fromhex("0300fe00")
MAKES = {
    "ntag213": Make(
        pages=45,
        last_user_page=39,
        version=bytes.fromhex("0004040201000f03"),
        capability=bytes.fromhex("e1101200"),
        delivered=bytes.fromhex("0103a00c340300fe"),
        secret_pages=range(43, 45),
    ),
    "ntag215": Make(
        pages=135,
        last_user_page=129,
        version=bytes.fromhex("0004040201001103"),
        capability=bytes.fromhex("e1103e00"),
        delivered=_NTAG_DELIVERED,
        secret_pages=range(133, 135),
    ),
    "ntag216": Make(
        pages=231,
        last_user_page=225,
        version=bytes.fromhex("0004040201001303"),
        capability=bytes.fromhex("e1106d00"),
        delivered=_NTAG_DELIVERED,
        secret_pages=range(229, 231),
    ),
    "ultralight": Make(pages=16, last_user_page=15),
    "ultralight_ev1": Make(
        pages=20, last_user_page=15, version=bytes.fromhex("0004030101000b03"), secret_pages=range(18, 20)
    ),
    "ultralight_c": Make(pages=48, last_user_page=39, secret_pages=range(44, 48), takes_keys=True),
}


class Type2Card:
    """One of `MAKES`. After a refusal it waits to be selected anew; reading past the end goes on at page 0."""

    atqa = bytes.fromhex("0044")
    sak = 0x00
    ats = b""

    def __init__(self, kind: str, uid: bytes, delivered: bool = False) -> None:
        """`uid`: seven bytes. `delivered`: with the empty message that the factory writes, instead of zeros."""
        if len(uid) != 7:
            raise ValueError("such a card has a UID of seven bytes")
        self.kind = kind
        self.uid = uid
        self.make = MAKES[kind]
        self.memory = bytearray(self.make.pages * PAGE)
        self._awake = True
        self._set_up(delivered)

    def _set_up(self, delivered: bool) -> None:
        first, second = self.uid[:3], self.uid[3:]
        head = first + bytes([0x88 ^ _xor(first)]) + second + bytes([_xor(second), 0x48, 0, 0])
        content = self.make.delivered if delivered else b""
        made = head + self.make.capability + content
        self.memory[: len(made)] = made

    @property
    def user(self) -> bytes:
        """The memory that is the user's."""
        return bytes(self.memory[FIRST_USER_PAGE * PAGE : (self.make.last_user_page + 1) * PAGE])

    def put(self, data: bytes) -> None:
        """Write the user's memory from its start, as somebody else's encoder did."""
        start = FIRST_USER_PAGE * PAGE
        self.memory[start : start + len(data)] = data

    def select(self) -> None:
        """Awake again."""
        self._awake = True

    def exchange(self, command: bytes) -> bytes:
        """READ, FAST_READ, WRITE, COMPATIBILITY_WRITE, GET_VERSION, HALT; what it does not know it refuses."""
        if not self._awake:
            raise CardSilentError
        try:
            return self._answer(command)
        except CardRefusedError:
            self._awake = False
            raise

    def _answer(self, command: bytes) -> bytes:
        match list(command):
            case [0x30, page]:
                return self._read(page)
            case [0xA2, page, *data] if len(data) == PAGE:
                return self._write(page, bytes(data))
            case [0xA0, page, *data] if len(data) == 16:
                return self._write(page, bytes(data[:PAGE]))
            case [0x3A, first, last] if self.make.version and first <= last:
                return self._pages(first, last)
            case [0x60] if self.make.version:
                return self.make.version
            case [0x1A, 0x00] if self.make.takes_keys:
                return b"\xaf" + os.urandom(8)
            case [0x50, 0x00]:
                self._awake = False
                raise CardSilentError
        raise CardRefusedError

    def _read(self, page: int) -> bytes:
        if page >= self.make.pages:
            raise CardRefusedError
        return b"".join(self._page((page + step) % self.make.pages) for step in range(PAGES_A_READ))

    def _pages(self, first: int, last: int) -> bytes:
        if last >= self.make.pages:
            raise CardRefusedError
        return b"".join(self._page(page) for page in range(first, last + 1))

    def _page(self, page: int) -> bytes:
        if page in self.make.secret_pages:
            return bytes(PAGE)
        return bytes(self.memory[page * PAGE : (page + 1) * PAGE])

    def _write(self, page: int, data: bytes) -> bytes:
        if not LOCKS <= page < self.make.pages or self._locked(page):
            raise CardRefusedError
        if page in {LOCKS, CAPABILITY}:
            data = self._only_added(page, data)
        self.memory[page * PAGE : (page + 1) * PAGE] = data
        return b""

    def _only_added(self, page: int, data: bytes) -> bytes:
        """Lock bits and one-time bits can be set and never taken back; UID and serial check bytes stay."""
        old = self._page(page)
        kept = 2 if page == LOCKS else 0
        return old[:kept] + bytes(a | b for a, b in zip(old[kept:], data[kept:], strict=True))

    def _locked(self, page: int) -> bool:
        """The static lock bits: one a page, from page 3 to 15."""
        bits = int.from_bytes(self.memory[LOCKS * PAGE + 2 : LOCKS * PAGE + 4], "little")
        return CAPABILITY <= page <= LAST_LOCKED_PAGE and bool(bits >> page & 1)


def _xor(data: bytes) -> int:
    total = 0
    for byte in data:
        total ^= byte
    return total
