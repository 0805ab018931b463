"""Every fault that is asked for, one row each: what brings it about raises it, with its urgency; its end clears it.

The rows are those of the project's list of faults: safety, the door, its lock, its records, batteries, clocks, devices,
climate, windows, sensors that are stuck or lie, motion where nobody can be, messages that are lost. What no room's
devices tell is found elsewhere; the table below names the test that proves it.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.board import texts
from edge.rooms.signals import ConditionCleared, ConditionRaised
from pms.kernel.i18n import Translator
from pms.maintenance.catalog import KINDS, PRIORITIES, kind_of
from pms.web.assembly import CATALOGUES
from tests.edge.rooms.play import Play

ROOT = Path(__file__).parents[3]
TRANSLATOR = Translator.load(CATALOGUES)
DEVICES = ("contact", "motion", "lock", "leak", "smoke", "button", "presence", "climate", "thermostat", "window")
QUIET = "6:00 motion off\n6:00 presence off\n6:00 door closed\n6:00 lock locked\n6:00 window off window\n"
UNFELT = ("contact", "motion", "lock")


class Row(NamedTuple):
    """`brought` ends when the fault must be there; `ended` (empty: it cannot be seen to end) when it must be gone."""

    kind: str
    priority: str
    brought: str
    ended: str
    devices: tuple[str, ...] = DEVICES


def daily(point: str, *values: float) -> str:
    """A report each day at nine."""
    return "".join(f"{day}d09:00 {point} {value}\n" for day, value in enumerate(values))


def hourly(line: str, first: int, last: int) -> str:
    """Something at each hour, the door moving with it or not."""
    return "".join(line.format(hour) for hour in range(first, last + 1))


def numbers(*told: int) -> str:
    """Messages of a contact, one a minute, with these numbers."""
    return "".join(f"9:{place:02} message_number {one} contact\n" for place, one in enumerate(told))


WARM = QUIET + "8:00 mode cool\n8:00 setpoint 22\n"
EMPTY = QUIET + "6:00 checked_out x\n6:05 door open\n6:05:20 door closed\n"
CARD = "{0}:00 card guest\n"
THROUGH = CARD + "{0}:00:02 door open\n{0}:00:08 door closed\n{0}:30 door open\n{0}:30:06 door closed\n"
SEEN = THROUGH + "{0}:00:10 motion on\n{0}:01:40 motion off\n"

FAULTS: dict[str, Row] = {
    "a call for help": Row("sos", "critical", "9:00 sos on", "9:05 sos off\n9:05:10 wait x"),
    "a call for help that is an event": Row("sos", "critical", "9:00 sos_event x", "9:10 wait x"),
    "smoke": Row("smoke", "critical", "9:00 smoke on", "9:05 smoke off\n9:05:10 wait x"),
    "water": Row("leak", "critical", "9:00 leak on", "9:05 leak off\n9:05:10 wait x"),
    "a door opened by force": Row("door_forced", "high", "9:00 forced x", "9:10 wait x"),
    "an unknown card that opened": Row("unknown_credential", "high", "9:00 card unknown", "9:10 wait x"),
    "a lock that was opened up": Row(
        "lock_tampered", "high", "9:00 tamper on lock", "9:01 tamper off lock\n9:02 wait x"
    ),
    "a device that was opened up": Row("tamper", "high", "9:00 tamper on", "9:01 tamper off\n9:02 wait x"),
    "the mechanical key": Row("override_used", "high", "9:00 mechanical x", "9:10 wait x"),
    "a bolt that is blocked": Row("lock_jammed", "high", "9:00 lock jammed", "9:05 lock locked"),
    "a door left open": Row(
        "door_ajar", "medium", "6:00 door closed\n9:00 door open\n9:05 wait x", "9:06 door closed", ("contact", "lock")
    ),
    "a door left open by somebody who is in": Row(
        "door_ajar", "low", QUIET + "8:00 motion on\n8:02 motion off\n9:00 door open\n9:05 wait x", "9:06 door closed"
    ),
    "the battery of a lock is low": Row("low_battery", "high", "9:00 battery 10 lock", "9:05 battery 97 lock"),
    "another battery is low": Row("low_battery", "medium", "9:00 battery 10", "9:05 battery 97"),
    "a battery's own flag": Row("low_battery", "medium", "9:00 battery_low on leak", "9:05 battery_low off leak"),
    "a battery that runs down": Row(
        "battery_runs_down", "low", daily("battery", 97, 93, 89, 85, 81, 77, 73, 69), "7d10:00 battery 97"
    ),
    "a device that fell silent": Row("device_offline", "medium", "9:00 offline leak", "9:05 online leak"),
    "a device that its bridge misses": Row(
        "device_offline", "medium", "8:00 online on leak\n9:00 offline leak", "9:05 online leak"
    ),
    "a lock's clock that drifts": Row(
        "clock_drifts", "low", hourly("{0}:00 clock 4\n", 9, 11), hourly("{0}:00 clock 0\n", 12, 14)
    ),
    "a lock's clock that is wrong": Row(
        "clock_wrong", "medium", hourly("{0}:00 clock -15\n", 9, 11), hourly("{0}:00 clock 0\n", 12, 14)
    ),
    "a room that is not cooled": Row(
        "setpoint_not_reached", "medium", WARM + "9:00 temperature 26\n9:45 wait x", "10:00 temperature 22.5"
    ),
    "a room that is not heated": Row(
        "setpoint_not_reached",
        "medium",
        QUIET + "8:00 mode heat\n8:00 setpoint 21\n9:00 temperature 17\n9:45 wait x",
        "10:00 temperature 20.5",
    ),
    "a window open while it is cooled": Row(
        "window_open", "low", WARM + "9:00 window on window\n9:05 wait x", "9:10 window off window"
    ),
    "a temperature that never changes": Row(
        "sensor_stuck",
        "medium",
        hourly("{0}:00 temperature 21 climate\n", 9, 23)
        + "1d09:00 temperature 21 climate\n1d09:01 temperature 21 climate",
        "1d09:05 temperature 21.2 climate",
    ),
    "motion that never ends": Row("sensor_stuck", "medium", "9:00 motion on\n11:00 wait x", "11:05 motion off"),
    "presence that never ends": Row(
        "sensor_stuck", "medium", "9:00 presence on\n1d09:00 wait x", "1d09:05 presence off"
    ),
    "a contact that never moves while the lock opens": Row(
        "sensor_stuck",
        "medium",
        QUIET + hourly(CARD, 9, 11) + "11:00:30 wait x",
        "12:00 door open\n12:00:05 door closed",
        UNFELT,
    ),
    "motion that sleeps over the door and cards": Row(
        "sensor_stuck",
        "medium",
        QUIET + hourly(SEEN, 7, 14) + hourly("1d0" + THROUGH.replace("\n{0}", "\n1d0{0}"), 1, 9) + "1d09:59 wait x",
        "1d10:00 motion on",
        UNFELT,
    ),
    "values that cannot be": Row(
        "sensor_implausible",
        "medium",
        "9:00 humidity wet climate\n9:01 humidity wet climate\n9:02 humidity wet climate",
        "9:10 humidity 40 climate\n9:11 humidity 41 climate\n9:12 humidity 42 climate",
    ),
    "somebody moves in a locked, vacant, unrented room": Row(
        "motion_in_empty_room",
        "high",
        EMPTY + "9:00 motion on\n9:04 motion off\n9:06 motion on\n9:07:30 motion off",
        "9:30 wait x",
    ),
    "messages of a device that are lost": Row(
        "sequence_gap",
        "medium",
        numbers(1, 3, 4, 5, 8, 9, 11),
        "".join(f"10:{place:02} message_number {12 + place} contact\n" for place in range(30)),
    ),
    "records of a lock that are passed over": Row(
        "audit_gap", "medium", "9:00 record 41 lock\n9:05 record 43 lock\n9:15 wait x", "9:20 record 42 lock"
    ),
}

ELSEWHERE = {
    "line_down": "tests/edge/test_hub.py",
    "many_offline": "tests/pms/maintenance/test_suppression.py",
    "comm_errors": "tests/edge/test_line_quality.py",
    "encoder_errors": "tests/pms/keys/test_encoder_faults.py",
    "lock_not_told": "tests/edge/test_lock_floors.py",
    "disk_low": "tests/edge/test_hub.py",
    "backup_failed": "tests/edge/operate/test_backup.py",
    "notification_failed": "tests/pms/maintenance/test_notifications.py",
}
"""Faults that no room's devices tell, and the test that brings each about."""

OF_THE_PMS = {"many_offline", "encoder_errors", "notification_failed"}
"""Found by the PMS: the edge's own board never shows them."""

NONE_OF_OURS = {
    "override_pc": "a door opened from a screen is an order of ours, kept with who gave it; locks tell it as radio",
}
"""On the list, and no fault here: why."""

IN_THE_CODE = re.compile(
    r"""(?:Fault\(|happened\(|_offset\(|\bKIND(?:, \w+)? = |\bALERT = |\bFAULT = |\bGROUP = )\s*"(\w+)\""""
    r"""|"(override_used|unknown_credential)"|"(clock_wrong|disk_low):"""
)


@pytest.mark.parametrize("row", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_comes_and_goes(row: Row) -> None:
    play = Play(*row.devices).tell(row.brought)
    [raised] = play.told(ConditionRaised)
    assert isinstance(raised, ConditionRaised)
    assert (raised.kind, raised.priority) == (row.kind, row.priority)
    assert raised.evidence, "an alert says why"
    for language in TRANSLATOR.languages:
        assert all(TRANSLATOR.has(language, f"evidence.{why.code}") for why in raised.evidence)
    play.tell(row.ended)
    assert [each.key for each in play.told(ConditionCleared) if isinstance(each, ConditionCleared)] == [raised.key]
    assert play.answer("conditions") == []


def test_every_kind_is_proved_once_and_no_more_are_known() -> None:
    proved = {row.kind for row in FAULTS.values()}
    assert proved & ELSEWHERE.keys() == set()
    assert proved | ELSEWHERE.keys() == KINDS.keys()
    assert NONE_OF_OURS.keys() & KINDS.keys() == set()


@pytest.mark.parametrize(("kind", "test"), ELSEWHERE.items())
def test_the_tests_named_for_the_others_are_there(kind: str, test: str) -> None:
    assert kind in (ROOT / test).read_text("utf-8")


def test_what_the_code_can_raise_is_in_the_catalogue() -> None:
    files = [*(ROOT / "edge").rglob("*.py"), *(ROOT / "pms").rglob("*.py")]
    said = [match for path in files for match in IN_THE_CODE.finditer(path.read_text("utf-8"))]
    kinds = {next(filter(None, match.groups())) for match in said}
    assert len(kinds) > 20, "does the search still fit the code?"
    assert kinds <= KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is_why_what_follows_and_what_to_do(kind: str) -> None:
    entry = kind_of(kind)
    assert entry.priority in PRIORITIES
    keys = (f"kind.{kind}", f"cause.{entry.cause}", f"consequence.{entry.consequence}", f"response.{entry.response}")
    missing = [
        (language, key) for language in TRANSLATOR.languages for key in keys if not TRANSLATOR.has(language, key)
    ]
    assert missing == []


@pytest.mark.parametrize("language", texts.load())
def test_the_board_of_the_edge_names_every_fault_that_it_can_show(language: str) -> None:
    missing = {kind for kind in KINDS.keys() - OF_THE_PMS if f"kind.{kind}" not in texts.load()[language].keys}
    assert missing == set()
