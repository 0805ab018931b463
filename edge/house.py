"""The rooms of the hotel as the edge knows them: made from inventory and property, restored, kept up to date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import structlog

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.model import Device
from edge.clock_correction import Correction, corrected
from edge.journal_rows import RoomSnapshot
from edge.rooms.parameters import RoomParameters
from edge.rooms.room import Room, RoomDevice
from edge.rooms.signals import Effect

log = structlog.get_logger()

RESTART_STEP = 10_000
"""Added to a room's version at a restart: what was published after the last snapshot must not look newer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rooms are made from."""

    inventory: Inventory
    catalog: Catalog
    numbers: frozenset[str]
    parameters: RoomParameters


class House:
    """Every room by number; "" is the house itself, where devices without a room belong."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.rooms: dict[str, Room] = {}
        self.damaged = 0
        self._build()

    def room(self, number: str | None) -> Room:
        """The room of that number; one nobody has heard of is the house's."""
        return self.rooms.get(number or "") or self.rooms[""]

    def room_of(self, device: str) -> Room:
        """The room a device is in."""
        known = self._plan.inventory.devices.get(device)
        return self.room(known.room if known else None)

    def device(self, device: str) -> Device | None:
        """The configured device of that id."""
        return self._plan.inventory.devices.get(device)

    def restore(self, kept: Mapping[str, RoomSnapshot]) -> None:
        """Go on from the snapshots: the last answers with their true age, stale until heard again."""
        for number, kept_room in kept.items():
            room = self.rooms.get(number)
            if room is not None and _restore(room, kept_room.snapshot):
                room.version += RESTART_STEP
            elif room is not None:
                self.damaged += 1

    def change(self, numbers: Iterable[str], parameters: RoomParameters) -> bool:
        """Take a changed property; whether anything was different. Rooms keep their state."""
        plan = Plan(self._plan.inventory, self._plan.catalog, frozenset(numbers), parameters)
        if plan.numbers == self._plan.numbers and plan.parameters == self._plan.parameters:
            return False
        before = {number: orjson.dumps(room.snapshot()) for number, room in self.rooms.items()}
        self._plan = plan
        self._build()
        for number, snapshot in before.items():
            if number in self.rooms:
                _restore(self.rooms[number], snapshot)
        return True

    def fit(self, inventory: Inventory, catalog: Catalog, now: datetime) -> list[tuple[Room, list[Effect]]]:
        """Take a changed inventory; the rooms whose devices are others now, and what follows. No other is touched."""
        self._plan = plan = replace(self._plan, inventory=inventory, catalog=catalog)
        members = self._members()
        for number in members.keys() - self.rooms.keys():
            self.rooms[number] = Room(number, (), plan.parameters)
        wanted = [(room, members.get(number, [])) for number, room in self.rooms.items()]
        return [(room, room.fit(devices, now)) for room, devices in wanted if not room.has(devices)]

    def correct(self, correction: Correction) -> None:
        """The clock was behind and has been set: the rooms' memory is put right."""
        for room in self.rooms.values():
            version = room.version
            if _restore(room, corrected(orjson.dumps(room.snapshot()), correction)):
                room.version = version + 1

    def next_due(self) -> datetime | None:
        """When a room next wants a tick."""
        return min((due for room in self.rooms.values() if (due := room.next_due()) is not None), default=None)

    def due(self, now: datetime) -> list[Room]:
        """The rooms that want a tick now."""
        return [room for room in self.rooms.values() if (due := room.next_due()) is not None and due <= now]

    def _build(self) -> None:
        parameters = self._plan.parameters
        self.rooms = {number: Room(number, devices, parameters) for number, devices in self._members().items()}

    def _members(self) -> dict[str, list[RoomDevice]]:
        plan = self._plan
        by_room: dict[str, list[RoomDevice]] = {number: [] for number in ("", *sorted(plan.numbers))}
        for device in plan.inventory.devices.values():
            by_room.setdefault(device.room or "", []).append(RoomDevice(device, plan.catalog.get(device.profile)))
        return by_room


def _restore(room: Room, snapshot: bytes) -> bool:
    try:
        content: dict[str, Any] = orjson.loads(snapshot)
        room.restore(content)
    except (ValueError, TypeError, KeyError) as error:
        log.warning("room.snapshot_unusable", room=room.number, error=str(error))
        return False
    return True
