"""Rules of reservations: nights, dates, the table of transitions."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pms.reservations.rules import (
    HOLDS_NIGHTS,
    TRANSITIONS,
    Action,
    ReservationState,
    after,
    date_refusals,
    nights,
    phase,
    unused,
)

TODAY = date(2026, 11, 22)
DATES = st.dates(date(2026, 1, 1), date(2027, 12, 31))
S = ReservationState


def test_the_night_of_departure_is_not_slept() -> None:
    assert nights(TODAY, TODAY + timedelta(days=2)) == (TODAY, TODAY + timedelta(days=1))


@given(DATES, st.integers(1, 60))
def test_a_stay_has_as_many_nights_as_days_between_its_dates(arrival: date, length: int) -> None:
    slept = nights(arrival, arrival + timedelta(days=length))
    assert len(slept) == len(set(slept)) == length
    assert slept[0] == arrival


@given(DATES, st.integers(1, 30), st.integers(0, 30))
def test_what_was_slept_and_what_is_given_back_are_the_whole_stay(arrival: date, length: int, left_after: int) -> None:
    held = nights(arrival, arrival + timedelta(days=length))
    today = arrival + timedelta(days=left_after)
    given_back = unused(held, today)
    assert len(given_back) == max(0, length - left_after)
    assert all(night >= today for night in given_back)


def test_dates_that_cannot_be_booked_say_why() -> None:
    day = timedelta(days=1)
    assert date_refusals(TODAY, TODAY + day, TODAY) == ()
    assert date_refusals(TODAY - day, TODAY + day, TODAY) == ("arrival_in_the_past",)
    assert date_refusals(TODAY, TODAY, TODAY) == ("departure_not_after_arrival",)
    assert date_refusals(TODAY, TODAY + 400 * day, TODAY) == ("stay_too_long",)


def test_every_action_has_a_row_and_ends_in_a_known_state() -> None:
    assert set(TRANSITIONS) == set(Action)
    assert all(set(row) <= set(S) and set(row.values()) <= set(S) for row in TRANSITIONS.values())


@pytest.mark.parametrize("state", [S.CHECKED_OUT, S.CANCELLED, S.NO_SHOW])
def test_what_is_past_holds_no_nights_and_cannot_check_out(state: ReservationState) -> None:
    assert state not in HOLDS_NIGHTS
    assert after(Action.CHECK_OUT, state) is None


@pytest.mark.parametrize(
    ("departure", "expected"),
    [(-1, "overdue_out"), (0, "due_out"), (1, "stayover")],
)
def test_the_phase_of_a_stay_follows_from_its_departure(departure: int, expected: str) -> None:
    arrival = TODAY - timedelta(days=3)
    assert phase(S.IN_HOUSE, arrival, TODAY + timedelta(days=departure), TODAY) == expected


def test_the_phase_of_what_has_not_begun_or_is_over() -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert phase(S.IN_HOUSE, TODAY, tomorrow, TODAY) == "arrived_today"
    assert phase(S.CONFIRMED, TODAY, tomorrow, TODAY) == "due_in"
    assert phase(S.CONFIRMED, tomorrow, tomorrow + timedelta(days=1), TODAY) == "expected"
    assert phase(S.CHECKED_OUT, TODAY, tomorrow, TODAY) is None
