"""The hot path: a reading comes to its cell; what is no news costs next to nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from devices.model import PointSpec, Quality, Reading, Value
from edge.rooms.cells import EVENTS, Absence, Cell, Cells
from edge.rooms.faults import Faults
from edge.rooms.points import Marks, Points
from edge.rooms.signals import DeviceHeard, Ordered

NO_SPEC = PointSpec("")


@cache
def _span(seconds: float | None) -> timedelta | None:
    """The same for all rooms: a thousand of them hold few different ones."""
    return None if seconds is None else timedelta(seconds=seconds)


class Intake:
    """Readings and the health of devices, for one room."""

    __slots__ = ("_cells", "_faults", "_marks", "_points")

    def __init__(self, cells: Cells, points: Points, faults: Faults, marks: Marks) -> None:
        self._cells = cells
        self._points = points
        self._faults = faults
        self._marks = marks

    def prepare(self, device: str, points: Iterable[str]) -> None:
        """A new device of the room: what is looked at before it is heard; the rest comes with its first word."""
        for point in points:
            if self._points.heeds(point):
                self.add(device, point)

    def add(self, device: str, point: str) -> Cell:
        """A new point of the room."""
        profile = self._faults.wear.profiles.get(device)
        spec = NO_SPEC if profile is None else profile.points.get(point, NO_SPEC)
        handler = self._online if point == "online" else self._points.handler(point)
        cell = Cell(device, point, handler, _span(spec.freshness_s), _span(spec.wire.get("hold_s")))
        self._cells.add(cell)
        return cell

    def reading(self, reading: Reading, now: datetime) -> None:
        """Take one reading."""
        device, _, point, value, quality, _, _, _, retained = reading
        cell = self._cells.all.get((device, point))
        if cell is None:
            cell = self.add(device, point)
        if quality is not Quality.GOOD or retained or value is None:
            self._doubtful(cell, reading, now)
        elif cell.calm and value == cell.value:
            cell.heard = now
            if now >= cell.still_due:
                self._faults.unchanged(cell, now)
        else:
            self._news(cell, value, now)

    def health(self, signal: DeviceHeard, now: datetime) -> None:
        """A device, or the line it hangs on, went silent or came back."""
        offline = self._cells.offline
        if signal.online:
            self._faults.offline(signal.device, now, gone=False)
            known = offline.pop(signal.device, None)
            self._marks.shown(changed=known is not None)
            return
        if signal.cause is None:
            self._faults.offline(signal.device, now, gone=True)
        self._faults.forsaken(signal.device)
        self._cells.forsake(signal.device)
        known = offline.setdefault(signal.device, Absence(now, signal.cause))
        self._marks.shown(changed=known.at == now)

    def ordered(self, signal: Ordered) -> None:
        """Something was ordered of a device; what is switched on draws power then, what is switched off does not."""
        cell = self._cells.get(signal.device, signal.point) or self.add(signal.device, signal.point)
        cell.order(signal.value)
        power = self._cells.get(signal.device, "power")
        if power is not None and power is not cell:
            power.ordered = () if signal.value in (False, "off") else (signal.value,)
        self._marks.changed = True

    def _online(self, cell: Cell, _previous: Value, now: datetime) -> None:
        """What the device's bridge says of it."""
        self.health(DeviceHeard(cell.device, online=cell.value is True), now)

    def _news(self, cell: Cell, value: Value, now: datetime) -> None:
        """A live reading that is new, or the first after a time of doubt."""
        previous = cell.value
        if previous != value and not cell.accepts(value):
            self._bad(cell, now)
            return
        cell.heard = now
        cell.unseen = False
        if not cell.calm:
            self._settle(cell, now)
        if previous != value:
            cell.value, cell.changed = value, now
            cell.handler(cell, previous, now)

    def _settle(self, cell: Cell, now: datetime) -> None:
        cell.unseen = not cell.live
        self._cells.retime()
        cell.live, cell.lapsed, cell.quality = True, False, Quality.GOOD
        if cell.bad:
            self._faults.quality(cell, now, good=True)
        cell.calm = cell.bad == 0
        self._marks.shown(changed=True)

    def _doubtful(self, cell: Cell, reading: Reading, now: datetime) -> None:
        """Not live, or not good: a state at most, never an event."""
        value = reading.value
        if reading.quality is Quality.BAD or value is None or not cell.accepts(value):
            if not reading.retained:
                self._bad(cell, now)
            return
        if cell.point in EVENTS or (cell.live and value == cell.value):
            return
        previous, cell.value = cell.value, value
        cell.heard = reading.device_time or cell.heard
        cell.live = cell.calm = False
        self._cells.retime()
        self._marks.shown(changed=True)
        if previous != value and cell.point != "door":
            cell.handler(cell, previous, now)

    def _bad(self, cell: Cell, now: datetime) -> None:
        cell.quality, cell.calm = Quality.BAD, False
        self._faults.quality(cell, now, good=False)
        self._marks.changed = True
