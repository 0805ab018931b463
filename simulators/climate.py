"""A room's air: temperature, humidity and CO2, moved by the weather, the people, the window and the fan-coil."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

STEP_S = 60.0
LEAK_PER_H = 0.08
"""Share of the difference to the outside that a closed room loses in an hour."""
OPEN_LEAK_PER_H = 2.5
COIL_K_PER_H = 6.0
PERSON_K_PER_H = 0.15
PERSON_CO2_PPM_PER_H = 180.0
FRESH_CO2_PPM = 430.0
SETPOINTS = (20.0, 20.5, 21.0, 21.5, 22.0, 22.5, 23.0)
"""What guests like, degC."""


def weather(now: datetime) -> float:
    """Outside temperature, degC: cold at five, mild at fifteen (UTC), the same every day."""
    hour = now.hour + now.minute / 60
    return 9.0 + 6.0 * math.cos((hour - 15) / 24 * 2 * math.pi)


@dataclass(slots=True)
class Demand:
    """What the room's thermostat wants now; without a thermostat the room has a plain radiator at 21 degrees."""

    setpoint: float = 21.0
    mode: str = "auto"
    broken: bool = False


class Climate:
    """Brought up to date when somebody looks (`at`)."""

    def __init__(self, now: datetime, outside: Callable[[datetime], float] = weather, step_s: float = STEP_S) -> None:
        self.temperature = 21.0
        self.humidity = 45.0
        self.co2 = FRESH_CO2_PPM
        self.valve = False
        self._at = now
        self._outside = outside
        self._longest_s = step_s

    def at(self, now: datetime, demand: Demand, people: int, window: bool) -> None:
        """Let the time since the last look go by, at most a day of it, in steps of a minute (or of `step_s`)."""
        elapsed = min((now - self._at).total_seconds(), 86_400.0)
        self._at = max(now, self._at)
        while elapsed > 0:
            step = min(self._longest_s, elapsed)
            self._step(step / 3600, self._outside(now), demand, (people, window))
            elapsed -= step

    def _step(self, hours: float, outside: float, demand: Demand, inside: tuple[int, bool]) -> None:
        people, window = inside
        loss = OPEN_LEAK_PER_H if window else LEAK_PER_H
        change = (outside - self.temperature) * loss * hours + PERSON_K_PER_H * people * hours
        self.temperature += change + self._coil(hours, demand)
        self.co2 += (FRESH_CO2_PPM - self.co2) * (loss + 0.5) * hours + PERSON_CO2_PPM_PER_H * people * hours
        wanted = 42.0 + 4.0 * people
        self.humidity += (wanted - self.humidity) * min(1.0, 0.7 * hours)

    def _coil(self, hours: float, demand: Demand) -> float:
        missing = demand.setpoint - self.temperature
        heats = missing > 0.05 and demand.mode in {"auto", "heat", "eco"}
        cools = missing < -0.05 and demand.mode in {"auto", "cool"}
        self.valve = heats or cools
        if demand.broken or not self.valve:
            return 0.0
        most = COIL_K_PER_H * hours
        return max(-most, min(most, missing))
