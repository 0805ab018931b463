"""MIFARE Classic 1K: sixteen sectors of four blocks, each sector behind two keys; a refusal halts the card.

The access bits of a trailer hold for the data blocks and for the keys of their sector, as the data sheet's tables say;
bits that contradict their own complements close the sector for ever.
"""

from simulators.encoder.card import CardRefusedError, CardSilentError

KEY_A, HALT = 0x60, 0x50
BLOCK, BLOCKS = 16, 64
TRANSPORT_KEY = b"\xff" * 6
TRANSPORT_ACCESS = bytes.fromhex("ff078069")
NOBODY, A_ONLY, B_ONLY, BOTH = "", "a", "b", "ab"

DATA_ACCESS = {  # C1 C2 C3 of a data block: who reads, who writes
    0b000: (BOTH, BOTH),
    0b010: (BOTH, NOBODY),
    0b100: (BOTH, B_ONLY),
    0b110: (BOTH, B_ONLY),
    0b001: (BOTH, NOBODY),
    0b011: (B_ONLY, B_ONLY),
    0b101: (B_ONLY, NOBODY),
    0b111: (NOBODY, NOBODY),
}
TRAILER_WRITE = {  # C1 C2 C3 of a trailer: who writes the keys, who writes the access bits, who reads key B
    0b000: (A_ONLY, NOBODY, A_ONLY),
    0b010: (NOBODY, NOBODY, A_ONLY),
    0b100: (B_ONLY, NOBODY, NOBODY),
    0b110: (NOBODY, NOBODY, NOBODY),
    0b001: (A_ONLY, A_ONLY, A_ONLY),
    0b011: (B_ONLY, B_ONLY, NOBODY),
    0b101: (NOBODY, B_ONLY, NOBODY),
    0b111: (NOBODY, NOBODY, NOBODY),
}


class ClassicCard:
    """A card with transport keys, all zeros. `authenticate` is the reader's Crypto-1 with `uid`'s last four bytes."""

    kind = "mifare_classic"
    sak = 0x08
    ats = b""

    def __init__(self, uid: bytes) -> None:
        """`uid`: four or seven bytes."""
        if len(uid) not in {4, 7}:
            raise ValueError("such a card has a UID of four or seven bytes")
        self.uid = uid
        self.atqa = bytes.fromhex("0004" if len(uid) == 4 else "0044")
        self.memory = bytearray(BLOCK * BLOCKS)
        self.memory[: len(uid)] = uid
        for sector in range(BLOCKS // 4):
            start = (sector * 4 + 3) * BLOCK
            self.memory[start : start + BLOCK] = TRANSPORT_KEY + TRANSPORT_ACCESS + TRANSPORT_KEY
        self._awake = True
        self._sector: int | None = None
        self._key = NOBODY

    def set_keys(self, sector: int, key_a: bytes, key_b: bytes, access: bytes = TRANSPORT_ACCESS) -> None:
        """The keys and access bits of a sector, as its owner wrote them."""
        start = (sector * 4 + 3) * BLOCK
        self.memory[start : start + BLOCK] = key_a + access + key_b

    def select(self) -> None:
        """Awake, and nobody has shown a key."""
        self._awake, self._sector = True, None

    def authenticate(self, command: int, block: int, key: bytes, uid: bytes) -> None:
        """Key A or B of the block's sector. Raises CardRefusedError (and halts) when it is not the one."""
        if not self._awake:
            raise CardSilentError
        trailer = self._trailer(block // 4) if block < BLOCKS else b""
        own = trailer[:6] if command == KEY_A else trailer[10:16]
        if key != own or uid != self.uid[-4:]:
            self._halt()
        self._sector, self._key = block // 4, A_ONLY if command == KEY_A else B_ONLY

    def exchange(self, command: bytes) -> bytes:
        """READ and WRITE of a block whose sector was opened; HALT."""
        if not self._awake or command[:1] == bytes([HALT]):
            self._awake, self._sector = False, None
            raise CardSilentError
        match list(command):
            case [0x30, block] if block // 4 == self._sector:
                return self._read(block)
            case [0xA0, block, *data] if block // 4 == self._sector and len(data) == BLOCK:
                self._write(block, bytes(data))
                return b""
        return self._halt()

    def _halt(self) -> bytes:
        self._awake, self._sector = False, None
        raise CardRefusedError

    def _trailer(self, sector: int) -> bytes:
        start = (sector * 4 + 3) * BLOCK
        return bytes(self.memory[start : start + BLOCK])

    def _access(self, block: int) -> int:
        """C1 C2 C3 of a block; bits that contradict their complements read as 'nobody may anything'."""
        bits = self._trailer(block // 4)[6:9]
        low, middle, high = bits
        c1, c2, c3 = middle >> 4, high & 15, high >> 4
        if (low & 15, low >> 4, middle & 15) != (c1 ^ 15, c2 ^ 15, c3 ^ 15):
            return 0b111
        place = block % 4
        return (c1 >> place & 1) << 2 | (c2 >> place & 1) << 1 | c3 >> place & 1

    def _read(self, block: int) -> bytes:
        data = bytes(self.memory[block * BLOCK : (block + 1) * BLOCK])
        if block % 4 == 3:
            key_b = data[10:] if self._key in TRAILER_WRITE[self._access(block)][2] else bytes(6)
            return bytes(6) + data[6:10] + key_b
        return data if self._key in DATA_ACCESS[self._access(block)][0] else self._halt()

    def _write(self, block: int, data: bytes) -> None:
        if block == 0:
            self._halt()
        if block % 4 == 3:
            data = self._new_trailer(block, data)
        elif self._key not in DATA_ACCESS[self._access(block)][1]:
            self._halt()
        self.memory[block * BLOCK : (block + 1) * BLOCK] = data

    def _new_trailer(self, block: int, data: bytes) -> bytes:
        """What of a trailer this key may change changes; none at all is a refusal."""
        old, (keys, access, _) = self._trailer(block // 4), TRAILER_WRITE[self._access(block)]
        if self._key not in keys and self._key not in access:
            self._halt()
        middle = data[6:10] if self._key in access else old[6:10]
        return data[:6] + middle + data[10:] if self._key in keys else old[:6] + middle + old[10:]
