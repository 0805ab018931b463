"""The script of faults: from its seed alone, everything once, never two faults of the house at once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulators.prove.script import FIRST_S, HOUSE, LASTS, TRACKS, Kind, script

SEEDS = st.integers(min_value=0, max_value=2**40)
SECONDS = st.floats(min_value=1, max_value=3600)


@given(SEEDS, SECONDS)
def test_the_same_seed_is_the_same_script_and_each_fault_comes_in_its_time(seed: int, seconds: float) -> None:
    tracks = script(seed, seconds)
    assert tracks == script(seed, seconds)
    for track, kinds in zip(tracks, TRACKS, strict=True):
        assert {fault.kind for fault in track} <= set(kinds)
        for fault in track:
            low, high = LASTS[fault.kind]
            assert FIRST_S <= fault.at <= fault.at + fault.lasts <= seconds + 0.02
            assert low - 0.01 <= fault.lasts <= high + 0.01
        for one, other in pairwise(track):
            assert one.at + one.lasts < other.at


@given(SEEDS)
def test_two_minutes_have_every_fault(seed: int) -> None:
    assert {fault.kind for track in script(seed, 120) for fault in track} == set(Kind)


@given(SEEDS, SECONDS)
def test_a_longer_script_begins_as_the_shorter_one(seed: int, seconds: float) -> None:
    for shorter, longer in zip(script(seed, seconds), script(seed, seconds + 60), strict=True):
        assert longer[: len(shorter)] == shorter


def test_another_seed_is_another_script_and_only_what_was_asked_for_comes() -> None:
    assert script(1, 300) != script(2, 300)
    house, units, messages = script(1, 300, [Kind.EDGE_KILLED, Kind.UNIT_LATE])
    assert {fault.kind for fault in house} == {Kind.EDGE_KILLED}
    assert {fault.kind for fault in units} == {Kind.UNIT_LATE}
    assert messages == ()
    assert set(HOUSE) <= set(Kind)
