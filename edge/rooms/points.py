"""What each point of a room means: the table from point to handler."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from devices.model import CredentialClass, DeviceEvent, Value
from edge.rooms.cells import NUMBERED, SENSING, Cell, Cells, Handler
from edge.rooms.faults import Faults
from edge.rooms.people import People
from edge.rooms.signals import AccessHappened, Effect
from edge.rooms.visits import STAFF

MECHANICAL_KEY = "mechanical_key"
"""The reason a lock gives when it was opened past its electronics."""


@dataclass(slots=True)
class Marks:
    """What the signal at hand brought about so far."""

    out: list[Effect] = field(default_factory=list)
    changed: bool = False  # something shown
    figure: bool = False  # a figure or an age shown, and nothing that follows from it
    retime: bool = False  # a timer may be due earlier

    def shown(self, *, changed: bool) -> None:
        """Something that people do or undo: note whether it shows."""
        self.retime = True
        self.changed |= changed


SAFETY = frozenset({"leak", "smoke", "sos", "tamper"})
WORN = frozenset({"battery", "battery_low"})
ANYWHERE = {
    **dict.fromkeys(("motion", "presence", "bed"), "_felt"),
    "door": "_door",
    "lock": "_lock",
    "window": "_climate",
    "setpoint": "_set",
    "mode": "_set",
    "temperature": "_temperature",
    "humidity": "_value",
    "co2": "_air",
}
"""Points that the house has too."""
LIVED = {
    **dict.fromkeys(("motion", "presence", "bed", "contact"), "_activity"),
    **dict.fromkeys(("keycard", "occupancy_input"), "_keycard"),
    "bolt": "_bolt",
    "request": "_request",
    "power": "_power",
}
EVENTS_TAKEN = {
    "access": "_access",
    "egress": "_egress",
    "button": "_button",
    "sos": "_sos",
    "tamper": "_tamper",
    "forced": "_forced",
}


class Points:
    """Takes the readings and events of one room to those that they concern. A house (`number` "") has faults only."""

    __slots__ = ("_cells", "_faults", "_intrusion", "_late", "_marks", "_number", "_people")

    def __init__(self, number: str, people: People, faults: Faults, marks: Marks) -> None:
        self._number = number
        self._people = people
        self._faults = faults
        self._marks = marks
        self._cells: Cells = people.cells
        self._intrusion = faults.intrusion
        self._late = timedelta(seconds=people.parameters.late_access_seconds)

    def handler(self, point: str) -> Handler:
        """What to do with a new value of `point`."""
        if point in SAFETY:
            return self._faults.safety
        if point in WORN:
            return self._faults.wear.battery
        if point in NUMBERED:
            return self._faults.gaps.record if point == "record" else self._faults.gaps.message
        name = (LIVED.get(point) if self._number else None) or ANYWHERE.get(point)
        handler: Handler = _nothing if name is None else getattr(self, name)
        return handler

    def heeds(self, point: str) -> bool:
        """Does the room's logic look at this point?"""
        return point in SAFETY or point in WORN or point in ANYWHERE or (point in LIVED and bool(self._number))

    def event(self, event: DeviceEvent, now: datetime) -> None:
        """Something happened at a device."""
        self._faults.wear.clock(event, now)
        name = EVENTS_TAKEN.get(event.kind)
        if name is not None:
            getattr(self, name)(event, now)

    def _door(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._faults.toggled(cell, now)
        opened = cell.value == "open"
        self._intrusion.entered(now)
        if self._number and (previous is not None or opened):
            unseen = cell.unseen and previous is not None
            self._people.door(now, opened=opened, unseen=unseen)
        self._marks.shown(changed=True)
        self._faults.doors.look(now, self._people.visits.visit)
        self._faults.setpoint(now)

    def _felt(self, cell: Cell, previous: Value, now: datetime) -> None:
        if cell.value is True or previous is True:
            self._faults.felt(cell, now)

    def _activity(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._felt(cell, previous, now)
        people = self._people
        moved = cell.moved(previous, now)
        if moved is not None and cell.point != "contact":
            self._alone(cell, moved, now)
        if cell.point in SENSING and cell.fell(previous):
            people.rested(now if cell.hold is None else now - cell.hold, cell.device, cell.point)
        if moved is not None and people.activity(moved, cell.device, cell.point):
            self._marks.shown(changed=True)
        self._marks.retime |= people.retimed()

    def _alone(self, cell: Cell, moved: datetime, now: datetime) -> None:
        """Whether somebody moves where nobody can have come in; or staff who look after the door."""
        visit, goes_on = self._people.visits.visit, cell.value is True
        if visit is not None:
            self._intrusion.entered(now)
            if not visit.guest_inside:
                self._faults.doors.worked(visit, moved, now, still=goes_on)
            return
        vacant = self._people.occupancy.question.answer == "vacant"
        if self._intrusion.moved(now, vacant=vacant) if goes_on else self._intrusion.went_on(moved):
            self._faults.happened("motion_in_empty_room", cell.device, now)

    def _keycard(self, cell: Cell, previous: Value, now: datetime) -> None:
        if cell.value is True:
            self._people.activity(now, cell.device, cell.point)
        elif cell.fell(previous):
            self._people.card_out(now)
        self._marks.shown(changed=True)

    def _set(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._wanted(cell, previous, now)
        self._used(cell, previous, now)

    def _used(self, cell: Cell, previous: Value, now: datetime) -> None:
        if previous is None or not self._number or cell.obeyed(previous):
            return
        if self._people.lean("setting_changed", now):
            self._marks.shown(changed=True)

    def _air(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._value(cell, previous, now)
        level = cell.number()
        if level is not None and self._number and self._people.air(cell.device, level, now):
            self._marks.shown(changed=True)

    def _power(self, cell: Cell, previous: Value, now: datetime) -> None:
        watts, before = cell.number(), previous if isinstance(previous, int | float) else None
        step = self._people.parameters.power_step_watts
        rose = watts is not None and before is not None and watts - before >= step
        if rose and cell.ordered:
            cell.ordered = ()  # what was switched on from afar; the next rise is somebody's
        elif rose and self._people.lean("power_used", now):
            self._marks.shown(changed=True)

    def _bolt(self, cell: Cell, _previous: Value, now: datetime) -> None:
        if cell.value is True:
            self._people.bolt(now)
        self._faults.doors.bolt(now)
        self._marks.shown(changed=True)

    def _show(self, _cell: Cell, _previous: Value, _now: datetime) -> None:
        self._marks.changed = True

    def _request(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._marks.changed = True
        if cell.value != "none":  # panels take a wish back by themselves
            self._used(cell, previous, now)

    def _value(self, cell: Cell, previous: Value, _now: datetime) -> None:
        if _shown(cell.value) != _shown(previous):
            self._marks.figure = True

    def _temperature(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._value(cell, previous, now)
        self._faults.temperature(cell, now)
        self._faults.setpoint(now)

    def _climate(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._value(cell, previous, now)
        self._faults.setpoint(now)

    def _wanted(self, cell: Cell, previous: Value, now: datetime) -> None:
        self._value(cell, previous, now)
        self._faults.setpoint(now, anew=True)

    def _lock(self, cell: Cell, _previous: Value, now: datetime) -> None:
        self._marks.changed |= bool(self._number)
        self._faults.jammed(cell, now)

    def _access(self, event: DeviceEvent, now: datetime) -> None:
        result, kind = str(event.params.get("result", "denied")), _credential_class(event.params)
        credential, reason = _text(event.params, "credential"), _text(event.params, "reason")
        self._marks.out.append(AccessHappened(self._number, event.device, result, kind, credential, reason))
        if result != "granted":
            return
        if kind == CredentialClass.UNKNOWN:
            by_hand = reason == MECHANICAL_KEY
            self._faults.happened("override_used" if by_hand else "unknown_credential", event.device, now)
        if not self._number:
            return
        self._intrusion.entered(now)
        self._faults.entered(now)
        self._faults.doors.opened(now)
        staff = kind in STAFF
        self._marks.shown(changed=self._people.staff(now, kind, credential) if staff else self._people.guest(now))
        self._faults.doors.look(now, self._people.visits.visit)

    def _egress(self, _event: DeviceEvent, now: datetime) -> None:
        self._intrusion.entered(now)
        self._faults.doors.opened(now)
        moved = (cell.changed for cell in self._cells.of("door"))
        if self._number:
            seen = any(at is not None and now - at <= self._late for at in moved)
            self._marks.shown(changed=self._people.egress(now, seen=seen))

    def _button(self, event: DeviceEvent, now: datetime) -> None:
        if self._number:
            self._marks.shown(changed=self._people.activity(now, event.device, "button"))

    def _sos(self, event: DeviceEvent, now: datetime) -> None:
        self._button(event, now)
        self._faults.happened("sos", event.device, now)

    def _tamper(self, event: DeviceEvent, now: datetime) -> None:
        self._faults.happened(self._faults.tamper_kind(event.device), event.device, now)

    def _forced(self, event: DeviceEvent, now: datetime) -> None:
        self._faults.happened("door_forced", event.device, now)


def _nothing(_cell: Cell, _previous: Value, _now: datetime) -> None:
    """A point that nothing follows from."""


def _shown(value: Value) -> Value:
    return round(value, 1) if isinstance(value, float) else value


def _text(params: Mapping[str, Any], name: str) -> str | None:
    value = params.get(name)
    return None if value is None else str(value)


def _credential_class(params: Mapping[str, Any]) -> str:
    name = str(params.get("credential_class", CredentialClass.UNKNOWN))
    known = name in CredentialClass.__members__.values()
    return str(CredentialClass(name)) if known else str(CredentialClass.UNKNOWN)
