"""Wrong input: out of order, twice, from another room, a clock a day off. It may mislead; it never corrupts."""

import math
from datetime import timedelta
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from edge.rooms.signals import Signal
from tests.edge.rooms.play import DAY, Play
from tests.edge.rooms.test_properties import KINDS, QUIET, sensible, steps

Told = list[tuple[float, Signal]]


def told(given_steps: Told) -> Play:
    """Each signal at its own time, in the order given: times may go back; the room's clock does not."""
    play = Play(*KINDS)
    for seconds, signal in given_steps:
        play.room.take(signal, DAY + timedelta(seconds=seconds))
        play.now = max(play.now, DAY + timedelta(seconds=seconds))
    return play


def at_instants(given_steps: Told) -> Told:
    """Gaps to seconds since the beginning."""
    out, now = [], 0.0
    for gap, signal in given_steps:
        now += gap
        out.append((now, signal))
    return out


def sound(play: Play) -> None:
    """The room can be told, kept and restored; its belief is a probability; its times lie within what it was told."""
    occupancy = play.room._people.occupancy
    state = occupancy.belief.state
    vacancy = occupancy.belief.vacancy(play.now)
    assert math.isfinite(vacancy)
    assert 0 <= vacancy <= 1
    assert 0 <= state.vacant <= 1
    for instant in (state.at, state.edge, state.began, occupancy.question.since, occupancy.question.last_activity):
        assert instant is None or instant <= play.now
    body: dict[str, Any] = play.view()["occupancy"]
    assert 0 <= body["confidence"] <= 1
    orjson.dumps(play.view())
    kept = orjson.loads(orjson.dumps(play.room.snapshot()))
    play.restart()
    again = play.room.snapshot()
    assert {name: again[name] for name in ("belief", "lessons")} == {name: kept[name] for name in ("belief", "lessons")}


@QUIET
@given(st.data(), steps(sensible()))
def test_any_order(data: st.DataObject, given_steps: Told) -> None:
    sound(told(data.draw(st.permutations(at_instants(given_steps)))))


@QUIET
@given(steps(sensible()))
def test_readings_told_twice_at_once_are_told_once(given_steps: Told) -> None:
    once = told(at_instants(given_steps))
    readings_twice = [step for step in at_instants(given_steps) for _ in range(2 if hasattr(step[1], "quality") else 1)]
    twice = told(readings_twice)
    assert twice.room._people.occupancy.belief.state == once.room._people.occupancy.belief.state
    assert twice.room._people.occupancy.belief.lessons == once.room._people.occupancy.belief.lessons
    assert twice.room.occupancy == once.room.occupancy


@QUIET
@given(steps(sensible()), st.integers(0, 39), st.integers(-2, 2))
def test_a_clock_days_off_for_a_while(given_steps: Told, at: int, days: int) -> None:
    moved = [
        (seconds + (days * 86_400 if at <= index < at + 5 else 0), signal)
        for index, (seconds, signal) in enumerate(at_instants(given_steps))
    ]
    sound(told([(max(0.0, seconds), signal) for seconds, signal in moved]))


@QUIET
@given(steps(sensible()), steps(sensible()), st.integers(0, 39))
def test_a_sensor_swapped_with_one_of_another_room(mine: Told, other: Told, at: int) -> None:
    sound(told(at_instants(mine[:at] + other[at:])))
