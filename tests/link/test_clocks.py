"""The other end's clock, judged by what it writes on its messages."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pms.link.clocks import ENOUGH, WINDOW_S, ClockDifference

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
delays = st.lists(st.floats(0, 3600), min_size=ENOUGH, max_size=9)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@given(ahead=st.floats(-1e6, 1e6), late=delays, quick=st.floats(0, 0.2))
def test_what_came_late_says_nothing_of_the_clock(ahead: float, late: list[float], quick: float) -> None:
    clocks = ClockDifference()
    for number, delay in enumerate([*late, quick]):
        clocks.take(after(ahead + number), after(number + delay), float(number))
    found = clocks.seconds()
    assert found is not None
    assert abs(found - ahead) <= min([*late, quick]) + 1e-3


def test_one_message_is_no_verdict_and_an_old_one_is_none() -> None:
    clocks = ClockDifference()
    for number in range(ENOUGH - 1):
        clocks.take(after(100 + number), after(number), float(number))
        assert clocks.seconds() is None
    clocks.take(after(103), after(3), 3.0)
    assert clocks.seconds() == 100
    for number in range(ENOUGH):
        late = WINDOW_S + 10 + number
        clocks.take(after(late), after(late), late)
    assert clocks.seconds() == 0


def test_the_speed_of_a_simulated_hotel_is_found_and_never_below_life() -> None:
    clocks = ClockDifference()
    assert clocks.speed(NOON, 0.0) == 1
    clocks.take(NOON, NOON, 0.0)
    assert clocks.speed(after(30), 0.5) == 1
    assert clocks.speed(after(600), 10.0) == 60
    assert clocks.speed(after(-600), 10.0) == 1
