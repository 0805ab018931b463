"""What the registers of a unit say, and how a value is written to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from devices.errors import NotSupported
from devices.modbus.numbers import pack, unpack
from devices.modbus.plan import FUNCTIONS, Block, words_of
from devices.model import Decoded, Device, PointSpec, Profile, Quality, Reading, Rejected, Value
from devices.points import Kind

_FARTHEST = 1e12  # no point of a hotel holds a number beyond
_TABLES = {function: table for table, function in FUNCTIONS.items()}


@dataclass(frozen=True, slots=True)
class Write:
    """One write request: function 5 or 15 (bits 0 or 1), 6 or 16 (words), from the wire address on."""

    function: int
    address: int
    words: tuple[int, ...]


class _Unfit(ValueError):  # noqa: N818  a verdict on a value, turned into Rejected
    def __init__(self, reason: str, detail: object, value: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = str(detail)
        self.value = value


def decode(
    block: Block, words: Sequence[int], device: Device, profile: Profile, received: datetime, sequence: int
) -> Decoded:
    """The readings of one answered block. Never raises: a wrong answer is in `rejected` (bad_frame, absurd_value …)."""
    if len(words) != block.count or not all(type(word) in (int, bool) and 0 <= word <= 0xFFFF for word in words):
        detail = f"{len(words)} words for {block.count} ({profile.id})"
        return Decoded(
            (), (Rejected(source_of(device, block.function, block.address), "bad_frame", device.id, detail),)
        )
    facts: list[Reading] = []
    rejected: list[Rejected] = []
    for spec in block.points:
        start = spec.wire["address"] - block.address
        value, quality, unfit = _judged(spec, words[start : start + words_of(spec)])
        if unfit:
            source = source_of(device, block.function, spec.wire["address"])
            rejected.append(Rejected(source, unfit.reason, device.id, f"{spec.name}: {unfit.detail}"))
        facts.append(Reading(device.id, device.room, spec.name, value, quality, None, received, sequence))
    return Decoded(tuple(facts), tuple(rejected))


def source_of(device: Device, function: int, address: int) -> str:
    """How a register is named in counters and lists: unit, table, wire address."""
    return f"unit {device.address} {_TABLES.get(function, function)} {address}"


def _judged(spec: PointSpec, words: Sequence[int]) -> tuple[Value, Quality, _Unfit | None]:
    try:
        value = _value(spec, words)
    except _Unfit as unfit:
        return unfit.value, Quality.BAD, unfit
    return value, Quality.BAD if value is None else Quality.GOOD, None


def _value(spec: PointSpec, words: Sequence[int]) -> Value:
    """The point's value, None when the unit says that it has none; raises _Unfit."""
    wire = spec.wire
    raw = _raw(wire, words)
    if raw in wire["not_available"] or raw != raw:
        return None
    if wire["values"]:
        return _chosen(wire["values"], raw)
    if wire["kind"] == Kind.BOOLEAN:
        return _boolean(wire, raw)
    return _number(spec, raw)


def _raw(wire: dict[str, Any], words: Sequence[int]) -> float | int:
    if wire["type"] == "bool":
        return int(words[0])
    raw = unpack(words, wire["type"], wire["byte_order"], wire["word_order"])
    if wire["bit"] is not None:
        return int(raw) >> int(wire["bit"]) & 1
    if wire["mask"] is not None:
        mask: int = wire["mask"]
        return (int(raw) & mask) >> (mask & -mask).bit_length() - 1
    return raw


def _chosen(values: dict[str, Value], raw: float) -> Value:
    try:
        return values[str(int(raw))]
    except (KeyError, OverflowError):
        raise _Unfit("unknown_value", raw) from None


def _boolean(wire: dict[str, Any], raw: float) -> bool:
    if wire["threshold"] is not None:
        return bool(raw >= wire["threshold"])
    if raw in (0, 1):
        return raw == 1
    raise _Unfit("unknown_value", raw)


def _number(spec: PointSpec, raw: float) -> Value:
    scale, offset = spec.wire["scale"], spec.wire["offset"]
    value = raw if scale == 1 and offset == 0 else raw * scale + offset
    value = round(value, 6) if isfinite(value) else value
    lowest = -_FARTHEST if spec.minimum is None else spec.minimum
    highest = _FARTHEST if spec.maximum is None else spec.maximum
    if lowest <= value <= highest:
        return value
    raise _Unfit("absurd_value", value, float(value) if isfinite(value) else None)


def encode(spec: PointSpec, value: Value) -> Write:
    """The request that writes the value; raises NotSupported(read_only, value, range)."""
    wire = spec.wire
    part = wire["bit"] is not None or wire["mask"] is not None
    if not spec.writable or wire["table"] not in ("holding", "coil") or (part and wire["write_enable"] is None):
        raise NotSupported("read_only", spec.name)
    raw = _placed(wire, _raw_of(spec, value)) if part else _raw_of(spec, value)
    if wire["table"] == "coil":
        return Write(wire["write_function"] or 5, wire["address"], (int(raw),))
    kind = "uint16" if wire["type"] == "bool" else wire["type"]
    try:
        words = pack(raw, kind, wire["byte_order"], wire["word_order"])
    except ValueError as error:
        raise NotSupported("range", str(error)) from None
    return Write(wire["write_function"] or (6 if len(words) == 1 else 16), wire["address"], words)


def _placed(wire: dict[str, Any], raw: float) -> int:
    """A part of a register with the bit beside it that makes the unit take it: the other bits are not looked at."""
    mask: int = wire["mask"] or 1 << wire["bit"]
    placed = round(raw) << (mask & -mask).bit_length() - 1
    if placed & ~mask:
        raise NotSupported("range", f"{raw} does not fit in the mask {mask:#x}")
    return placed | 1 << int(wire["write_enable"])


def expected(spec: PointSpec, value: Value) -> Value:
    """What a read-back shows once the unit has taken the value (rounded to what a register can hold)."""
    return _value(spec, encode(spec, value).words)


def _raw_of(spec: PointSpec, value: Value) -> float:
    wire = spec.wire
    told = wire["write_values"] or _reversed(wire["values"])
    if told:
        key = _key(value)
        if key not in told:
            raise NotSupported("value", f"{value!r} is none of {sorted(told)}")
        return told[key]
    if wire["kind"] == Kind.BOOLEAN:
        if isinstance(value, bool):
            return int(value)
        raise NotSupported("value", f"{value!r} is not true or false")
    return _raw_number(spec, value)


def _raw_number(spec: PointSpec, value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise NotSupported("value", f"{value!r} is not a number")
    lowest = value if spec.minimum is None else spec.minimum
    highest = value if spec.maximum is None else spec.maximum
    if not lowest <= value <= highest:
        raise NotSupported("range", f"{value} is not within {spec.minimum} to {spec.maximum}")
    step = spec.wire["step"]
    rounded = round(value / step) * step if step else value
    return float(rounded - spec.wire["offset"]) / float(spec.wire["scale"])


def _reversed(values: dict[str, Value] | None) -> dict[str, int]:
    """Our value -> the register's; the first of several that mean the same is written."""
    found: dict[str, int] = {}
    for raw, ours in (values or {}).items():
        found.setdefault(_key(ours), int(raw))
    return found


def _key(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
