"""What looks like a fault and is none, and faults that were once hidden by such a look."""

import pytest

from edge.rooms.signals import ConditionRaised
from tests.edge.rooms.play import Play, devices, instant, reading
from tests.edge.rooms.test_conditions import KINDS, QUIET

HEATED = QUIET + "7:00 window off window\n7:00 mode heat\n7:00 setpoint 21\n7:00 temperature 21\n"
AIRED = HEATED + "9:00 window on window\n9:10 temperature 16\n9:30 temperature 12\n9:40 window off window\n"
BATH = ("contact", "motion", "lock", "presence")
UNFELT = "{0}:00 card guest\n{0}:00:02 door open\n{0}:00:08 door closed\n"


def entries(hours: range, sensors: str) -> str:
    """A guest comes by card every hour; `sensors` notice it. Some silence, and they leave."""
    felt = "".join(f"{{0}}:00:20 motion on {one}\n{{0}}:01:50 motion off {one}\n" for one in sensors.split())
    left = "{0}:30 door open\n{0}:30:05 door closed\n"
    return "".join((UNFELT + felt + left).format(hour) for hour in hours)


CASES: dict[str, tuple[str, list[str]]] = {
    "a room that warms up again after it was aired is on its way": (
        AIRED
        + "10:20 temperature 14\n11:00 temperature 16\n11:40 temperature 18\n12:20 temperature 19.5\n13:30 wait x",
        [],
    ),
    "a room that does not warm up again is not": (
        AIRED + "9:50 temperature 12.1\n10:20 temperature 12.4\n10:25 ?conditions setpoint_not_reached",
        ["+setpoint_not_reached:thermostat"],
    ),
    "a room that comes nearer for a while and then stays": (
        AIRED
        + "10:20 temperature 16\n11:00 temperature 16.1\n11:04:59 ?conditions\n11:05 ?conditions setpoint_not_reached",
        ["+setpoint_not_reached:thermostat"],
    ),
    "a door that opens does not mend the heating, nor does who switches it off": (
        HEATED
        + """
        8:00 temperature 17
        8:45 ?conditions setpoint_not_reached
        9:00 door open
        9:00:10 door closed
        9:10 mode off
        9:10 ?conditions setpoint_not_reached
        9:20 mode heat
        10:00 temperature 20.5
        """,
        ["+setpoint_not_reached:thermostat", "-setpoint_not_reached:thermostat"],
    ),
    "a unit that chooses by itself does not cool a cold room": (
        QUIET + "7:00 mode auto\n7:00 setpoint 22\n7:00 temperature 20\n9:00 window on window\n11:00 window off window",
        [],
    ),
    "it cools a warm one": (
        QUIET
        + "7:00 mode auto\n7:00 setpoint 22\n7:00 temperature 23\n9:00 window on window\n9:05 ?conditions window_open",
        ["+window_open:window"],
    ),
    "staff go and leave the door open": (
        QUIET
        + """
        9:00 card housekeeping
        9:00:02 door open
        9:00:08 door closed
        9:01 motion on
        9:19 motion off
        9:20 door open
        9:24:59 ?conditions
        9:25 ?conditions door_ajar
        """,
        ["+door_ajar:contact"],
    ),
    "staff take their card and go; what is heard of their work afterwards was late": (
        QUIET
        + """
        9:00 card housekeeping
        9:00:02 door open
        9:00:08 door closed
        9:00:10 occupancy_input on
        9:01 motion on
        9:09 motion off
        9:09:57 occupancy_input off
        9:10 door open
        9:12 motion on
        9:14 motion off
        9:15 ?conditions door_ajar
        """,
        ["+door_ajar:contact"],
    ),
    "what a thermostat follows since it was away is not known": (
        HEATED + "8:00 offline thermostat\n8:30 online thermostat\n8:30 temperature 18\n10:00 wait x",
        ["+device_offline:thermostat", "-device_offline:thermostat"],
    ),
    "staff stand the door open while they work": (
        QUIET
        + """
        9:00 card housekeeping
        9:00:02 door open
        9:00:08 door closed
        9:01 motion on
        9:09 motion off
        9:10 door open
        9:12 motion on
        9:14 motion off
        9:16 motion on
        9:22 motion off
        9:24 door closed
        9:40 wait x
        """,
        [],
    ),
    "a card opens a door that was not heard to close": (
        QUIET + "9:00 door open\n9:04 card guest\n9:08:59 ?conditions\n9:09 ?conditions door_ajar\n9:10 card guest\n"
        "9:10 ?conditions\n9:10:05 door closed",
        ["+door_ajar:contact", "-door_ajar:contact"],
    ),
    "who comes with the third card moves the door": (
        QUIET
        + "9:00 card guest\n10:00 card guest\n11:00 card guest\n11:00:02 door open\n11:00:05 door closed\n11:02 wait x",
        [],
    ),
    "a dead contact is one alert": (
        QUIET + "9:00 card guest\n10:00 card guest\n11:00 card guest\n11:01 wait x\n1d10:00 offline contact",
        ["+sensor_stuck:contact/door", "-sensor_stuck:contact/door", "+device_offline:contact"],
    ),
}


@pytest.mark.parametrize(("script", "expected"), CASES.values(), ids=CASES.keys())
def test_what_looks_like_a_fault(script: str, expected: list[str]) -> None:
    assert Play(*KINDS).tell(script).conditions() == expected


def test_the_only_sensor_is_missed_at_its_fifth_entry() -> None:
    play = Play("contact", "motion", "lock").tell(QUIET + UNFELT.format(8) + UNFELT.format(9))
    play.tell("".join(UNFELT.format(hour) for hour in (10, 11)) + "11:30 ?conditions\n" + UNFELT.format(12))
    play.tell("12:00:30 ?conditions sensor_stuck\n12:10 motion on\n12:10 ?conditions")


def two_sensors() -> Play:
    """`motion` sees people come in, `presence` (called so here, it is a second motion sensor) is in the bathroom."""
    play = Play(*BATH)
    play.take(reading("motion", value=False, at=instant("6:00"), device="bath"), instant("6:00"))
    return play.tell(QUIET + entries(range(8, 14), "motion"))


def test_a_sensor_that_does_not_see_the_door_may_sleep_through_entries() -> None:
    assert two_sensors().tell(entries(range(14, 24), "motion")).conditions() == []


def test_the_one_that_does_is_missed_at_once() -> None:
    play = two_sensors().tell(entries(range(14, 19), "bath").replace("18:00:20 motion on bath", "18:00:20 wait x"))
    assert play.conditions() == ["+sensor_stuck:motion/motion"]
    [(at, _)] = [each for each in play.effects if isinstance(each[1], ConditionRaised)]
    assert at == instant("18:00:30")


def test_a_bathroom_that_was_used_at_each_entry_and_is_not_any_more() -> None:
    play = two_sensors().tell(entries(range(14, 38), "motion bath"))
    assert play.tell(entries(range(38, 47), "motion")).conditions() == []
    assert "+sensor_stuck:bath/motion" in play.tell(entries(range(47, 60), "motion")).conditions()


def test_how_often_a_sensor_sleeps_outlives_a_restart() -> None:
    play = two_sensors()
    play.make = lambda: type(play.room)("101", devices(*BATH))
    play.restart()
    assert play.tell(entries(range(14, 24), "motion")).conditions() == []


def test_two_ghosts_are_no_intruder() -> None:
    empty = "6:00 motion off\n6:00 door closed\n6:00 checked_out x\n6:05 door open\n6:05:20 door closed\n"
    ghosts = "9:00 motion on\n9:01:30 motion off\n9:05 motion on\n9:06:30 motion off\n"
    assert Play().tell(empty + ghosts).conditions() == []
    assert Play().tell(empty + ghosts + "9:09 motion on\n9:09 ?conditions motion_in_empty_room").conditions()
    longer = "9:00 motion on\n9:04 motion off\n9:05 motion on\n9:05 ?conditions motion_in_empty_room"
    assert Play().tell(empty + longer).conditions()
