"""Rules of the front desk: who may check in, and what stands in the way."""

from datetime import date, timedelta

import pytest

from pms.frontdesk.rules import departure_refusals, occupancy_warnings, readiness_reasons, stay_refusals
from pms.kernel.errors import Reason
from pms.reservations.rules import Action, ReservationState

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


@pytest.mark.parametrize(("housekeeping", "ready"), [("dirty", 0), ("pickup", 0), ("clean", 1), ("inspected", 1)])
def test_a_room_that_is_not_ready_says_so(housekeeping: str, ready: int) -> None:
    reasons = readiness_reasons(housekeeping)
    assert len(reasons) == 1 - ready
    assert all(reason == Reason(f"room_{housekeeping}") for reason in reasons)


def codes(reasons: list[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def test_a_check_in_is_taken_back_on_its_own_day_only() -> None:
    state = ReservationState.IN_HOUSE
    assert stay_refusals(Action.REVERSE_CHECK_IN, state, TODAY, TODAY) == []
    refused = stay_refusals(Action.REVERSE_CHECK_IN, state, TODAY - DAY, TODAY)
    assert codes(refused) == ["checked_in_on_another_day"]


def test_what_is_checked_out_cannot_check_out_again() -> None:
    assert codes(stay_refusals(Action.CHECK_OUT, ReservationState.CHECKED_OUT, TODAY, TODAY)) == ["stay_checked_out"]


def test_nobody_checks_in_before_the_day_of_arrival() -> None:
    refused = stay_refusals(Action.CHECK_IN, ReservationState.CONFIRMED, TODAY + DAY, TODAY)
    assert codes(refused) == ["arrival_in_the_future"]


def test_a_departure_is_after_the_business_date_and_within_a_year() -> None:
    assert departure_refusals(TODAY + DAY, TODAY) == []
    assert codes(departure_refusals(TODAY, TODAY)) == ["departure_not_after_business_date"]
    assert codes(departure_refusals(TODAY + 400 * DAY, TODAY)) == ["stay_too_long"]


def test_what_the_sensors_say_warns_and_a_stale_word_does_not() -> None:
    assert occupancy_warnings(Action.CHECK_OUT, "occupied", stale=False) == [Reason("sensed_occupied")]
    assert occupancy_warnings(Action.CHECK_OUT, "occupied", stale=True) == []
    assert occupancy_warnings(Action.CHECK_OUT, "unknown", stale=False) == []
