"""One device of this hotel that is a Homie device, or a node of one: its points by the properties they come on."""

from typing import Any, NamedTuple

from devices.model import Decoded, Device, Fact, PointSpec, Profile, Quality, Rejected
from devices.mqtt.dialect import NOTHING
from devices.mqtt.fields import Facts, Stamp, compile_field
from devices.mqtt.happenings import Happening, Happenings
from devices.mqtt.homie_tree import Described
from devices.mqtt.homie_values import raw_value
from devices.mqtt.patterns import Pattern, chosen_of, compile_pattern
from devices.mqtt.payload import Unfit
from devices.mqtt.topical import together


class Told(NamedTuple):
    """A property's value as it came; text None: the property was taken away."""

    path: str  # node/property
    text: str | None
    described: Described
    stamp: Stamp
    source: str  # the whole topic


class _Point(NamedTuple):
    pattern: Pattern
    spec: PointSpec
    facts: Facts


class Part:
    """A device of the inventory."""

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        chosen = chosen_of(device.address)
        self._points = [
            _Point(compile_pattern(spec.wire["topic"], chosen), spec, Facts(device, [compile_field(spec)]))
            for spec in profile.points.values()
        ]
        self._paths: dict[str, str] = {}
        self._facts = Facts(device, ())
        told = Happening.of(profile.wire)
        self._events = (compile_pattern(told.topic, chosen), Happenings(device, told)) if told else None

    def online(self, stamp: Stamp, *, value: bool) -> Fact:
        """Whether it is there."""
        quality = Quality.STALE if stamp.retained else Quality.GOOD
        return self._facts.reading("online", value, quality, stamp)

    def path_of(self, point: str, properties: dict[str, Described]) -> str | None:
        """The property of a point: as heard, as described, or the only one it can be; None: not known yet."""
        patterns = [known.pattern for known in self._points if known.spec.name == point]
        known = self._paths.get(point) or next((one.exact for one in patterns if one.exact), "")
        return known or next((path for path in properties for one in patterns if one.matches(path)), None)

    def heard(self, told: Told) -> Decoded:
        """A property's value."""
        parts = [self._read(told, point) for point in self._points if point.pattern.matches(told.path)]
        if self._events and self._events[0].matches(told.path):
            parts.append(self._happened(told, self._events[1]))
        return together(parts) if parts else NOTHING

    def _read(self, told: Told, point: _Point) -> Decoded:
        taken = self._paths.setdefault(point.spec.name, told.path)
        if taken != told.path:
            detail = f"{taken} is taken already: name the node behind # in the address"
            return Decoded((), (Rejected(told.source, "ambiguous", self.device.id, detail[:120]),))
        try:
            value: Any = None if told.text is None else raw_value(told.text, point.spec, told.described)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(told.source, self.device.id),))
        found, rejected = point.facts.read(value, told.stamp, told.source)
        return Decoded(tuple(found), rejected)

    def _happened(self, told: Told, events: Happenings) -> Decoded:
        try:
            event = events.event(told.text, told.stamp)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(told.source, self.device.id),))
        return NOTHING if event is None else Decoded((event,))
