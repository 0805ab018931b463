"""A card at a door, held against the ledger: an alert of high priority for one that must not open, else silence."""

from datetime import timedelta

import pytest

from tests.pms.keys.desk import Desk


async def found(desk: Desk) -> list[tuple[str, str, str, str]]:
    return [
        (alert.kind, alert.priority, alert.room or "", alert.evidence[0]["code"])
        for alert in await desk.alerts()
        if alert.kind == "unknown_credential"
    ]


async def test_a_good_card_is_noted_and_raises_nothing(desk: Desk) -> None:
    key = await desk.made(await desk.walk_in())
    await desk.door(key["credential"])
    await desk.door(key["credential"], at=desk.clock() + timedelta(minutes=1))
    assert (await desk.key(key["id"]))["first_used_at"] == "2026-11-22T11:00:00Z"
    assert await found(desk) == []
    assert len(await desk.events("key.used")) == 1


async def test_an_ended_card_that_opens_a_door_raises_an_alert(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = await desk.made(stay)
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    desk.clock.forward(minutes=5)
    await desk.door(key["credential"])
    assert await found(desk) == [("unknown_credential", "high", "101", "ended_key_opened")]
    [shown] = (await desk.api.get("/api/v1/alerts?room=101")).body["items"]
    assert shown["priority"] == "high"
    assert "101" in shown["evidence"][0]["text"]
    assert shown["response"]
    await desk.door(key["credential"], at=desk.clock() + timedelta(seconds=9))
    assert len(await found(desk)) == 1


@pytest.mark.parametrize("result", ["denied", "unknown"])
async def test_a_card_that_was_refused_is_no_alarm_of_the_ledger(desk: Desk, result: str) -> None:
    stay = await desk.walk_in()
    key = await desk.made(stay)
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    desk.clock.forward(minutes=5)
    await desk.door(key["credential"], result=result)
    assert await found(desk) == []


async def test_a_card_nobody_issued_or_of_another_room_raises_an_alert(desk: Desk) -> None:
    key = await desk.made(await desk.walk_in())
    await desk.door(4711)
    await desk.door(key["credential"], room="102")
    assert await found(desk) == [
        ("unknown_credential", "high", "101", "unknown_key_opened"),
        ("unknown_credential", "high", "102", "unknown_key_opened"),
    ]


async def test_a_card_that_was_never_made_raises_an_alert(desk: Desk) -> None:
    key = (await desk.issue(await desk.walk_in())).body
    await desk.result(key["id"], "failed", reason="write_failed")
    await desk.door(key["credential"])
    assert [one[3] for one in await found(desk)] == ["unknown_key_opened"]


async def test_a_one_shot_key_opens_once(desk: Desk) -> None:
    stay = await desk.walk_in()
    await desk.made(stay)
    once = await desk.made(stay, "one_shot")
    await desk.door(once["credential"])
    assert await found(desk) == []
    await desk.door(once["credential"], at=desk.clock() + timedelta(minutes=1))
    assert [one[3] for one in await found(desk)] == ["ended_key_opened"]


async def test_a_card_past_its_window_raises_an_alert_before_the_clock_has_ended_it(desk: Desk) -> None:
    key = await desk.made(await desk.walk_in())
    desk.clock.forward(days=2)
    await desk.door(key["credential"])
    assert [one[3] for one in await found(desk)] == ["ended_key_opened"]


async def test_an_opening_before_the_end_that_is_told_after_it_is_no_alarm(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = await desk.made(stay)
    opened = desk.clock()
    desk.clock.forward(minutes=5)
    await desk.post(f"/api/v1/stays/{stay}/check-out")
    await desk.door(key["credential"], at=opened)
    assert await found(desk) == []


@pytest.mark.parametrize("credential", ["5", "card:", "card:x", "card:-1", "card:12345678901", "user:card:1"])
async def test_a_locks_own_numbers_are_not_in_the_ledger(desk: Desk, credential: str) -> None:
    await desk.door(credential)
    assert await found(desk) == []
    assert desk.inbox.rejected == 0


async def test_a_door_that_opens_shows_that_an_unknown_key_was_made(desk: Desk) -> None:
    stay = await desk.walk_in()
    key = (await desk.issue(stay)).body
    await desk.result(key["id"], "writing", "unknown", reason="line_down")
    await desk.door(key["credential"])
    assert (await desk.key(key["id"]))["seen"]
    assert await found(desk) == []
    assert (await desk.issue(stay)).status == 202
