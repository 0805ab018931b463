"""The encoder chip's frames, commands and answers, byte by byte as in the reference."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.encoders import pn532
from devices.encoders.frames import (
    ACK,
    ERROR,
    LONGEST_BODY,
    LONGEST_NORMAL,
    NACK,
    Frame,
    FrameKind,
    FrameReader,
    framed,
)
from devices.encoders.technology import Target

UID = bytes.fromhex("deadbeef")
DATA = bytes.fromhex("00112233445566778899aabbccddeeff")

SENT = [
    (pn532.get_firmware_version(), "00 00 FF 02 FE D4 02 2A 00"),
    (pn532.sam_configuration(), "00 00 FF 05 FB D4 14 01 00 00 17 00"),
    (pn532.rf_retries(), "00 00 FF 06 FA D4 32 05 00 01 01 F3 00"),
    (pn532.rf_off(), "00 00 FF 04 FC D4 32 01 00 F9 00"),
    (pn532.list_passive_target(), "00 00 FF 04 FC D4 4A 01 00 E1 00"),
    (
        pn532.data_exchange(1, b"\x60\x04" + b"\xff" * 6 + UID),
        "00 00 FF 0F F1 D4 40 01 60 04 FF FF FF FF FF FF DE AD BE EF 55 00",
    ),
    (
        pn532.data_exchange(1, b"\x61\x04" + b"\xff" * 6 + UID),
        "00 00 FF 0F F1 D4 40 01 61 04 FF FF FF FF FF FF DE AD BE EF 54 00",
    ),
    (pn532.data_exchange(1, b"\x30\x04"), "00 00 FF 05 FB D4 40 01 30 04 B7 00"),
    (
        pn532.data_exchange(1, b"\xa0\x04" + DATA),
        "00 00 FF 15 EB D4 40 01 A0 04 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF 4F 00",
    ),
    (pn532.data_exchange(1, b"\xa2\x04\x01\x02\x03\x04"), "00 00 FF 09 F7 D4 40 01 A2 04 01 02 03 04 3B 00"),
    (pn532.release(), "00 00 FF 03 FD D4 52 00 DA 00"),
]


@pytest.mark.parametrize(("command", "frame"), SENT, ids=[sent[1][18:26] for sent in SENT])
def test_a_command_on_the_wire(command: bytes, frame: str) -> None:
    assert pn532.to_chip(command) == bytes.fromhex(frame)


def heard(command: bytes, frame: str) -> bytes:
    """What a frame of the chip says to a command."""
    (found,) = FrameReader().feed(bytes.fromhex(frame))
    assert found.kind is FrameKind.DATA
    answer = pn532.answer_to(command, found.body)
    assert answer is not None
    return answer


def test_what_the_chip_says_of_itself() -> None:
    answer = heard(pn532.get_firmware_version(), "00 00 FF 06 FA D5 03 32 01 06 07 E8 00")
    found = pn532.firmware(answer)
    assert found == pn532.Firmware(pn532.IC, 1, 6, 7)
    assert str(found) == "1.6"
    assert heard(pn532.sam_configuration(), "00 00 FF 02 FE D5 15 16 00") == b""
    assert heard(pn532.release(), "00 00 FF 03 FD D5 53 00 D8 00") == b"\x00"


CARDS = [
    ("00 00 FF 03 FD D5 4B 00 E0 00", ()),
    ("00 00 FF 0C F4 D5 4B 01 01 00 04 08 04 DE AD BE EF 96 00", (Target(1, b"\x00\x04", 8, UID),)),
]


@pytest.mark.parametrize(("frame", "cards"), CARDS)
def test_which_cards_are_listed(frame: str, cards: tuple[Target, ...]) -> None:
    assert pn532.targets(heard(pn532.list_passive_target(), frame)) == cards


def test_a_card_with_an_answer_to_select_and_one_behind_it() -> None:
    told = bytes.fromhex("02 01 0344 20 07 04010203040506 06 7577810280 02 0044 00 07 04112233445566")
    assert pn532.targets(told) == (
        Target(1, b"\x03\x44", 0x20, bytes.fromhex("04010203040506"), bytes.fromhex("7577810280")),
        Target(2, b"\x00\x44", 0x00, bytes.fromhex("04112233445566")),
    )


EXCHANGES = [
    ("00 00 FF 03 FD D5 41 00 EA 00", pn532.Exchanged(0)),
    ("00 00 FF 03 FD D5 41 14 D6 00", pn532.Exchanged(0x14)),
    (framed(b"\xd5\x41\x00" + DATA).hex(), pn532.Exchanged(0, DATA)),
    (framed(b"\xd5\x41\x40\x01").hex(), pn532.Exchanged(0, b"\x01", more=True)),
]


@pytest.mark.parametrize(("frame", "exchanged"), EXCHANGES)
def test_what_came_of_an_exchange(frame: str, exchanged: pn532.Exchanged) -> None:
    assert pn532.exchanged(heard(pn532.data_exchange(1, b"\x30\x04"), frame)) == exchanged


def test_a_read_answer_begins_as_in_the_reference() -> None:
    assert framed(b"\xd5\x41\x00" + DATA).startswith(bytes.fromhex("00 00 FF 13 ED D5 41 00"))


def test_every_status_has_a_name() -> None:
    assert [pn532.status_name(code) for code in (0x00, 0x14, 0x2B, 0x3F)] == [
        "ok",
        "authentication",
        "card_gone",
        "status_3f",
    ]


@pytest.mark.parametrize("body", [b"", b"\xd4\x02", b"\xd5\x04", b"\xd5", b"\xd5\x15\x00"])
def test_what_is_no_answer_to_the_question(body: bytes) -> None:
    assert pn532.answer_to(pn532.get_firmware_version(), body) is None


@pytest.mark.parametrize("told", [b"", b"\x01", b"\x01\x01\x00\x04\x08\x05\xde", b"\x02\x01\x00\x04\x08\x04" + UID])
def test_a_list_that_makes_no_sense_is_none(told: bytes) -> None:
    assert pn532.targets(told) is None


# Frames in whatever arrives

DONE = Frame(FrameKind.DATA, b"\xd5\x15")
ANSWER = framed(DONE.body)


@pytest.mark.parametrize(
    ("data", "frames", "garbage"),
    [
        (ACK, [Frame(FrameKind.ACK)], 0),
        (NACK, [Frame(FrameKind.NACK)], 0),
        (ERROR, [Frame(FrameKind.ERROR)], 0),
        (ACK + ANSWER, [Frame(FrameKind.ACK), DONE], 0),
        (ANSWER[1:] + ANSWER[1:], [DONE, DONE], 0),
        (bytes(40) + ANSWER, [DONE], 0),
        (b"\x5a\x5b\x00" + ANSWER, [DONE], 2),
        (b"\x00\xff\x07\x01" + ANSWER, [DONE], 3),
        (ANSWER[:-2] + b"\x17\x00", [Frame(FrameKind.DAMAGED)], 6),
        (ANSWER[:-2] + b"\x17\x00" + ANSWER, [Frame(FrameKind.DAMAGED), DONE], 6),
        (b"\x00\xff\xff\xff\xff\xff\x02" + ANSWER, [DONE], 6),
        (ANSWER[:-1] + b"\x01" + ANSWER, [DONE, DONE], 1),
        (ANSWER[:-1], [], 0),
    ],
)
def test_frames_are_found(data: bytes, frames: list[Frame], garbage: int) -> None:
    reader = FrameReader()
    assert reader.feed(data) == frames
    assert reader.garbage == garbage
    piecewise = FrameReader()
    assert [frame for byte in data for frame in piecewise.feed(bytes([byte]))] == frames
    assert piecewise.garbage == garbage


@pytest.mark.parametrize("length", [0, LONGEST_BODY + 1])
def test_a_frame_has_its_limits(length: int) -> None:
    with pytest.raises(ValueError, match="1 to 265"):
        framed(bytes(length))


def test_a_long_body_goes_in_an_extended_frame() -> None:
    assert framed(bytes(LONGEST_NORMAL))[:5] == bytes.fromhex("0000ffff01")
    assert framed(bytes(LONGEST_NORMAL + 1))[:8] == bytes.fromhex("0000ffffff0100ff")


BODIES = st.binary(min_size=1, max_size=LONGEST_BODY).filter(lambda body: body != b"\x7f")


@given(bodies=st.lists(BODIES, max_size=4), cuts=st.lists(st.integers(0, 1200)), zeros=st.integers(0, 20))
def test_what_is_sent_is_found_however_it_is_cut(bodies: list[bytes], cuts: list[int], zeros: int) -> None:
    whole = b"".join(ACK + bytes(zeros) + framed(body) for body in bodies)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    reader = FrameReader()
    found = [frame for begin, end in pairwise(places) for frame in reader.feed(whole[begin:end])]
    expected = [frame for body in bodies for frame in (Frame(FrameKind.ACK), Frame(FrameKind.DATA, body))]
    assert found == expected
    assert reader.garbage == 0


STARTS = st.sampled_from([b"\x00\x00\xff", b"\x00\xff\xff\xff", ACK, NACK, ERROR, ANSWER, b"\xd5\x4b\x01"])


@given(pieces=st.lists(STARTS | st.binary(max_size=40), max_size=12))
def test_any_bytes_are_read_and_the_reader_keeps_nothing_for_ever(pieces: list[bytes]) -> None:
    reader = FrameReader()
    for piece in pieces:
        for frame in reader.feed(piece):
            assert frame.kind is FrameKind.DATA or not frame.body
    assert reader.garbage <= sum(map(len, pieces))
    assert DONE in reader.feed(bytes(2 * LONGEST_BODY) + ANSWER), "no false start swallows what comes after it"


@given(body=st.binary(max_size=60), command=st.binary(max_size=8))
def test_any_answer_is_understood_or_is_none(body: bytes, command: bytes) -> None:
    answer = pn532.answer_to(command, body)
    assert answer is None or body.endswith(answer)
    for parse in (pn532.firmware, pn532.targets, pn532.exchanged):
        parse(body)
    cards = pn532.targets(body)
    assert cards is None or all(len(card.uid) in (4, 7, 10) for card in cards)


@given(body=st.binary(max_size=LONGEST_BODY + 10))
def test_any_body_is_framed_or_is_a_value_error(body: bytes) -> None:
    if 1 <= len(body) <= LONGEST_BODY:
        (found,) = FrameReader().feed(framed(body))
        assert found == (Frame(FrameKind.ERROR) if body == b"\x7f" else Frame(FrameKind.DATA, body))
    else:
        with pytest.raises(ValueError, match="1 to 265"):
            framed(body)


@given(status=st.integers(0, 255))
def test_any_status_has_a_name(status: int) -> None:
    assert pn532.status_name(status).isidentifier()
