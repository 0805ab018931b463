"""What the house itself ordered of a device is no sign of a hand in the room; what nobody ordered is one."""

import pytest

from devices.model import Value
from edge.rooms.cells import Cell
from tests.edge.rooms.play import Play

EMPTY = """
    7:00 rented 2
    7:00 motion off
    7:00 door closed
    7:00 setpoint 21
    7:00 mode heat
    7:00 power 2 thermostat
    8:00:00 door open
    8:00:04 door closed
    11:00 ? vacant
"""
LOWERED = EMPTY + "11:01 ordered setpoint 18.5\n"
BY_ORDER = {
    "at once": "11:02 setpoint 18.5",
    "hours later": "14:30 setpoint 18.5",
    "rounded by the device": "11:02 setpoint 19",
    "told twice, in the device's own steps": "11:02 setpoint 18.6\n11:03 setpoint 18.5",
    "given back before it came": "11:02 ordered setpoint 21\n11:03 setpoint 18.5\n11:04 setpoint 21",
    "given back": "11:02 setpoint 18.5\n12:00 ordered setpoint 21\n12:01 setpoint 21",
    "the mode": "11:01 ordered mode off\n11:02 mode off",
    "switched on": "11:01 ordered mode cool\n11:02 mode cool\n11:02 power 900 thermostat",
}
BY_HAND = {
    "another value": "11:02 setpoint 23",
    "a step away from it": "11:02 setpoint 18.5\n11:03 setpoint 19",
    "the guest's own setting": "11:02 setpoint 18.5\n12:00 setpoint 21",
    "another point": "11:02 mode cool",
    "a use after the switching": "11:01 ordered mode cool\n11:02 mode cool\n11:02 power 900 thermostat\n"
    "11:30 power 2 thermostat\n11:40 power 900 thermostat",
    "a use after switching off": "11:01 ordered mode cool\n11:01 ordered mode off\n11:40 power 900 thermostat",
}


def signs(play: Play) -> set[str]:
    """What is shown as a sign of somebody's hand."""
    return {"setting_changed", "power_used"} & set(play.answer("codes"))


@pytest.mark.parametrize("script", BY_ORDER.values(), ids=BY_ORDER.keys())
def test_an_order_is_no_hand(script: str) -> None:
    assert signs(Play("contact", "motion", "lock", "thermostat").tell(LOWERED + script)) == set()


@pytest.mark.parametrize("script", BY_HAND.values(), ids=BY_HAND.keys())
def test_what_nobody_ordered_is_one(script: str) -> None:
    assert signs(Play("contact", "motion", "lock", "thermostat").tell(LOWERED + script)) != set()


def test_an_order_is_known_after_a_restart() -> None:
    play = Play("contact", "motion", "lock", "thermostat").tell(LOWERED)
    play.restart()
    assert signs(play.tell("11:02 setpoint 18.5")) == set()
    assert signs(play.tell("11:03 setpoint 22")) == {"setting_changed"}


def test_an_order_is_over_with_the_next_value_after_it_came() -> None:
    cell = Cell("thermostat", "setpoint", lambda _cell, _previous, _now: None, value=21)
    cell.order(18)

    def comes(value: Value) -> bool:
        previous, cell.value = cell.value, value
        return cell.obeyed(previous)

    assert [comes(value) for value in (23, 18, 21, 18)] == [False, True, False, False]
