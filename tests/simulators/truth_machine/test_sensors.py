"""What is heard: without errors it agrees with the truth, with errors it differs as often as is stated."""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from simulators.truth_machine.faults import TARGETS
from simulators.truth_machine.hotel import lives, stream
from simulators.truth_machine.life import Event, Life
from simulators.truth_machine.motion import pulses
from simulators.truth_machine.parameters import FaultRates, Hotel

GOOD = Hotel(rooms=12, days=3, errors=None, faults=None)


@pytest.fixture(scope="module")
def good() -> list[Life]:
    return list(lives(GOOD))


def test_events_are_in_order_and_of_the_rooms_own_devices(good: list[Life]) -> None:
    for life in good:
        assert all(one.time <= two.time for one, two in pairwise(life.events))
        assert {event.device for event in life.events} <= {device.id for device in life.devices} | {"pms"}
        assert all(event.room == life.room for event in life.events)
    whole = list(stream(GOOD))
    assert len(whole) == sum(len(life.events) for life in good)
    assert all(one.time <= two.time for one, two in pairwise(whole))


def test_levels_alternate_where_nothing_is_lost(good: list[Life]) -> None:
    for life in good:
        said: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in life.events:
            if event.point in {"door", "motion", "keycard", "bolt"}:
                said[event.device, event.point].append(event)
        for events in said.values():
            assert all(one.value != two.value for one, two in pairwise(events))


def test_nobody_is_felt_where_nobody_is(good: list[Life]) -> None:
    """Motion begins only while somebody is in, or just after: seen through the closing door."""
    for life in good:
        people = [(start, end) for start, end, name in life.situations if not name.startswith(("empty", "card"))]
        for event in life.events:
            if event.point == "motion" and event.value is True:
                assert any(start <= event.time and (event.time - end).total_seconds() < 60 for start, end in people)


def test_whoever_comes_or_goes_moves_the_door(good: list[Life]) -> None:
    for life in good:
        doors = [event.time for event in life.events if event.point == "door"]
        for start, end, _ in life.occupied:
            for at in (start, end):
                if life.events[0].time < at < life.end:
                    assert any(abs((at - door).total_seconds()) < 3600 for door in doors)
                    near = min(abs((at - door).total_seconds()) for door in doors)
                    assert near < 45 or any(a <= at <= b for a, b, name in life.situations if "staff" in name)


def test_error_rates_come_out_as_stated() -> None:
    total: dict[str, int] = defaultdict(int)
    for life in lives(Hotel(rooms=40, days=6, faults=None)):
        for name, number in life.counts.items():
            total[name] += number
    assert total["lost"] / total["happenings"] == pytest.approx(0.02, abs=0.002)
    assert total["late"] / total["happenings"] == pytest.approx(0.01, abs=0.0015)
    assert total["ghosts"] / total["pulses"] == pytest.approx(0.01, abs=0.002)


def test_fault_rates_come_out_as_stated() -> None:
    rates: dict[str, Any] = dict.fromkeys(TARGETS, 12.0) | {"ajar": 0.0}
    often = FaultRates(**rates, battery_from=50.0)
    hotel = Hotel(rooms=30, days=12, errors=None, faults=often)
    faults = [fault for life in lives(hotel) for fault in life.faults]
    leaks = [fault for fault in faults if fault.kind == "leak"]
    # a leak in 1 - exp(-12 * 12/365.25) = 0.33 of rooms
    assert 4 <= len(leaks) <= 16
    assert {fault.kind for fault in faults} >= {"sensor_stuck", "device_offline", "leak", "smoke", "door_forced"}
    for fault in faults:
        assert fault.due is None or fault.start <= fault.due <= fault.end


def test_batteries_grow_old_and_are_renewed() -> None:
    none: dict[str, Any] = dict.fromkeys(TARGETS, 0.0)
    old = FaultRates(**none, battery_from=10.0, battery_years={"door": 0.1, "motion": 0.1})
    fell = renewed = 0
    for life in lives(Hotel(rooms=6, days=25, errors=None, faults=old)):
        levels = [event.value for event in life.events if event.point == "battery" and "_door" in event.device]
        steps = [int(two or 0) - int(one or 0) for one, two in pairwise(levels)]
        fell, renewed = fell + sum(step < 0 for step in steps), renewed + sum(step > 50 for step in steps)
        assert all(fault.kind == "low_battery" for fault in life.faults if fault.due is not None)
    assert fell > 6 * 15
    assert renewed >= 3


def test_seasons_differ() -> None:
    january, july = (
        next(lives(Hotel(rooms=1, days=1, start=GOOD.start.replace(month=month, day=10)))) for month in (1, 7)
    )
    assert [event.value for event in january.events if event.point == "mode"] == ["heat"]
    assert [event.value for event in july.events if event.point == "mode"] == ["cool"]


def test_pulses_hold_and_join() -> None:
    assert list(pulses([0.0, 50.0, 139.0, 300.0], 90.0)) == [(0.0, 229.0), (300.0, 390.0)]
    assert list(pulses([], 90.0)) == []


def test_a_ghost_is_marked() -> None:
    marked = [
        (life, mark) for life in lives(Hotel(rooms=10, days=4, faults=None)) for mark in life.errors
        if mark.name == "ghost"
    ]  # fmt: skip
    heard = 0
    for life, mark in marked:
        heard += any(
            event.time == mark.start and event.point == "motion" and event.value is True for event in life.events
        )
    assert heard > len(marked) / 3  # the others fell into real motion, were lost or late
