"""The load of alerts: how many, when, from what."""

from datetime import UTC, datetime, timedelta
from functools import partial

from pms.kernel.database import Database
from pms.kernel.work import Actor
from pms.link.messages import ConditionBody
from pms.maintenance.load_rules import Raise, load, middle
from pms.maintenance.service import take_condition
from tests.pms.conftest import HOUSE, TestClock
from tests.pms.serving import serving

START = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def raised(minute: float, device: str = "101_lock") -> Raise:
    return Raise(START + timedelta(minutes=minute), "low_battery", "101", device, "medium")


def test_an_empty_day_is_no_load() -> None:
    found = load([], DAY)
    assert (found.raised, found.per_ten_minutes, found.peak, found.flood_share, found.bad_actors) == (0, 0, 0, 0, [])


def test_a_flood_is_more_than_ten_in_ten_minutes_as_long_as_that_lasts() -> None:
    ten = load([raised(minute) for minute in range(10)], DAY)
    assert (ten.peak, ten.flood_share) == (10, 0)
    eleven = load([raised(minute * 0.5) for minute in range(11)], DAY)
    assert (eleven.peak, eleven.peak_at) == (11, START)
    assert round(eleven.flood_share * 24 * 60, 3) == 5, "from minute 5 until the first is ten minutes old"
    forty = load([raised(minute * 0.5) for minute in range(41)], DAY)
    assert round(forty.flood_share * 24 * 60, 3) == 20


def test_the_worst_sources_come_first_with_their_share() -> None:
    found = load([raised(0), raised(60), raised(180), raised(10, "102_lock")], DAY)
    worst, other = found.bad_actors
    assert (worst.device, worst.count, worst.share, worst.hours_between, worst.chatters) == (
        "101_lock",
        3,
        0.75,
        1.5,
        False,
    )
    assert (other.device, other.hours_between) == ("102_lock", None)
    assert load([raised(0), raised(4), raised(9)], DAY).bad_actors[0].chatters


def test_at_most_ten_sources_are_named() -> None:
    found = load([raised(number, f"{number}") for number in range(30)], DAY)
    assert (len(found.bad_actors), round(found.bad_share, 3)) == (10, 0.333)
    assert middle([]) is None


async def test_two_lines_are_two_sources(database: Database, clock: TestClock) -> None:
    for line in ("floor-1", "floor-2", "floor-1"):
        for state in ("raised", "cleared"):
            told = {"key": f"line_down:{line}", "kind": "line_down", "state": state, "at": clock(), "priority": "high"}
            body = ConditionBody.model_validate(told)
            await database.run(Actor.edge(HOUSE), clock(), partial(take_condition, condition=body))
        clock.forward(hours=1)
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("maintenance")
        found = (await api.get("/api/v1/alert-load?days=2")).body
    assert [(one["device"], one["count"]) for one in found["bad_actors"]] == [("floor-1", 2), ("floor-2", 1)]


async def test_what_happened_while_the_link_was_down_counts_when_it_happened(
    database: Database, clock: TestClock
) -> None:
    for number in range(12):
        at = clock() - timedelta(minutes=30 * (number + 1))
        told = {"key": f"leak:{number}", "kind": "leak", "state": "raised", "at": at, "priority": ""}
        body = ConditionBody.model_validate(told)
        await database.run(Actor.edge(HOUSE), clock(), partial(take_condition, condition=body, historical=True))
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("maintenance")
        found = (await api.get("/api/v1/alert-load?days=2")).body
    assert (found["raised"], found["peak"], found["flood_share"]) == (12, 1, 0)


async def test_the_load_over_http(database: Database, clock: TestClock) -> None:
    async def tell(key: str, state: str = "raised", line: str | None = "field") -> None:
        kind, _, device = key.partition(":")
        room = device.partition("_")[0] if "_" in device else None
        told = {"kind": kind, "state": state, "room": room, "device": device, "line": line}
        body = ConditionBody.model_validate(told | {"key": key, "at": clock(), "priority": ""})
        await database.run(Actor.edge(HOUSE), clock(), lambda work: take_condition(work, body))

    await tell("low_battery:101_lock")
    clock.forward(minutes=4)
    await tell("low_battery:101_lock", "cleared")
    clock.forward(hours=25)
    await tell("door_ajar:102_contact")
    await tell("line_down:field", line=None)
    await tell("device_offline:103_leak")
    async with serving(database, HOUSE, clock) as api:
        await api.sign_in("maintenance")
        found = (await api.get("/api/v1/alert-load?days=2")).body
        assert (await api.get("/api/v1/alert-load?days=0")).status == 422
    assert (found["raised"], found["suppressed"], found["stale"], found["shelved"]) == (3, 1, 0, 0)
    assert found["by_priority"] == {"medium": 2, "high": 1}
    assert found["minutes_to_clear"] == 4
    assert {one["kind"] for one in found["bad_actors"]} == {"low_battery", "door_ajar", "line_down"}
