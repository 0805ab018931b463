"""Every fault of a room: injected, raised within its stated time, cleared when it is gone; silent without it."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.rooms.detection import raised_within
from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import ConditionCleared, ConditionRaised
from tests.edge.rooms.play import DAY, Play, event, instant

KINDS = ("contact", "motion", "lock", "leak", "smoke", "button", "presence", "climate", "thermostat")
WITHIN = raised_within(RoomParameters())
SETTLED = "6:00 motion off\n6:00 door closed\n6:00 lock locked\n6:00 presence off\n"
EMPTY = SETTLED + "6:00 checked_out x\n6:05 door open\n6:05:20 door closed\n"
DOCS = Path(__file__).parents[3] / "docs/alerts.md"


class Case(NamedTuple):
    """`before` is played, then the fault begins with the first line of `injected`, and ends with `gone`."""

    before: str
    injected: str
    gone: str
    delay: timedelta = timedelta(0)  # how much of `injected` is the fault coming about, not being found


CASES: dict[str, Case] = {
    "sos": Case(SETTLED, "9:00 sos on", "9:05 sos off"),
    "smoke": Case(SETTLED, "9:00 smoke on", "9:05 smoke off"),
    "leak": Case(SETTLED, "9:00 leak on", "9:05 leak off"),
    "door_forced": Case(SETTLED, "9:00 forced x", ""),
    "lock_tampered": Case(SETTLED, "9:00 tamper on lock", "9:05 tamper off lock"),
    "tamper": Case(SETTLED, "9:00 tamper on", "9:05 tamper off"),
    "lock_jammed": Case(SETTLED, "9:00 lock jammed", "9:05 lock locked"),
    "unknown_credential": Case(SETTLED, "9:00 card unknown", ""),
    "low_battery": Case(SETTLED, "9:00 battery 9", "9:05 battery 97"),
    "device_offline": Case(SETTLED, "9:00 offline leak", "9:05 online leak"),
    "door_ajar": Case(SETTLED, "9:00 door open", "10:00 door closed"),
    "window_open": Case(SETTLED + "8:00 mode cool\n", "9:00 window on window", "10:00 window off window"),
    "setpoint_not_reached": Case(
        SETTLED + "8:00 mode cool\n8:00 setpoint 22\n8:30 temperature 23\n",
        "9:00 temperature 26",
        "10:30 temperature 22.5",
    ),
    "sensor_stuck": Case(SETTLED, "9:00 motion on", "12:00 motion off"),
    "sensor_implausible": Case(
        SETTLED,
        "9:00 humidity wet climate\n9:01 humidity wet climate\n9:02 humidity wet climate",
        "9:10 humidity 40 climate\n9:11 humidity 41 climate\n9:12 humidity 42 climate",
        timedelta(minutes=2),
    ),
    "motion_in_empty_room": Case(
        EMPTY, "9:00 motion on\n9:04 motion off\n9:06 motion on\n9:07:30 motion off", "", timedelta(minutes=6)
    ),
    "battery_runs_down": Case(
        "".join(f"{day}d09:00 battery {97 - 4 * day}\n" for day in range(7)),
        "7d09:00 battery 69",
        "7d10:00 battery 97",
    ),
}
"""All but those told by an event with a time of its own; they follow below."""


def raised(play: Play, kind: str) -> list[timedelta]:
    return [at - DAY for at, each in play.effects if isinstance(each, ConditionRaised) and each.kind == kind]


def cleared(play: Play, kind: str) -> int:
    return sum(isinstance(each, ConditionCleared) and each.kind == kind for _, each in play.effects)


@pytest.mark.parametrize("kind", CASES)
def test_a_fault_is_raised_within_its_time_and_cleared_when_it_is_gone(kind: str) -> None:
    case = CASES[kind]
    play = Play(*KINDS).tell(case.before)
    assert play.conditions() == [], "there is a fault before there is one"
    began = instant(case.injected.split()[0]) - DAY
    play.tell(case.injected).take_until(began + case.delay + WITHIN[kind])
    [at] = raised(play, kind)
    assert at - began <= case.delay + WITHIN[kind]
    play.tell(case.gone).take_until(began + timedelta(hours=6))
    assert (len(raised(play, kind)), cleared(play, kind)) == (1, 1)
    assert {each.partition(":")[0][1:] for each in play.conditions()} == {kind}, "one alert a cause"


def lock_says(play: Play, at: str, off: timedelta) -> None:
    """Somebody leaves, and the lock gives the time its clock shows."""
    now = instant(at)
    play.take(replace(event("egress", now), device_time=now + off), now)


@pytest.mark.parametrize(
    ("kind", "minutes"), [("clock_drifts", 4), ("clock_drifts", -4), ("clock_wrong", 15), ("clock_wrong", -15)]
)
def test_a_lock_whose_clock_is_off_is_found_at_its_third_event(kind: str, minutes: int) -> None:
    play = Play(*KINDS).tell(SETTLED)
    for hour, off in ((8, 0), (9, minutes), (10, minutes), (11, minutes), (12, 0), (13, 0), (14, 0)):
        lock_says(play, f"{hour}:00", timedelta(minutes=off))
    assert play.conditions() == [f"+{kind}:lock", f"-{kind}:lock"]
    assert raised(play, kind) == [timedelta(hours=11)]


def test_a_clock_that_drifts_on_is_one_alert_at_a_time() -> None:
    play = Play(*KINDS).tell(SETTLED)
    for hour, off in ((8, 4), (9, 4), (10, 4), (11, 15), (12, 15), (13, 15)):
        lock_says(play, f"{hour}:00", timedelta(minutes=off))
    assert play.conditions() == ["+clock_drifts:lock", "+clock_wrong:lock", "-clock_drifts:lock"]


def test_events_that_waited_in_the_lock_are_late_and_its_clock_is_right() -> None:
    play = Play(*KINDS).tell(SETTLED)
    for second, waited in ((1, 90), (2, 60), (3, 31), (4, 30), (5, 30)):
        lock_says(play, f"9:00:{second:02}", timedelta(minutes=-waited))
    for hour in (10, 11, 12):
        lock_says(play, f"{hour}:00", timedelta(seconds=-1))
    assert play.conditions() == []


def test_a_fault_that_chatters_is_told_three_times_and_then_held() -> None:
    play = Play(*KINDS).tell(SETTLED)
    for second in range(0, 56, 4):
        play.tell(f"9:00:{second:02} offline leak\n9:00:{second + 2:02} online leak")
    assert play.conditions() == [*["+device_offline:leak", "-device_offline:leak"] * 2, "+device_offline:leak"]
    [*_, held] = play.told(ConditionRaised)
    assert isinstance(held, ConditionRaised)
    assert [why.code for why in held.evidence] == ["silent_since", "chattering"]
    play.tell("9:10:53 ?conditions device_offline\n9:11 ?conditions")


def test_a_battery_that_is_low_is_one_alert_and_tells_nothing_of_a_date() -> None:
    falling = "".join(f"{day}d09:00 battery {60 - 4 * day}\n" for day in range(13))
    play = Play(*KINDS).tell(falling + "13d09:00 battery 8")
    assert play.conditions() == ["+battery_runs_down:contact", "+low_battery:contact", "-battery_runs_down:contact"]
    first = play.told(ConditionRaised)[0]
    assert isinstance(first, ConditionRaised)
    assert first.evidence[0].params == {"on": "2026-12-04"}


def test_who_came_in_by_the_door_is_no_intruder_and_a_fly_is_not_either() -> None:
    moves = "{0}:00 motion on\n{0}:00:30 motion off\n{0}:03 motion on\n{0}:03:30 motion off\n"
    came = Play(*KINDS).tell(EMPTY + "8:58 door open\n8:58:10 door closed\n" + moves.format(9))
    fly = Play(*KINDS).tell(EMPTY + "9:00 motion on\n9:00:30 motion off\n9:30 motion on\n9:30:30 motion off")
    rented = Play(*KINDS).tell(EMPTY + "8:00 rented 1\n" + moves.format(9))
    assert [play.conditions() for play in (came, fly, rented)] == [[], [], []]


def test_a_new_setpoint_gets_its_time() -> None:
    warm = SETTLED + "8:00 mode cool\n8:00 setpoint 22\n9:00 temperature 26\n9:40 setpoint 20\n10:24:59 ?conditions\n"
    assert Play(*KINDS).tell(warm + "10:25 ?conditions setpoint_not_reached").conditions()


def test_a_day_without_a_fault_is_silent() -> None:
    day = """
        0:10 rented 1
        6:30 battery 96
        7:00 motion on
        7:10 motion off
        8:00 door open
        8:00:10 door closed
        8:00:20 lock locked
        9:00 temperature 23.1
        9:30 card housekeeping
        9:30:02 door open
        9:31 motion on
        9:50 motion off
        9:55 door closed
        10:30 checked_out x
        11:00 card housekeeping
        11:00:03 door open
        11:00:20 door closed
        11:20 motion on
        11:40 motion off
        11:50 door open
        11:50:05 door closed
        12:00 mode cool
        12:00 setpoint 22
        12:20 window on window
        12:24 window off window
        12:30 temperature 22.4
        14:00 rented 2
        15:00 card guest
        15:00:04 door open
        15:02 door closed
        15:03 motion on
        15:30 motion off
        17:00 bolt on
        20:00 temperature 22.1
        1d00:30 wait x
    """
    assert Play(*KINDS).tell(SETTLED.replace("6:00", "0:00") + day).conditions() == []


def test_a_restart_forgets_no_trend() -> None:
    play = Play(*KINDS).tell("".join(f"{day}d09:00 battery {60 - 4 * day}\n" for day in range(6)))
    play.restart()
    play.tell("7d09:00 battery 36\n8d09:00 battery 32")
    assert "+battery_runs_down:contact" in play.conditions()


def test_the_page_of_alerts_tells_these_times() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", DOCS.read_text("utf-8"), re.MULTILINE))
    wrong = {kind: told.get(kind) for kind, within in WITHIN.items() if told.get(kind) != _spelled(within)}
    assert wrong == {}


def _spelled(within: timedelta) -> str:
    minutes = round(within.total_seconds() // 60)
    return "at once" if not minutes else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
