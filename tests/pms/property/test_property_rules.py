"""The code on the rack, and what may follow what."""

import itertools

import pytest

from pms.property import rules


@pytest.mark.parametrize(
    ("front_office", "housekeeping", "sellability", "code"),
    [
        ("vacant", "clean", "sellable", "VC"),
        ("vacant", "dirty", "sellable", "VD"),
        ("vacant", "pickup", "sellable", "VD"),
        ("vacant", "inspected", "sellable", "VI"),
        ("occupied", "clean", "sellable", "OC"),
        ("occupied", "inspected", "sellable", "OC"),
        ("occupied", "dirty", "sellable", "OD"),
        ("vacant", "dirty", "out_of_order", "OOO"),
        ("occupied", "clean", "out_of_service", "OOS"),
    ],
)
def test_display(front_office: str, housekeeping: str, sellability: str, code: str) -> None:
    assert rules.display(front_office, housekeeping, sellability) == code


def test_every_combination_has_a_code() -> None:
    codes = {
        rules.display(*answers)
        for answers in itertools.product(("vacant", "occupied"), rules.HOUSEKEEPING, rules.SELLABILITY)
    }
    assert codes == {"VC", "VD", "VI", "OC", "OD", "OOO", "OOS"}


def test_only_a_clean_room_is_inspected() -> None:
    allowed = {before for before in rules.HOUSEKEEPING if not rules.housekeeping_reasons(before, "inspected")}
    assert allowed == {"clean", "inspected"}


def test_setting_what_is_set_is_always_well() -> None:
    assert not any(rules.housekeeping_reasons(state, state) for state in rules.HOUSEKEEPING)


def test_a_blocked_or_taken_room_takes_nobody() -> None:
    assert [reason.code for reason in rules.check_in_reasons("occupied", "out_of_order")] == [
        "room_occupied",
        "room_out_of_order",
    ]
    assert rules.check_in_reasons("vacant", "sellable") == []
