"""The contiguous prefix of a sender's messages."""

import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pms.link.messages import Envelope
from pms.link.position import HELD, Position

AT = datetime(2026, 11, 22, tzinfo=UTC)


def message(seq: int, after: int | None = None) -> Envelope:
    return Envelope(
        kind="room", property="h", epoch="e", seq=seq, after=seq - 1 if after is None else after, at=AT, body={}
    )


def test_in_order_each_is_handed_on_at_once() -> None:
    position = Position()
    assert [len(position.apply(message(seq))) for seq in (1, 2, 3)] == [1, 1, 1]
    assert position.through == 3


def test_a_gap_holds_back_what_comes_after_it() -> None:
    position = Position()
    position.apply(message(1))
    assert position.apply(message(3)) == []
    assert position.held == 1
    assert [envelope.seq for envelope in position.apply(message(2))] == [2, 3]
    assert position.through == 3
    assert position.held == 0


def test_a_message_again_is_a_duplicate() -> None:
    position = Position(5)
    assert position.apply(message(5)) == []
    assert position.duplicates == 1


def test_a_restored_receiver_takes_up_where_the_sender_stands() -> None:
    position = Position(100)
    assert [envelope.seq for envelope in position.apply(message(501, after=0))] == [501]
    assert position.through == 501


def test_what_is_held_is_bounded() -> None:
    position = Position()
    for seq in range(2, HELD + 500):
        position.apply(message(seq))
    assert position.held == HELD


@given(st.integers(1, 40), st.integers(0, 10_000))
def test_any_order_with_repeats_is_applied_once_and_in_order(count: int, seed: int) -> None:
    chance = random.Random(seed)
    wire = [message(seq) for seq in range(1, count + 1)] * 2
    chance.shuffle(wire)
    position = Position()
    applied = [envelope.seq for sent in wire for envelope in position.apply(sent)]
    assert applied == list(range(1, count + 1))
