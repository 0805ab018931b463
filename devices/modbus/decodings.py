"""Every number that registers may hold: to find out how a unit of which no map is known says what its display shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from devices.modbus.numbers import BYTE_ORDERS, WIDTHS, WORD_ORDERS, unpack

SCALES = (1, 0.1, 0.01, 0.001, 0.5, 0.02, 10, 100)
_FARTHEST, _NEAREST = 1e12, 1e-4
_CLOSE = 0.005


@dataclass(frozen=True, slots=True)
class Decoding:
    """One reading of the words from the first on. `order`: the letters are the bytes as the unit sends them."""

    type: str
    order: str
    byte_order: str
    word_order: str
    words: int
    value: float | int

    @property
    def wire(self) -> str:
        """How a profile says it."""
        parts = [f'type = "{self.type}"']
        parts += [f'byte_order = "{self.byte_order}"'] if self.byte_order != "big" else []
        parts += [f'word_order = "{self.word_order}"'] if self.word_order != "big" else []
        return ", ".join(parts)


def decodings(words: Sequence[int]) -> tuple[Decoding, ...]:
    """What the first one, two and four of the words may say; nothing absurd, and no value twice in a type's family.

    A float that is no number or smaller than any measurement is left out, and so is what is too large for a hotel. A
    signed type is told only where its sign shows.
    """
    found: list[Decoding] = []
    for one in _all(words):
        same = any(_family(one) == _family(other) and one.value == other.value for other in found)
        if not same and _plausible(one.value):
            found.append(one)
    return tuple(found)


def scales_for(value: float, shown: float) -> tuple[float, ...]:
    """The usual scales at which the value is what a display shows."""
    return tuple(scale for scale in SCALES if abs(value * scale - shown) <= max(abs(shown) * _CLOSE, 1e-9))


def as_bits(word: int) -> str:
    """The bits that are set, counted from the lowest; for a register of flags."""
    return " ".join(str(place) for place in range(16) if word >> place & 1) or "none"


def as_text(words: Sequence[int]) -> str | None:
    """The words as letters, None when they are none."""
    raw = b"".join(word.to_bytes(2, "big") for word in words).rstrip(b"\0 ")
    return raw.decode("ascii") if raw and all(0x20 <= byte < 0x7F for byte in raw) else None


def as_decimals(word: int) -> int | None:
    """A register of four decimal digits, None when it is none."""
    digits = f"{word:04x}"
    return int(digits) if digits.isdecimal() else None


def _all(words: Sequence[int]) -> Iterator[Decoding]:
    for kind, width in WIDTHS.items():
        if width > len(words):
            continue
        for word_order in WORD_ORDERS[: {1: 1, 2: 2, 4: 3}[width]]:
            for byte_order in BYTE_ORDERS:
                value = unpack(words[:width], kind, byte_order, word_order)
                letters = _letters(width, byte_order, word_order)
                yield Decoding(kind, letters, byte_order, word_order, width, value)


def _letters(width: int, byte_order: str, word_order: str) -> str:
    """ABCD is the most significant byte first; the letters stand as the bytes come over the wire."""
    places = list(range(width))
    if word_order == "pairs":
        places = [place ^ 1 for place in places]
    elif word_order == "little":
        places = places[::-1]
    pairs = [chr(65 + 2 * place) + chr(66 + 2 * place) for place in places]
    return "".join(pair if byte_order == "big" else pair[::-1] for pair in pairs)


def _family(one: Decoding) -> tuple[str, int]:
    return ("float" if one.type.startswith("float") else "whole", one.words)


def _plausible(value: float) -> bool:
    if not isfinite(value) or abs(value) > _FARTHEST:
        return False
    return value == 0 or isinstance(value, int) or abs(value) >= _NEAREST
