"""Guests and their cards, on the real wire: broker, encoder line, card memory, lock, and both halves of the product."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.journeys.desk import front_desk
from tests.journeys.house import kill_9
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(180)]


async def test_a_guest_arrives_and_opens_the_door(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        made = await desk.becomes(await desk.ask(stay), "waiting")
        card = desk.blank()
        desk.encoder().place(card)
        key = await desk.becomes(made)
        assert (key["state"], key["life"]) == ("confirmed", "active")
        assert desk.encoder().take() is card
        assert desk.opens("101", card)
        assert not desk.opens("102", card)

        async def used() -> bool:
            return (await desk.key(made))["first_used_at"] is not None

        await until(used, 20)
        assert not await desk.place.alerts(kind="unknown_credential")


async def test_a_second_guest_gets_a_card_of_their_own(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt", guests=2)
        first, second = await desk.card(stay), await desk.card(stay, "duplicate", "desk-2")
        assert [desk.opens("101", card) for card in (second, first, second)] == [True, True, True]
        assert len({key["credential"] for key in await desk.ledger(stay=stay)}) == 2
        once = await desk.card(stay, "one_shot")
        assert [desk.opens("101", once) for _ in range(2)] == [True, False]
        assert desk.opens("101", first)


async def test_a_lost_card_stops_before_anybody_goes_up_with_the_new_one(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        lost = await desk.card(stay)
        assert desk.opens("101", lost)
        found = await desk.card(stay, "replace")
        [key] = await desk.ledger(stay=stay, life="active")
        await desk.told("101", key["sequence"])
        assert not desk.opens("101", lost)
        assert desk.opens("101", found)
        assert [one["life_reason"] for one in await desk.ledger(stay=stay, life="ended")] == ["replaced"]


async def test_a_longer_stay_needs_a_card_with_the_new_time(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt", nights=1)
        await desk.card(stay)
        later = (datetime.now(UTC) + timedelta(days=4)).date().isoformat()
        await desk.place.api("POST", f"stays/{stay}/extend", {"departure": later})
        warned = await desk.place.api("GET", f"stays/{stay}")
        assert [one["code"] for one in warned["warnings"]] == ["keys_end_before_departure"]
        renewed = await desk.card(stay, "duplicate")
        key, *_ = await desk.ledger(stay=stay)
        assert key["valid_until"].startswith(later)
        assert desk.opens("101", renewed)


async def test_after_check_out_the_card_no_longer_opens_and_the_next_guest_is_alone(tmp_path: Path) -> None:
    async with front_desk(tmp_path, "edge", "pms") as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        card = await desk.card(stay)
        [key] = await desk.ledger(stay=stay)
        assert desk.opens("101", card)
        await desk.place.api("POST", f"stays/{stay}/check-out")
        await desk.told("101", key["sequence"] + 1)
        assert not desk.opens("101", card)
        after = await desk.check_in("101", "Nils O'Hara")
        assert not desk.opens("101", card)
        theirs = await desk.card(after)
        assert desk.opens("101", theirs)
        assert not desk.opens("101", card)


async def test_a_lock_that_forgot_lets_an_ended_card_in_and_somebody_hears_of_it(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        card = await desk.card(stay)
        [key] = await desk.ledger(stay=stay)
        await desk.place.api("POST", f"stays/{stay}/check-out")
        await desk.told("101", key["sequence"] + 1)
        assert not desk.opens("101", card)
        assert not await desk.place.alerts(kind="unknown_credential")
        desk.hotel.devices["101_lock"].learns("key_sequence", 0)  # a new battery
        assert desk.opens("101", card)
        await until(lambda: desk.place.alerts(kind="unknown_credential", priority="high"), 20)
        await desk.told("101", key["sequence"] + 1)
        assert not desk.opens("101", card)


async def test_a_moved_guest_needs_a_new_card_and_the_old_one_opens_neither_room(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        card = await desk.card(stay)
        [key] = await desk.ledger(stay=stay)
        await desk.place.api("POST", f"stays/{stay}/move", {"room": "102", "reason": "noise", "override_reason": "ok"})
        await desk.told("101", key["sequence"] + 1)
        assert [desk.opens(room, card) for room in ("101", "102")] == [False, False]
        assert desk.opens("102", await desk.card(stay))


async def test_the_power_fails_between_the_sequence_stored_and_the_card_written(tmp_path: Path) -> None:
    async with front_desk(tmp_path, "edge", "pms") as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        before = await desk.becomes(await desk.ask(stay), "waiting")
        broker = desk.place.broker_pid()
        for half in ("pms", "edge"):
            await desk.place.kill(half)
        kill_9(broker)
        for half in ("edge", "pms"):
            await desk.place.start(half)
        await desk.place.healthy()
        card = desk.blank()
        desk.encoder().place(card)
        key = await desk.becomes(before, timeout=90)
        assert key["sequence"] == before["sequence"]
        desk.encoder().take()
        if key["state"] == "confirmed":  # it never wrote before the cut, and its time was not over: it went on
            assert desk.opens("101", card)
        else:
            assert key["state"] in {"expired", "unknown"}
            assert not desk.opens("101", card)
        [only] = await desk.ledger(stay=stay)
        assert only["id"] == before["id"], "nobody repeats a new key by themselves"
        await desk.ready()
        after = await desk.card(stay, "replace")
        [living] = await desk.ledger(stay=stay, life="active")
        assert living["sequence"] > before["sequence"]
        assert desk.opens("101", after)
        assert not desk.opens("101", card)


async def test_an_encoder_is_pulled_out_in_the_middle_of_a_card(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        stay = await desk.check_in("101", "Ada Brandt")
        card, encoder = desk.blank(), desk.encoder()
        encoder.place(card)
        encoder.field.after_writes(5, encoder.unplug)
        key = await desk.becomes(await desk.ask(stay))
        assert (key["state"], key["life"]) == ("failed", "never")
        assert key["advice"]["text"]
        assert not desk.opens("101", card)
        encoder.take()
        assert desk.opens("101", await desk.card(stay, encoder="desk-2"))
        await encoder.plug()
        await desk.ready()
        assert desk.opens("101", await desk.card(stay, "duplicate"))


async def test_two_desks_at_one_encoder_take_turns(tmp_path: Path) -> None:
    async with front_desk(tmp_path) as desk:
        rooms = {"101": "Ada Brandt", "102": "Nils O'Hara"}
        stays = {room: await desk.check_in(room, guest) for room, guest in rooms.items()}
        first, second = await asyncio.gather(*(desk.ask(stay) for stay in stays.values()))
        order = sorted((first, second), key=lambda made: made["id"])
        cards = {}
        waiting = [await desk.becomes(made, "waiting", "queued") for made in order]
        assert sorted(made["state"] for made in waiting) == ["queued", "waiting"]
        for _ in range(2):
            now = [await desk.key(made) for made in order]
            turn = next(made for made in now if made["state"] == "waiting")
            card = desk.blank()
            desk.encoder().place(card)
            assert (await desk.becomes(turn))["state"] == "confirmed"
            cards[turn["room"]] = desk.encoder().take()
            for other in now:
                if other["id"] != turn["id"] and other["state"] == "queued":
                    await desk.becomes(other, "waiting")
        assert [desk.opens(room, cards[room]) for room in rooms] == [True, True]
        assert not desk.opens("101", cards["102"])
