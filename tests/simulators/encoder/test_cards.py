"""Cards as their data sheets say: memory, versions, locks, keys, and what they do after a refusal."""

import pytest

from simulators.encoder.card import CardRefusedError, CardSilentError
from simulators.encoder.classic import KEY_A, TRANSPORT_KEY, ClassicCard
from simulators.encoder.deck import KINDS, Deck
from simulators.encoder.desfire import DesfireCard
from simulators.encoder.type2 import MAKES, Type2Card

KEY_B = 0x61
UID = bytes.fromhex("04782e21801d80")


def ntag(kind: str = "ntag213") -> Type2Card:
    return Type2Card(kind, UID)


def read(page: int) -> bytes:
    return bytes([0x30, page])


def write(page: int, data: bytes) -> bytes:
    return bytes([0xA2, page]) + data


@pytest.mark.parametrize(
    ("kind", "atqa", "sak", "uid_length"),
    [
        ("ntag213", "0044", 0x00, 7),
        ("ntag215", "0044", 0x00, 7),
        ("ntag216", "0044", 0x00, 7),
        ("ultralight", "0044", 0x00, 7),
        ("ultralight_ev1", "0044", 0x00, 7),
        ("ultralight_c", "0044", 0x00, 7),
        ("mifare_classic", "0004", 0x08, 4),
        ("desfire", "0344", 0x20, 7),
    ],
)
def test_a_card_says_what_it_is(kind: str, atqa: str, sak: int, uid_length: int) -> None:
    card = Deck().blank(kind)
    assert (card.kind, card.atqa.hex(), card.sak, len(card.uid)) == (kind, atqa, sak, uid_length)


def test_every_kind_is_in_the_deck_and_no_two_cards_are_one() -> None:
    deck = Deck()
    cards = [deck.blank(kind) for kind in KINDS for _ in range(3)]
    assert len({card.uid for card in cards}) == len(cards)
    assert [card.uid for card in (Deck(2).blank(), Deck(2).blank())] == [Deck(2).blank().uid] * 2
    with pytest.raises(KeyError):
        deck.blank("magnetic stripe")


@pytest.mark.parametrize("kind", sorted(MAKES))
def test_the_first_pages_hold_uid_and_check_bytes(kind: str) -> None:
    head = ntag(kind).exchange(read(0))
    assert head[:3] + head[4:8] == UID
    assert head[3] == 0x88 ^ UID[0] ^ UID[1] ^ UID[2]
    assert head[8] == UID[3] ^ UID[4] ^ UID[5] ^ UID[6]


@pytest.mark.parametrize(("kind", "size"), [("ntag213", 144), ("ntag215", 504), ("ntag216", 888), ("ultralight", 48)])
def test_the_users_memory_is_as_large_as_its_sheet_says(kind: str, size: int) -> None:
    assert ntag(kind).user == bytes(size)


def test_a_read_has_sixteen_bytes_and_goes_on_at_the_start() -> None:
    card = ntag("ultralight")
    card.exchange(write(15, b"last"))
    assert card.exchange(read(15)) == b"last" + card.exchange(read(0))[:12]


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("ntag213", "0004040201000f03"),
        ("ntag215", "0004040201001103"),
        ("ntag216", "0004040201001303"),
        ("ultralight_ev1", "0004030101000b03"),
    ],
)
def test_who_has_a_version_tells_it(kind: str, version: str) -> None:
    assert ntag(kind).exchange(b"\x60").hex() == version


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("ultralight", b"\x60"),
        ("ultralight", read(16)),
        ("ntag213", read(45)),
        ("ntag213", write(45, b"beyo")),
        ("ntag213", write(0, b"uid!")),
        ("ntag213", b"\xa2\x04\x01"),
        ("ntag213", b"\x3a\x05\x04"),
        ("ntag213", b"\x1a\x00"),
        ("ntag213", b""),
    ],
)
def test_a_refusal_and_then_silence_until_it_is_selected(kind: str, command: bytes) -> None:
    card = ntag(kind)
    before = bytes(card.memory)
    with pytest.raises(CardRefusedError):
        card.exchange(command)
    with pytest.raises(CardSilentError):
        card.exchange(read(4))
    card.select()
    assert card.exchange(read(4)) == bytes(16)
    assert card.memory == before


def test_other_ways_to_write_and_read() -> None:
    card = ntag()
    assert card.exchange(bytes([0xA0, 5]) + b"four and twelve!") == b""
    assert card.exchange(bytes([0x3A, 4, 6])) == bytes(4) + b"four" + bytes(4)
    assert card.exchange(write(43, b"pass")) == b""
    assert card.exchange(read(43))[:4] == bytes(4)  # a password is never read back
    with pytest.raises(CardSilentError):
        card.exchange(b"\x50\x00")


def test_a_lock_bit_is_for_ever() -> None:
    card = ntag()
    card.exchange(write(4, b"ours"))
    card.exchange(write(2, bytes([0xFF, 0xFF, 0b0001_0000, 0])))
    card.exchange(write(2, bytes(4)))
    assert card.exchange(read(2))[:4] == bytes([card.memory[8], 0x48, 0b0001_0000, 0])
    with pytest.raises(CardRefusedError):
        card.exchange(write(4, b"more"))
    assert card.user[:4] == b"ours"


def test_one_time_bits_are_only_added() -> None:
    card = Type2Card("ultralight", UID)
    card.exchange(write(3, b"\x01\x00\x00\x00"))
    card.exchange(write(3, b"\x02\x00\x00\x80"))
    assert card.exchange(read(3))[:4] == b"\x03\x00\x00\x80"


def test_an_ultralight_c_asks_for_a_key_and_hides_it() -> None:
    card = ntag("ultralight_c")
    challenge = card.exchange(b"\x1a\x00")
    assert (challenge[0], len(challenge)) == (0xAF, 9)
    card.exchange(write(44, b"key!"))
    assert card.exchange(read(44))[:4] == bytes(4)


def test_as_the_factory_delivers_it_and_as_another_house_leaves_it() -> None:
    assert Deck().delivered("ntag213").user[:8].hex() == "0103a00c340300fe"
    assert Deck().delivered("ntag215").user[:4].hex() == "0300fe00"
    foreign = Deck().foreign().user[:48]
    assert any(foreign)
    assert not foreign.startswith(b"IK")


def opened(card: ClassicCard, block: int, command: int = KEY_A, key: bytes = TRANSPORT_KEY) -> ClassicCard:
    card.select()
    card.authenticate(command, block, key, card.uid[-4:])
    return card


def test_a_classic_block_opens_to_the_key_of_its_sector_only() -> None:
    card = opened(ClassicCard(bytes.fromhex("deadbeef")), 4)
    data = bytes(range(16))
    assert card.exchange(bytes([0xA0, 4]) + data) == b""
    assert card.exchange(read(4)) == data
    with pytest.raises(CardRefusedError):
        card.exchange(read(8))
    with pytest.raises(CardSilentError):
        card.exchange(read(4))


@pytest.mark.parametrize(
    ("command", "key", "uid"),
    [
        (KEY_A, b"\x00" * 6, "deadbeef"),
        (KEY_B, b"\xa0" * 6, "deadbeef"),
        (KEY_A, TRANSPORT_KEY, "deadbee0"),
    ],
)
def test_a_wrong_key_halts_the_card(command: int, key: bytes, uid: str) -> None:
    card = ClassicCard(bytes.fromhex("deadbeef"))
    with pytest.raises(CardRefusedError):
        card.authenticate(command, 4, key, bytes.fromhex(uid))
    with pytest.raises(CardSilentError):
        card.authenticate(KEY_A, 4, TRANSPORT_KEY, card.uid)
    assert opened(card, 4).exchange(read(4)) == bytes(16)


def test_seven_byte_classics_use_their_last_four() -> None:
    card = ClassicCard(bytes.fromhex("043318ea703280"))
    card.authenticate(KEY_A, 4, TRANSPORT_KEY, bytes.fromhex("ea703280"))
    assert card.exchange(read(4)) == bytes(16)


def test_a_trailer_hides_key_a_and_a_new_one_holds() -> None:
    card = opened(ClassicCard(bytes.fromhex("deadbeef")), 7)
    assert card.exchange(read(7)) == bytes(6) + bytes.fromhex("ff078069") + TRANSPORT_KEY
    card.exchange(bytes([0xA0, 7]) + b"secret" + bytes.fromhex("ff078069") + b"other!")
    assert opened(card, 4, KEY_A, b"secret").exchange(read(4)) == bytes(16)
    assert opened(card, 4, KEY_B, b"other!").exchange(read(4)) == bytes(16)


def test_access_bits_decide_who_writes() -> None:
    card = ClassicCard(bytes.fromhex("deadbeef"))
    card.set_keys(1, b"readme", b"writer", bytes.fromhex("787788 69"))  # A reads, B reads and writes
    data = bytes(range(16))
    with pytest.raises(CardRefusedError):
        opened(card, 4, KEY_A, b"readme").exchange(bytes([0xA0, 4]) + data)
    opened(card, 4, KEY_B, b"writer").exchange(bytes([0xA0, 4]) + data)
    assert opened(card, 4, KEY_A, b"readme").exchange(read(4)) == data


def test_a_wrong_trailer_bricks_the_sector() -> None:
    card = ClassicCard(bytes.fromhex("deadbeef"))
    card.set_keys(1, b"keykey", b"keykey", bytes(4))
    with pytest.raises(CardRefusedError):
        opened(card, 4, KEY_A, b"keykey").exchange(read(4))
    with pytest.raises(CardRefusedError):
        opened(card, 7, KEY_A, b"keykey").exchange(bytes([0xA0, 7]) + bytes(16))


def test_the_makers_block_is_not_written() -> None:
    card = opened(ClassicCard(bytes.fromhex("deadbeef")), 0)
    with pytest.raises(CardRefusedError):
        card.exchange(bytes([0xA0, 0]) + bytes(16))


def test_a_desfire_tells_its_version_in_three_parts() -> None:
    card = DesfireCard(UID)
    first = card.exchange(bytes.fromhex("9060000000"))
    second = card.exchange(bytes.fromhex("90af000000"))
    third = card.exchange(bytes.fromhex("90af000000"))
    assert (first[-2:], second[-2:], third[-2:]) == (b"\x91\xaf", b"\x91\xaf", b"\x91\x00")
    assert third.startswith(UID)
    assert card.exchange(b"\x60")[0] == 0xAF
    assert card.exchange(bytes.fromhex("905a00000300000000")) == b"\x91\x1c"


@pytest.mark.parametrize(
    "make", [lambda: Type2Card("ntag213", b"1234"), lambda: ClassicCard(b"12345"), lambda: DesfireCard(b"1")]
)
def test_a_uid_of_the_wrong_length_is_no_card(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="UID"):
        make()
