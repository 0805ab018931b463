"""What is written on a key card: 48 bytes, the smallest user memory of the cards in use (Ultralight, 12 pages of 4).

    offset length
     0      2     "IK"
     2      1     format, 1
     3      1     high nibble: class (`CLASSES`); low nibble: flags, 1 one-shot
     4      4     property: the first bytes of SHA-256 over its id
     8      4     credential: the number of the card in the hotel's ledger, big-endian
    12      4     sequence of the room's keys, big-endian
    16      4     valid from, seconds since 1970 UTC
    20      4     valid until (exclusive)
    24     16     room number, UTF-8, zero padded
    40      8     MAC: the first bytes of AES-CMAC over 0..39 under the card's own key

Nothing on it is secret: it is readable and cannot be made or changed without the key (`locks-and-encoders` section 4).
The key of a card is diversified by its UID, so that a copy on another card is worth nothing.
"""

import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from devices.encoders.diversify import cmac, diversified_key
from devices.model import CredentialClass

SIZE = 48
MAC_SIZE = 8
LONGEST_ROOM = 16
MAGIC, FORMAT = b"IK", 1
MARK_AT = 4
ONE_SHOT = 1
LOCK_CONTROL, EMPTY_MESSAGE = b"\x01\x03", b"\x03\x00"
"""TLVs of an NFC Forum type 2 tag: where its lock bytes are, and an NDEF message without content."""
AID = b"IKC"
CLASSES = {
    CredentialClass.GUEST: 0,
    CredentialClass.HOUSEKEEPING: 1,
    CredentialClass.ENGINEERING: 2,
    CredentialClass.MASTER: 3,
    CredentialClass.EMERGENCY: 4,
}
_HEAD = struct.Struct(">2sBB4sIIII16s")
_NUMBERS = {number: name for name, number in CLASSES.items()}


class PayloadError(Exception):
    """The bytes are no key of this hotel: `code` is empty, foreign, other_property or not_authentic."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class CardContent:
    """What a key card says. Instants are whole seconds, UTC; `valid_until` is the first second it no longer opens."""

    room: str
    credential: int
    sequence: int
    valid_from: datetime
    valid_until: datetime
    credential_class: CredentialClass = CredentialClass.GUEST
    one_shot: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class CardKeys:
    """The hotel's master key, and whose hotel it is. Never printed: `repr` shows the property only."""

    property_id: str
    master: bytes

    def __repr__(self) -> str:
        return f"CardKeys({self.property_id!r})"

    @property
    def property_mark(self) -> bytes:
        """Four bytes that tell one property's cards from another's."""
        return hashlib.sha256(self.property_id.encode()).digest()[:4]

    def of_card(self, uid: bytes) -> bytes:
        """The card's own key (AN10922): diversified by UID, our application and the property."""
        system = hashlib.sha256(self.property_id.encode()).digest()[:16]
        return diversified_key(self.master, uid + AID + system)

    def sector_keys(self, uid: bytes) -> tuple[bytes, bytes]:
        """Keys A and B of a MIFARE Classic's sector, 6 bytes each. Nothing about the card's own key follows from them:
        Crypto-1 is broken, and whoever breaks it has these twelve bytes of one card."""
        made = cmac(self.of_card(uid), b"MIFARE Classic sector 1")
        return made[:6], made[6:12]

    def serial(self, uid: bytes) -> str:
        """The card's serial as it may be logged: a keyed hash, 16 hex digits."""
        return hmac.new(self.master, b"card serial" + uid, hashlib.sha256).hexdigest()[:16]


def encode(content: CardContent, keys: CardKeys, uid: bytes) -> bytes:
    """The 48 bytes for the card with this UID.

    Raises:
        ValueError: the room's number is longer than 16 bytes of UTF-8 or has a zero in it, a number or an instant does
            not fit, or the class is none that is written on cards.
    """
    room = content.room.encode()
    if not 1 <= len(room) <= LONGEST_ROOM or 0 in room:
        raise ValueError("a room number on a card has 1 to 16 bytes, none of them zero")
    if content.credential_class not in CLASSES:
        raise ValueError(f"no card is written for the class {content.credential_class}")
    kind = CLASSES[content.credential_class] << 4 | (ONE_SHOT if content.one_shot else 0)
    try:
        head = _HEAD.pack(
            MAGIC,
            FORMAT,
            kind,
            keys.property_mark,
            content.credential,
            content.sequence,
            _seconds(content.valid_from),
            _seconds(content.valid_until),
            room,
        )
    except struct.error as error:
        raise ValueError(str(error)) from error
    return head + cmac(keys.of_card(uid), head)[:MAC_SIZE]


def is_blank(data: bytes) -> bool:
    """Nobody has written anything: zeros, FF, or the empty NDEF message that an NTAG leaves its factory with."""
    content = data[:SIZE]
    message = content[5:] if content[:2] == LOCK_CONTROL else content
    empty = message.removeprefix(EMPTY_MESSAGE).removeprefix(b"\xfe") if message[:2] == EMPTY_MESSAGE else content
    return not any(empty) or content == b"\xff" * len(content)


def is_ours(data: bytes, keys: CardKeys) -> bool:
    """This property wrote it, or began to (the mark goes first, see `write_order`); says nothing about its MAC."""
    begun = data[:4] in (bytes(4), b"\xff" * 4, EMPTY_MESSAGE + b"\xfe\x00") or data[:2] == LOCK_CONTROL
    return data[4:8] == keys.property_mark and (data[:2] == MAGIC or begun)


def write_order(unit: int) -> list[int]:
    """Which part of `unit` bytes (4 or 16) is written when: the property's mark first, the MAC last.

    Until the last part is on the card no lock opens to it, and what was torn off is known as our own.
    """
    first = MARK_AT // unit
    return [first, *(part for part in range(SIZE // unit) if part != first)]


def decode(data: bytes, keys: CardKeys, uid: bytes) -> CardContent:
    """What an authentic card of this property says.

    Raises:
        PayloadError: it is empty, somebody else's, another property's, or its MAC is wrong.
    """
    if len(data) < SIZE or is_blank(data):
        raise PayloadError("empty")
    magic, form, kind, mark, credential, sequence, first, last, room = _HEAD.unpack_from(data)
    if magic != MAGIC or form != FORMAT:
        raise PayloadError("foreign")
    if mark != keys.property_mark:
        raise PayloadError("other_property")
    expected = cmac(keys.of_card(uid), data[: _HEAD.size])[:MAC_SIZE]
    if not hmac.compare_digest(expected, data[_HEAD.size : SIZE]) or kind >> 4 not in _NUMBERS:
        raise PayloadError("not_authentic")
    return CardContent(
        room=room.rstrip(b"\x00").decode(),
        credential=credential,
        sequence=sequence,
        valid_from=datetime.fromtimestamp(first, UTC),
        valid_until=datetime.fromtimestamp(last, UTC),
        credential_class=_NUMBERS[kind >> 4],
        one_shot=bool(kind & ONE_SHOT),
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
