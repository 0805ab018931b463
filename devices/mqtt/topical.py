"""What ESPHome and the first Shellies have in common: a topic for each value, a last will beside them, plain text.

Devices of one address share its topics; which part of it a device is, stands behind the `#` of its address. A topic
that the profile leaves open belongs to the first that fits; another that fits as well is refused as ambiguous.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, Fact, PointSpec, Power, Profile, Quality, Rejected
from devices.mqtt.dialect import IGNORED, NOTHING, Handler, Member, command_value
from devices.mqtt.fields import Facts, Stamp, compile_field
from devices.mqtt.happenings import Happening, Happenings
from devices.mqtt.patterns import chosen_of, compile_pattern, stem_of
from devices.mqtt.payload import Unfit, online, parse_object, parse_text
from devices.mqtt.topics import matches

_NOT_KNOWN = frozenset({"nan", "none", "unknown", "null"})
"""What a sensor says in place of a number it does not have."""


class TopicDialect:
    """The devices of a line that speak so; a dialect says which topics are theirs and how they are told."""

    last_will = ""
    words: Mapping[str, bool] = {}

    def __init__(self, members: Sequence[Member]) -> None:
        self._members: dict[str, list[TopicMember]] = defaultdict(list)
        self._by_id: dict[str, TopicMember] = {}
        for device, profile in members:
            member = TopicMember(device, profile)
            self._members[stem_of(device.address)].append(member)
            self._by_id[device.id] = member
        self._lengths = sorted({stem.count("/") + 1 for stem in self._members})

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything of the devices beside the declared ones."""
        raise NotImplementedError

    def order_topic(self, state_topic: str) -> str:
        """Where a value that is told on `state_topic` (without the stem) is set."""
        raise NotImplementedError

    def handlers(self) -> list[tuple[str, Handler]]:
        """The last will of each address; what the profiles leave open is found when it is heard."""
        return [(f"{stem}/{self.last_will}", self._last_will(stem)) for stem in self._members]

    def find(self, topic: str) -> Handler | None:
        """Who understands a topic below a declared address."""
        stem, rest = self._split(topic)
        if not stem or not any(member.wants(rest) for member in self._members[stem]):
            return None

        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            stamp = Stamp(received, sequence, retained)
            return together([member.heard(rest, payload, stamp) for member in self._members[stem]])

        return handle

    def verdict(self, topic: str) -> str | None:
        """A topic of a declared device that no point uses carries nothing for a room."""
        if self._split(topic)[0]:
            return IGNORED
        return "unknown_device" if any(matches(pattern, topic) for pattern in self.filters) else None

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """The value as text on the point's own topic; raises NotSupported."""
        told = spec.wire["command"]
        if not told:
            raise NotSupported("read_only", spec.name)
        value = command_value(command, spec)
        topic = self._order_topic(device, spec, told["topic"])
        return [(f"{stem_of(device.address)}/{topic}", told["template"].replace("{value}", spelled(value)).encode())]

    def _order_topic(self, device: Device, spec: PointSpec, told: str) -> str:
        if told:
            return compile_pattern(told, chosen_of(device.address)).exact
        state_topic = self._by_id[device.id].topic(spec.name)
        if state_topic is None:
            raise NotSupported("unheard", f"{spec.name} has not been heard of yet: its topic is not known")
        return self.order_topic(state_topic)

    def _split(self, topic: str) -> tuple[str, str]:
        """The declared address a topic is below, and the rest; two empty strings when there is none."""
        levels = topic.split("/")
        for length in self._lengths:
            stem = "/".join(levels[:length])
            if length < len(levels) and stem in self._members:
                return stem, "/".join(levels[length:])
        return "", ""

    def _last_will(self, stem: str) -> Handler:
        source = f"{stem}/{self.last_will}"

        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            members = self._members[stem]
            try:
                value = online(payload, self.words)
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(source, members[0].device.id),))
            stamp = Stamp(received, sequence, retained)
            return Decoded(tuple(member.online(stamp, value=value) for member in members if value or not member.sleeps))

        return handle


class TopicMember:
    """One device: its points by the topics they come on."""

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        self.sleeps = profile.power is Power.BATTERY  # its last will says nothing
        self._stem = stem_of(device.address)
        grouped: dict[tuple[str, str], list[PointSpec]] = defaultdict(list)
        for spec in profile.points.values():
            grouped[spec.wire["topic"], spec.wire["format"]].append(spec)
        self._sources = [_Source(device, topic, specs) for (topic, _), specs in grouped.items()]
        told = Happening.of(profile.wire)
        self._events = Happenings(device, told) if told else None
        self._event_topic = compile_pattern(told.topic, chosen_of(device.address)) if told else None
        self._event_is_text = told is not None and not told.path
        self._facts = Facts(device, ())

    def wants(self, rest: str) -> bool:
        """Whether the topic carries something of this device."""
        return any(source.pattern.matches(rest) for source in self._sources) or self._is_event(rest)

    def _is_event(self, rest: str) -> bool:
        return self._event_topic is not None and self._event_topic.matches(rest)

    def topic(self, point: str) -> str | None:
        """The topic (without the stem) on which a point comes; None: not known yet."""
        found = (source for source in self._sources if point in source.points)
        return next((source.topic for source in found), None)

    def online(self, stamp: Stamp, *, value: bool) -> Fact:
        """Whether it is there, as its last will says."""
        quality = Quality.STALE if stamp.retained else Quality.GOOD
        return self._facts.reading("online", value, quality, stamp)

    def heard(self, rest: str, payload: bytes, stamp: Stamp) -> Decoded:
        """A message on a topic of its address."""
        parts = [source.heard(rest, payload, stamp) for source in self._sources if source.pattern.matches(rest)]
        if self._is_event(rest):
            parts.append(self._happened(rest, payload, stamp))
        return together(parts)

    def _happened(self, rest: str, payload: bytes, stamp: Stamp) -> Decoded:
        assert self._events is not None  # noqa: S101 - a device without events has no topic for them
        try:
            body: Any = parse_text(payload) if self._event_is_text else parse_object(payload)
            event = self._events.event(body, stamp)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(f"{self._stem}/{rest}", self.device.id),))
        return NOTHING if event is None else Decoded((event,))


class _Source:
    """One topic of a device and the points in it."""

    def __init__(self, device: Device, topic: str, specs: Sequence[PointSpec]) -> None:
        self._device = device
        self.pattern = compile_pattern(topic, chosen_of(device.address))
        self.points = {spec.name for spec in specs}
        self.topic: str | None = self.pattern.exact or None
        self._facts = Facts(device, [compile_field(spec) for spec in specs])
        numeric = all(spec.wire["kind"] == "number" and not spec.wire["values"] for spec in specs)
        text = specs[0].wire["format"] == "text"
        self._parse: Callable[[bytes], Any] = parse_object if not text else (parse_measure if numeric else parse_text)

    def heard(self, rest: str, payload: bytes, stamp: Stamp) -> Decoded:
        """A message on a topic that fits."""
        source = f"{stem_of(self._device.address)}/{rest}"
        if self.topic is None:
            self.topic = rest
        if self.topic != rest:
            detail = f"{self.topic} is taken already: name one of them behind # in the address"
            return Decoded((), (Rejected(source, "ambiguous", self._device.id, detail[:120]),))
        try:
            body = self._parse(payload)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(source, self._device.id),))
        facts, rejected = self._facts.read(body, stamp, source)
        return Decoded(tuple(facts), rejected)


def parse_measure(payload: bytes) -> float | None:
    """A number as text; None where the sensor says that it has none. Raises Unfit."""
    text = parse_text(payload)
    if text.lower() in _NOT_KNOWN:
        return None
    try:
        return float(text)
    except ValueError:
        raise Unfit("wrong_type", f"{text[:60]!r} where a number is expected") from None


def spelled(value: object) -> str:
    """A value as plain text: true, 21.5, LOCK."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def together(parts: Sequence[Decoded]) -> Decoded:
    """What several parts of a device, or several devices, made of one message."""
    if len(parts) == 1:
        return parts[0]
    facts = tuple(fact for part in parts for fact in part.facts)
    rejected = tuple(refused for part in parts for refused in part.rejected)
    return Decoded(facts, rejected, tuple(answer for part in parts for answer in part.answers))
