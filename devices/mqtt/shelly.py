"""Shelly Gen2 and later: notifications on `<prefix>/events/rpc`, component status, `<prefix>/online`, JSON-RPC orders.

A device's address is its topic prefix (`shellyplus1-a8032abe54dc`), or PREFIX#NUMBER for another component of the kind
than the profile's (`#1`: switch:1, input:1). A notification is a delta: what it does not name has not changed. Two
devices of this hotel (a switch and an input) may be one Shelly. One with a battery sleeps: its last will says nothing.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from devices.errors import NotSupported
from devices.model import (
    Command,
    CommandAnswer,
    Decoded,
    Device,
    DeviceEvent,
    Fact,
    PointSpec,
    Power,
    Profile,
    Quality,
    Rejected,
    Value,
)
from devices.mqtt.dialect import IGNORED, NOTHING, Handler, Member, command_value
from devices.mqtt.fields import Facts, Stamp, compile_field
from devices.mqtt.patterns import chosen_of, stem_of
from devices.mqtt.payload import Unfit, instant, online, parse_object
from devices.mqtt.topical import together
from devices.mqtt.topics import matches

REPLIES = "gateway"
"""Shelly answers a request on <src>/rpc: that it took it, or why not. The status that follows is the proof."""
_WORDS = {"true": True, "false": False}
_STATUS = frozenset({"NotifyStatus", "NotifyFullStatus"})


class Shelly:
    """The Shelly devices of a line."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = [_Member(device, profile) for device, profile in members]
        self._prefixes = {stem_of(device.address) for device, _ in members}

    @property
    def filters(self) -> tuple[str, ...]:
        """The three topics of any device beside the declared ones."""
        parents = {address.rpartition("/")[0] for address in self._prefixes}
        stems = [f"{parent}/+" if parent else "+" for parent in sorted(parents)]
        told = tuple(f"{stem}/{rest}" for stem in stems for rest in ("events/rpc", "status/+", "online"))
        return (*told, f"{REPLIES}/rpc")

    def handlers(self) -> list[tuple[str, Handler]]:
        """Notifications, the status of the components in use, and the last will of each device."""
        replies = (f"{REPLIES}/rpc", self._replied)
        return [replies, *(entry for member in self._members for entry in member.handlers())]

    def _replied(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """The response to a request. One to somebody else's, or a question of ours for its state, is no answer."""
        try:
            frame = parse_object(payload)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(f"{REPLIES}/rpc", None),))
        source, command = frame.get("src"), frame.get("id")
        if retained or not isinstance(source, str) or not isinstance(command, str):
            return NOTHING
        error = frame.get("error")
        detail = str(error.get("message"))[:120] if isinstance(error, dict) else ""
        named = [member for member in self._members if member.speaks_as(source)]
        order, _, component = command.partition("#")
        if component:
            stamp, result = Stamp(received, sequence, retained), frame.get("result")
            return together([member.held(component, result, stamp) for member in named])
        return Decoded(answers=tuple(CommandAnswer(one.device.id, order, error is None, detail) for one in named))

    def verdict(self, topic: str) -> str | None:
        """The status of a component that no point uses carries nothing for a room."""
        if not any(matches(pattern, topic) for pattern in self.filters):
            return None
        known = any(topic.startswith(f"{prefix}/") for prefix in self._prefixes)
        return IGNORED if known else "unknown_device"

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """The RPC request, and after it the question for the state: a value that stays the same is not notified.

        Raises NotSupported.
        """
        told = spec.wire["command"]
        if not told:
            raise NotSupported("read_only", spec.name)
        params = _parameters(told, command_value(command, spec), chosen_of(device.address))
        request = {"id": command.id, "src": REPLIES, "method": told["path"], "params": params}
        asked = _question(command.id, told["path"], spec, params["id"])
        topic = f"{stem_of(device.address)}/rpc"
        return [(topic, orjson.dumps(one)) for one in (request, asked) if one is not None]


def _question(command: str, method: str, spec: PointSpec, number: int) -> dict[str, Any] | None:
    """How a component is read back; its answer has the id COMMAND#COMPONENT. None: it relays by radio."""
    name, _, verb = method.partition(".")
    component = spec.wire["path"].partition(":")[0]
    if verb not in ("Set", "SetConfig") or name.lower() != component:
        return None
    told = {"id": f"{command}#{component}:{number}", "src": REPLIES, "method": f"{name}.GetStatus"}
    return told | {"params": {"id": number}}


def _parameters(told: dict[str, Any], value: Value, chosen: str) -> dict[str, Any]:
    """The parameters of a request: which component, what is always sent along, and the value where it belongs."""
    params: dict[str, Any] = {"id": int(chosen) if chosen else told["component"]} | deepcopy(told["also"])
    *outer, name = told["argument"].split(".")
    inner = params
    for step in outer:
        inner = inner.setdefault(step, {})
    inner[name] = value
    return params


_COMPONENT = re.compile(r"^([a-z0-9_]+):\d+")


def _numbered(component: str, chosen: str) -> str:
    """The component (or a path into it) with the number that the address asks for."""
    return _COMPONENT.sub(rf"\g<1>:{chosen}", component) if chosen else component


def _on_component(spec: PointSpec, chosen: str) -> PointSpec:
    return replace(spec, wire=spec.wire | {"path": _numbered(spec.wire["path"], chosen)})


class _Member:
    """One device."""

    def __init__(self, device: Device, profile: Profile) -> None:
        self._device = self.device = device
        self._stem, chosen = stem_of(device.address), chosen_of(device.address)
        specs = [_on_component(spec, chosen) for spec in profile.points.values()]
        self._facts = Facts(device, [compile_field(spec) for spec in specs])
        self._components = sorted({spec.wire["path"].split(".", 1)[0] for spec in specs})
        pressed = _numbered(profile.wire.get("event") or "", chosen)
        self._inputs = {name for name in (*self._components, pressed) if name.startswith("input:")}
        self._actions: dict[str, str] = profile.wire.get("actions") or {}
        self._sleeps = profile.power is Power.BATTERY
        self._notifications = f"{self._stem}/events/rpc"

    def speaks_as(self, source: str) -> bool:
        """Whether `source` is the device: its own id, which is the last part of its prefix unless that was changed."""
        return source == self._stem or source == self._stem.rpartition("/")[2]

    def handlers(self) -> list[tuple[str, Handler]]:
        address = self._stem
        status = [(f"{address}/status/{name}", self._status(name)) for name in self._components]
        return [(self._notifications, self.notified), *status, (f"{address}/online", self._online)]

    def notified(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """NotifyStatus, NotifyFullStatus or NotifyEvent."""
        try:
            frame = parse_object(payload)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(self._notifications, self._device.id),))
        params = frame.get("params")
        if type(params) is not dict:
            return self._refused(self._notifications, "bad_frame", "no params")
        stamp = Stamp(received, sequence, retained, instant(params.get("ts")))
        return self._by_method(frame.get("method"), params, stamp)

    def _by_method(self, method: object, params: dict[str, Any], stamp: Stamp) -> Decoded:
        if method == "NotifyEvent":
            return NOTHING if stamp.retained else self._events(params.get("events"), stamp)
        if not isinstance(method, str) or method not in _STATUS:
            return self._refused(self._notifications, "bad_frame", f"method {method!r}"[:120])
        facts, rejected = self._facts.read(params, stamp, self._notifications)
        return Decoded(tuple(facts), rejected)

    def _events(self, events: object, stamp: Stamp) -> Decoded:
        if not isinstance(events, list):
            return self._refused(self._notifications, "wrong_type", "events is not a list")
        facts: list[Fact] = []
        for event in events:
            if not isinstance(event, dict) or not isinstance(event.get("event"), str):
                return self._refused(self._notifications, "wrong_type", "an event without its name")
            if str(event.get("component")) in self._inputs:
                facts += self._pressed(event, stamp)
        return Decoded(tuple(facts))

    def _pressed(self, event: dict[str, Any], stamp: Stamp) -> list[DeviceEvent]:
        kind = self._actions.get(event["event"], "button")
        if kind == "none":
            return []
        device, when = self._device, instant(event.get("ts")) or stamp.device_time
        params = {"name": event["event"][:60]} if kind == "button" else {}
        return [DeviceEvent(device.id, device.room, kind, params, when, stamp.received, stamp.sequence)]

    def held(self, component: str, result: object, stamp: Stamp) -> Decoded:
        """A component that was read back after an order."""
        if not isinstance(result, dict) or component not in self._components:
            return NOTHING
        facts, rejected = self._facts.read({component: result}, stamp, f"{REPLIES}/rpc")
        return Decoded(tuple(facts), rejected)

    def _status(self, component: str) -> Handler:
        topic = f"{self._stem}/status/{component}"

        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            try:
                body = {component: parse_object(payload)}
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(topic, self._device.id),))
            facts, rejected = self._facts.read(body, Stamp(received, sequence, retained), topic)
            return Decoded(tuple(facts), rejected)

        return handle

    def _online(self, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        try:
            value = online(payload, _WORDS)
        except Unfit as unfit:
            return Decoded((), (unfit.rejected(f"{self._stem}/online", self._device.id),))
        if self._sleeps and not value:
            return NOTHING
        quality = Quality.STALE if retained else Quality.GOOD
        return Decoded((self._facts.reading("online", value, quality, Stamp(received, sequence, retained)),))

    def _refused(self, source: str, reason: str, detail: str) -> Decoded:
        return Decoded((), (Rejected(source, reason, self._device.id, detail),))
