"""The points a device may have: what kind of value each holds, its unit, and what is plausible in a hotel."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The type of a point's value."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class PointKind(NamedTuple):
    """What holds for a point in every profile unless the profile says otherwise."""

    kind: Kind
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


def _number(unit: str, minimum: float, maximum: float) -> PointKind:
    return PointKind(Kind.NUMBER, unit, minimum, maximum)


def _choice(*choices: str) -> PointKind:
    return PointKind(Kind.CHOICE, choices=choices)


_BOOLEAN = PointKind(Kind.BOOLEAN)

POINT_KINDS: dict[str, PointKind] = {
    "door": _choice("open", "closed"),
    "lock": _choice("locked", "unlocked", "not_fully_locked", "jammed"),
    "request": _choice("none", "dnd", "mur"),
    "mode": _choice("off", "vent", "heat", "cool", "auto", "eco"),
    "fan": _choice("off", "low", "medium", "high", "auto"),
    "motion": _BOOLEAN,
    "presence": _BOOLEAN,
    "bed": _BOOLEAN,
    "contact": _BOOLEAN,
    "window": _BOOLEAN,
    "keycard": _BOOLEAN,
    "leak": _BOOLEAN,
    "smoke": _BOOLEAN,
    "sos": _BOOLEAN,
    "tamper": _BOOLEAN,
    "bolt": _BOOLEAN,
    "relay": _BOOLEAN,
    "battery_low": _BOOLEAN,
    "occupancy_input": _BOOLEAN,
    "doorbell": _BOOLEAN,
    "valve": _BOOLEAN,
    "online": _BOOLEAN,
    "temperature": _number("degC", -40, 85),
    "temperature_remote": _number("degC", -40, 85),
    "setpoint": _number("degC", 4, 40),
    "humidity": _number("%", 0, 100),
    "co2": _number("ppm", 0, 40_000),
    "voc": _number("ppb", 0, 65_000),
    "pressure": _number("hPa", 300, 1_200),
    "sound": _number("dB", 0, 160),
    "lux": _number("lx", 0, 200_000),
    "power": _number("W", -100_000, 100_000),
    "energy": _number("kWh", 0, 100_000_000),
    "voltage": _number("V", 0, 500),
    "current": _number("A", -1_000, 1_000),
    "frequency": _number("Hz", 0, 100),
    "battery": _number("%", 0, 100),
    "link_quality": _number("", 0, 255),
    "key_sequence": _number("", 0, 4_294_967_295),
    "message_number": _number("", 0, 4_294_967_295),
    "record": _number("", 0, 4_294_967_295),
}
