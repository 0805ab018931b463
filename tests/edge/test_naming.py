"""From what a device is called to its room and its id."""

import pytest

from edge.naming import NamingRules

ROOMS = frozenset({"101", "102", "A-7"})


@pytest.mark.parametrize(
    ("rules", "called", "room", "device"),
    [
        (["{room}_{kind}"], ["101_door"], "101", "101_door"),
        (["{room}_door"], ["102_DOOR"], "102", "102_door"),
        (["{room}_door"], ["102_motion"], None, "102_motion"),
        (["{room}_{kind}"], ["999_door"], None, "999_door"),
        (["{room}_{kind}"], ["A-7_leak"], "A-7", "A-7_leak"),
        (["room-{room}/{kind}"], ["x", "room-101/bath leak"], None, "x"),
        (["room-{room}/{kind}"], ["room-101/leak"], "101", "room-101_leak"),
        (["{room}_{kind}"], ["Tür", "101_door"], "101", "101_door"),
        (["{room}_{kind}"], ["###"], None, "device"),
        ([], ["101_door"], None, "101_door"),
    ],
)
def test_a_rule_gives_room_and_id(rules: list[str], called: list[str], room: str | None, device: str) -> None:
    placed = NamingRules(rules).place(called, ROOMS, set())
    assert (placed.room, placed.device) == (room, device)


def test_an_id_is_given_once() -> None:
    taken = {"101_door", "101_door_2"}
    assert NamingRules(["{room}_{kind}"]).place(["101_door"], ROOMS, taken).device == "101_door_3"
    assert len(NamingRules([]).place(["x" * 200], ROOMS, set()).device) <= 64


@pytest.mark.parametrize("rule", ["door", "{rom}_door", "{room}_{room}", "{room"])
def test_a_rule_that_says_no_room_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="naming rule"):
        NamingRules([rule])
