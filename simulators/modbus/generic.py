"""Registers of a model that we have no map of, made from its profile."""

import struct
from typing import Any

from devices.model import PointSpec, Value
from simulators.modbus.unit import HOLDING, ILLEGAL_VALUE, INPUT, Cell, ModbusRefusalError, ModbusUnit

FORMATS = {"bool": ">H", "uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}


def profile_registers(unit: ModbusUnit) -> None:
    """Fill the unit's tables from the points of its profile (holding and input registers)."""
    identity = unit.state.profile.wire.get("identity")
    if identity:
        address = identity["register"] - unit.state.profile.wire.get("base", 0)
        unit.tables[INPUT if identity["table"] == "input" else HOLDING][address] = Cell(lambda: int(identity["value"]))
    for spec in unit.state.profile.points.values():
        if spec.wire.get("table") in {"holding", "input"}:
            cells = unit.tables[INPUT if spec.wire["table"] == "input" else HOLDING]
            width = struct.calcsize(FORMATS[spec.wire["type"]]) // 2
            for index in range(width):
                cells[spec.wire["address"] + index] = _cell(unit, spec, index)


def _cell(unit: ModbusUnit, spec: PointSpec, index: int) -> Cell:
    def read() -> int:
        return _words(spec.wire, unit.state.values.get(spec.name))[index]

    def write(word: int) -> None:
        names = spec.wire.get("values") or {}
        if unit.use is None or (names and str(word) not in names):
            raise ModbusRefusalError(ILLEGAL_VALUE)
        scaled = word * spec.wire.get("scale", 1) + spec.wire.get("offset", 0)
        unit.use.sense(spec.name, names[str(word)] if names else scaled)

    single = struct.calcsize(FORMATS[spec.wire["type"]]) == 2
    return Cell(read, write if spec.writable and single else None)


def _words(wire: dict[str, Any], value: Value) -> list[int]:
    raw = _raw(wire, value)
    packed = struct.pack(FORMATS[wire["type"]], raw if wire["type"] == "float32" else round(raw))
    if wire.get("byte_order") == "little":
        packed = b"".join(packed[i : i + 2][::-1] for i in range(0, len(packed), 2))
    words = list(struct.unpack(f">{len(packed) // 2}H", packed))
    return words[::-1] if wire.get("word_order") == "little" else words


def _raw(wire: dict[str, Any], value: Value) -> float:
    for theirs, ours in (wire.get("values") or {}).items():
        if ours == value:
            return float(theirs)
    if wire.get("threshold") is not None:
        return float(wire["threshold"]) * (2 if value else 0)
    number = float(value) if isinstance(value, int | float) else 0.0
    raw = (number - wire.get("offset", 0)) / wire.get("scale", 1)
    return float(raw * (1 << wire["bit"]) if wire.get("bit") is not None else raw)
