"""Tasmota: `tele/<topic>/STATE|SENSOR|LWT`, `stat/<topic>/RESULT|POWER`, orders to `cmnd/<topic>/<COMMAND>`.

A device's address is its topic (`101_plug`), or the whole pattern where that is not the usual one
(`hotel/%prefix%/101_plug`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, PointSpec, Profile, Quality
from devices.mqtt.dialect import IGNORED, Handler, Member, command_value
from devices.mqtt.fields import Facts, Stamp, compile_field
from devices.mqtt.payload import Unfit, online, parse_object, parse_text
from devices.mqtt.topics import matches

PREFIX = "%prefix%"
_WORDS = {"online": True, "offline": False}


def topic_of(address: str, prefix: str, *rest: str) -> str:
    """The device's topic with that prefix (tele, stat, cmnd)."""
    pattern = address if PREFIX in address else f"{PREFIX}/{address}"
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
        return [(topic_of(device.address, "cmnd", told["path"]), str(command_value(command, spec)).encode())]


def _filter(address: str, prefix: str) -> str:
    before = (address if PREFIX in address else PREFIX).split(PREFIX, 1)[0]
    return f"{before}{prefix}/#"


class _Member:
    """One device."""

    def __init__(self, device: Device, profile: Profile) -> None:
        specs = profile.points.values()
        self.device = device
        self.stems = (topic_of(device.address, "tele"), topic_of(device.address, "stat"))
        self._celsius = Facts(device, [compile_field(spec) for spec in specs])
        self._fahrenheit = Facts(device, [compile_field(_from_fahrenheit(spec)) for spec in specs])
        paths = {spec.wire[place] for spec in specs for place in ("path", "fallback")}
        self._plain = sorted(path for path in paths if path.startswith("POWER"))

    def handlers(self) -> list[tuple[str, Handler]]:
        tele, stat = self.stems
        found = [(topic, self._json(topic)) for topic in (f"{tele}/STATE", f"{tele}/SENSOR", f"{stat}/RESULT")]
        found += [(f"{stat}/{name}", self._text(f"{stat}/{name}", name)) for name in self._plain]
        return [*found, (f"{tele}/LWT", self._last_will(f"{tele}/LWT"))]

    def _json(self, topic: str) -> Handler:
        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            try:
                body = parse_object(payload)
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
        return Decoded(tuple(found), rejected)

    def _last_will(self, topic: str) -> Handler:
        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            try:
                value = online(payload, _WORDS)
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(topic, self.device.id),))
            quality = Quality.STALE if retained else Quality.GOOD
            return Decoded((self._celsius.reading("online", value, quality, Stamp(received, sequence, retained)),))

        return handle


def _from_fahrenheit(spec: PointSpec) -> PointSpec:
    if spec.unit != "degC":
        return spec
    return replace(spec, wire=spec.wire | {"scale": 5 / 9, "offset": -160 / 9})
