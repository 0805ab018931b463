"""Simulated devices with a format of their own: topic and JSON path come from the profile."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from devices.model import PointSpec, Value
from simulators.device import State, UseCases
from simulators.mqtt import BrokerAddress, Message, Session


def _spelled(spec: PointSpec, value: Value) -> Any:
    """The device's own word for a value."""
    names: dict[str, Value] = spec.wire.get("values") or {}
    for theirs, ours in names.items():
        if ours == value:
            return int(theirs) if theirs.isdigit() else theirs
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return round((value - spec.wire.get("offset", 0)) / spec.wire.get("scale", 1), 2)


def _read(spec: PointSpec, payload: bytes) -> Value:
    """The value an order carries, as a JSON object with the point's own path, or as text."""
    text = payload.decode().strip()
    word: Any = text
    if text.startswith("{"):
        word = json.loads(text)
        for key in str(spec.wire["path"]).split("."):
            word = word[key]
    names: dict[str, Value] = spec.wire.get("values") or {}
    if names and str(word) not in names:
        raise ValueError(f"not a value of {spec.name}: {word}")
    return names.get(str(word), word)


def _topic(address: str, suffix: str) -> str:
    base = address.partition("#")[0]
    return f"{base}/{suffix}" if suffix else base


class MappedDevices:
    """The service of all such devices of a line; they share one connection, which has no will."""

    def __init__(self, address: BrokerAddress, client: str, now: Callable[[], datetime]) -> None:
        self.devices: dict[str, UseCases] = {}
        self._now = now
        self._orders: dict[str, tuple[UseCases, PointSpec]] = {}
        self.session = Session(address, client, self)

    def add(self, device: UseCases) -> None:
        """Another device on this connection."""
        self.devices[device.id] = device
        for spec in device.state.profile.points.values():
            if spec.wire.get("command"):
                topic = _topic(device.state.device.address, spec.wire["command"]["topic"])
                self._orders[topic] = (device, spec)

    def filters(self) -> list[str]:
        """The topics of orders."""
        return list(self._orders)

    def announce(self) -> None:
        """Each device says what it has."""
        for device in self.devices.values():
            device.heartbeat()

    def heard(self, topic: str, payload: bytes) -> None:
        """An order; the device echoes its state. Raises ValueError when it is no order."""
        device, spec = self._orders[topic]
        if device.state.alive:
            device.sense(spec.name, _read(spec, payload))
            self.report(device.state, (spec.name,))

    def report(self, state: State, changed: Collection[str]) -> None:
        """The topics on which something changed."""
        specs = state.profile.points.values()
        changed_topics = {spec.wire["topic"] for spec in specs if spec.name in changed}
        for suffix in sorted(changed_topics):
            together = [spec for spec in specs if spec.wire["topic"] == suffix and spec.name in state.values]
            payload = self._payload(state, together)
            self.session.publish(Message(_topic(state.device.address, suffix), payload))

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        """No such device has events; a pull cord is a point."""

    def heartbeat(self, state: State) -> None:
        """Everything."""
        self.report(state, list(state.values))

    def died(self, state: State, noticed: bool) -> None:
        """It is silent; nobody says so."""

    def revived(self, state: State) -> None:
        """It speaks again."""
        self.heartbeat(state)

    def _payload(self, state: State, specs: list[PointSpec]) -> bytes:
        body: dict[str, Any] = {}
        for spec in specs:
            word = _spelled(spec, state.values[spec.name])
            if spec.wire.get("format") == "text":
                return str(word).encode()
            _put(body, str(spec.wire["path"]).split("."), word)
        self._sign(state, body)
        return json.dumps(body, separators=(",", ":")).encode()

    def _sign(self, state: State, body: dict[str, Any]) -> None:
        """Who speaks and when, for devices that share a topic."""
        wire = state.profile.wire
        if wire.get("identity"):
            _put(body, str(wire["identity"]).split("."), state.device.address.partition("#")[2])
        if wire.get("time_path"):
            now = self._now()
            formats = {"unix": int(now.timestamp()), "unix_ms": int(now.timestamp() * 1000), "iso": now.isoformat()}
            _put(body, str(wire["time_path"]).split("."), formats[str(wire.get("time_format", "unix"))])


def _put(body: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value
