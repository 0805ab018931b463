"""A restart: the same answers with their true ages; what goes on after it is what would have gone on without it."""

from typing import Any

import orjson
import pytest

from edge.rooms.room import Room
from edge.rooms.signals import CleaningEnded, CleaningStarted
from tests.edge.rooms.play import Play, instant, reading

KINDS = ("contact", "motion", "lock", "thermostat", "leak")
MORNING = """
    7:00 rented 2
    7:00 motion off
    7:00 door closed
    7:01 battery 8
    8:00:00 door open
    8:00:04 door closed
    8:00:30 motion on
    8:02:00 motion off
    9:00 leak on
    9:00 request dnd
    9:01 override request 11:00 mur
"""
STATES = {
    "latched": MORNING,
    "searching": MORNING + "9:55 door open\n9:55:04 door closed\n",
    "vacant": MORNING + "8:55 door open\n8:55:04 door closed\n9:50 ? vacant\n",
    "being cleaned": MORNING
    + "9:30 card housekeeping\n9:30:02 door open\n9:30:05 door closed\n9:31 motion on\n9:40 wait x\n",
    "by hand": MORNING + "9:50 override occupancy 10:30 vacant\n",
    "away": MORNING + "9:50 offline motion field\n9:50 offline leak\n",
}
AFTERWARDS = """
    10:00 motion off
    10:00 door closed
    10:00 motion on
    10:05:00 door open
    10:05:04 door closed
    10:06:30 motion off
    11:30 leak off
    13:00 wait x
"""


def times_of(view: dict[str, Any]) -> list[Any]:
    """Every instant that is shown as an age."""
    shown = [view[name][key] for name in ("occupancy", "door", "lock", "request") for key in ("since", "heard")]
    return [*shown, view["cleaning"]["since"], view["climate"]["heard"]]


@pytest.mark.parametrize("script", STATES.values(), ids=STATES.keys())
def test_answers_and_ages_outlive_the_process(script: str) -> None:
    play = Play(*KINDS).tell(script)
    before, snapshot = play.view(), play.room.snapshot()
    play.restart()
    after = play.view()
    assert after["version"] > before["version"]
    assert times_of(after) == times_of(before)
    for name in ("occupancy", "door", "request"):
        assert after[name]["value"] == before[name]["value"]
    assert (after["conditions"], after["cleaning"]) == (before["conditions"], before["cleaning"])
    assert orjson.loads(orjson.dumps(snapshot)) == snapshot


@pytest.mark.parametrize("script", STATES.values(), ids=STATES.keys())
def test_a_short_restart_is_no_event(script: str) -> None:
    unbroken, broken = Play(*KINDS).tell(script), Play(*KINDS).tell(script)
    broken.restart()
    unbroken.tell(AFTERWARDS)
    broken.tell(AFTERWARDS)
    assert broken.conditions() == unbroken.conditions()
    assert broken.told(CleaningStarted, CleaningEnded) == unbroken.told(CleaningStarted, CleaningEnded)
    for name in ("occupancy", "request", "door"):
        assert broken.view()[name]["value"] == unbroken.view()[name]["value"]


def test_nothing_heard_since_the_restart_is_shown_as_stale() -> None:
    play = Play(*KINDS).tell(MORNING)
    play.restart()
    play.tell("9:30 ?stale yes\n9:31 motion off\n9:31 ?stale no\n9:31 ? occupied")


def test_a_silence_nobody_listened_to_is_none() -> None:
    play = Play(*KINDS).tell("7:00 rented 1\n7:00 motion off\n8:00 door open\n8:00:04 door closed\n8:05 wait x")
    play.restart()
    play.room.take(reading("motion", value=False, at=instant("12:00")), instant("12:00"))
    assert play.room.occupancy == "occupied"
    play.tell("12:04 ? occupied\n12:10 ? vacant")


def test_a_wrong_snapshot_is_refused_and_changes_nothing() -> None:
    play = Play(*KINDS).tell(MORNING)
    snapshot, view = play.room.snapshot(), play.view()
    for wrong in ({}, snapshot | {"format": 99}, snapshot | {"question": 5}, snapshot | {"cells": [{"point": "door"}]}):
        with pytest.raises((ValueError, TypeError, KeyError)):
            play.room.restore(wrong)
    assert play.view() == view


def test_a_snapshot_names_devices_that_are_gone() -> None:
    play = Play(*KINDS).tell(MORNING)
    room = Room("101")
    room.restore(play.room.snapshot())
    assert room.occupancy == "occupied"
