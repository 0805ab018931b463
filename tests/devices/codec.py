"""What the codec tests share: a router over devices, and one message through it."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from devices.catalog import Catalog
from devices.model import Decoded, Device, DeviceEvent, Reading, Value
from devices.mqtt.router import MqttRouter

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@cache
def catalog() -> Catalog:
    """The built-in profiles."""
    return Catalog.load()


def device(profile: str, address: str, identifier: str = "101_thing", room: str | None = "101") -> Device:
    """A device on the line `field`."""
    return Device(identifier, "field", profile, address, room)


def router(*devices: Device) -> MqttRouter:
    """The codec of a line with these devices."""
    return MqttRouter(devices, catalog())


def say(codec: MqttRouter, topic: str, payload: Any, *, retained: bool = False) -> Decoded:
    """One message; a payload that is not bytes goes as JSON."""
    raw = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    return codec.decode(topic, raw, NOON, 7, retained)


def values(decoded: Decoded) -> dict[str, Value]:
    """Point to value of the readings."""
    return {fact.point: fact.value for fact in decoded.facts if isinstance(fact, Reading)}


def events(decoded: Decoded) -> list[tuple[str, dict[str, Any]]]:
    """Kind and params of the events."""
    return [(fact.kind, fact.params) for fact in decoded.facts if isinstance(fact, DeviceEvent)]


def reasons(decoded: Decoded) -> list[str]:
    """Why something was refused."""
    return [refused.reason for refused in decoded.rejected]
