"""Registers to numbers and back: types, byte order inside a word, word order inside a number.

Two byte orders and two word orders make the four orders of a 32-bit number (ABCD, CDAB, BADC, DCBA). A 64-bit number
has a third word order, `pairs`: the words of each half are exchanged and the halves are not (CDABGHEF, DCBAHGFE).
"""

import struct
from collections.abc import Sequence
from math import isfinite

_FORMATS = {
    "uint16": ">H",
    "int16": ">h",
    "uint32": ">I",
    "int32": ">i",
    "float32": ">f",
    "uint64": ">Q",
    "int64": ">q",
    "float64": ">d",
}
WIDTHS = {kind: struct.calcsize(form) // 2 for kind, form in _FORMATS.items()}
"""Registers by type."""
BYTE_ORDERS = ("big", "little")
WORD_ORDERS = ("big", "little", "pairs")


def unpack(words: Sequence[int], kind: str, byte_order: str, word_order: str) -> float | int:
    """The number in the words (each 0 to 65535). A float may come out as NaN or infinity."""
    number: float | int = struct.unpack(_FORMATS[kind], _bytes(words, byte_order, word_order))[0]
    return number


def pack(number: float, kind: str, byte_order: str, word_order: str) -> tuple[int, ...]:
    """The words of the number; raises ValueError when the type cannot hold it."""
    if not isfinite(number):
        raise ValueError(f"{number} is not a number that can be written")
    try:
        raw = struct.pack(_FORMATS[kind], number if kind.startswith("float") else round(number))
    except (struct.error, OverflowError):
        raise ValueError(f"{number} does not fit in {kind}") from None
    words = [int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2)]
    return tuple(_ordered([_swapped(word, byte_order) for word in words], word_order))


def _bytes(words: Sequence[int], byte_order: str, word_order: str) -> bytes:
    return b"".join(_swapped(word, byte_order).to_bytes(2, "big") for word in _ordered(words, word_order))


def _ordered(words: Sequence[int], word_order: str) -> Sequence[int]:
    if word_order == "pairs" and len(words) > 1:
        return [words[place ^ 1] for place in range(len(words))]
    return words if word_order == "big" else words[::-1]


def _swapped(word: int, byte_order: str) -> int:
    return word if byte_order == "big" else (word >> 8) | (word & 0xFF) << 8
