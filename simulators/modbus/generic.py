"""Registers of a model that we have no map of, made from its profile."""

import struct
from collections.abc import Callable, Collection
from typing import Any

from devices.model import PointSpec, Value
from simulators.modbus.unit import (
    COILS,
    DISCRETE,
    HOLDING,
    ILLEGAL_VALUE,
    INPUT,
    Cell,
    ModbusRefusalError,
    ModbusUnit,
)

FORMATS = {
    "bool": ">H",
    "uint16": ">H",
    "int16": ">h",
    "uint32": ">I",
    "int32": ">i",
    "float32": ">f",
    "uint64": ">Q",
    "int64": ">q",
    "float64": ">d",
}
TABLES = {"coil": COILS, "discrete": DISCRETE, "holding": HOLDING, "input": INPUT}


def profile_registers(unit: ModbusUnit) -> None:
    """Fill the unit's tables from the points of its profile."""
    identity = unit.state.profile.wire.get("identity")
    if identity:
        address = identity["register"] - unit.state.profile.wire.get("base", 0)
        unit.tables[TABLES[identity["table"]]][address] = Cell(lambda: int(identity["value"]))
    for spec in unit.state.profile.points.values():
        if spec.wire.get("table") in TABLES:
            _switch_on(unit, spec)
            cells = unit.tables[TABLES[spec.wire["table"]]]
            for index in range(_width(spec)):
                cells[spec.wire["address"] + index] = _cell(unit, spec, index)
    unit.on_change = _counting(unit)


def _switch_on(unit: ModbusUnit, spec: PointSpec) -> None:
    """A point begins with a value that its registers can say."""
    names = list((spec.wire.get("values") or {}).values())
    if names and unit.state.values.get(spec.name) not in names:
        unit.state.values[spec.name] = names[0]


def _counting(unit: ModbusUnit) -> Callable[[Collection[str]], None]:
    counters = {name: spec.wire["counted_by"] for name, spec in unit.state.profile.points.items()}
    counted = {name: counter for name, counter in counters.items() if counter}

    def changed(points: Collection[str]) -> None:
        for point in counted.keys() & set(points):
            before = unit.state.values.get(counted[point]) or 0
            unit.state.values[counted[point]] = (int(before) + 1) % 0x1_0000

    return changed


def _width(spec: PointSpec) -> int:
    return struct.calcsize(FORMATS[spec.wire["type"]]) // 2


def _cell(unit: ModbusUnit, spec: PointSpec, index: int) -> Cell:
    def read() -> int:
        sharing = [one for one in unit.state.profile.points.values() if _same_register(one, spec)]
        words = [_words(one.wire, unit.state.values.get(one.name))[index] for one in sharing]
        return int(sum(words)) if len(words) > 1 else words[0]

    def write(word: int) -> None:
        if unit.use is None:
            raise ModbusRefusalError(ILLEGAL_VALUE)
        unit.use.sense(spec.name, _meant(spec.wire, word))

    return Cell(read, write if spec.writable and _width(spec) == 1 else None)


def _same_register(one: PointSpec, other: PointSpec) -> bool:
    places = [(spec.wire.get("table"), spec.wire.get("address")) for spec in (one, other)]
    return places[0] == places[1]


def _meant(wire: dict[str, Any], word: int) -> Value:
    """What a written word means; raises ModbusRefusalError."""
    enable, mask = wire.get("write_enable"), wire.get("mask")
    if enable is not None and not word >> enable & 1:
        raise ModbusRefusalError(ILLEGAL_VALUE)
    raw = (word & mask) >> (mask & -mask).bit_length() - 1 if mask else word
    if names := wire.get("values"):
        if str(raw) not in names:
            raise ModbusRefusalError(ILLEGAL_VALUE)
        value: Value = names[str(raw)]
        return value
    if wire.get("kind") == "boolean":
        return bool(raw)
    signed = raw - 0x1_0000 if wire["type"] == "int16" and raw > 0x7FFF else raw
    scaled: float = signed * wire.get("scale", 1) + wire.get("offset", 0)
    return scaled


def _words(wire: dict[str, Any], value: Value) -> list[int]:
    raw = _raw(wire, value)
    packed = struct.pack(FORMATS[wire["type"]], raw if wire["type"].startswith("float") else round(raw))
    if wire.get("byte_order") == "little":
        packed = b"".join(packed[i : i + 2][::-1] for i in range(0, len(packed), 2))
    words = list(struct.unpack(f">{len(packed) // 2}H", packed))
    if wire.get("word_order") == "pairs":
        return [words[place ^ 1] for place in range(len(words))] if len(words) > 1 else words
    return words[::-1] if wire.get("word_order") == "little" else words


def _raw(wire: dict[str, Any], value: Value) -> float:
    for theirs, ours in (wire.get("values") or {}).items():
        if ours == value:
            return _placed(wire, float(theirs))
    if wire.get("threshold") is not None:
        return float(wire["threshold"]) * (2 if value else 0)
    number = float(value) if isinstance(value, int | float) else 0.0
    return _placed(wire, (number - wire.get("offset", 0)) / wire.get("scale", 1))


def _placed(wire: dict[str, Any], raw: float) -> float:
    if wire.get("bit") is not None:
        return float(raw * (1 << wire["bit"]))
    mask = wire.get("mask")
    return float(int(raw) << (mask & -mask).bit_length() - 1) if mask else raw
