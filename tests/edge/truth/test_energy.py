"""Setbacks of a room whose truth is known, counted by hand."""

from dataclasses import dataclass

import pytest

from devices.catalog import Catalog
from devices.model import Device
from edge.truth.energy import EnergyScore
from edge.truth.report import Report
from edge.truth.run import Tally, played
from edge.truth.words import Event, Stretch
from tests.edge.truth.test_truth import ByHand, at

DEVICES = tuple(
    Device(name, "field", f"zigbee2mqtt/{profile}", name, "7")
    for name, profile in (("door", "contact"), ("pir", "motion"), ("lock", "lock"), ("unit", "thermostat"))
)


@dataclass
class Heated(ByHand):
    """The guest has set 21 degrees; both sensors are heard again from time to time."""

    devices: tuple[Device, ...] = DEVICES

    def __post_init__(self) -> None:
        ours: list[Event] = [
            (at(0), "7", "unit", "mode", "heat"), (at(0), "7", "unit", "setpoint", 21.0),
            (at(0), "7", "door", "door", "closed"), (at(0), "7", "pir", "motion", False),
        ]  # fmt: skip
        self.events = [*ours, *self.events]


@pytest.fixture(scope="module")
def score() -> EnergyScore:
    return played(Heated(), Catalog.load(), energy=True).energy


def test_minutes_are_counted_by_what_was_true(score: EnergyScore) -> None:
    assert score.minutes == 180
    assert score.rented == 100, "neither the guest's hour nor the attendant's twenty minutes"
    assert score.unrented == 0
    assert score.false == score.false_asleep == 0


def test_an_absence_of_over_half_an_hour_is_judged(score: EnergyScore) -> None:
    assert score.absences == 1, "the guest's; not that of the attendant"
    assert score.delays, "the room was seen to be empty"
    assert score.set_in_time == sum(delay <= 30 for delay in score.delays)
    assert 15 <= score.delays[0] <= 30
    assert score.rented_set >= 60 - score.delays[0]
    assert score.degree_s == 2.5 * 60 * (score.rented_set + 20), "2.5 K, through the attendant's visit too"


def test_a_setback_beside_a_sleeper_is_false() -> None:
    hidden: tuple[Stretch, ...] = ((at(0), at(180), "occupied"),)
    found = played(Heated(occupied=hidden, asleep=hidden), Catalog.load(), energy=True).energy
    assert found.false == found.false_asleep > 20
    assert (found.rented, found.absences) == (0, 0)


def test_figures_are_for_a_day_and_a_room(score: EnergyScore) -> None:
    double = EnergyScore()
    double += score
    double += score
    assert double.figures() == score.figures() | {"absences_over_30_min": 2}
    assert score.figures()["rented_empty_hours_per_day"] == pytest.approx(100 / 60 / (180 / 1440), abs=0.01)
    assert score.figures()["unrented_setback_pct"] is None


def test_without_energy_nothing_is_said_of_it() -> None:
    quiet = Report(1, 1, 1, Tally(), Tally(), Tally(), 0.1)
    assert quiet.as_dict()["energy"] is None
    loud = Report(1, 1, 1, Tally(energy=EnergyScore(minutes=1440, rented=60, rented_set=30)), Tally(), Tally(), 0.1)
    assert loud.as_dict()["energy"]["rented_setback_pct"] == 50.0
    assert "rented_setback_pct" in loud.text()
