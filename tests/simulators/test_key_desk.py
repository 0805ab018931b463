"""Guests of a simulated day get real cards at the desk, and go up without one where that does not work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from devices.encoders.payload import encode
from simulators.clerk import Clerk
from simulators.encoder.type2 import Type2Card
from simulators.hotel import SimulatedHotel
from simulators.key_desk import KeyDesk
from tests.simulators.cards import KEYS, PROPERTY, content, store_key
from tests.simulators.conftest import Maker, opened
from tests.simulators.desk import Desk, open_desk

pytestmark = pytest.mark.real("mosquitto")

LOCK = ("101_lock", "field", "zigbee2mqtt/lock", "zigbee2mqtt/101_lock", "101")
ENCODER = ("desk-1", "desk-1", "pn532", "", "")


@contextlib.asynccontextmanager
async def at_the_desk(maker: Maker, speed: float = 10.0) -> AsyncIterator[tuple[SimulatedHotel, Desk, KeyDesk, str]]:
    """A hotel with a lock and an encoder, a desk that writes cards, and somebody who has checked in."""
    store_key(maker.folder)
    hotel = maker.hotel(LOCK, ENCODER, speed=speed, property_id=PROPERTY)

    def written(encoder: str, room: str, number: int) -> str:
        hand = hotel.hands[encoder]
        card = hand.encoder.card
        assert isinstance(card, Type2Card)
        card.put(encode(content(room, number, now=datetime.now(UTC)), KEYS, card.uid))
        hand.take()
        hand.begin()
        return "confirmed"

    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk, opened(hotel):
        desk.encode = written
        yield hotel, desk, KeyDesk(hotel, clerk), await clerk.walk_in("101", date(2026, 11, 24), 2, "Anna Berger")


async def test_each_guest_has_a_card_that_opens(maker: Maker) -> None:
    async with at_the_desk(maker) as (hotel, desk, keys, stay):
        first, second = await asyncio.gather(keys.card(stay, "101", "Anna"), keys.card(stay, "101", "Jonas"))
        assert first is not None
        assert second is not None
        assert [key["type"] for key in desk.cards] == ["new", "duplicate"]
        assert await keys.card(stay, "101", "Anna") is first
        assert (keys.made, keys.missed, len(desk.cards)) == (2, 0, 2)
        assert hotel.rooms["101"].present(first)
        assert hotel.rooms["101"].present(second)


async def test_a_key_that_was_not_made_is_done_without(maker: Maker) -> None:
    async with at_the_desk(maker) as (_, desk, keys, stay):
        desk.encode = lambda _encoder, _room, _number: "failed"
        assert await keys.card(stay, "101", "Anna") is None
        desk.encode = None
        assert await keys.card(stay, "101", "Anna") is None
        assert (keys.made, keys.missed) == (0, 2)


async def test_a_key_for_which_no_card_is_put_down_is_given_up(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.key_desk.LONGEST_S", 0.3)
    async with at_the_desk(maker) as (_, desk, keys, stay):
        desk.encode = lambda _encoder, _room, _number: "waiting"
        assert await keys.card(stay, "101", "Anna") is None
        assert [key["state"] for key in desk.cards] == ["failed"]
        assert keys.missed == 1


async def test_nobody_stands_at_an_encoder_while_hours_fly(maker: Maker) -> None:
    async with at_the_desk(maker, speed=300) as (hotel, desk, keys, stay):
        assert await keys.card(stay, "101", "Anna") is None
        assert desk.cards == []
        hotel.clock.speed = 1
        assert await keys.card(stay, "101", "Anna") is not None
        keys.forget(stay)
