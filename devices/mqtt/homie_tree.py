"""What a Homie device says of itself: its nodes and properties, as one JSON document (5) or as a tree of topics (4).

Shapes: `datatype` integer float boolean enum string datetime duration color json (and `percent` of old devices);
`format` "min:max:step" of a number, "a,b,c" of an enum.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from devices.mqtt.payload import Unfit, parse_object

NUMBERS = frozenset({"integer", "float", "percent"})
MOST_PROPERTIES = 2_000
_LONGEST = 2_000
_SCALES: dict[str, tuple[float, float]] = {
    "°F": (5 / 9, -160 / 9),
    "K": (1.0, -273.15),
    "Wh": (0.001, 0.0),
    "MWh": (1000.0, 0.0),
    "kW": (1000.0, 0.0),
    "mV": (0.001, 0.0),
    "mA": (0.001, 0.0),
    "Pa": (0.01, 0.0),
    "kPa": (10.0, 0.0),
}
"""Units that are not ours: what makes ours of them (factor, then sum)."""


@dataclass(frozen=True, slots=True)
class Described:
    """A property as its device describes it; an empty datatype: it has not said so yet."""

    datatype: str = ""
    format: str = ""
    unit: str = ""
    settable: bool | None = None

    @property
    def scale(self) -> tuple[float, float]:
        """Factor and sum that make our unit of the device's."""
        return _SCALES.get(self.unit, (1.0, 0.0))

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Lowest and highest value in the device's unit."""
        if self.datatype not in NUMBERS:
            return None, None
        bounds = [_number(part) for part in self.format.split(":")]
        return bounds[0], bounds[1] if len(bounds) > 1 else None

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of an enum."""
        return tuple(self.format.split(",")) if self.datatype == "enum" and self.format else ()


@dataclass(slots=True)
class Tree:
    """A device's account of itself. `root`: the device whose connection it shares (5), empty: its own."""

    properties: dict[str, Described] = field(default_factory=dict)  # by node/property
    root: str = ""
    complete: bool = False

    def take_document(self, payload: bytes) -> None:
        """The `$description` of Homie 5. Raises Unfit: the tree stays as it was."""
        body = parse_object(payload)
        version = body.get("homie")
        if not isinstance(version, str) or not version.startswith("5."):
            raise Unfit("wrong_version", repr(version))
        root, parent = body.get("root"), body.get("parent")
        properties = _properties(body.get("nodes") or {})
        self.root = root if isinstance(root, str) else (parent if isinstance(parent, str) else "")
        self.properties, self.complete = properties, True

    def take_attribute(self, path: str, name: str, text: str) -> None:
        """One `$datatype`, `$format`, `$unit` or `$settable` of Homie 4. Raises Unfit."""
        if path not in self.properties and len(self.properties) >= MOST_PROPERTIES:
            raise Unfit("too_large", "more properties than a device can have")
        known = self.properties.get(path, Described())
        change: dict[str, Any] = {name: text[:_LONGEST]} if name != "settable" else {name: text == "true"}
        self.properties[path] = replace(known, **change)


def _properties(nodes: object) -> dict[str, Described]:
    found: dict[str, Described] = {}
    for node, told in _objects(nodes, "nodes"):
        for name, described in _objects(told.get("properties") or {}, f"properties of {node}"):
            found[f"{node}/{name}"] = _described(described)
            if len(found) > MOST_PROPERTIES:
                raise Unfit("too_large", "more properties than a device can have")
    return found


def _objects(told: object, what: str) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(told, dict) or not all(isinstance(value, dict) for value in told.values()):
        raise Unfit("wrong_type", f"{what}: objects are expected")
    return list(told.items())


def _described(told: dict[str, Any]) -> Described:
    texts = {key: told[key][:_LONGEST] for key in ("datatype", "format", "unit") if isinstance(told.get(key), str)}
    return Described(**texts, settable=told.get("settable") is True)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
