"""Batteries: a report a day, slowly less, and a new one when somebody has seen that it is low."""

from collections.abc import Iterator
from random import Random

from simulators.truth_machine.doings import DAY_S
from simulators.truth_machine.faults import CRITICAL_PERCENT, SLACK_S, Fault
from simulators.truth_machine.parameters import FaultRates
from simulators.truth_machine.signs import ALWAYS, Fittings, Sign

YEARS = 2.0
"""What a filling lasts where `battery_years` names no other time; assumed: makers' figures for Zigbee sensors."""
RENEWED_DAYS = (1.0, 3.0)


def batteries(fittings: Fittings, rates: FaultRates | None, end: float, random: Random) -> Iterator[Sign | Fault]:
    """The reports, and a fault for each battery that becomes low. Without rates all batteries are new."""
    known = rates or FaultRates(battery_from=95.0, battery_noise=0.0)
    for part in fittings.batteries():
        device = fittings.name(part)
        level = random.uniform(known.battery_from, 100)
        a_day = 100 / (known.battery_years.get(part, YEARS) * 365.25)
        at, renewed = random.uniform(60, DAY_S), float("inf")
        while at < end:
            if at >= renewed:
                level, renewed = 100.0, float("inf")
            told = max(0, min(100, round(level + random.gauss(0, known.battery_noise / 2))))
            yield Sign(at, device, "battery", told, ALWAYS)
            if told <= CRITICAL_PERCENT and renewed == float("inf"):
                renewed = at + random.uniform(*RENEWED_DAYS) * DAY_S
                yield Fault("low_battery", device, at, at + SLACK_S, renewed + DAY_S)
            level -= a_day
            at += DAY_S + random.uniform(-600, 600)
