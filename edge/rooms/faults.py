"""What is wrong in a room: sensors' alarms, windows, batteries, heating, sensors that lie."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from devices.model import Value
from edge.rooms.asleep import AsleepState
from edge.rooms.cells import FAR, Cell, Cells
from edge.rooms.climate import Climate
from edge.rooms.conditions import Conditions, Fault
from edge.rooms.doors import Doors
from edge.rooms.gaps import Gaps
from edge.rooms.intrusion import Intrusion
from edge.rooms.parameters import RoomParameters
from edge.rooms.reaching import Reaching
from edge.rooms.signals import Evidence
from edge.rooms.spans import hours, minutes, seconds
from edge.rooms.wear import Wear

PRIORITY = {
    "leak": "critical",
    "smoke": "critical",
    "sos": "critical",
    "door_forced": "high",
    "lock_tampered": "high",
    "tamper": "high",
    "unknown_credential": "high",
    "override_used": "high",
    "motion_in_empty_room": "high",
    "lock_jammed": "high",
    "battery_runs_down": "low",
    "clock_drifts": "low",
    "window_open": "low",
}
"""All others are medium."""


@cache
def stuck_after(parameters: RoomParameters) -> Mapping[str, timedelta]:
    """How long a sensor that feels people may be on, by point; one table for all rooms."""
    presence = hours(parameters.presence_stuck_hours)
    return {"motion": hours(parameters.motion_stuck_hours), "presence": presence, "bed": presence}


class Faults:
    """Tells the conditions of one room what shows and what does not."""

    __slots__ = (
        "_cells", "_climate", "_conditions", "_entry", "_hold", "_parameters", "_reaching", "_safe", "_still", "_stuck",
        "_unreached", "_window", "asleep", "doors", "gaps", "intrusion", "last_entry", "wear",
    )  # fmt: skip

    def __init__(self, parameters: RoomParameters, cells: Cells, climate: Climate, conditions: Conditions) -> None:
        self.wear = Wear(parameters, cells, conditions)
        self.intrusion = Intrusion(cells, minutes(parameters.unrented_quiet_minutes))
        self.doors = Doors(parameters, cells, conditions)
        self.gaps = Gaps(parameters, conditions)
        self.asleep = AsleepState()  # motion sensors and door contacts
        self.last_entry: datetime | None = None
        self._parameters = parameters
        self._cells = cells
        self._climate = climate
        self._conditions = conditions
        self._stuck = stuck_after(parameters)
        self._entry = seconds(parameters.entry_seconds)
        self._window = minutes(parameters.window_minutes)
        self._still = hours(parameters.temperature_stuck_hours)
        self._unreached = minutes(parameters.setpoint_minutes)
        self._reaching = Reaching()
        self._safe = seconds(parameters.safety_clear_seconds)
        self._hold = minutes(parameters.event_hold_minutes)

    def is_lock(self, device: str) -> bool:
        """Is the device a door lock?"""
        return self._cells.get(device, "lock") is not None

    def priority(self, kind: str, device: str | None, *, occupied: bool) -> str:
        """How urgent a fault is; a door stands open for somebody who is in."""
        if kind == "door_ajar" and occupied:
            return "low"
        if kind == "low_battery" and device is not None and self.is_lock(device):
            return "high"
        return PRIORITY.get(kind, "medium")

    def windows(self, now: datetime) -> None:
        """Windows open while the room is cooled."""
        windows = self._cells.of("window")
        cooled = bool(windows) and self._climate.cools()
        for cell in windows:
            fault = Fault("window_open", cell.device)
            if cell.value is True and cooled:
                why = Evidence("window_opened", cell.changed or now)
                self._conditions.present(fault, now, self._window, (why,))
            else:
                self._conditions.absent(fault, now)

    def jammed(self, cell: Cell, now: datetime) -> None:
        """The bolt of a lock does not reach its end, or it does again."""
        fault = Fault("lock_jammed", cell.device)
        if cell.text() == "jammed":
            self._conditions.present(fault, now, evidence=(Evidence("bolt_blocked", now),))
        elif cell.text() is not None:
            self._conditions.absent(fault, now)

    def toggled(self, cell: Cell, now: datetime) -> None:
        """A door contact moved: it is alive."""
        self._cells.dead.discard(cell.device)
        if cell.device in self.asleep.records:
            self.asleep.forget(cell.device)
            self._conditions.absent(Fault("sensor_stuck", cell.device, "door"), now)

    def felt(self, cell: Cell, now: datetime) -> None:
        """A motion, presence or bed sensor went on or off."""
        delay = self._stuck.get(cell.point)
        if delay is None:
            return
        fault = Fault("sensor_stuck", cell.device, cell.point)
        self._conditions.absent(fault, now)
        if cell.value is True:
            entered = self.last_entry is not None and now - self.last_entry <= self._entry
            self.asleep.felt(cell.device, at_once=entered)
            self._conditions.present(fault, now, delay, (Evidence("constant_since", now, {"point": cell.point}),))

    def entered(self, now: datetime) -> None:
        """Somebody came in by card: door contact and motion sensors should notice, now or soon."""
        if self.last_entry is not None and now - self.last_entry <= self._entry:
            return
        self.last_entry = now
        sensors = [cell.device for cell in self._cells.of("motion")]
        for cell in (*self._cells.doors(), *self._cells.of("motion")):
            if self._cells.away(cell):
                continue
            entries, door = self.asleep.entry(cell.device), cell.point == "door"
            enough = entries >= (self._parameters.contact_accesses if door else self._parameters.silent_entries)
            if enough and (door or self.asleep.suspicious(cell.device, sensors)):
                fault = Fault("sensor_stuck", cell.device, cell.point)
                why = Evidence("silent_over_entries", now, {"point": cell.point, "entries": entries})
                self._conditions.present(fault, now, self._entry / 2, (why,))

    def offline(self, device: str, now: datetime, *, gone: bool) -> None:
        """A device went silent by itself, or is heard again."""
        fault = Fault("device_offline", device)
        if gone:
            for point in (*self._stuck, "door"):  # one alert a cause
                self._conditions.absent(Fault("sensor_stuck", device, point), now)
            self._conditions.present(fault, now, evidence=(Evidence("silent_since", now, {"device": device}),))
        else:
            self._conditions.absent(fault, now)

    def forsaken(self, device: str) -> None:
        """Nothing is heard of the device: what was on its way to be a stuck sensor is not."""
        for point in self._stuck:
            self._conditions.suspend(Fault("sensor_stuck", device, point))

    def safety(self, cell: Cell, _previous: Value, now: datetime) -> None:
        """Leak, smoke, SOS, tamper as a point: at once, cleared when quiet for a while."""
        fault = Fault(self.tamper_kind(cell.device) if cell.point == "tamper" else cell.point, cell.device)
        if cell.value is True:
            self._conditions.present(fault, now, evidence=(Evidence(f"{cell.point}_detected", now),))
        else:
            self._conditions.absent(fault, now, self._safe)

    def happened(self, kind: str, device: str, now: datetime) -> None:
        """A fault that is an event."""
        self._conditions.happened(Fault(kind, device), now, self._hold, (Evidence(kind, now),))

    def tamper_kind(self, device: str) -> str:
        """A lock's own kind, or tamper."""
        return "lock_tampered" if self.is_lock(device) else "tamper"

    def temperature(self, cell: Cell, now: datetime) -> None:
        """A temperature that changed is not stuck."""
        cell.still_due = now + self._still
        if self._conditions.state.raised:
            self._conditions.absent(Fault("sensor_stuck", cell.device, "temperature"), now)

    def unchanged(self, cell: Cell, now: datetime) -> None:
        """A temperature was heard again, the same for too long."""
        cell.still_due = FAR
        why = Evidence("unchanged_since", cell.changed or now, {"point": cell.point})
        self._conditions.present(Fault("sensor_stuck", cell.device, "temperature"), now, evidence=(why,))

    def bury(self) -> bool:
        """A door contact is dead from when its fault is raised: before that its message may be on the way.

        Returns whether one is dead that was not.
        """
        doors = {cell.device for cell in self._cells.of("door")}
        stuck = {device for device in doors if self._conditions.is_raised(Fault("sensor_stuck", device, "door"))}
        known = stuck <= self._cells.dead
        self._cells.dead |= stuck
        return not known

    def recall(self) -> None:
        """After a restart: which door contacts were dead."""
        limit, records = self._parameters.contact_accesses, self.asleep.records
        for cell in self._cells.of("door"):
            slept = cell.device in records and records[cell.device].run >= limit
            if slept and not self._conditions.is_rising(Fault("sensor_stuck", cell.device, "door")):
                self._cells.dead.add(cell.device)

    def resume(self, cell: Cell) -> None:
        """A cell got its value back after a restart."""
        if cell.point == "temperature" and cell.changed is not None:
            cell.still_due = cell.changed + self._still

    def setpoint(self, now: datetime, *, anew: bool = False) -> None:
        """Something of the climate, the door or a window changed; `anew`: it is told to reach something else."""
        self.windows(now)
        thermostat = self._climate.thermostat()
        if thermostat is None:
            return
        fault, missing = Fault("setpoint_not_reached", thermostat.device), self._climate.missing()
        if anew or missing is None:
            self._reaching.begin()
            self._conditions.suspend(fault)
        if missing is None:
            return
        if missing <= self._climate.allowed(standing=self._conditions.is_raised(fault)):
            self._reaching.begin()
            self._conditions.absent(fault, now)
            return
        if self._reaching.nearer(missing):
            self._conditions.suspend(fault)
        why = Evidence("setpoint_missed", now, {"setpoint_c": thermostat.value})
        self._conditions.present(fault, now, self._unreached, (why,))

    def quality(self, cell: Cell, now: datetime, *, good: bool) -> None:
        """A value was bad, or good again: implausible after several bad ones more than good ones."""
        limit = self._parameters.bad_readings
        cell.bad = max(0, cell.bad - 1) if good else min(limit, cell.bad + 1)
        fault = Fault("sensor_implausible", cell.device, cell.point)
        if cell.bad >= limit:
            self._conditions.present(fault, now, evidence=(Evidence("bad_readings", now, {"point": cell.point}),))
        elif cell.bad == 0:
            self._conditions.absent(fault, now)
