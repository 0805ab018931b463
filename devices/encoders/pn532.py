"""Commands of the PN532 and what it answers. Pure: bytes to values and back; an answer that makes no sense is None.

A command is its code and its parameters, as it stands behind D4 in a frame; an answer is what stands behind D5 and the
code. Source: NXP UM 141520, as in `locks-and-encoders` section 2.1.
"""

from dataclasses import dataclass
from enum import IntEnum

from devices.encoders.frames import framed
from devices.encoders.technology import ISO14443_4, Target

TO_CHIP, FROM_CHIP = 0xD4, 0xD5
IC = 0x32
WAKE_UP = b"\x55\x55" + bytes(14)
"""Before the first frame: the chip sleeps until it hears something and needs a moment after it."""
_MORE, _STATUS = 0x40, 0x3F


class Code(IntEnum):
    """The chip's commands."""

    DIAGNOSE = 0x00
    GET_FIRMWARE_VERSION = 0x02
    GET_GENERAL_STATUS = 0x04
    SET_SERIAL_BAUD_RATE = 0x10
    SET_PARAMETERS = 0x12
    SAM_CONFIGURATION = 0x14
    POWER_DOWN = 0x16
    RF_CONFIGURATION = 0x32
    IN_DATA_EXCHANGE = 0x40
    IN_COMMUNICATE_THRU = 0x42
    IN_DESELECT = 0x44
    IN_LIST_PASSIVE_TARGET = 0x4A
    IN_RELEASE = 0x52
    IN_SELECT = 0x54
    IN_AUTO_POLL = 0x60


STATUSES = {
    0x00: "ok",
    0x01: "timeout",
    0x02: "crc",
    0x03: "parity",
    0x04: "bit_count",
    0x05: "framing",
    0x06: "collision",
    0x07: "buffer",
    0x09: "rf_overflow",
    0x0A: "field",
    0x0B: "protocol",
    0x0D: "overheated",
    0x0E: "overflow",
    0x10: "parameter",
    0x12: "dep_command",
    0x13: "dep_format",
    0x14: "authentication",
    0x23: "uid_check",
    0x25: "dep_state",
    0x26: "not_allowed",
    0x27: "context",
    0x29: "released",
    0x2A: "card_changed",
    0x2B: "card_gone",
    0x2D: "overcurrent",
}


def status_name(status: int) -> str:
    """The status of an exchange as a code."""
    return STATUSES.get(status, f"status_{status:02x}")


@dataclass(frozen=True, slots=True)
class Firmware:
    """What the chip is. `ic` is 0x32 of a PN532."""

    ic: int
    version: int
    revision: int
    support: int

    def __str__(self) -> str:
        return f"{self.version}.{self.revision}"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What came of an exchange with a card: a status of `STATUSES` and the card's own answer."""

    status: int
    data: bytes = b""
    more: bool = False


def to_chip(command: bytes) -> bytes:
    """A command as it goes over the wire. Raises ValueError: empty or too long."""
    return framed(bytes([TO_CHIP]) + command)


def answer_to(command: bytes, body: bytes) -> bytes | None:
    """What a frame's body answers to this command; None: it is no answer to it."""
    if len(body) < 2 or not command or body[0] != FROM_CHIP or body[1] != (command[0] + 1) & 0xFF:
        return None
    return body[2:]


def get_firmware_version() -> bytes:
    """Who are you?"""
    return bytes([Code.GET_FIRMWARE_VERSION])


def sam_configuration() -> bytes:
    """Normal mode, no time-out, no interrupt line: mandatory after waking up."""
    return bytes([Code.SAM_CONFIGURATION, 0x01, 0x00, 0x00])


def rf_retries(passive: int = 1) -> bytes:
    """RFConfiguration item 05: how often activation is tried. The chip's own default for a passive card is for ever."""
    return bytes([Code.RF_CONFIGURATION, 0x05, 0x00, 0x01, passive])


def rf_off() -> bytes:
    """RFConfiguration item 01: the field off; looking for a card turns it on again."""
    return bytes([Code.RF_CONFIGURATION, 0x01, 0x00])


def list_passive_target() -> bytes:
    """One card of type A at 106 kbit/s."""
    return bytes([Code.IN_LIST_PASSIVE_TARGET, 0x01, 0x00])


def data_exchange(target: int, data: bytes) -> bytes:
    """Something to say to a card, in the way the chip knows for it."""
    return bytes([Code.IN_DATA_EXCHANGE, target]) + data


def communicate_thru(data: bytes) -> bytes:
    """Something to say to the card as it stands (GET_VERSION has the code of a Classic authentication)."""
    return bytes([Code.IN_COMMUNICATE_THRU]) + data


def release(target: int = 0) -> bytes:
    """Let go of a card; 0: of all."""
    return bytes([Code.IN_RELEASE, target])


def firmware(data: bytes) -> Firmware | None:
    """The answer to GetFirmwareVersion."""
    return Firmware(*data) if len(data) == 4 else None


def targets(data: bytes) -> tuple[Target, ...] | None:
    """The answer to InListPassiveTarget: none, one or two cards."""
    if not data:
        return None
    found: list[Target] = []
    rest = data[1:]
    for _ in range(data[0]):
        taken = _target(rest)
        if taken is None:
            return None
        target, rest = taken
        found.append(target)
    return tuple(found)


def exchanged(data: bytes) -> Exchanged | None:
    """The answer to InDataExchange and InCommunicateThru."""
    if not data:
        return None
    return Exchanged(data[0] & _STATUS, data[1:], bool(data[0] & _MORE))


def _target(data: bytes) -> tuple[Target, bytes] | None:
    """Number, ATQA (2), SAK, length of the UID, UID, and of an ISO 14443-4 card the ATS, its length included."""
    if len(data) < 5 or data[4] not in (4, 7, 10) or len(data) < 5 + data[4]:
        return None
    end = 5 + data[4]
    length = data[end] if data[3] & ISO14443_4 and len(data) > end else 0
    if len(data) < end + length:
        return None
    ats = data[end + 1 : end + length]
    return Target(data[0], data[1:3], data[3], data[5:end], ats), data[end + length :]
