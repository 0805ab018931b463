"""Temperature and air of a room through the seasons, as its thermostat and its air sensor report them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from devices.model import Value
from simulators.climate import SETPOINTS, Climate, Demand
from simulators.truth_machine.doings import Calendar, Deed
from simulators.truth_machine.parameters import Equipment, Seasons
from simulators.truth_machine.signs import ALWAYS, Fittings, Sign
from simulators.truth_machine.walk import Step

STEP_S = 300.0
YEAR_DAYS, COLDEST_DAY = 365.25, 15
OFF_BY_K, OFF_FOR_S = 2.0, 2_700.0
"""What is stated of a setpoint that is not reached: 2 degrees for 45 minutes, door and window shut (alarms 1)."""
HAPPENING = -1
"""Reports are lost one by one: each has a number of its own below this."""


@dataclass(frozen=True, slots=True)
class Year:
    """The weather and what units do about it."""

    seasons: Seasons

    def mean(self, at: datetime) -> float:
        """Of the days around."""
        turn = (at.timetuple().tm_yday - COLDEST_DAY) / YEAR_DAYS * 2 * math.pi
        return self.seasons.mean_c - self.seasons.swing_c * math.cos(turn)

    def outside(self, at: datetime) -> float:
        """Degrees at an instant."""
        hour = at.hour + at.minute / 60
        return self.mean(at) + self.seasons.day_c * math.cos((hour - 15) / 24 * 2 * math.pi)

    def mode(self, at: datetime) -> str:
        """Of the fan-coil units of the house."""
        mean = self.mean(at)
        if mean < self.seasons.heating_until_c:
            return "heat"
        return "cool" if mean > self.seasons.cooling_from_c else "auto"


@dataclass
class Air:
    """One room's. `broken` are the spans in which its unit does nothing; `due` says when that had to show."""

    fittings: Fittings
    calendar: Calendar
    year: Year
    equipment: Equipment
    random: Random
    broken: Sequence[tuple[float, float]] = ()
    due: dict[float, float] = field(default_factory=dict)  # beginning of a break -> when it is to be raised

    def signs(self, steps: Sequence[Step], end: float) -> Iterator[Sign]:
        """From the beginning to `end`."""
        climate = Climate(self.calendar.begin, self.year.outside, STEP_S)
        changes = iter([*steps, None])
        change = next(changes)
        people, window, wanted, off_since, number = 0, False, 21.0, math.inf, HAPPENING
        mode = self.year.mode(self.calendar.begin)
        yield Sign(0.0, self.fittings.name("thermostat"), "mode", mode)
        yield Sign(0.0, self.fittings.name("thermostat"), "setpoint", wanted)
        at = self.random.uniform(1, self.equipment.report_s)
        while at < end:
            while change is not None and change.doing.at <= at:
                people = len(change.after) + len(change.staff)
                window = self._window(change, window)
                if change.moves_door or change.doing.deed is Deed.WINDOW:
                    off_since = math.inf
                chosen = self._chosen(change)
                if chosen is not None:
                    wanted = chosen
                    yield Sign(change.doing.at + 60, self.fittings.name("thermostat"), "setpoint", wanted)
                change = next(changes)
            stopped = next((start for start, stop in self.broken if start <= at < stop), None)
            climate.at(self.calendar.instant(at), Demand(wanted, mode, stopped is not None), people, window)
            off_since = self._judge((at, off_since), climate.temperature - wanted, stopped, (mode, window))
            number -= 1
            yield from self._report(at, climate, number)
            at += self.equipment.report_s

    def _window(self, step: Step, before: bool) -> bool:
        return step.doing.value == "open" if step.doing.deed is Deed.WINDOW else before

    def _chosen(self, step: Step) -> float | None:
        """The first of a party in the room sets the temperature they like."""
        came = step.doing.deed is Deed.COME and step.doing.key == "guest" and not step.before
        return self.random.choice(SETPOINTS) if came and step.doing.at > 0 and self.random.random() < 0.5 else None

    def _judge(self, times: tuple[float, float], error: float, stopped: float | None, now: tuple[str, bool]) -> float:
        """Since when it is off for everybody to see; notes when it has been so for long enough."""
        at, since = times
        mode, window = now
        missing = {"heat": -error, "cool": error}.get(mode, abs(error))
        if stopped is None or window or missing <= OFF_BY_K + 0.3:
            return math.inf
        since = min(since, at)
        if at - since >= OFF_FOR_S + 2 * self.equipment.report_s:
            self.due.setdefault(stopped, at)
        return since

    def _report(self, at: float, climate: Climate, number: int) -> Iterator[Sign]:
        told = round(climate.temperature + self.random.gauss(0, self.equipment.noise_k), 1)
        yield Sign(at, self.fittings.name("thermostat"), "temperature", told, number)
        if self.fittings.has("air"):
            air = self.fittings.name("air")
            yield Sign(at, air, "temperature", round(told + 0.2 + self.random.gauss(0, 0.1), 1), number)
            yield Sign(at, air, "co2", round(climate.co2 + self.random.gauss(0, 15)), number)
            yield Sign(at, air, "humidity", round(climate.humidity + self.random.gauss(0, 0.5), 1), number)


def quiet_start(fittings: Fittings) -> Iterator[Sign]:
    """What devices say when the system is put into service: the state of contacts and sensors."""
    said: dict[str, tuple[str, Value]] = {
        "door": ("door", "closed"),
        "window": ("window", False),
        "panel": ("request", "none"),
    }
    said |= {"motion": ("motion", False), "bath": ("motion", False), "leak": ("leak", False)}
    for part, (point, value) in said.items():
        if fittings.has(part):
            yield Sign(0.0, fittings.name(part), point, value, ALWAYS)
