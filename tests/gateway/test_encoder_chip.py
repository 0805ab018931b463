"""What a conversation with the chip makes of whatever arrives."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from devices.encoders import pn532
from devices.encoders.frames import ACK, ERROR, NACK, framed
from gateway.encoders.chip import Conversation

QUESTION = pn532.get_firmware_version()
ANSWER = framed(bytes.fromhex("d50332010607"))
PIECES = st.sampled_from([ACK, NACK, ERROR, ANSWER, ANSWER[:-2], framed(b"\xd5\x4b\x00"), b"\x00\x00\xff", bytes(8)])


def said(talk: Conversation, pieces: list[bytes]) -> bool:
    """Is it over after these, as a line tells of them: with all that has arrived so far."""
    arrived = b""
    for piece in pieces:
        arrived += piece
        if talk(arrived) is not None:
            return True
    return False


@given(pieces=st.lists(PIECES | st.binary(max_size=30), max_size=12))
def test_any_bytes_end_in_the_answer_or_in_none(pieces: list[bytes]) -> None:
    talk = Conversation(QUESTION)
    over = said(talk, pieces)
    assert talk.answer is None or (over and talk.acknowledged)
    assert not (talk.refused and talk.answer)


@given(cuts=st.lists(st.integers(0, 40), max_size=6), noise=st.binary(max_size=6).filter(lambda b: 0 not in b))
def test_the_answer_is_found_however_it_is_cut(cuts: list[int], noise: bytes) -> None:
    whole = noise + ACK + ANSWER
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    talk = Conversation(QUESTION)
    assert said(talk, [whole[a:b] for a, b in pairwise(places)])
    assert talk.answer == bytes.fromhex("32010607")


def test_an_answer_without_an_acknowledgement_is_nobodys() -> None:
    talk = Conversation(QUESTION)
    assert said(talk, [ANSWER])
    assert talk.answer is None


def test_a_late_answer_to_another_question_is_passed_over() -> None:
    talk = Conversation(QUESTION)
    assert said(talk, [ACK, framed(b"\xd5\x4b\x00"), ANSWER])
    assert talk.answer == bytes.fromhex("32010607")


def test_a_line_that_forgets_a_flood_loses_nothing_after_it() -> None:
    talk = Conversation(QUESTION)
    assert talk(b"\x5a" * 70_000) is None
    assert talk(ACK) is None  # the line began anew
    assert talk(ACK + ANSWER) is not None
    assert talk.answer == bytes.fromhex("32010607")
