"""Keys over HTTP: issued, told to the edge, followed, given up, refused; who may, and what a repetition does."""

import asyncio

from tests.pms.keys.desk import Desk, reasons


async def test_a_new_key_goes_to_the_edge_and_comes_back_confirmed(desk: Desk) -> None:
    stay = await desk.walk_in()
    asked = await desk.issue(stay)
    assert asked.status == 202
    key = asked.body
    assert (key["state"], key["life"], key["encoder"], key["by"]) == ("accepted", "pending", "desk-1", "frontdesk")
    assert (key["sequence"], key["credential"], key["card"]) == (1, 1, None)
    assert key["valid_from"] == "2026-11-22T11:00:00Z"
    assert key["valid_until"] == "2026-11-24T11:00:00Z"  # noon in Berlin
    [job] = await desk.told("key_job")
    assert (job["id"], job["encoder"], job["task"]) == (key["id"], "desk-1", "write")
    assert (job["content"]["room"], job["content"]["sequence"], job["content"]["one_shot"]) == ("101", 1, False)
    seen = []
    for state in ("queued", "waiting", "writing", "checking", "confirmed"):
        await desk.result(key["id"], state)
        now = await desk.key(key["id"])
        seen.append((now["state"], now["step"], now["advice"]["code"]))
    assert seen[1:4] == [(step, step, step) for step in ("waiting", "writing", "checking")]
    assert seen[-1] == ("confirmed", "checking", "confirmed")
    assert await desk.life(key) == ("active", None)
    told = [event.payload for event in await desk.events("key.changed")]
    assert [one["state"] for one in told] == ["accepted", "queued", "waiting", "writing", "checking", "confirmed"]
    assert {(one["room"], one["stay"]) for one in told} == {("101", stay)}


async def test_the_same_request_is_one_key_and_one_job(desk: Desk) -> None:
    stay = await desk.walk_in()
    body = {"stay": stay, "type": "new"}
    first = await desk.post("/api/v1/keys", body, Idempotency_Key="one")
    again = await desk.post("/api/v1/keys", body, Idempotency_Key="one")
    assert (first.body["id"], first.body["sequence"]) == (again.body["id"], again.body["sequence"])
    assert len(await desk.told("key_job")) == 1
    assert len((await desk.api.get("/api/v1/keys")).body["items"]) == 1


async def test_a_restart_of_the_pms_says_a_job_once(desk: Desk) -> None:
    stay = await desk.walk_in()
    await desk.issue(stay)
    again = Desk(desk.api, desk.database, desk.clock)
    await again.outbox.open()
    assert await again.reactions.catch_up() == 0
    [job] = await again.told("key_job")
    rows = await again.outbox.pending(0, 100)
    assert sum(job["id"].encode() in row.body for row in rows if row.kind == "key_job") == 1


async def test_the_sequence_is_kept_before_the_job_leaves(desk: Desk) -> None:
    """The job is a message of the transaction after the one that stored key and sequence."""
    stay = await desk.walk_in()
    asked = await desk.api.post("/api/v1/keys", {"stay": stay, "type": "new"})
    assert await desk.outbox_holds("key_job") == []
    assert (await desk.key(asked.body["id"]))["sequence"] == 1
    assert [job["content"]["sequence"] for job in await desk.told("key_job")] == [1]


async def test_a_second_new_key_ends_the_first_and_a_duplicate_does_not(desk: Desk) -> None:
    stay = await desk.walk_in()
    first = await desk.made(stay)
    copy = await desk.made(stay, "duplicate")
    assert (copy["sequence"], copy["credential"]) == (first["sequence"], first["credential"] + 1)
    assert await desk.life(first) == await desk.life(copy) == ("active", None)
    second = await desk.issue(stay)
    assert await desk.life(first) == ("active", None)
    await desk.result(second.body["id"], "waiting", "writing", "checking", "confirmed")
    assert await desk.life(first) == await desk.life(copy) == ("ended", "replaced")
    assert await desk.floor() == second.body["sequence"] == 2


async def test_a_failed_new_key_leaves_the_first_in_force(desk: Desk) -> None:
    stay = await desk.walk_in()
    first = await desk.made(stay)
    second = await desk.issue(stay)
    await desk.result(second.body["id"], "waiting", "failed", reason="card_removed")
    assert await desk.life(first) == ("active", None)
    assert await desk.life(second.body["id"]) == ("never", "card_removed")
    third = await desk.issue(stay)
    assert third.body["sequence"] == 3  # never used again, whatever became of it


async def test_a_lost_card_ends_before_the_new_one_is_made(desk: Desk) -> None:
    stay = await desk.walk_in()
    first = await desk.made(stay)
    await desk.issue(stay, "replace")
    assert await desk.life(first) == ("ended", "replaced")
    assert await desk.floor() == 2


async def test_one_shot_carries_the_sequence_in_force_and_ends_when_used(desk: Desk) -> None:
    stay = await desk.walk_in()
    main = await desk.made(stay)
    once = await desk.made(stay, "one_shot")
    assert once["sequence"] == main["sequence"]
    assert [job["content"]["one_shot"] for job in await desk.told("key_job")] == [False, True]
    desk.clock.forward(minutes=1)
    await desk.door(once["credential"])
    assert await desk.life(once) == ("ended", "used")
    assert await desk.life(main) == ("active", None)
    assert await desk.alerts() == []


async def test_what_speaks_against_a_key_is_said(desk: Desk) -> None:
    stay = await desk.walk_in()
    assert reasons(await desk.issue(stay, "duplicate")) == ["no_key_to_duplicate"]
    assert (await desk.issue("stay_nobody")).status == 404
    assert (await desk.issue(stay, "golden")).status == 422
    assert reasons(await desk.issue(stay, encoder="desk-9")) == ["encoder_unknown"]
    desk.clock.forward(days=2, hours=1)
    await desk.api.sign_in("frontdesk")
    assert reasons(await desk.issue(stay)) == ["check_out_time_passed"]
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    assert reasons(await desk.issue(stay)) == ["stay_checked_out"]
    assert await desk.told("key_job") == []


async def test_an_encoder_is_named_by_its_id_or_its_line_and_must_work(desk: Desk) -> None:
    stay = await desk.walk_in()
    await desk.tell_encoders()
    assert reasons(await desk.issue(stay)) == ["no_encoder"]
    down = {"id": "desk-2", "line": "line-2", "state": "down", "code": "encoder_silent", "since": "at noon"}
    await desk.tell_encoders({"id": "desk-1", "line": "line-1"}, down)
    assert reasons(await desk.issue(stay)) == ["encoder_needed"]
    assert reasons(await desk.issue(stay, encoder="desk-2")) == ["encoder_down"]
    assert (await desk.issue(stay, encoder="line-1")).body["encoder"] == "desk-1"
    [first, second] = (await desk.api.get("/api/v1/encoders")).body["items"]
    assert (first["id"], first["state"], first["advice"]) == ("desk-1", "up", None)
    assert (second["state"], second["code"], second["since"]) == ("down", "encoder_silent", None)
    assert second["advice"]["text"]
    assert [action["allowed"] for action in second["actions"]] == [False, False]


async def test_while_the_rooms_are_silent_no_card_is_asked_for(desk: Desk) -> None:
    stay = await desk.walk_in()
    desk.api.context.health.report("edge", "down", code="edge_silent")
    assert reasons(await desk.issue(stay)) == ["edge_silent"]
    assert (await desk.api.get("/api/v1/encoders")).body["items"][0]["state"] == "unknown"


async def test_giving_up_is_told_and_only_before_the_writing(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body["id"]
    await desk.result(key, "waiting")
    given_up = await desk.post(f"/api/v1/keys/{key}/cancel")
    assert (given_up.status, given_up.body["state"]) == (202, "waiting")
    assert [one["id"] for one in await desk.told("key_cancel")] == [key]
    await desk.result(key, "failed", reason="cancelled")
    assert await desk.life(key) == ("never", "cancelled")
    assert reasons(await desk.post(f"/api/v1/keys/{key}/cancel")) == ["job_ended"]
    other = (await desk.issue(stay)).body["id"]
    await desk.result(other, "writing")
    assert reasons(await desk.post(f"/api/v1/keys/{other}/cancel")) == ["job_writing"]


async def test_only_the_front_desk_and_the_manager_issue_keys(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.made(stay))["id"]
    for person in ("housekeeping", "maintenance"):
        await desk.api.sign_in(person)
        assert (await desk.issue(stay)).status == 403
        for path in (f"keys/{key}/cancel", "encoders/desk-1/read", "encoders/desk-1/erase"):
            assert (await desk.api.post(f"/api/v1/{path}")).status == 403
        assert (await desk.api.post(f"/api/v1/keys/{key}/end", {"reason": "lost"})).status == 403
        assert (await desk.api.get("/api/v1/keys")).status == 403
        room = (await desk.api.get("/api/v1/rooms/101")).body
        assert "key" not in {action["action"] for action in room["actions"]}
    await desk.api.sign_in("manager")
    assert (await desk.issue(stay, "duplicate")).status == 202


async def test_a_room_offers_a_key_to_who_is_in_it(desk: Desk) -> None:
    await desk.walk_in()
    offered = {}
    for room in ("101", "102"):
        actions = (await desk.api.get(f"/api/v1/rooms/{room}")).body["actions"]
        [offered[room]] = [action for action in actions if action["action"] == "key"]
    assert offered["101"]["allowed"]
    assert [reason["code"] for reason in offered["102"]["reasons"]] == ["room_vacant"]


async def test_the_ledger_is_read_by_room_stay_and_state_and_goes_on_where_it_was_left(desk: Desk) -> None:
    first, second = await desk.walk_in(), await desk.walk_in("102")
    ids = [(await desk.made(first))["id"], (await desk.made(second))["id"], (await desk.issue(first)).body["id"]]

    async def listed(query: str) -> list[str]:
        return [one["id"] for one in (await desk.api.get(f"/api/v1/keys?{query}")).body["items"]]

    assert await listed("") == ids[::-1]
    assert await listed("room=102") == await listed(f"stay={second}") == [ids[1]]
    assert await listed("state=open") == await listed("life=pending") == [ids[2]]
    assert await listed("state=confirmed") == [ids[1], ids[0]]
    page = (await desk.api.get("/api/v1/keys?limit=2")).body
    assert await listed(f"limit=2&cursor={page['next']}") == [ids[0]]
    assert (await desk.api.get("/api/v1/keys?state=golden")).status == 422
    assert (await desk.api.get("/api/v1/keys/key_nobody")).status == 404


async def test_the_settings_of_keys_are_the_managers(desk: Desk) -> None:
    assert (await desk.api.get("/api/v1/key-settings")).body == {
        "check_out_time": "12:00",
        "grace_minutes": 0,
        "deadline_seconds": 60,
    }
    wanted = {"check_out_time": "11:00", "grace_minutes": 30, "deadline_seconds": 90}
    assert (await desk.api.call("PUT", "/api/v1/key-settings", wanted)).status == 403
    await desk.api.sign_in("manager")
    assert (await desk.api.call("PUT", "/api/v1/key-settings", wanted | {"grace_minutes": -1})).status == 422
    assert (await desk.api.call("PUT", "/api/v1/key-settings", wanted)).body == wanted
    key = (await desk.issue(await desk.walk_in())).body
    assert (key["valid_until"], key["deadline"]) == ("2026-11-24T10:30:00Z", "2026-11-22T11:01:30Z")


async def test_two_clerks_at_once_never_get_the_same_numbers(desk: Desk) -> None:
    stay = await desk.walk_in()
    body = {"stay": stay, "type": "new"}
    made = await asyncio.gather(*(desk.api.post("/api/v1/keys", body) for _ in range(4)))
    assert [one.status for one in made] == [202] * 4
    for number in ("sequence", "credential"):
        assert sorted(one.body[number] for one in made) == [1, 2, 3, 4]
    await desk.result(made[-1].body["id"], "confirmed")
    assert await desk.floor() == made[-1].body["sequence"]


async def test_who_did_what_with_a_key_is_in_the_audit_trail_without_a_name(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body["id"]
    await desk.post(f"/api/v1/keys/{key}/cancel")
    await desk.result(key, "failed", reason="cancelled")
    made = await desk.made(stay)
    await desk.post(f"/api/v1/keys/{made['id']}/end", {"reason": "lost"})
    issued, asked = await desk.events("key.issued"), await desk.events("key.cancel_asked")
    ended = [event for event in await desk.events("key.changed") if event.payload["life_reason"] == "lost"]
    assert [event.subject for event in issued] == [key, made["id"]]
    assert ([event.subject for event in asked], [event.subject for event in ended]) == ([key], [made["id"]])
    assert {event.actor.partition("_")[0] for event in [*issued, *asked, *ended]} == {"user"}
    assert "Lovelace" not in str([event.payload for event in [*issued, *asked, *ended]])
