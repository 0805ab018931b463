"""What a room and the front desk say, as the rules of setbacks take it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from devices.catalog import Catalog
from devices.command_values import orderables
from devices.inventory import Inventory
from devices.model import Device, Value
from edge.rooms.room import Room
from edge.rooms.setback_state import Control, Doubt, Seen
from edge.rooms.view import Answer

WITNESSES = frozenset({"door", "motion", "presence", "bed", "contact"})
LATE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What the front desk says of a room besides its stay. `allowed` None: nobody has said anything."""

    allowed: bool | None = None
    expected: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A point that takes orders, and its limits."""

    device: str
    name: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Fixture:
    """What of a room's devices setbacks have to do with."""

    points: tuple[Point, ...]
    witnesses: frozenset[str]
    windows: tuple[str, ...]
    thermometers: tuple[str, ...]


def fixtures(inventory: Inventory, catalog: Catalog, ventilation: Iterable[str]) -> dict[str, Fixture]:
    """Of every room that has devices, by number."""
    patterns, by_room = tuple(ventilation), dict[str, list[Device]]()
    for device in inventory.devices.values():
        if device.room is not None:
            by_room.setdefault(device.room, []).append(device)
    return {room: _fixture(devices, catalog, patterns) for room, devices in by_room.items()}


def _fixture(devices: list[Device], catalog: Catalog, patterns: tuple[str, ...]) -> Fixture:
    have = {device.id: catalog.get(device.profile).points for device in devices}
    return Fixture(
        tuple(point for device in devices for point in _points(device, catalog, patterns)),
        frozenset(name for name, points in have.items() if WITNESSES & points.keys()),
        tuple(name for name, points in have.items() if "window" in points),
        tuple(name for name, points in have.items() if "temperature" in points),
    )


def _points(device: Device, catalog: Catalog, patterns: tuple[str, ...]) -> list[Point]:
    taken = {one.point: one for one in orderables(catalog.get(device.profile))}
    found = []
    if (setpoint := taken.get("setpoint")) is not None:
        found.append(Point(device.id, "setpoint", setpoint.minimum, setpoint.maximum))
        if "mode" in taken and "off" in taken["mode"].choices:
            found.append(Point(device.id, "mode"))
    if "relay" in taken and any(fnmatchcase(device.id, pattern) for pattern in patterns):
        found.append(Point(device.id, "relay"))
    return found


def look(room: Room, fixture: Fixture, told: Told, now: datetime, least_confidence: float) -> Seen:
    """A room as it is now."""
    answer, facts = room.answer(now), room.facts
    return Seen(
        answer.value,
        answer.since,
        _doubt(room, fixture, answer, (now, least_confidence)),
        None if facts is None else facts.rented,
        None if facts is None else facts.stay,
        _window(room, fixture),
        told.expected,
        _off(room, told),
        tuple(_control(room, point) for point in fixture.points),
        _temperature(room, fixture),
        answer.quiet_since,
    )


def _off(room: Room, told: Told) -> str | None:
    if room.muted:
        return "maintenance"
    return "opted_out" if told.allowed is False else None


def _doubt(room: Room, fixture: Fixture, answer: Answer, at: tuple[datetime, float]) -> Doubt:
    """An answer set by hand is certain; a sensor that is known to be away is more than one that is only silent yet."""
    now, least = at
    if answer.source == "manual":
        return Doubt.NONE
    until = answer.fresh_until
    if any(room.misses(device) for device in fixture.witnesses) or (until is not None and until + LATE < now):
        return Doubt.AWAY
    if answer.stale or answer.confidence < least:
        return Doubt.UNHEARD
    return Doubt.NONE


def _window(room: Room, fixture: Fixture) -> bool | None:
    known = [_now(room, device, "window") for device in fixture.windows]
    if any(value is True for value in known):
        return True
    return False if known and all(value is False for value in known) else None


def _control(room: Room, point: Point) -> Control:
    mode = _now(room, point.device, "mode") if point.name == "setpoint" else None
    value = _now(room, point.device, point.name)
    return Control(point.device, point.name, value, point.low, point.high, mode if isinstance(mode, str) else None)


def _temperature(room: Room, fixture: Fixture) -> float | None:
    with_setpoint = {point.device for point in fixture.points}
    for device in sorted(fixture.thermometers, key=lambda name: name not in with_setpoint):
        value = _now(room, device, "temperature")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _now(room: Room, device: str, point: str) -> Value:
    return None if room.misses(device) else room.current(device, point)
