"""How many of a party are inside, given that somebody is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rooms.party import Party, arrived, joined, mixed, remaining, unknown

SHARES = st.lists(st.floats(0.01, 1), min_size=1, max_size=4)
PARTIES = SHARES.map(lambda shares: tuple(share / sum(shares) for share in shares))


def test_who_comes_into_an_empty_room() -> None:
    assert arrived(1, 0.6) == (1.0,)
    assert arrived(2, 0.6) == pytest.approx((0.4, 0.6))
    assert arrived(3, 0.6) == pytest.approx((0.4, 0.0, 0.6))


def test_a_card_from_outside_is_one_more() -> None:
    assert joined((1.0,)) == (1.0,)
    assert joined((0.5, 0.5)) == pytest.approx((0.0, 1.0)), "were both in, one had left unnoticed"
    assert joined((0.5, 0.3, 0.2)) == pytest.approx((0.0, 0.5, 0.5))


def test_of_two_inside_one_went_out_or_a_tray_was_taken_in() -> None:
    assert remaining((0.0, 1.0), (0.2, 0.6), left=0.7) == pytest.approx((0.7, 0.3))


def test_the_one_who_stayed_may_have_let_the_other_in() -> None:
    assert remaining((1.0, 0.0), (0.5, 0.6), left=0.7) == pytest.approx((0.5, 0.5))


@given(PARTIES, st.data())
def test_shares_stay_shares(party: Party, data: st.DataObject) -> None:
    stayed = tuple(data.draw(st.floats(0, 1)) for _ in party)
    left, share = data.draw(st.floats(0, 1)), data.draw(st.floats(0, 1))
    guests = len(party)
    found = (
        joined(party),
        remaining(party, stayed, left),
        mixed(arrived(guests, left), unknown(guests), share),
    )
    for after in found:
        assert len(after) == guests
        assert sum(after) == pytest.approx(1)
        assert min(after) >= 0
