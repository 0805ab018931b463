"""What can be ordered of a device: the points of its profile that take an order, and which values each takes."""

from dataclasses import dataclass
from typing import Any

from devices.model import PointSpec, Profile
from devices.points import Kind

INTERNAL = frozenset({"key_sequence"})
"""Points that the house writes by itself and nobody else."""
LOCK_ORDERS = frozenset({"locked", "unlocked"})
"""What can be ordered of a lock; `jammed` and `not_fully_locked` only happen."""


@dataclass(frozen=True, slots=True)
class Orderable:
    """A point that takes orders. `choices` of a choice, limits of a number (None: the device itself decides)."""

    point: str
    kind: Kind
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


def orderables(profile: Profile) -> tuple[Orderable, ...]:
    """The points of a profile that people may give orders to."""
    specs = [spec for name, spec in profile.points.items() if spec.writable and name not in INTERNAL]
    return tuple(_orderable(spec) for spec in specs if spec.wire.get("command") is not None or _is_register(spec.wire))


def _is_register(wire: dict[str, Any]) -> bool:
    part = wire.get("bit") is not None or wire.get("mask") is not None
    return wire.get("table") in ("holding", "coil") and (not part or wire.get("write_enable") is not None)


def _orderable(spec: PointSpec) -> Orderable:
    kind = Kind(spec.wire["kind"])
    if kind is Kind.NUMBER:
        return Orderable(spec.name, kind, (), spec.minimum, spec.maximum, spec.unit)
    if kind is Kind.BOOLEAN:
        return Orderable(spec.name, kind)
    return Orderable(spec.name, kind, tuple(one for one in _choices(spec.wire) if _may(spec.name, one)))


def _may(point: str, choice: str) -> bool:
    return point != "lock" or choice in LOCK_ORDERS


def _choices(wire: dict[str, Any]) -> list[str]:
    """As the codecs look them up: what is written when it is spelled otherwise, else what is read, reversed."""
    command = wire.get("command") or {}
    told = wire.get("write_values") or command.get("values")
    if told:
        return [str(ours) for ours in told]
    return list(dict.fromkeys(str(ours) for ours in (wire.get("values") or {}).values()))
