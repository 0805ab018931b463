"""A card is held to a simulated lock, and the broker hears what came of it."""

from dataclasses import replace
from typing import Any

import pytest

from devices.encoders.payload import CardKeys, encode
from devices.model import CredentialClass
from simulators.encoder.card import Card
from simulators.encoder.classic import ClassicCard
from simulators.encoder.deck import Deck
from simulators.encoder.type2 import Type2Card
from simulators.hotel import SimulatedHotel
from tests.simulators.cards import KEYS, PROPERTY, content, key_card, store_key
from tests.simulators.conftest import Ear, Maker, listening, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

TOPIC = "zigbee2mqtt/101_lock"
LOCK = ("101_lock", "field", "zigbee2mqtt/lock", TOPIC, "101")


def hotel_of(maker: Maker, speed: float = 1.0) -> SimulatedHotel:
    """One lock that knows the hotel's key."""
    store_key(maker.folder)
    return maker.hotel(LOCK, speed=speed, property_id=PROPERTY)


async def actions(ear: Ear, count: int = 1) -> list[dict[str, Any]]:
    """The lock's messages with an action, once there are so many."""

    def found() -> list[dict[str, Any]]:
        told = [body for body in ear.all(TOPIC) if body.get("action")]
        return told if len(told) >= count else []

    return await until(found)


async def test_the_guests_card_opens_and_says_which_it_was(maker: Maker) -> None:
    hotel = hotel_of(maker, speed=20)
    async with listening(maker.broker_port) as ear, opened(hotel):
        assert hotel.rooms["101"].present(key_card(content()))
        (said,) = await actions(ear)
        expected = {
            "action": "unlock",
            "action_source": 3,
            "action_source_name": "rfid",
            "action_user": 65535,
            "credential": "card:17",
            "credential_class": "guest",
            "key_sequence": 5,
            "state": "UNLOCK",
        }
        assert {key: said.get(key) for key in expected} == expected
        assert "denied_reason" not in said
        await until(lambda: ear.json(TOPIC)["state"] == "LOCK")
        assert "credential" not in ear.json(TOPIC)
    assert hotel.locks["101_lock"].opened == 1


def forged(card: Card) -> Card:
    """The same bytes on another card."""
    copy = Deck(99).blank()
    assert isinstance(card, Type2Card)
    assert isinstance(copy, Type2Card)
    copy.put(card.user[:48])
    return copy


CASES: list[tuple[str, Card, str, str | None, str]] = [
    ("another room's", key_card(content(room="102")), "no_right", "card:17", "schedule"),
    ("a copy", forged(key_card(content())), "crypto", None, "pin_or_id"),
    ("another key's", key_card(content(), CardKeys(PROPERTY, bytes(16))), "crypto", None, "pin_or_id"),
    ("another hotel's", key_card(content(), CardKeys("palace", KEYS.master)), "invalid", None, "pin_or_id"),
    ("blank", Deck().blank(), "invalid", None, "pin_or_id"),
    ("a DESFire", Deck().blank("desfire"), "invalid", None, "pin_or_id"),
    ("a foreign card", Deck().foreign(), "invalid", None, "pin_or_id"),
]


@pytest.mark.parametrize(
    ("card", "reason", "credential", "failure"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
async def test_it_refuses_and_says_why(
    maker: Maker, card: Card, reason: str, credential: str | None, failure: str
) -> None:
    hotel = hotel_of(maker)
    async with listening(maker.broker_port) as ear, opened(hotel):
        assert hotel.rooms["101"].present(card) is False
        (said,) = await actions(ear)
    assert (said["denied_reason"], said.get("credential"), said["state"]) == (reason, credential, "LOCK")
    assert said["action"] == f"unlock_failure_invalid_{failure}"
    assert hotel.locks["101_lock"].refused == 1


async def test_without_the_key_nothing_opens_and_with_it_from_the_next_card_on(maker: Maker) -> None:
    hotel = maker.hotel(LOCK, property_id=PROPERTY)
    async with opened(hotel):
        room, card = hotel.rooms["101"], key_card(content())
        assert room.present(card) is False
        store_key(maker.folder)
        assert room.present(card) is True
        (maker.folder / "secrets" / "card_key").write_text("not a key")
        assert room.present(card) is False


async def test_a_newer_card_moves_the_lock_up_and_an_order_moves_it_further(maker: Maker) -> None:
    hotel = hotel_of(maker)
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.said[TOPIC] and ear.json(TOPIC)["key_sequence"] == 0)
        room = hotel.rooms["101"]
        assert room.present(key_card(content(sequence=7)))
        assert not room.present(key_card(content(sequence=6)))
        assert [said.get("denied_reason") for said in await actions(ear, 2)] == [None, "blacklisted"]
        assert ear.json(TOPIC)["key_sequence"] == 7
        await ear.say(f"{TOPIC}/set", '{"key_sequence": 8}')
        await until(lambda: ear.json(TOPIC)["key_sequence"] == 8)
        assert not room.present(key_card(content(sequence=7)))
        await ear.say(f"{TOPIC}/set", '{"key_sequence": "nine"}')
        await ear.say(f"{TOPIC}/set", '{"key_sequence": -1, "state": "UNLOCK"}')
        await until(lambda: ear.json(TOPIC)["state"] == "UNLOCK")
        assert ear.json(TOPIC)["key_sequence"] == 8


async def test_the_bolt_keeps_staff_out_and_neither_guest_nor_emergency(maker: Maker) -> None:
    hotel = hotel_of(maker)
    async with opened(hotel):
        room = hotel.rooms["101"]
        room.bolt()
        cards = [key_card(replace(content(), credential_class=name)) for name in CredentialClass if name != "unknown"]
        assert [room.present(card) for card in cards] == [True, False, False, False, True]


async def test_a_classic_that_the_hotel_allows_itself(maker: Maker) -> None:
    hotel = hotel_of(maker)
    card = ClassicCard(bytes.fromhex("deadbeef"))
    what = content()
    card.memory[64:112] = encode(what, KEYS, card.uid)
    async with opened(hotel):
        assert hotel.rooms["101"].present(card) is True


async def test_a_guest_comes_in_with_a_real_card(maker: Maker) -> None:
    hotel = hotel_of(maker, speed=60)
    async with listening(maker.broker_port) as ear, opened(hotel):
        room = hotel.rooms["101"]
        await room.enters("Anna", card=key_card(content(now=hotel.clock.now())))
        await room.enters("Paul", number=2, card=key_card(content(room="102", credential=18, now=hotel.clock.now())))
        said = await actions(ear, 3)
    assert [(body.get("credential"), body["action_user"]) for body in said] == [
        ("card:17", 65535),
        ("card:18", 65535),
        (None, 2),
    ]
    assert set(room.truth.people) == {"Anna", "Paul"}


async def test_a_room_whose_lock_reads_no_cards(maker: Maker) -> None:
    hotel = maker.hotel(("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101"))
    assert hotel.rooms["101"].present(key_card(content())) is None
