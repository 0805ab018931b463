"""Tasmota: `tele/<topic>/STATE|SENSOR|LWT`, `stat/<topic>/RESULT|POWER`, orders to `cmnd/<topic>/<COMMAND>`.

A device's address is its topic (`101_plug`), or the whole pattern where that is not the usual one
(`hotel/%prefix%/101_plug`), with `#2` behind it for the second relay, switch or button, or with `#0x4773` for a device
behind a Zigbee bridge. Answers to `STATUS` are read as the telemetry that is in them.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, PointSpec, Profile, Quality
from devices.mqtt.dialect import IGNORED, Handler, Member, command_value
from devices.mqtt.fields import Facts, Stamp, compile_field
from devices.mqtt.happenings import Happening, Happenings
from devices.mqtt.patterns import chosen_of, stem_of
from devices.mqtt.payload import Unfit, online, parse_object, parse_text
from devices.mqtt.topics import matches

PREFIX = "%prefix%"
CHOSEN = "{id}"  # in a path: the device behind a bridge
_WORDS = {"online": True, "offline": False}
_ANSWERS = {"STATUS8": "StatusSNS", "STATUS10": "StatusSNS", "STATUS11": "StatusSTS"}
"""Answers to a question that hold telemetry, and where."""
_NUMBERED = re.compile(r"^(POWER|Switch|Button|Dimmer|TempTargetSet|ThermostatModeSet)\d*(?=$|\.)")


def topic_of(address: str, prefix: str, *rest: str) -> str:
    """The device's topic with that prefix (tele, stat, cmnd)."""
    stem = stem_of(address)
    pattern = stem if PREFIX in stem else f"{PREFIX}/{stem}"
    return "/".join([pattern.replace(PREFIX, prefix).rstrip("/"), *rest])


class Tasmota:
    """The Tasmota devices of a line."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = [_Member(device, profile) for device, profile in members]

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything after the prefix."""
        found = {_filter(member.device.address, prefix) for member in self._members for prefix in ("tele", "stat")}
        return tuple(sorted(found))

    def handlers(self) -> list[tuple[str, Handler]]:
        """Telemetry, results and the last will of each device."""
        return [entry for member in self._members for entry in member.handlers()]

    def verdict(self, topic: str) -> str | None:
        """INFO, STATUS and LOGGING of a declared device carry nothing for a room."""
        if not any(matches(pattern, topic) for pattern in self.filters):
            return None
        known = any(topic.startswith(f"{stem}/") for member in self._members for stem in member.stems)
        return IGNORED if known else "unknown_device"

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """`cmnd/<topic>/<COMMAND>` with the value as plain text; raises NotSupported."""
        told = spec.wire["command"]
        if not told:
            raise NotSupported("read_only", spec.name)
        name = _numbered(told["path"], chosen_of(device.address))
        return [(topic_of(device.address, "cmnd", name), str(command_value(command, spec)).encode())]


def _numbered(path: str, chosen: str) -> str:
    """A name (or a path that begins with it) with the number of the relay, switch or button that is asked for."""
    return _NUMBERED.sub(rf"\g<1>{chosen}", path) if chosen else path


def _on_channel(spec: PointSpec, chosen: str) -> PointSpec:
    named = {place: spec.wire[place].replace(CHOSEN, chosen) for place in ("path", "fallback")}
    paths = {place: _numbered(path, chosen) for place, path in named.items()}
    return replace(spec, wire=spec.wire | paths)


def _filter(address: str, prefix: str) -> str:
    before = (stem_of(address) if PREFIX in address else PREFIX).split(PREFIX, 1)[0]
    return f"{before}{prefix}/#"


class _Member:
    """One device."""

    def __init__(self, device: Device, profile: Profile) -> None:
        chosen = chosen_of(device.address)
        specs = [_on_channel(spec, chosen) for spec in profile.points.values()]
        self.device = device
        self.stems = (topic_of(device.address, "tele"), topic_of(device.address, "stat"))
        self._celsius = Facts(device, [compile_field(spec) for spec in specs])
        self._fahrenheit = Facts(device, [compile_field(_from_fahrenheit(spec)) for spec in specs])
        paths = {spec.wire[place] for spec in specs for place in ("path", "fallback")}
        self._behind = chosen if profile.wire.get("identity") else ""
        self._plain = sorted(path for path in paths if path.startswith("POWER"))
        told = Happening.of(profile.wire)
        self._events = Happenings(device, replace(told, path=_numbered(told.topic, chosen))) if told else None

    def handlers(self) -> list[tuple[str, Handler]]:
        tele, stat = self.stems
        topics = [f"{tele}/STATE", f"{tele}/SENSOR", f"{stat}/RESULT"]
        topics += [f"{tele}/{self._behind.removeprefix('0x')}/SENSOR"] if self._behind else []  # SetOption89
        found = [(topic, self._json(topic)) for topic in topics]
        found += [(f"{stat}/{name}", self._json(f"{stat}/{name}", inside)) for name, inside in _ANSWERS.items()]
        found += [(f"{stat}/{name}", self._text(f"{stat}/{name}", name)) for name in self._plain]
        return [*found, (f"{tele}/LWT", self._last_will(f"{tele}/LWT"))]

    def _json(self, topic: str, inside: str = "") -> Handler:
        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            try:
                body = parse_object(payload)
                if inside:
                    body = _inside(body, inside)
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(topic, self.device.id),))
            return self._decoded(body, Stamp(received, sequence, retained), topic)

        return handle

    def _text(self, topic: str, name: str) -> Handler:
        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            try:
                body = {name: parse_text(payload)}
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(topic, self.device.id),))
            return self._decoded(body, Stamp(received, sequence, retained), topic)

        return handle

    def _decoded(self, body: dict[str, Any], stamp: Stamp, topic: str) -> Decoded:
        facts = self._fahrenheit if body.get("TempUnit") == "F" else self._celsius
        found, rejected = facts.read(body, stamp, topic)
        try:
            event = self._events.event(body, stamp) if self._events else None
        except Unfit as unfit:
            return Decoded(tuple(found), (*rejected, unfit.rejected(topic, self.device.id)))
        return Decoded(tuple(found) if event is None else (*found, event), rejected)

    def _last_will(self, topic: str) -> Handler:
        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            try:
                value = online(payload, _WORDS)
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(topic, self.device.id),))
            quality = Quality.STALE if retained else Quality.GOOD
            return Decoded((self._celsius.reading("online", value, quality, Stamp(received, sequence, retained)),))

        return handle


def _inside(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.get(name)
    if type(found) is not dict:
        raise Unfit("wrong_type", f"no {name} in the answer")
    return found


def _from_fahrenheit(spec: PointSpec) -> PointSpec:
    if spec.unit != "degC":
        return spec
    return replace(spec, wire=spec.wire | {"scale": 5 / 9, "offset": -160 / 9})
