"""What is on a key card and who may read it: diversified keys, the payload, and what other people's cards look like."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from devices.encoders.cards import recognise
from devices.encoders.classic import ClassicCard
from devices.encoders.diversify import LONGEST_INPUT, cmac, diversified_key
from devices.encoders.payload import (
    CLASSES,
    SIZE,
    CardContent,
    CardKeys,
    PayloadError,
    decode,
    encode,
    is_blank,
    is_ours,
    write_order,
)
from devices.encoders.technology import CardAnswer, CardFault, CardRefused, Select, Steps, Target, Tell
from devices.encoders.type2 import Type2Card
from devices.model import CredentialClass

MASTER = bytes.fromhex("00112233445566778899aabbccddeeff")
KEYS = CardKeys("house", MASTER)
UID = bytes.fromhex("04782e21801d80")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONTENT = CardContent("101", 7, 3, NOON, NOON + timedelta(days=2))

# Keys


def test_the_vector_of_the_application_note() -> None:
    diversification = UID + bytes.fromhex("3042f5") + bytes.fromhex("4e585020416275")
    assert diversified_key(MASTER, diversification).hex() == "a8dd63a3b89d54b37ca802473fda9175"


@pytest.mark.parametrize("length", [1, 7, 14, 15])
def test_a_short_input_is_padded_to_two_blocks(length: int) -> None:
    """Worked out with nothing but AES: CBC over two blocks, the second one the padding's rest masked with K2."""
    diversification = bytes(range(1, length + 1))

    def aes(block: bytes) -> bytes:
        return Cipher(algorithms.AES(MASTER), modes.ECB()).encryptor().update(block)  # noqa: S305 one block

    def doubled(number: int) -> int:
        return number << 1 & (1 << 128) - 1 ^ (0x87 if number >> 127 else 0)

    second_key = doubled(doubled(int.from_bytes(aes(bytes(16)), "big")))
    padded = (b"\x01" + diversification + b"\x80").ljust(32, b"\x00")
    last = int.from_bytes(padded[16:], "big") ^ second_key ^ int.from_bytes(aes(padded[:16]), "big")
    assert diversified_key(MASTER, diversification) == aes(last.to_bytes(16, "big"))
    assert diversified_key(MASTER, diversification) != cmac(MASTER, b"\x01" + diversification)


@given(diversification=st.binary(min_size=16, max_size=LONGEST_INPUT))
def test_a_long_input_is_plain_cmac(diversification: bytes) -> None:
    assert diversified_key(MASTER, diversification) == cmac(MASTER, b"\x01" + diversification)


@pytest.mark.parametrize(("master", "diversification"), [(b"short", b"x"), (MASTER, b""), (MASTER, bytes(32))])
def test_keys_and_inputs_have_their_lengths(master: bytes, diversification: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        diversified_key(master, diversification)


def test_each_card_and_each_property_has_a_key_of_its_own() -> None:
    other = bytes.fromhex("04782e21801d81")
    keys = {KEYS.of_card(UID), KEYS.of_card(other), CardKeys("elsewhere", MASTER).of_card(UID)}
    assert len(keys) == 3
    key_a, key_b = KEYS.sector_keys(UID)
    assert (len(key_a), len(key_b)) == (6, 6)
    assert key_a not in KEYS.of_card(UID)
    assert MASTER.hex() not in repr(KEYS)


# The payload

INSTANTS = st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CONTENTS = st.builds(
    CardContent,
    room=st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1).filter(
        lambda room: len(room.encode()) <= 16
    ),
    credential=st.integers(0, 2**32 - 1),
    sequence=st.integers(0, 2**32 - 1),
    valid_from=INSTANTS,
    valid_until=INSTANTS,
    credential_class=st.sampled_from(list(CLASSES)),
    one_shot=st.booleans(),
)
UIDS = st.binary(min_size=4, max_size=4) | st.binary(min_size=7, max_size=7)


@given(content=CONTENTS, uid=UIDS)
def test_what_is_written_is_read(content: CardContent, uid: bytes) -> None:
    data = encode(content, KEYS, uid)
    assert len(data) == SIZE
    assert decode(data, KEYS, uid) == content
    assert is_ours(data, KEYS)
    assert not is_blank(data)


@given(content=CONTENTS, bit=st.integers(0, SIZE * 8 - 1))
def test_no_bit_can_be_changed(content: CardContent, bit: int) -> None:
    data = bytearray(encode(content, KEYS, UID))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(PayloadError):
        decode(bytes(data), KEYS, UID)


@given(content=CONTENTS, uid=UIDS)
def test_no_other_card_no_other_key_and_no_other_property(content: CardContent, uid: bytes) -> None:
    data = encode(content, KEYS, UID)
    if uid != UID:
        with pytest.raises(PayloadError, match="not_authentic"):
            decode(data, KEYS, uid)
    with pytest.raises(PayloadError, match="not_authentic"):
        decode(data, CardKeys("house", bytes(16)), UID)
    with pytest.raises(PayloadError, match="other_property"):
        decode(data, CardKeys("elsewhere", MASTER), UID)


@given(data=st.binary(max_size=64), uid=st.binary(min_size=4, max_size=10))
def test_any_bytes_are_refused_with_a_code(data: bytes, uid: bytes) -> None:
    with pytest.raises(PayloadError) as refusal:
        decode(data, KEYS, uid)
    assert refusal.value.code in {"empty", "foreign", "other_property", "not_authentic"}
    assert not (is_blank(data) and is_ours(data, KEYS))


@pytest.mark.parametrize(
    "content",
    [
        replace(CONTENT, room=""),
        replace(CONTENT, room="客房一二三四五"),
        replace(CONTENT, room="1\0"),
        replace(CONTENT, sequence=-1),
        replace(CONTENT, credential=2**32),
        replace(CONTENT, valid_until=datetime(2120, 1, 1, tzinfo=UTC)),
        replace(CONTENT, credential_class=CredentialClass.UNKNOWN),
    ],
)
def test_what_does_not_fit_is_an_error(content: CardContent) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode(content, KEYS, UID)


BLANK = ["", "ff" * 48, "0103a00c340300fe", "0300fe00", "0103880866" + "0300fe"]


@pytest.mark.parametrize("delivered", BLANK)
def test_a_new_card_is_blank(delivered: str) -> None:
    data = bytes.fromhex(delivered).ljust(SIZE, b"\x00")
    assert is_blank(data)
    assert not is_ours(data, KEYS)
    with pytest.raises(PayloadError, match="empty"):
        decode(data, KEYS, UID)


@pytest.mark.parametrize("content", ["0103a00c340308fe", "0310d1010c5503", "01", "494b01"])
def test_a_card_that_says_something_is_not_blank(content: str) -> None:
    assert not is_blank(bytes.fromhex(content).ljust(SIZE, b"\x00"))


@given(content=CONTENTS, delivered=st.sampled_from(BLANK), count=st.integers(1, 12), unit=st.sampled_from([4, 16]))
def test_what_is_torn_off_is_known_as_ours_and_does_not_open(
    content: CardContent, delivered: str, count: int, unit: int
) -> None:
    before = bytes.fromhex(delivered).ljust(SIZE, b"\x00")
    wanted, data = encode(content, KEYS, UID), bytearray(before)
    for part in write_order(unit)[:count]:
        data[part * unit : (part + 1) * unit] = wanted[part * unit : (part + 1) * unit]
    assert is_ours(bytes(data), KEYS)
    if bytes(data) != wanted:
        with pytest.raises(PayloadError):
            decode(bytes(data), KEYS, UID)


@pytest.mark.parametrize("unit", [4, 16])
def test_everything_is_written_the_mark_first_and_the_mac_last(unit: int) -> None:
    order = write_order(unit)
    assert sorted(order) == list(range(SIZE // unit))
    assert (order[0], order[-1]) == (4 // unit, SIZE // unit - 1)


# Technologies, against any answer

ANSWERS = st.builds(
    CardAnswer,
    st.sampled_from([0, 0, 0, 1, 2, 0x13, 0x14, 0x27]),
    st.binary(max_size=20) | st.binary(min_size=16, max_size=16),
)


def outcome(steps: Steps[Any], answers: Iterable[CardAnswer]) -> object:
    """What a card's steps return, or the exception they end with, given these answers (then silence)."""
    left = iter(answers)
    try:
        ask = next(steps)
        while True:
            ask = steps.send(CardAnswer(0) if isinstance(ask, Select) else next(left, CardAnswer(1)))
    except StopIteration as end:
        return end.value
    except (CardRefused, CardFault) as refusal:
        return refusal


@given(sak=st.sampled_from([0x00, 0x08, 0x18, 0x20, 0x28, 0x40]), answers=st.lists(ANSWERS, max_size=12))
def test_any_answers_of_a_card_end_in_a_technology_or_a_code(sak: int, answers: list[CardAnswer]) -> None:
    found = outcome(recognise(Target(1, b"\x00\x44", sak, UID), KEYS, mifare_classic=True), answers)
    if isinstance(found, CardRefused | CardFault):
        assert found.code in {"unsupported_card", "card_too_small", "read_failed"}
    else:
        assert isinstance(found, Type2Card if sak == 0 else ClassicCard)


@given(answers=st.lists(ANSWERS, max_size=4))
def test_any_answers_to_a_classic_open_it_or_end_in_a_code(answers: list[CardAnswer]) -> None:
    found = outcome(ClassicCard(KEYS, UID).open(), answers)
    opened = [answer.status for answer in answers[:1]] == [0] or [answer.status for answer in answers[:2]] == [0x14, 0]
    assert (found is None) is opened
    assert opened or (isinstance(found, CardRefused | CardFault) and found.code in {"foreign_card", "read_failed"})


@pytest.mark.parametrize("fresh", [False, True])
@given(answers=st.lists(ANSWERS, max_size=6), part=st.integers(0, 2))
def test_any_answers_to_a_classic_are_a_value_or_a_code(fresh: bool, answers: list[CardAnswer], part: int) -> None:
    """`fresh`: it still has the transport key, so that its trailer is written before anything else."""

    def opened() -> ClassicCard:
        card = ClassicCard(KEYS, UID)
        assert outcome(card.open(), [CardAnswer(0x14), CardAnswer(0)] if fresh else [CardAnswer(0)]) is None
        return card

    read = outcome(opened().read(), answers)
    assert (isinstance(read, bytes) and len(read) == SIZE) or fault_code(read) == "read_failed"
    written = outcome(opened().write(part, bytes(16)), answers)
    assert (written is None) is (answers[:1] != [] and answers[0].status == 0)
    assert written is None or fault_code(written) == "write_failed"
    protected = outcome(opened().protect(), answers)
    good = [answer.status for answer in answers[:2]] == [0, 0]
    assert (protected is None) is (good or not fresh)
    assert protected is None or fault_code(protected) in {"read_failed", "write_failed"}


@given(answers=st.lists(ANSWERS, max_size=2), part=st.integers(0, 11))
def test_any_answers_to_a_page_are_a_value_or_a_code(answers: list[CardAnswer], part: int) -> None:
    written = outcome(Type2Card("ntag213").write(part, bytes(4)), answers)
    assert (written is None) is (answers[:1] != [] and answers[0].status == 0)
    assert written is None or fault_code(written) == "write_failed"


def fault_code(found: object) -> str:
    """Of a fault that the card's steps ended with."""
    assert isinstance(found, CardFault), found
    return found.code


@given(
    content=st.builds(
        CardContent,
        room=st.text(max_size=20),
        credential=st.integers(),
        sequence=st.integers(),
        valid_from=st.datetimes(timezones=st.just(UTC)),
        valid_until=st.datetimes(timezones=st.just(UTC)),
        credential_class=st.sampled_from(CredentialClass),
        one_shot=st.booleans(),
    ),
    uid=st.binary(max_size=16),
)
def test_any_content_is_encoded_or_is_a_value_error(content: CardContent, uid: bytes) -> None:
    try:
        data = encode(content, KEYS, uid)
    except ValueError:
        return
    read = decode(data, KEYS, uid)
    assert (read.room, read.credential, read.sequence) == (content.room, content.credential, content.sequence)


@given(master=st.binary(max_size=40), diversification=st.binary(max_size=40))
def test_any_key_and_input_give_a_key_or_a_value_error(master: bytes, diversification: bytes) -> None:
    fine = len(master) == 16 and 1 <= len(diversification) <= LONGEST_INPUT
    if fine:
        assert len(diversified_key(master, diversification)) == 16
    else:
        with pytest.raises(ValueError, match="bytes"):
            diversified_key(master, diversification)


def test_a_card_with_too_little_memory_is_refused() -> None:
    steps = recognise(Target(1, b"\x00\x44", 0x00, UID), KEYS, mifare_classic=False)
    assert next(steps) == Tell(b"\x60", plain=True)
    assert steps.send(CardAnswer(2)) == Select()
    assert steps.send(CardAnswer(0)) == Tell(b"\x1a\x00", plain=True)
    assert steps.send(CardAnswer(2)) == Select()
    assert steps.send(CardAnswer(0)) == Tell(b"\x30\x03")
    with pytest.raises(CardRefused, match="card_too_small"):
        steps.send(CardAnswer(0, bytes.fromhex("e1100500") + bytes(12)))


@given(answers=st.lists(ANSWERS, min_size=3, max_size=3))
def test_a_page_that_is_not_whole_is_not_read(answers: list[CardAnswer]) -> None:
    found = outcome(Type2Card("ntag213").read(), answers)
    if all(answer.status == 0 and len(answer.data) == 16 for answer in answers):
        assert found == b"".join(answer.data for answer in answers)
    else:
        assert isinstance(found, CardFault)
        assert found.code == "read_failed"
