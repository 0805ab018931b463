"""Zigbee2MQTT: one JSON object per device topic, availability beside it, the bridge's own state for all of them.

A device's address is its whole topic (`zigbee2mqtt/101_door`). Messages carry cached state: a level that is repeated
(occupancy, contact) is not news, so readings are levels, and whoever needs edges compares with the last one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from devices.locks.access import DEFAULT_USERS, happened
from devices.model import Command, Decoded, Device, DeviceEvent, Fact, PointSpec, Profile, Quality, Rejected
from devices.mqtt.dialect import IGNORED, NOTHING, Handler, Member, command_value
from devices.mqtt.fields import Facts, Stamp, compile_field
from devices.mqtt.payload import Unfit, instant, online, parse_object

_WORDS = {"online": True, "offline": False}
_OURS = ("/set", "/get")  # orders, ours or another client's: they say nothing about the device


class Zigbee2Mqtt:
    """The Zigbee2MQTT devices of a line."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = [_Member(device, profile) for device, profile in members]
        self._roots = {device.address.split("/", 1)[0] for device, _ in members}
        self._bridges = {base: _Bridge(base, self._below(base)) for base in self._bases()}

    def _bases(self) -> list[str]:
        """Every topic above a device: a friendly name may have slashes, and so may the base topic."""
        parents = set()
        for member in self._members:
            levels = member.device.address.split("/")
            parents |= {"/".join(levels[:end]) for end in range(1, len(levels))}
        return sorted(parents)

    def _below(self, base: str) -> list["_Member"]:
        return [member for member in self._members if member.device.address.startswith(f"{base}/")]

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything below the first level of any device's address."""
        return tuple(f"{root}/#" for root in sorted(self._roots))

    def handlers(self) -> list[tuple[str, Handler]]:
        """Per device its state and its availability; per base topic the bridge's state."""
        found: list[tuple[str, Handler]] = []
        for member in self._members:
            found.append((member.device.address, member.state))
            found.append((f"{member.device.address}/availability", member.availability))
        found += [(f"{base}/bridge/state", bridge.state) for base, bridge in self._bridges.items()]
        return found

    def verdict(self, topic: str) -> str | None:
        """A device nobody declared, or a topic of the bridge that carries nothing for a room."""
        root, _, rest = topic.partition("/")
        if root not in self._roots or not rest:
            return None
        if "bridge" in topic.split("/")[1:-1] or topic.endswith(_OURS) or "/set/" in topic or "/get/" in topic:
            return IGNORED
        known = any(topic.startswith(f"{member.device.address}/") for member in self._members)
        return "unknown_topic" if known else "unknown_device"

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """`<address>/set` with the one property; raises NotSupported."""
        told = spec.wire["command"] or {}
        body = {told.get("path") or spec.wire["path"]: command_value(command, spec)}
        return [(f"{device.address}/set", orjson.dumps(body))]


class _Member:
    """One device: its fields compiled, and what its availability and its bridge last said (both must be well)."""

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        self.facts = Facts(device, [compile_field(spec) for spec in profile.points.values()])
        self._actions: dict[str, str] = profile.wire.get("actions") or {}
        self._users = profile.wire.get("users") or DEFAULT_USERS
        self._is_lock = "lock" in profile.points
        self.available = True
        self.bridge_up = True

    def state(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """The device's own message."""
        try:
            body = parse_object(payload)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(self.device.address, self.device.id),))
        seen = body.get("last_seen")
        stamp = Stamp(received, sequence, retained, None if seen is None else _last_seen(seen))
        facts, rejected = self.facts.read(body, stamp, self.device.address)
        if body.get("action") and not retained:
            event, refused = self._event(body, stamp)
            facts += event
            rejected += refused
        return Decoded(tuple(facts), rejected)

    def _event(self, body: dict[str, Any], stamp: Stamp) -> tuple[tuple[Fact, ...], tuple[Rejected, ...]]:
        device, action = self.device, body["action"]
        try:
            kind, params = self._meaning(action, body)
        except Unfit as unfit:
            return (), (unfit.rejected(device.address, device.id),)
        if not kind:
            return (), ()
        event = DeviceEvent(device.id, device.room, kind, params, stamp.device_time, stamp.received, stamp.sequence)
        return (event,), ()

    def _meaning(self, action: object, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if not isinstance(action, str):
            raise Unfit("wrong_type", f"action {action!r}")
        if action in self._actions:
            named = self._actions[action]
            return ("", {}) if named == "none" else (named, {"name": action} if named == "button" else {})
        if not self._is_lock:
            return "button", {"name": action[:60]}
        try:
            return happened(body, self._users) or ("", {})
        except KeyError:
            raise Unfit("unknown_action", action) from None

    def availability(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """What Zigbee2MQTT believes of the device."""
        source = f"{self.device.address}/availability"
        try:
            self.available = online(payload, _WORDS)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(source, self.device.id),))
        self.bridge_up = self.bridge_up or not retained  # it is the bridge that says so, now
        return Decoded((self.online(Stamp(received, sequence, retained)),))

    def online(self, stamp: Stamp) -> Fact:
        """Reachable only when the device and its bridge are."""
        quality = Quality.STALE if stamp.retained else Quality.GOOD
        return self.facts.reading("online", self.available and self.bridge_up, quality, stamp)


class _Bridge:
    """The bridge of a base topic: when it is gone, so is every device behind it."""

    def __init__(self, base: str, members: list[_Member]) -> None:
        self._source = f"{base}/bridge/state"
        self._members = members

    def state(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """One `online` reading for each device below the base."""
        try:
            up = online(payload, _WORDS)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(self._source, None),))
        stamp = Stamp(received, sequence, retained)
        for member in self._members:
            member.bridge_up = up
        return Decoded(tuple(member.online(stamp) for member in self._members)) if self._members else NOTHING


def _last_seen(value: object) -> datetime | None:
    return instant(value, "iso" if isinstance(value, str) else "unix_ms")
