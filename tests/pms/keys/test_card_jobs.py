"""A card read at the desk: whose, which door, until when, why it will not open; and one made blank."""

from typing import Any

import pytest

from tests.pms.keys.desk import Desk, reasons

SERIAL = "c0ffee"


def card(key: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What the edge says of the card that was on the encoder."""
    found: dict[str, Any] = {"serial": SERIAL, "kind": "ntag213"}
    if key is not None:
        names = ("room", "credential", "sequence", "valid_from", "valid_until")
        content = {name: key[name] for name in names} | {"one_shot": key["type"] == "one_shot"}
        found["content"] = content | more
    return found | ({} if key is not None else more)


async def read(desk: Desk, found: dict[str, Any]) -> dict[str, Any]:
    """Read a card that is `found`; the job."""
    asked = await desk.post("/api/v1/encoders/desk-1/read")
    assert (asked.status, asked.body["state"], asked.body["found"]) == (202, "accepted", None)
    await desk.result(asked.body["id"], "waiting", "confirmed", card=found)
    return await job(desk, asked.body["id"])


async def job(desk: Desk, job_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await desk.api.get(f"/api/v1/encoders/jobs/{job_id}")).body
    return shown


async def test_a_good_card_says_whose_it_is_and_until_when(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = await desk.made(stay)
    shown = await read(desk, card(key))
    found = shown["found"]
    assert (found["key"], found["stay"], found["room"], found["opens"]) == (key["id"], stay, "101", True)
    assert (found["guest"]["name"], found["valid_until"], found["reasons"]) == ("Ada Lovelace", key["valid_until"], [])
    assert (shown["state"], shown["advice"]["code"]) == ("confirmed", "confirmed")
    [told] = [one for one in await desk.told("key_job") if one["task"] == "read"]
    assert (told["id"], told["content"]) == (shown["id"], None)
    assert {event.subject for event in await desk.events("card.read")} == {shown["id"]}


async def why_not(desk: Desk, found: dict[str, Any]) -> tuple[bool | None, list[str]]:
    shown = (await read(desk, found))["found"]
    assert all(reason["text"] and not reason["text"].startswith("opens.") for reason in shown["reasons"])
    return shown["opens"], [reason["code"] for reason in shown["reasons"]]


async def test_why_a_card_does_not_open(desk: Desk) -> None:
    stay = await desk.walk_in()
    first, once = await desk.made(stay), await desk.made(stay, "one_shot")
    await desk.door(once["credential"])
    assert await why_not(desk, card(once)) == (False, ["one_shot_used"])
    second = await desk.made(stay)
    assert await why_not(desk, card(first)) == (False, ["replaced"])
    assert await why_not(desk, card(second, valid_from="2026-11-23T00:00:00Z")) == (False, ["not_yet"])
    assert await why_not(desk, card(second, credential=999)) == (None, ["unknown_to_ledger"])
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    assert await why_not(desk, card(second)) == (False, ["ended"])
    desk.clock.forward(days=3)
    await desk.api.sign_in("frontdesk")
    assert await why_not(desk, card(second)) == (False, ["ended", "expired"])


async def test_a_returned_card_that_the_lock_still_takes_is_to_be_erased(desk: Desk) -> None:
    stay = await desk.walk_in()
    first, _copy = await desk.made(stay), await desk.made(stay, "duplicate")
    await desk.post(f"/api/v1/keys/{first['id']}/end", {"reason": "returned"})
    assert await why_not(desk, card(first)) == (True, ["ended_still_opens"])


async def test_a_card_that_was_made_after_all_is_to_be_erased(desk: Desk) -> None:
    key = (await desk.issue(await desk.walk_in())).body
    await desk.result(key["id"], "writing", "failed", reason="not_verified")
    assert await why_not(desk, card(key)) == (True, ["never_made"])


@pytest.mark.parametrize("problem", ["empty", "foreign", "other_property", "not_authentic", "unreadable", "cursed"])
async def test_a_card_that_says_nothing_says_why(desk: Desk, problem: str) -> None:
    expected = "unreadable" if problem == "cursed" else problem
    assert await why_not(desk, card(problem=problem)) == (False, [expected])


async def test_an_erased_card_ends_the_key_that_was_on_it(desk: Desk) -> None:
    stay = await desk.walk_in()
    asked = (await desk.issue(stay)).body
    await desk.result(asked["id"], "writing", "confirmed", card=card(asked))
    erased = (await desk.post("/api/v1/encoders/line-desk-1/erase")).body
    await desk.result(erased["id"], "writing", "failed", reason="card_removed")
    assert await desk.life(asked) == ("active", None)
    again = (await desk.post("/api/v1/encoders/desk-1/erase")).body
    await desk.result(again["id"], "writing", "checking", "confirmed", card=card(asked))
    assert await desk.life(asked) == ("ended", "erased")
    assert [one["task"] for one in await desk.told("key_job")] == ["write", "erase", "erase"]


async def test_reading_is_given_up_timed_out_and_refused_like_a_key(desk: Desk) -> None:
    first = (await desk.post("/api/v1/encoders/desk-1/read")).body["id"]
    assert (await desk.post(f"/api/v1/encoders/jobs/{first}/cancel")).status == 202
    assert [one["id"] for one in await desk.told("key_cancel")] == [first]
    await desk.result(first, "failed", reason="cancelled")
    assert reasons(await desk.post(f"/api/v1/encoders/jobs/{first}/cancel")) == ["job_ended"]
    second = (await desk.post("/api/v1/encoders/desk-1/erase")).body["id"]
    await desk.time_passes(minutes=5)
    shown = await job(desk, second)
    assert (shown["state"], shown["advice"]["code"], shown["found"]) == ("unknown", "unknown_no_answer", None)
    assert (await desk.post("/api/v1/encoders/nowhere/read")).status == 404
    assert (await desk.api.get("/api/v1/encoders/jobs/card_nobody")).status == 404
    await desk.tell_encoders({"id": "desk-1", "state": "down", "code": "encoder_silent"})
    assert reasons(await desk.post("/api/v1/encoders/desk-1/read")) == ["encoder_down"]


async def test_the_same_request_reads_once(desk: Desk) -> None:
    path = "/api/v1/encoders/desk-1/read"
    first, again = await desk.post(path, Idempotency_Key="x"), await desk.post(path, Idempotency_Key="x")
    assert first.body["id"] == again.body["id"]
    assert len(await desk.told("key_job")) == 1
