"""The chip's side of the PN532's frames: what the host's bytes are, and how answers are spelled.

Written from the reference (section 2.1) and deliberately without the driver's codec: each proves the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

HOST, CHIP = 0xD4, 0xD5
ACK = bytes.fromhex("0000ff00ff00")
ERROR = bytes.fromhex("0000ff01ff7f8100")
LONGEST = 265
START = b"\x00\xff"


class Mark(Enum):
    """Frames without content."""

    ACK = b"\x00\xff"
    NACK = b"\xff\x00"


@dataclass(frozen=True, slots=True)
class Request:
    """A command of the host: its code and what follows."""

    code: int
    data: bytes


Heard = Mark | Request


class Ear:
    """Collects bytes and yields what they say. Noise and frames with a wrong checksum are counted and dropped."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = bytearray()

    def clear(self) -> None:
        """Forget the beginning of a frame."""
        self._buffer.clear()

    def hear(self, data: bytes) -> Iterator[Heard]:
        """What these bytes complete."""
        self._buffer += data
        while (start := self._buffer.find(START)) >= 0:
            del self._buffer[:start]
            size = _size(self._buffer)
            if size is None or len(self._buffer) < size:
                return
            heard = _read(bytes(self._buffer[:size]))
            if heard is None:
                self.damaged += 1
                del self._buffer[: len(START)]
                continue
            del self._buffer[:size]
            yield heard
        del self._buffer[: max(len(self._buffer) - 1, 0)]


def _size(buffer: bytes | bytearray) -> int | None:
    """Bytes up to the checksum of the frame at the buffer's start; None: too few to know."""
    if len(buffer) < 4:
        return None
    length, check = buffer[2], buffer[3]
    if (length, check) in {(0x00, 0xFF), (0xFF, 0x00)}:
        return 4
    if (length, check) != (0xFF, 0xFF):
        return 4 + length + 1 if (length + check) & 0xFF == 0 else 4
    if len(buffer) < 7:
        return None
    long = buffer[4] << 8 | buffer[5]
    return 7 + long + 1 if sum(buffer[4:7]) & 0xFF == 0 and long <= LONGEST else 7


def _read(frame: bytes) -> Heard | None:
    if frame[2:4] in {Mark.ACK.value, Mark.NACK.value} and len(frame) == 4:
        return Mark(frame[2:4])
    body = frame[7:] if frame[2:4] == b"\xff\xff" else frame[4:]
    if len(body) < 3 or sum(body) & 0xFF or body[0] != HOST:
        return None
    return Request(body[1], body[2:-1])


def response(code: int, data: bytes) -> bytes:
    """The frame that answers command `code`."""
    content = bytes([CHIP, code + 1]) + data
    check = -sum(content) & 0xFF
    if len(content) < 0xFF:
        head = bytes([len(content), -len(content) & 0xFF])
    else:
        high, low = len(content) >> 8, len(content) & 0xFF
        head = bytes([0xFF, 0xFF, high, low, -(high + low) & 0xFF])
    return b"\x00\x00\xff" + head + content + bytes([check, 0x00])
