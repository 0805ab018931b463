"""Anything else: topics and JSON paths from the profile.

A device's address is the stem of its topics, or TOPIC#NODE where several nodes share a topic and name themselves.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, PointSpec, Profile, Rejected
from devices.mqtt.dialect import Handler, Member, command_value
from devices.mqtt.fields import Facts, Stamp, compile_field, fetcher
from devices.mqtt.payload import Unfit, instant, parse, parse_object, parse_text
from devices.mqtt.topics import matches


def topic_of(address: str, suffix: str) -> str:
    """The whole topic: the address without the node's id, and what follows it."""
    stem = address.split("#", 1)[0]
    return f"{stem}/{suffix}" if suffix else stem


class Mapped:
    """The mapped devices of a line."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._sources = [source for device, profile in members for source in _sources(device, profile)]

    @property
    def filters(self) -> tuple[str, ...]:
        """The declared topics, and those of devices beside them (`sensor/+/data`)."""
        return tuple(sorted({source.pattern for source in self._sources}))

    def handlers(self) -> list[tuple[str, Handler]]:
        """A handler a topic; nodes that share one are told apart by the field the profile names."""
        shared: dict[tuple[str, str], dict[str, _Source]] = defaultdict(dict)
        for source in self._sources:
            if source.identity:
                shared[source.topic, source.identity][source.node] = source
        alone: list[tuple[str, Handler]] = [
            (source.topic, source.handle) for source in self._sources if not source.identity
        ]
        return alone + [(topic, _Shared(topic, field, nodes).handle) for (topic, field), nodes in shared.items()]

    def verdict(self, topic: str) -> str | None:
        """A topic of the same form as a declared one belongs to a device nobody declared."""
        return "unknown_device" if any(matches(pattern, topic) for pattern in self.filters) else None

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """The profile's template with the value in it; raises NotSupported."""
        told = spec.wire["command"]
        if not told:
            raise NotSupported("read_only", spec.name)
        value = command_value(command, spec)
        spelled = str(value) if spec.wire["format"] == "text" else orjson.dumps(value).decode()
        return [(topic_of(device.address, told["topic"]), told["template"].replace("{value}", spelled).encode())]


def _sources(device: Device, profile: Profile) -> list["_Source"]:
    grouped: dict[tuple[str, str], list[PointSpec]] = defaultdict(list)
    for spec in profile.points.values():
        grouped[spec.wire["topic"], spec.wire["format"]].append(spec)
    return [_Source(device, profile, suffix, specs) for (suffix, _), specs in grouped.items()]


class _Source:
    """One topic of one device and the points in it."""

    def __init__(self, device: Device, profile: Profile, suffix: str, specs: Sequence[PointSpec]) -> None:
        self.device = device
        self.topic = topic_of(device.address, suffix)
        self.pattern = _pattern(device.address, suffix)
        self.identity: str = profile.wire.get("identity") or ""
        self.node = device.address.partition("#")[2]
        self._facts = Facts(device, [compile_field(spec) for spec in specs])
        whole = all(not spec.wire["path"] for spec in specs)
        self._parse: Callable[[bytes], Any] = parse if whole else parse_object
        if specs[0].wire["format"] == "text":
            numeric = all(spec.wire["kind"] == "number" and not spec.wire["values"] for spec in specs)
            self._parse = _parse_number if numeric else parse_text
        self._time = fetcher(profile.wire.get("time_path") or "\0")
        self._time_format: str = profile.wire.get("time_format") or "unix"

    def handle(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """The payload of this device's own topic."""
        try:
            body = self._parse(payload)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(self.topic, self.device.id),))
        return self.decode(body, received, sequence, retained)

    def decode(self, body: Any, received: datetime, sequence: int, retained: bool) -> Decoded:
        """A payload already read."""
        moment = instant(self._time(body), self._time_format) if type(body) is dict else None
        facts, rejected = self._facts.read(body, Stamp(received, sequence, retained, moment), self.topic)
        return Decoded(tuple(facts), rejected)


class _Shared:
    """One topic that several nodes publish on."""

    def __init__(self, topic: str, field: str, nodes: dict[str, _Source]) -> None:
        self._topic = topic
        self._node = fetcher(field)
        self._nodes = nodes

    def handle(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """The payload goes to the node that it names."""
        try:
            body = parse(payload)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(self._topic, None),))
        node = self._node(body)
        source = self._nodes.get(node) if isinstance(node, str) else None
        if source is None:
            return Decoded((), (Rejected(self._topic, "unknown_device", None, str(node)[:120]),))
        return source.decode(body, received, sequence, retained)


def _pattern(address: str, suffix: str) -> str:
    """The subscription: the last level of a longer address is the device's name; a single level is taken as it is."""
    stem = address.split("#", 1)[0]
    parent, slash, _ = stem.rpartition("/")
    wide = f"{parent}/+" if slash and "#" not in address else stem
    return f"{wide}/{suffix}" if suffix else wide


def _parse_number(payload: bytes) -> float:
    text = parse_text(payload)
    try:
        return float(text)
    except ValueError:
        raise Unfit("wrong_type", f"{text[:60]!r} where a number is expected") from None
