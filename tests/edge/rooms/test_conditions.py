"""Faults: each raised once and cleared once, with its delays and its hysteresis; one a cause."""

import pytest

from edge.rooms.room import Room
from edge.rooms.signals import ConditionRaised, DeviceHeard
from tests.edge.rooms.play import Play, devices, instant, reading

KINDS = ("contact", "motion", "lock", "leak", "smoke", "button", "presence", "climate", "thermostat")
QUIET = "7:00 motion off\n7:00 door closed\n"
WARM = "9:00 mode cool\n9:00 setpoint 22\n"

CASES: dict[str, tuple[str, list[str]]] = {
    "a leak at once, cleared when dry for ten seconds": (
        """
        9:00 leak on
        9:00 ?conditions leak
        9:01 leak on
        9:05 leak off
        9:05:09 ?conditions leak
        9:05:10 ?conditions
        """,
        ["+leak:leak", "-leak:leak"],
    ),
    "a leak that drips is one": (
        "9:00 leak on\n9:05:00 leak off\n9:05:05 leak on\n9:06:00 leak off\n9:07 wait x",
        ["+leak:leak", "-leak:leak"],
    ),
    "smoke": (
        "9:00 smoke on\n9:05 smoke off\n9:06 wait x",
        ["+smoke:smoke", "-smoke:smoke"],
    ),
    "the pull cord as an event stands for ten minutes after the last": (
        "9:00 sos_event x\n9:05 sos_event x\n9:14:59 ?conditions sos\n9:15 ?conditions",
        ["+sos:lock", "-sos:lock"],
    ),
    "a forced door": (
        "9:00 forced x\n9:10 ?conditions",
        ["+door_forced:lock", "-door_forced:lock"],
    ),
    "a door left open": (
        QUIET + "9:00 door open\n9:04:59 ?conditions\n9:05 ?conditions door_ajar\n9:30 door closed\n9:31 wait x",
        ["+door_ajar:contact", "-door_ajar:contact"],
    ),
    "a door open for less than that": (
        QUIET + "9:00 door open\n9:04:59 door closed\n10:00 wait x",
        [],
    ),
    "staff may leave it open, and may forget to close it": (
        QUIET
        + """
        9:00 card housekeeping
        9:00:02 door open
        9:00:30 motion on
        9:30 ?conditions
        9:31 door closed
        10:00 wait x
        """,
        [],
    ),
    "low at the first reading": (
        "9:00 battery 10\n9:00 ?conditions low_battery",
        ["+low_battery:contact"],
    ),
    "a battery that wavers is one": (
        "9:00 battery 10\n9:01 battery 11\n9:02 battery 9\n9:03 battery 14.9\n9:04 battery 15",
        ["+low_battery:contact", "-low_battery:contact"],
    ),
    "a battery above its limit": (
        "9:00 battery 10.1",
        [],
    ),
    "the flag of the device itself": (
        "9:00 battery_low on leak\n9:05 battery 60 leak\n9:06 battery_low off leak",
        ["+low_battery:leak", "-low_battery:leak"],
    ),
    "a device that fell silent": (
        "9:00 offline leak\n9:05 offline leak\n9:10 online leak\n9:10 online leak",
        ["+device_offline:leak", "-device_offline:leak"],
    ),
    "a line that is down raises none of its devices": (
        "9:00 offline leak field\n9:00 offline motion field\n9:10 online leak\n9:10 online motion",
        [],
    ),
    "silent by itself, then the line too": (
        "9:00 offline leak\n9:05 offline leak field\n9:10 online leak",
        ["+device_offline:leak", "-device_offline:leak"],
    ),
    "what the bridge says of it": (
        "9:00 online off motion",
        [],
    ),
    "the setpoint is not reached for 45 minutes, reached with half a degree to spare": (
        WARM
        + """
        9:00 temperature 25
        9:44:59 ?conditions
        9:45 ?conditions setpoint_not_reached
        9:50 temperature 24
        9:50 ?conditions setpoint_not_reached
        9:55 temperature 23.4
        9:55 ?conditions
        """,
        ["+setpoint_not_reached:thermostat", "-setpoint_not_reached:thermostat"],
    ),
    "two degrees off are near enough": (
        WARM + "9:00 temperature 24\n11:00 wait x",
        [],
    ),
    "colder than asked is no fault of a cooler": (
        WARM + "9:00 temperature 17\n11:00 wait x",
        [],
    ),
    "a unit that is off reaches nothing": (
        "9:00 mode off\n9:00 setpoint 22\n9:00 temperature 28\n11:00 wait x",
        [],
    ),
    "the window is open": (
        WARM + "9:00 window on window\n9:00 temperature 28\n9:04:59 ?conditions\n11:00 window off window",
        ["+window_open:window", "-window_open:window"],
    ),
    "motion that never ends": (
        """
        9:00 motion on
        10:59:59 ?conditions
        11:00 ?conditions sensor_stuck
        11:05 motion off
        11:05 ?conditions
        """,
        ["+sensor_stuck:motion/motion", "-sensor_stuck:motion/motion"],
    ),
    "a temperature that is the same for a day": (
        """
        9:00 temperature 21 climate
        20:00 temperature 21 climate
        1d09:00 temperature 21 climate
        1d09:01 temperature 21 climate
        1d09:05 temperature 21.1 climate
        """,
        ["+sensor_stuck:climate/temperature", "-sensor_stuck:climate/temperature"],
    ),
    "a contact that sleeps through three cards, and wakes": (
        QUIET
        + """
        9:00 card guest
        10:00 card guest
        11:00 card guest
        11:00:29 ?conditions
        11:00:30 ?conditions sensor_stuck
        12:00 door open
        12:01 door closed
        """,
        ["+sensor_stuck:contact/door", "-sensor_stuck:contact/door"],
    ),
    "values that cannot be": (
        """
        9:00 temperature warm climate
        9:01 temperature warm climate
        9:02 temperature 2000000000 climate
        9:03 temperature 20 climate
        9:04 temperature 20 climate
        9:05 temperature 20 climate
        """,
        ["+sensor_implausible:climate/temperature", "-sensor_implausible:climate/temperature"],
    ),
    "an unknown card": (
        "9:00 card unknown\n9:10 ?conditions",
        ["+unknown_credential:lock", "-unknown_credential:lock"],
    ),
    "a lock is tampered with": (
        "9:00 lock locked\n9:00 tamper on lock\n9:01 tamper off lock\n9:02 wait x",
        ["+lock_tampered:lock", "-lock_tampered:lock"],
    ),
}


@pytest.mark.parametrize(("script", "expected"), CASES.values(), ids=CASES.keys())
def test_conditions(script: str, expected: list[str]) -> None:
    assert Play(*KINDS).tell(script).conditions() == expected


def raised(play: Play) -> dict[str, str]:
    return {each.kind: each.priority for each in play.told(ConditionRaised) if isinstance(each, ConditionRaised)}


def test_how_urgent() -> None:
    play = Play(*KINDS).tell("9:00 leak on\n9:00 battery 5 lock\n9:00 forced x\n9:01 offline smoke")
    assert raised(play) == {
        "leak": "critical",
        "low_battery": "high",
        "door_forced": "high",
        "device_offline": "medium",
    }


def test_a_door_ajar_is_less_urgent_where_somebody_is_in() -> None:
    assert raised(Play().tell(QUIET + "9:00 door open\n10:00 wait x")) == {"door_ajar": "low"}
    without_sensor = Play("contact", "lock").tell("7:00 door closed\n9:00 door open\n10:00 wait x")
    assert raised(without_sensor) == {"door_ajar": "medium"}


def test_a_retained_message_is_no_leak_of_now_but_a_state_is_kept() -> None:
    play = Play(*KINDS)
    play.take(reading("motion", value=True, at=instant("9:00"), retained=True), instant("9:00"))
    play.take(reading("door", "open", instant("9:00"), retained=True), instant("9:00"))
    assert (play.answer(""), play.view()["door"]["value"], play.view()["door"]["stale"]) == (["unknown"], "open", True)


def test_the_house_has_faults_only() -> None:
    house = Room("", devices("leak", "contact"))
    effects = house.take(reading("leak", value=True, at=instant("9:00")), instant("9:00"))
    assert [(each.key, each.room) for each in effects if isinstance(each, ConditionRaised)] == [("leak:leak", None)]
    house.take(reading("door", "open", instant("9:00")), instant("9:01"))
    house.take(DeviceHeard("leak", online=False), instant("9:02"))
    assert house.occupancy == "unknown"


def test_a_value_past_its_freshness_is_stale() -> None:
    play = Play("climate").tell("9:00 temperature 21 climate\n10:59 wait x")
    assert play.view()["climate"]["fresh_until"] == instant("11:00")
    version = play.room.version
    play.tell("11:00 wait x")
    assert play.room.version > version
