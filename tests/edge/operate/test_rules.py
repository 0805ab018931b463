"""When the next nightly backup is due, and which old ones stay."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.operate.rules import AGAIN_AFTER, SETTLE, Keep, due_at, kept, next_at, too_old

BERLIN = ZoneInfo("Europe/Berlin")
AT = (time(3, 30), BERLIN)
NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (datetime(2026, 11, 22, 1, 0, tzinfo=UTC), datetime(2026, 11, 22, 2, 30, tzinfo=UTC)),
        (datetime(2026, 11, 22, 2, 30, tzinfo=UTC), datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # summer time began
        (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),  # and ended
    ],
)
def test_the_next_night_by_the_hotels_clock(after: datetime, expected: datetime) -> None:
    assert next_at(after, *AT) == expected


def test_a_time_that_summer_time_leaves_out_is_not_skipped() -> None:
    assert next_at(datetime(2026, 3, 28, 12, tzinfo=UTC), time(2, 30), BERLIN).date().isoformat() == "2026-03-29"


def test_a_new_path_is_tried_at_once_and_a_missed_night_is_made_up_for() -> None:
    assert due_at(NOON, None, None, AT) == NOON + SETTLE
    assert due_at(NOON, NOON - timedelta(days=3), None, AT) == NOON + SETTLE
    assert due_at(NOON, NOON - timedelta(hours=1), None, AT) == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


def test_a_failure_is_tried_again_within_the_hour_and_not_before() -> None:
    later = NOON + timedelta(hours=5)
    assert due_at(NOON, None, later, AT) == later + AGAIN_AFTER
    assert due_at(NOON, NOON - timedelta(days=2), later, AT) == later + AGAIN_AFTER


def test_two_days_without_a_good_one_are_too_long() -> None:
    assert not too_old(NOON, NOON - timedelta(hours=47), NOON - timedelta(days=90))
    assert too_old(NOON, NOON - timedelta(hours=49), NOON - timedelta(days=90))
    assert too_old(NOON, None, NOON - timedelta(hours=49))
    assert not too_old(NOON, None, NOON - timedelta(hours=1))


def test_seven_days_four_weeks_and_six_months_stay() -> None:
    nights = [datetime(2026, 1, 1, 2, 30, tzinfo=UTC) + timedelta(days=day) for day in range(325)]
    staying = sorted(kept(nights, Keep(), BERLIN), reverse=True)
    assert staying[:7] == sorted(nights, reverse=True)[:7]
    assert {instant.month for instant in staying} == {6, 7, 8, 9, 10, 11}
    weeks = {instant.isocalendar()[1] for instant in staying if instant > nights[-1] - timedelta(days=28)}
    assert len(weeks) == 4
    assert len(staying) <= 7 + 4 + 6


@given(
    st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)), max_size=60),  # noqa: DTZ001
    st.integers(1, 9),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_the_newest_always_stays_and_never_more_than_asked_for(
    made: list[datetime], daily: int, weekly: int, monthly: int
) -> None:
    staying = kept(made, Keep(daily, weekly, monthly), BERLIN)
    assert staying <= set(made)
    assert not made or max(made) in staying
    assert len(staying) <= daily + weekly + monthly
    again = kept(staying, Keep(daily, weekly, monthly), BERLIN)
    assert again == staying, "forgetting twice forgets nothing more"
