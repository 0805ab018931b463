"""Frames of a PN532 on a serial line (HSU): made, and found in whatever arrives.

    normal     00 00 FF LEN LCS body DCS 00          LEN + LCS = 0 mod 256, body + DCS = 0 mod 256
    extended   00 00 FF FF FF LENh LENl LCS body DCS 00
    ACK        00 00 FF 00 FF 00      NACK  00 00 FF FF 00 00      error  00 00 FF 01 FF 7F 81 00

The body begins with the direction (D4 to the chip, D5 from it) and the code. Any number of 00 may come before a frame.
Source: NXP UM 141520, as in `locks-and-encoders` section 2.1.
"""

from dataclasses import dataclass
from enum import StrEnum

ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")
LONGEST_NORMAL = 255
LONGEST_BODY = 265
START = b"\x00\xff"


class FrameKind(StrEnum):
    """What a frame is. DAMAGED: it began like one and its check sum is wrong."""

    ACK = "ack"
    NACK = "nack"
    ERROR = "error"
    DATA = "data"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that has arrived; `body` of DATA alone."""

    kind: FrameKind
    body: bytes = b""


def framed(body: bytes) -> bytes:
    """The body as it goes over the wire.

    Raises:
        ValueError: the body is empty or longer than 265 bytes.
    """
    if not 1 <= len(body) <= LONGEST_BODY:
        raise ValueError(f"a frame carries 1 to {LONGEST_BODY} bytes")
    length = len(body)
    if length <= LONGEST_NORMAL:
        head = bytes([length, -length & 0xFF])
    else:
        high, low = divmod(length, 256)
        head = bytes([0xFF, 0xFF, high, low, -(high + low) & 0xFF])
    return b"\x00\x00\xff" + head + body + bytes([-sum(body) & 0xFF, 0])


class FrameReader:
    """Finds frames in pieces of any size. Never raises; what belongs to no frame is counted in `garbage`, zeros apart.

    A frame is given out with the byte behind its check sum, so that a postamble never arrives after its answer.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self.garbage = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now, in order."""
        self._buffer += data
        found: list[Frame] = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        """The next frame; None: more must come."""
        while True:
            start = self._buffer.find(START)
            if start < 0:
                self._skip(len(self._buffer) - self._buffer.endswith(b"\x00"))
                return None
            self._skip(start)
            head = _head(self._buffer)
            if head is None:
                return None
            frame, used = _frame(self._buffer, *head)
            if used > len(self._buffer):
                return None
            if frame is None or frame.kind is FrameKind.DAMAGED:
                self._skip(len(START))  # a true frame may stand inside of what looked like one
            else:
                self._buffer = self._buffer[used:].removeprefix(b"\x00")
            if frame is not None:
                return frame

    def _skip(self, count: int) -> None:
        self.garbage += count - self._buffer.count(0, 0, count)
        self._buffer = self._buffer[count:]


NOT_A_FRAME = (0, 0)


def _head(data: bytes) -> tuple[int, int] | None:
    """Where the body begins and how long it is, of what starts with `00 FF`; (0, 0): no frame; None: not yet known."""
    if len(data) < 4:
        return None
    if data[2:4] in (b"\x00\xff", b"\xff\x00"):  # ACK, NACK: no body, no check sum
        return 4, 0
    if data[2:4] != b"\xff\xff":
        length = data[2]
        return (4, length) if length and (length + data[3]) & 0xFF == 0 else NOT_A_FRAME
    if len(data) < 7:
        return None
    length = data[4] << 8 | data[5]
    right = sum(data[4:7]) & 0xFF == 0 and 1 <= length <= LONGEST_BODY
    return (7, length) if right else NOT_A_FRAME


def _frame(data: bytes, begin: int, length: int) -> tuple[Frame | None, int]:
    """The frame, and how many bytes must be there with the one behind it; None: it is none."""
    if begin == 0:
        return None, 0
    if length == 0:
        return Frame(FrameKind.ACK if data[2] == 0 else FrameKind.NACK), begin
    end = begin + length
    if end + 2 > len(data):
        return None, end + 2
    body = data[begin:end]
    if (sum(body) + data[end]) & 0xFF:
        return Frame(FrameKind.DAMAGED), end + 1
    return (Frame(FrameKind.ERROR) if body == b"\x7f" else Frame(FrameKind.DATA, body)), end + 1
