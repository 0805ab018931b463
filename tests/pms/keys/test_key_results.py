"""What the edge says of a job, in every order: exactly one end, unknown shown and never repeated, late words heeded."""

import pytest

from tests.pms.keys.desk import Desk, reasons


async def test_unknown_counts_as_made_and_is_said_before_another_new_key(desk: Desk) -> None:
    stay = await desk.walk_in()
    first = await desk.made(stay)
    second = (await desk.issue(stay)).body["id"]
    await desk.result(second, "waiting", "writing", "unknown", reason="line_down")
    shown = await desk.key(second)
    assert (shown["state"], shown["step"], shown["life"], shown["seen"]) == ("unknown", "writing", "active", False)
    assert shown["advice"]["code"] == "unknown_line_down"
    assert "Read it" in shown["advice"]["text"]
    assert await desk.life(first) == ("ended", "replaced")
    assert reasons(await desk.issue(stay)) == ["unknown_key"]
    assert len(await desk.told("key_job")) == 2  # nothing was repeated by itself
    third = await desk.issue(stay, acknowledge_unknown=True)
    assert third.status == 202
    assert (await desk.key(second))["seen"]
    assert [event.subject for event in await desk.events("key.noted")] == [second]
    await desk.result(third.body["id"], "waiting", "writing", "checking", "confirmed")
    assert await desk.life(second) == ("ended", "replaced")


async def test_reading_a_card_on_that_encoder_is_taking_note(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body["id"]
    await desk.result(key, "writing", "unknown", reason="restarted")
    job = (await desk.post("/api/v1/encoders/desk-1/read")).body["id"]
    await desk.result(job, "waiting", "confirmed", card={"serial": "c0ffee", "kind": "ntag213", "problem": "empty"})
    assert (await desk.key(key))["seen"]
    assert (await desk.issue(stay)).status == 202


async def test_a_job_nobody_answers_is_unknown_after_its_deadline(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body["id"]
    await desk.time_passes(seconds=85)
    assert (await desk.key(key))["state"] == "accepted"
    await desk.time_passes(seconds=10)
    shown = await desk.key(key)
    assert (shown["state"], shown["reason"], shown["life"]) == ("unknown", "no_answer", "active")


@pytest.mark.parametrize(
    ("word", "reason", "life"),
    [("confirmed", None, "active"), ("failed", "no_card", "never"), ("expired", "no_card", "never")],
)
async def test_a_word_that_comes_late_is_the_truth(desk: Desk, word: str, reason: str | None, life: str) -> None:
    key = (await desk.issue(await desk.walk_in())).body["id"]
    await desk.time_passes(minutes=10)
    await desk.result(key, "waiting")
    assert (await desk.key(key))["state"] == "unknown"
    await desk.result(key, word, reason=reason)
    shown = await desk.key(key)
    assert (shown["state"], shown["reason"], shown["life"]) == (word, reason, life)
    await desk.result(key, "unknown", reason="restarted")
    assert (await desk.key(key))["state"] == word


async def test_a_late_word_revives_no_key_that_ended_meanwhile(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body["id"]
    await desk.time_passes(minutes=10)
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    await desk.result(key, "confirmed")
    assert await desk.life(key) == ("ended", "checked_out")


@pytest.mark.parametrize("end", ["confirmed", "failed", "expired", "unknown"])
async def test_what_has_ended_stays_ended(desk: Desk, end: str) -> None:
    key = (await desk.issue(await desk.walk_in())).body["id"]
    await desk.result(key, "waiting", end, reason=None if end == "confirmed" else "encoder_error")
    before = await desk.key(key)
    for word in ("queued", "writing", "confirmed", "failed", "expired", "unknown"):
        await desk.result(key, word, reason="restarted")
    assert await desk.key(key) == before
    assert sum(event.payload["state"] == end for event in await desk.events("key.changed")) == 1


async def test_progress_never_goes_back_and_junk_is_left_alone(desk: Desk) -> None:
    key = (await desk.issue(await desk.walk_in())).body["id"]
    await desk.result(key, "checking", "waiting", "queued", "accepted", "melting")
    assert (await desk.key(key))["state"] == "checking"
    await desk.result("key_nobody", "confirmed")
    await desk.result("card_nobody", "confirmed")
    assert desk.inbox.rejected == 0


async def test_a_card_written_over_no_longer_is_the_key_it_was(desk: Desk) -> None:
    stays = [await desk.walk_in(), await desk.walk_in("102")]
    keys = []
    for stay in stays:
        keys.append((await desk.issue(stay)).body["id"])
        await desk.result(keys[-1], "writing", "confirmed", card={"serial": "c0ffee", "kind": "ntag213"})
    assert await desk.life(keys[0]) == ("ended", "overwritten")
    assert await desk.life(keys[1]) == ("active", None)
    assert (await desk.key(keys[1]))["card"] == "c0ffee"


async def test_after_a_restore_open_jobs_are_unknown_and_no_number_is_used_again(desk: Desk) -> None:
    stay = await desk.walk_in()
    made = await desk.made(stay)
    key = (await desk.issue(stay)).body["id"]
    await desk.restored()
    shown = await desk.key(key)
    assert (shown["state"], shown["reason"]) == ("unknown", "restored")
    later = (await desk.issue(stay, acknowledge_unknown=True)).body
    assert later["sequence"] > made["sequence"] + 1000
    assert later["credential"] > made["credential"] + 100_000
    await desk.result(key, "confirmed")
    assert (await desk.key(key))["state"] == "confirmed"


async def test_an_end_without_a_reason_we_know_is_shown_all_the_same(desk: Desk) -> None:
    key = (await desk.issue(await desk.walk_in())).body["id"]
    await desk.result(key, "failed", reason="moon_phase")
    shown = await desk.key(key)
    assert (shown["reason"], shown["advice"]["code"]) == ("moon_phase", "cause_not_known")
    assert shown["advice"]["text"]
