"""The devices of a room, and what follows when they are others. What is known of those that stay is kept."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from devices.model import Device, Profile
from edge.rooms.cells import NUMBERED, Cells
from edge.rooms.conditions import Conditions
from edge.rooms.faults import Faults
from edge.rooms.intake import Intake
from edge.rooms.keeping import CellState
from edge.rooms.signals import Evidence
from edge.rooms.spares import is_spare

POINTS_OF = {
    "low_battery": frozenset({"battery", "battery_low"}),
    "battery_runs_down": frozenset({"battery"}),
    "window_open": frozenset({"window"}),
    **{kind: frozenset({"lock"}) for kind in ("lock_jammed", "clock_drifts", "clock_wrong")},
    "lock_tampered": frozenset({"tamper"}),
    "door_ajar": frozenset({"door"}),
    "setpoint_not_reached": frozenset({"setpoint"}),
    **{point: frozenset({point}) for point in ("leak", "smoke", "sos", "tamper")},
}
"""Faults that only a device with one of these points can take back."""

ITS_OWN = frozenset({"key_sequence"}) | NUMBERED
"""Points that say what a device itself holds: what the one before it held is no answer."""
OF_ITS_PAST = frozenset({"sequence_gap", "audit_gap"})
"""Faults of what a device said, not of what it is: another in its place has none of them."""


@dataclass(frozen=True, slots=True)
class RoomDevice:
    """A device of the room with its profile."""

    device: Device
    profile: Profile


class Fitting:
    """Begin with the room's devices, then fit others."""

    __slots__ = ("_cells", "_conditions", "_devices", "_faults", "_intake", "spares")

    def __init__(self, cells: Cells, faults: Faults, conditions: Conditions, intake: Intake) -> None:
        self._cells = cells
        self._faults = faults
        self._conditions = conditions
        self._intake = intake
        self._devices: dict[str, RoomDevice] = {}
        self.spares: set[str] = set()
        """Devices of which nobody is told how they are."""

    def begin(self, devices: Sequence[RoomDevice]) -> None:
        """The first devices."""
        for item in devices:
            self._add(item)
        self._look()

    def has(self, devices: Sequence[RoomDevice]) -> bool:
        """Whether these are the devices, as they are, and nothing is known of others (of an earlier run)."""
        wanted = {item.device.id: item for item in devices}
        return self._devices == wanted and self._known() <= wanted.keys()

    def _known(self) -> set[str]:
        return {*self._devices, *(device for device, _ in self._cells.all), *self._cells.offline}

    def fit(self, devices: Sequence[RoomDevice], now: datetime) -> None:
        """Take away, add, exchange."""
        wanted = {item.device.id: item for item in devices}
        for device in sorted(self._known() - wanted.keys()):
            self._take_away(device, now)
        for device, item in wanted.items():
            before = self._devices.get(device)
            if before is None:
                self._add(item)
            elif _wire(before) != _wire(item):
                self._exchange(item, now)
        self._devices = wanted
        self._look()

    def _look(self) -> None:
        self._cells.entry = frozenset(name for name, item in self._devices.items() if item.device.sees == "entry")

    def _add(self, item: RoomDevice) -> None:
        self._devices[item.device.id] = item
        if is_spare(item.device, item.profile):
            self.spares.add(item.device.id)
        self._faults.wear.profiles[item.device.id] = item.profile
        self._intake.prepare(item.device.id, item.profile.points)

    def _take_away(self, device: str, now: datetime) -> None:
        """Its points go, and its faults with them."""
        self._conditions.withdraw(device, Evidence("device_removed", now, {"device": device}), lambda *_: True)
        self._cells.remove(device)
        self._cells.offline.pop(device, None)
        self._faults.asleep.forget(device)
        self._faults.wear.profiles.pop(device, None)
        self._faults.wear.forget(device)
        self._faults.gaps.forget(device)
        self.spares.discard(device)

    def _exchange(self, item: RoomDevice, now: datetime) -> None:
        """Another device in its place: the last values stay, not live, and its faults until it takes them back."""
        device, points = item.device.id, item.profile.points
        kept = [CellState.of(cell) for cell in self._cells.remove(device) if cell.point in points.keys() - ITS_OWN]
        self._faults.asleep.forget(device)
        self._faults.wear.forget(device)
        self._faults.gaps.forget(device)
        self.spares.discard(device)
        self._add(item)
        for state in kept:
            state.bad = 0
            if (cell := self._cells.get(device, state.point)) is not None:
                state.fill(cell)
                self._faults.resume(cell)
        why = Evidence("device_replaced", now, {"device": device})
        spare = device in self.spares
        self._conditions.withdraw(device, why, lambda key, kind: spare or self._lost(key, kind, points.keys()))

    def _lost(self, key: str, kind: str, points: AbstractSet[str]) -> bool:
        """A fault that the new device can never take back; one that ends by itself is left to that."""
        if kind in OF_ITS_PAST:
            return True
        part = key.partition("/")[2]
        needed = POINTS_OF.get(kind, frozenset({part} if part else ()))
        return bool(needed) and not needed & points and key not in self._conditions.state.falling


def _wire(item: RoomDevice) -> tuple[str, str, Profile]:
    return item.device.line, item.device.address, item.profile
