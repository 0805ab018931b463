"""People in a room: what is true, when, and what the air does. No wire, no broker."""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.catalog import Catalog
from devices.clock import Clock
from devices.model import Device
from simulators.climate import Climate, Demand
from simulators.device import State, UseCases
from simulators.room import SimulatedRoom
from simulators.timers import Timers
from simulators.truth import Role, Score, Truth, score

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Notebook:
    """A service that writes down what it would say."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, object]] = []

    def report(self, state: State, changed: Collection[str]) -> None:
        self.said += [(state.device.id, point, state.values[point]) for point in changed]

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        self.said.append((state.device.id, kind, params.get("user")))

    def heartbeat(self, state: State) -> None:
        self.said.append((state.device.id, "heartbeat", None))

    def died(self, state: State, noticed: bool) -> None:
        self.said.append((state.device.id, "died", noticed))

    def revived(self, state: State) -> None:
        self.said.append((state.device.id, "revived", None))


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
async def room(catalog: Catalog, notebook: Notebook) -> AsyncIterator[SimulatedRoom]:
    timers = Timers(Clock(600, NOON))
    kinds = ("contact", "motion", "lock", "presence", "thermostat")
    states = [
        State.fresh(Device(kind, "field", f"zigbee2mqtt/{kind}", kind, "101"), catalog.get(f"zigbee2mqtt/{kind}"))
        for kind in kinds
    ]
    task = asyncio.create_task(timers.run())
    yield SimulatedRoom("101", [UseCases(state, notebook, timers) for state in states], timers)
    task.cancel()
    await asyncio.wait([task])


async def test_a_guest_comes_by_card_and_door(room: SimulatedRoom, notebook: Notebook) -> None:
    await room.enters("Anna", Role.GUEST, 3)
    told = [entry for entry in notebook.said if entry[1] in {"access", "door", "motion", "presence"}]
    assert told[:5] == [
        ("lock", "access", 3),
        ("contact", "door", "open"),
        ("motion", "motion", True),
        ("presence", "presence", True),
        ("contact", "door", "closed"),
    ]
    assert room.truth.occupied


async def test_a_sleeper_is_silent_and_still_there(room: SimulatedRoom, notebook: Notebook) -> None:
    await room.enters("Anna")
    room.falls_asleep("Anna")
    notebook.said.clear()
    room.moves_about()
    assert [entry for entry in notebook.said if entry[1] == "motion" and entry[2]] == []
    assert room.truth.now.asleep == 1
    assert room.truth.occupied
    assert room.value("presence") is True


async def test_one_of_two_goes_out(room: SimulatedRoom) -> None:
    await room.enters("Anna")
    await room.enters("Paul")
    await room.leaves("Anna")
    assert [moment.guests for moment in room.truth.log] == [0, 1, 2, 1]
    await room.leaves("Paul")
    assert not room.truth.occupied
    assert not room.door_open


async def test_cleaning_is_no_occupancy(room: SimulatedRoom) -> None:
    await room.is_cleaned("attendant 1", 10, 101)
    assert {(moment.staff, moment.cleaning) for moment in room.truth.log} == {(0, False), (1, False), (1, True)}
    assert not any(moment.occupied for moment in room.truth.log)
    cleaned = [moment.at for moment in room.truth.log if moment.cleaning]
    assert room.truth.at(cleaned[0] + timedelta(minutes=5)).cleaning


async def test_the_bolt_is_drawn_back_to_leave(room: SimulatedRoom, notebook: Notebook) -> None:
    await room.enters("Anna")
    room.bolt()
    await room.leaves("Anna")
    assert ("lock", "bolt", False) in notebook.said
    assert ("lock", "egress", None) in notebook.said


def test_truth_is_scored_minute_by_minute() -> None:
    truth = Truth("101", NOON)
    truth.people.clear()
    minutes = [NOON + timedelta(minutes=n) for n in range(4)]
    said = list(zip(minutes, ("vacant", "occupied", "unknown", "vacant"), strict=True))
    assert score(truth, said) == Score(right=2, false_occupied=1, unknown=1)
    assert truth.spells(minutes[3]) == [(NOON, minutes[3], False)]
    assert truth.at(NOON - timedelta(hours=1)).guests == 0


def test_the_air_follows_the_thermostat() -> None:
    air = Climate(NOON)
    air.at(NOON + timedelta(hours=2), Demand(setpoint=24.0), 0, window=False)
    assert air.temperature == pytest.approx(24.0, abs=0.3)


def test_a_broken_coil_lets_the_room_go_cold() -> None:
    air = Climate(NOON)
    air.at(NOON + timedelta(hours=8), Demand(setpoint=24.0, broken=True), 0, window=False)
    assert air.temperature < 18.0


def test_an_open_window_beats_the_walls_and_people_breathe() -> None:
    shut, opened, crowd = Climate(NOON), Climate(NOON), Climate(NOON)
    later = NOON + timedelta(hours=1)
    shut.at(later, Demand(mode="off"), 0, window=False)
    opened.at(later, Demand(mode="off"), 0, window=True)
    crowd.at(later, Demand(mode="off"), 3, window=False)
    assert opened.temperature < shut.temperature - 3
    assert crowd.co2 > shut.co2 + 300
    assert crowd.humidity > shut.humidity


async def test_a_room_without_a_device_for_it_lets_it_pass(room: SimulatedRoom) -> None:
    room.leak()
    room.window()
    room.request("dnd")
    assert room.value("leak") is None
