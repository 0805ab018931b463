"""What wears out: batteries that run down, clocks of locks that drift."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.model import DeviceEvent, Profile, Value
from edge.rooms import batteries, lock_clock
from edge.rooms.cells import Cell, Cells
from edge.rooms.conditions import Conditions, Fault
from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import Evidence
from edge.rooms.spans import days, minutes

SLACK = timedelta(days=14)
"""A date that moves away by less is still the same warning."""


@dataclass(slots=True)
class WearState:
    """What a restart must keep, by device."""

    levels: dict[str, list[batteries.Level]] = field(default_factory=dict)
    offsets: dict[str, list[lock_clock.Offset]] = field(default_factory=dict)


class Wear:
    """Tells the conditions of one room about batteries and clocks."""

    __slots__ = ("_cells", "_conditions", "_critical", "_drifts", "_hysteresis", "_lead", "_wrong", "profiles", "state")

    def __init__(self, parameters: RoomParameters, cells: Cells, conditions: Conditions) -> None:
        self.profiles: dict[str, Profile] = {}
        self.state = WearState()
        self._cells = cells
        self._conditions = conditions
        self._critical = parameters.battery_critical_percent
        self._hysteresis = parameters.battery_hysteresis_percent
        self._lead = days(parameters.battery_lead_days)
        self._drifts = minutes(parameters.lock_clock_drift_minutes).total_seconds()
        self._wrong = minutes(parameters.lock_clock_wrong_minutes).total_seconds()

    def battery(self, cell: Cell, _previous: Value, now: datetime) -> None:
        """A battery's percentage or its flag: low now, or so before long."""
        limit = self._limit(cell.device)
        percent, flag = self._cells.get(cell.device, "battery"), self._cells.get(cell.device, "battery_low")
        level = percent.number() if percent is not None else None
        flagged = flag is not None and flag.value is True
        fault = Fault("low_battery", cell.device)
        if level is not None and cell is percent:
            self._note(cell.device, now, level)
        if flagged or (level is not None and level <= limit):
            params = {} if level is None else {"percent": level}
            self._conditions.present(fault, now, evidence=(Evidence("battery_level", now, params),))
        elif level is None or level >= limit + self._hysteresis:
            self._conditions.absent(fault, now)
        self._trend(cell.device, now, limit)

    def clock(self, event: DeviceEvent, now: datetime) -> None:
        """A lock gave the time of what happened at it."""
        if event.device_time is None:
            return
        offsets = lock_clock.noted(self.state.offsets.get(event.device, []), event.device_time, event.received)
        self.state.offsets[event.device] = offsets
        ahead = lock_clock.wrong_by(offsets)
        if ahead is None:
            return
        self._offset("clock_wrong", event.device, now, (ahead, self._wrong))
        wrong = self._conditions.is_raised(Fault("clock_wrong", event.device))
        self._offset("clock_drifts", event.device, now, (0.0 if wrong else ahead, self._drifts))

    def forget(self, device: str) -> None:
        """The device is another one, or none: how its battery and its clock went says nothing of what follows."""
        self.state.levels.pop(device, None)
        self.state.offsets.pop(device, None)

    def empty_on(self, device: str) -> datetime | None:
        """When the battery comes down to its limit, by its trend; None: not known."""
        return batteries.empty_at(self.state.levels.get(device, []), self._limit(device))

    def _offset(self, kind: str, device: str, now: datetime, told: tuple[float, float]) -> None:
        ahead, limit = told
        fault = Fault(kind, device)
        if abs(ahead) > limit:
            why = Evidence(
                "lock_clock_ahead" if ahead > 0 else "lock_clock_behind", now, {"seconds": round(abs(ahead))}
            )
            self._conditions.present(fault, now, evidence=(why,))
        elif abs(ahead) < limit / 2:
            self._conditions.absent(fault, now)

    def _note(self, device: str, now: datetime, percent: float) -> None:
        levels = self.state.levels.get(device, [])
        self.state.levels[device] = batteries.noted(levels, batteries.Level(now, percent))

    def _trend(self, device: str, now: datetime, limit: float) -> None:
        fault, low = Fault("battery_runs_down", device), Fault("low_battery", device)
        empty = batteries.empty_at(self.state.levels.get(device, []), limit)
        if empty is None or self._conditions.is_raised(low):
            self._conditions.absent(fault, now)  # one alert a cause: that it is low says it all
        elif empty - now <= self._lead:
            why = Evidence("battery_empty_on", now, {"on": empty.date().isoformat()})
            self._conditions.present(fault, now, evidence=(why,))
        elif empty - now > self._lead + SLACK:
            self._conditions.absent(fault, now)

    def _limit(self, device: str) -> float:
        profile = self.profiles.get(device)
        critical = profile.battery_critical if profile is not None else None
        return self._critical if critical is None else critical
