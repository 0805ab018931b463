"""Keys end with the stay, with a move, by hand and by time; the floor of the room says so to the locks."""

import pytest

from tests.pms.keys.desk import Desk, reasons


async def test_check_out_ends_every_key_of_the_stay(desk: Desk) -> None:
    stay = await desk.walk_in()
    keys = [await desk.made(stay), await desk.made(stay, "duplicate"), await desk.made(stay, "one_shot")]
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    assert {await desk.life(key) for key in keys} == {("ended", "checked_out")}
    assert await desk.floor() == keys[0]["sequence"] + 1
    [fact] = [one for one in await desk.told("room_facts") if one["room"] == "101"]
    assert (fact["rented"], fact["key_floor"]) == (False, 2)


async def test_a_check_in_taken_back_ends_its_keys_and_the_next_one_has_its_own(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = await desk.made(stay)
    assert (await desk.post(f"/api/v1/stays/{stay}/reverse-check-in")).status == 200
    assert await desk.life(key) == ("ended", "check_in_reversed")
    assert await desk.floor() == 2
    assert reasons(await desk.issue(stay)) == ["stay_confirmed"]
    desk.clock.forward(minutes=1)
    assert (await desk.post(f"/api/v1/stays/{stay}/check-in", {"override_reason": "same guest"})).status == 200
    again = await desk.made(stay)
    assert (again["sequence"], await desk.life(again)) == (2, ("active", None))


async def test_a_job_at_the_encoder_is_called_back_when_the_guest_leaves(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body["id"]
    await desk.result(key, "waiting")
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    assert [one["id"] for one in await desk.told("key_cancel")] == [key]
    await desk.result(key, "writing", "checking", "confirmed")  # the clerk was faster
    assert await desk.life(key) == ("ended", "checked_out")
    assert await desk.floor() == 2


async def test_a_job_that_has_not_left_when_the_guest_leaves_never_does(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.api.post("/api/v1/keys", {"stay": stay, "type": "new"})).body["id"]
    await desk.api.post(f"/api/v1/stays/{stay}/check-out")
    await desk.reactions.catch_up()
    assert await desk.told("key_job") == []
    ended = await desk.key(key)
    assert (ended["state"], ended["reason"], ended["life"]) == ("failed", "cancelled", "never")


async def test_the_next_guests_key_survives_the_last_ones_check_out(desk: Desk) -> None:
    """The feed is behind: the next guest has a key before the last one's are ended."""
    first = await desk.walk_in()
    old = await desk.made(first)
    await desk.api.post(f"/api/v1/stays/{first}/check-out")
    desk.clock.forward(minutes=2)
    body = {"room": "101", "departure": "2026-11-24", "guest": {"name": "Bob"}, "override_reason": "wants it now"}
    second = (await desk.api.post("/api/v1/stays", body)).body["id"]
    key = (await desk.api.post("/api/v1/keys", {"stay": second, "type": "new"})).body
    await desk.reactions.catch_up()
    await desk.result(key["id"], "waiting", "writing", "checking", "confirmed")
    assert await desk.life(old) == ("ended", "checked_out")
    assert await desk.life(key) == ("active", None)
    assert await desk.floor() == key["sequence"]


async def test_after_a_move_the_old_room_is_shut_and_the_new_one_needs_a_key(desk: Desk) -> None:
    stay = await desk.walk_in()
    old = await desk.made(stay)
    moved = await desk.post(f"/api/v1/stays/{stay}/move", {"room": "102", "reason": "noise"})
    assert (moved.status, moved.body["room"]) == (200, "102")
    assert await desk.life(old) == ("ended", "moved")
    assert (await desk.floor("101"), await desk.floor("102")) == (2, 0)
    assert reasons(await desk.issue(stay, "duplicate")) == ["no_key_to_duplicate"]
    new = await desk.made(stay)
    assert (new["room"], new["sequence"]) == ("102", 1)
    back = await desk.post(f"/api/v1/stays/{stay}/move", {"room": "101", "override_reason": "quiet again"})
    assert back.status == 200
    assert await desk.life(new) == ("ended", "moved")
    assert (await desk.made(stay))["sequence"] == 2


@pytest.mark.parametrize(("reason", "copy_too", "floor"), [("lost", True, 2), ("returned", False, 1)])
async def test_a_lost_card_takes_its_copies_with_it_and_a_returned_one_does_not(
    desk: Desk, reason: str, copy_too: bool, floor: int
) -> None:
    stay = await desk.walk_in()
    first, copy = await desk.made(stay), await desk.made(stay, "duplicate")
    ended = await desk.post(f"/api/v1/keys/{first['id']}/end", {"reason": reason})
    assert (ended.status, ended.body["life"], ended.body["life_ended_by"]) == (200, "ended", "frontdesk")
    assert (await desk.life(copy) == ("ended", reason)) is copy_too
    assert await desk.floor() == floor
    assert reasons(await desk.post(f"/api/v1/keys/{first['id']}/end", {"reason": reason})) == ["key_ended"]
    assert (await desk.post(f"/api/v1/keys/{first['id']}/end", {"reason": "whim"})).status == 422


async def test_the_last_card_that_comes_back_shuts_the_door_to_all_copies(desk: Desk) -> None:
    stay = await desk.walk_in()
    keys = [await desk.made(stay), await desk.made(stay, "duplicate")]
    for key in keys:
        await desk.post(f"/api/v1/keys/{key['id']}/end", {"reason": "returned"})
    assert await desk.floor() == 2


async def test_a_longer_stay_is_warned_of_and_a_duplicate_carries_the_new_window(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = await desk.made(stay)
    assert key["warnings"] == []
    longer = await desk.post(f"/api/v1/stays/{stay}/extend", {"departure": "2026-11-26"})
    assert longer.status == 200
    shown = await desk.key(key["id"])
    [warning] = shown["warnings"]
    assert (warning["code"], warning["params"]) == (
        "keys_end_before_departure",
        {"until": "2026-11-24T11:00:00+00:00"},
    )
    [of_stay] = (await desk.api.get("/api/v1/stays?room=101")).body["items"]
    assert [one["code"] for one in of_stay["warnings"]] == ["keys_end_before_departure"]
    copy = await desk.made(stay, "duplicate")
    assert (copy["sequence"], copy["valid_until"]) == (key["sequence"], "2026-11-26T11:00:00Z")


async def test_a_key_whose_time_is_over_ends_by_itself(desk: Desk) -> None:
    key = await desk.made(await desk.walk_in())
    await desk.time_passes(days=2)
    await desk.api.sign_in("frontdesk")
    assert await desk.life(key) == ("ended", "expired")
    assert await desk.floor() == 1  # the lock goes by its own clock; the guest may still be in the house
