"""What each point of a device is in Home Assistant: platform, device class, unit. Pure tables."""

from dataclasses import dataclass, field
from typing import Any

from devices.model import PointSpec, Value
from devices.points import POINT_KINDS, Kind

BINARY, SENSOR = "binary_sensor", "sensor"
UNITS = {"degC": "°C"}
HIDDEN = frozenset({"online", "key_sequence", "message_number", "record"})
"""`online` is the availability; the numbers of locks and messages are of no use to anybody but the edge."""
DIAGNOSTIC = frozenset({"battery", "battery_low", "link_quality", "voltage", "current", "frequency", "tamper"})

BINARY_CLASSES = {
    "door": "door",
    "window": "window",
    "contact": "opening",
    "motion": "motion",
    "presence": "occupancy",
    "bed": "occupancy",
    "occupancy_input": "occupancy",
    "leak": "moisture",
    "smoke": "smoke",
    "sos": "safety",
    "tamper": "tamper",
    "relay": "power",
    "battery_low": "battery",
}
SENSOR_CLASSES = {
    "temperature": "temperature",
    "temperature_remote": "temperature",
    "setpoint": "temperature",
    "humidity": "humidity",
    "co2": "carbon_dioxide",
    "voc": "volatile_organic_compounds_parts",
    "pressure": "atmospheric_pressure",
    "sound": "sound_pressure",
    "lux": "illuminance",
    "power": "power",
    "energy": "energy",
    "voltage": "voltage",
    "current": "current",
    "frequency": "frequency",
    "battery": "battery",
}
ICONS = {"keycard": "mdi:card-account-details", "bolt": "mdi:door-closed-lock", "request": "mdi:hotel"}


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: `options` as Home Assistant spells them."""

    platform: str
    options: dict[str, Any] = field(default_factory=dict)


def entity_of(point: str, spec: PointSpec) -> Entity | None:
    """What a point is there; None: it is not shown."""
    if point in HIDDEN:
        return None
    kind = spec.wire.get("kind") or (POINT_KINDS[point].kind if point in POINT_KINDS else Kind.NUMBER)
    more: dict[str, Any] = {"entity_category": "diagnostic"} if point in DIAGNOSTIC else {}
    more |= {"icon": ICONS[point]} if point in ICONS else {}
    if kind == Kind.BOOLEAN or point == "door":
        return Entity(BINARY, _class(BINARY_CLASSES.get(point)) | more)
    if kind == Kind.CHOICE:
        return Entity(SENSOR, _enum(_choices(point, spec)) | more)
    return Entity(SENSOR, _class(SENSOR_CLASSES.get(point)) | _measure(point, spec) | more)


def _choices(point: str, spec: PointSpec) -> list[str]:
    known = POINT_KINDS[point].choices if point in POINT_KINDS else ()
    return list(known) or sorted({str(value) for value in (spec.wire.get("values") or {}).values()})


def _class(name: str | None) -> dict[str, Any]:
    return {"device_class": name} if name else {}


def _enum(choices: list[str]) -> dict[str, Any]:
    return {"device_class": "enum", "options": choices} if choices else {}


def _measure(point: str, spec: PointSpec) -> dict[str, Any]:
    unit = UNITS.get(spec.unit, spec.unit)
    total = "total_increasing" if point == "energy" else "measurement"
    return {"state_class": total} | ({"unit_of_measurement": unit} if unit else {})


def told(point: str, value: Value) -> Value:
    """A value as the entity's state: ON and OFF of a binary sensor, None where it is not known."""
    if point == "door" and value is not None:
        return "ON" if value == "open" else "OFF"
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    return value
