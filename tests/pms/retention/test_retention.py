"""The nightly run: each class by its own period, in small steps, made up when missed, taken up when cut short."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from pms.access.session_store import SESSION_STARTED
from pms.housekeeping.model import CleaningSpell, Task
from pms.housekeeping.service import plan
from pms.kernel.audit import verify
from pms.kernel.database import Database
from pms.kernel.events import Event, EventKind, events_after
from pms.kernel.health import Health
from pms.kernel.http.idempotency import IdempotencyKey
from pms.kernel.reactions import ReactionFailure
from pms.kernel.retention import Purge
from pms.kernel.tables import Base
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import ConditionBody, RoomBody
from pms.link.retention import CLASSES
from pms.maintenance import service as maintenance
from pms.maintenance.model import Alert, AlertNote
from pms.retention import registry, service
from pms.retention.model import RetentionRun
from pms.retention.rules import added, next_night
from pms.retention.service import DONE, House, Retention
from pms.room_feed.facts import DEVICE_CHANGED, ROOM_ACCESS
from pms.room_feed.model import AccessRecord, CommandJob, LinkRejected
from pms.room_feed.sensed import apply_rooms
from tests.pms.conftest import HOUSE, TestClock
from tests.waiting import until

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
PERIODS = {name: max(10.0, one.needed) for name, one in CLASSES.items()}


class Night:
    """A house and its retention, looked at by hand."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        self.database, self.clock = database, clock
        self.held: str | None = None
        self.health = Health((), clock)
        house = House(HOUSE, BERLIN, clock, PERIODS, lambda: self.held)
        self.retention = Retention(database, house, self.health)

    async def do(self, use_case: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        return await self.database.run(Actor(HOUSE, "user_test"), self.clock(), use_case)

    async def count(self, table: type[Base]) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def events(self, kind: EventKind) -> list[Event]:
        async with self.database.read() as session:
            return [one for one in await events_after(session, HOUSE, 0, limit=10_000) if one.kind == kind.name]

    async def state(self) -> RetentionRun:
        async with self.database.read() as session:
            return (await session.scalars(select(RetentionRun))).one()

    def part(self) -> tuple[str, str | None]:
        [part] = self.health.parts()
        return part.state, part.code


@pytest.fixture
async def night(database: Database, clock: TestClock) -> Night:
    night = Night(database, clock)
    assert not await night.retention.look()
    return night


async def a_day(work: UnitOfWork) -> None:
    """Some of everything that has a period, ended where it can end."""
    at, mine = work.now, {"property_id": HOUSE}
    tag = at.isoformat()
    await apply_rooms(work, 1, {"101": RoomBody(room="101", version=int(at.timestamp()), at=at)})
    work.record(ROOM_ACCESS, "101", {"result": "granted"})
    work.record(DEVICE_CHANGED, "101_door", {"online": True})
    work.record(SESSION_STARTED, "user_test")
    job = {"room": "101", "point": "mode", "value": "eco", "by": "user_test", "created_at": at, "deadline": at}
    work.session.add_all(
        [
            AccessRecord(
                **mine, epoch=tag, seq=1, room="101", device="d", at=at, result="granted", credential_class="x"
            ),
            CleaningSpell(**mine, spell=tag, room="101", by="112", started_at=at, ended_at=at),
            LinkRejected(**mine, epoch=tag, seq=1, at=at, kind="x", reason="y", body="{}"),
            ReactionFailure(**mine, name=tag, offset=1, at=at, error="x"),
            IdempotencyKey(**mine, user_id="u", key=tag, route="r", request_hash="h", created_at=at),
            CommandJob(**mine, **job, state="done", step="verified", ended_at=at),
        ]
    )
    task = await plan(work, "102")
    task.state = "cancelled"
    condition = ConditionBody(key=tag, kind="leak", state="raised", room="101", at=at)
    await maintenance.take_condition(work, condition)
    alert = (await work.session.scalars(select(Alert).where(Alert.key == tag))).one()
    await maintenance.resolve(work, alert.id, "dry again")
    await maintenance.take_condition(work, condition.model_copy(update={"state": "cleared"}))


TABLES = (
    AccessRecord,
    CleaningSpell,
    LinkRejected,
    ReactionFailure,
    IdempotencyKey,
    CommandJob,
    Task,
    Alert,
    AlertNote,
)


async def test_what_is_past_its_period_goes_and_the_rest_stays(night: Night) -> None:
    await night.do(a_day)
    night.clock.forward(days=25)
    await night.do(a_day)
    night.clock.forward(days=8)
    assert await night.retention.look()
    assert [await night.count(table) for table in TABLES] == [1] * len(TABLES)
    [young] = [one for one in await night.events(ROOM_ACCESS) if not one.redacted]
    assert young.subject == "101"
    state = await night.state()
    assert state.removed == {
        "access": 2, "orders": 1, "rejected": 2, "cleaning": 3, "alerts": 3, "idempotency": 1,
        "motion_history": 1, "devices": 1, "sign_ins": 1,
    }  # fmt: skip
    assert (state.removing, state.finished_at, state.trouble) == ({}, night.clock(), None)
    assert state.due_at == next_night(night.clock(), BERLIN)
    [done] = await night.events(DONE)
    assert done.payload == {"removed": state.removed, "trouble": None}
    assert night.part() == ("ok", None)
    async with night.database.read() as session:
        verdict = await verify(session, HOUSE)
    assert (verdict.cause, verdict.redacted) == (None, 7)
    assert {cover.name for cover in verdict.covered} == {
        "motion_history",
        "access",
        "devices",
        "sign_ins",
        "cleaning",
        "alerts",
    }
    assert not await night.retention.look()


async def test_what_somebody_still_has_to_act_on_stays(night: Night) -> None:
    async def open_things(work: UnitOfWork) -> None:
        for key, state in (("leak:1", "raised"), ("leak:2", "raised")):
            await maintenance.take_condition(work, ConditionBody(key=key, kind="leak", state=state, at=work.now))
        alert = (await work.session.scalars(select(Alert).where(Alert.key == "leak:2"))).one()
        await maintenance.resolve(work, alert.id)  # but the water is still there
        await plan(work, "101")
        work.session.add(CleaningSpell(property_id=HOUSE, spell="1", room="101"))

    await night.do(open_things)
    night.clock.forward(days=400)
    assert await night.retention.look()
    assert [await night.count(table) for table in (Alert, Task)] == [2, 1]


async def test_many_rows_go_in_small_steps(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 7)

    async def openings(work: UnitOfWork) -> None:
        for number in range(40):
            work.session.add(
                AccessRecord(
                    property_id=HOUSE, epoch="e", seq=number, room="101", device="d", at=work.now, result="granted",
                    credential_class="guest",
                )
            )  # fmt: skip
            work.record(ROOM_ACCESS, "101", {"number": number})

    await night.do(openings)
    night.clock.forward(days=30)
    assert await night.retention.look()
    assert (await night.state()).removed == {"access": 80}
    async with night.database.read() as session:
        verdict = await verify(session, HOUSE)
    assert [cover.count for cover in verdict.covered] == [7, 7, 7, 7, 7, 5]


async def test_a_run_that_was_cut_short_is_taken_up_again(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        await night.do(a_day)
        night.clock.forward(minutes=1)
    night.clock.forward(days=40)
    monkeypatch.setattr(service, "BATCH", 1)
    running = asyncio.create_task(night.retention.look())

    async def begun() -> bool:
        return sum((await night.state()).removing.values()) >= 3

    await until(begun)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await night.state()).due_at < night.clock()
    again = Night(night.database, night.clock)
    assert await again.retention.look()
    assert [await night.count(table) for table in TABLES] == [0] * len(TABLES)
    [done] = await night.events(DONE)
    assert done.payload["removed"]["access"] == 8
    assert done.payload["removed"]["alerts"] == 12
    async with night.database.read() as session:
        assert (await verify(session, HOUSE)).cause is None


async def test_nothing_is_removed_while_the_clock_cannot_be_trusted(night: Night) -> None:
    await night.do(a_day)
    night.clock.forward(days=400)
    night.held = "clocks_differ"
    assert not await night.retention.look()
    assert await night.count(AccessRecord) == 1
    assert night.part() == ("degraded", "clocks_differ")
    night.held = None
    assert await night.retention.look()
    assert await night.count(AccessRecord) == 0


async def test_a_class_that_fails_does_not_stop_the_others(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    await night.do(a_day)
    night.clock.forward(days=400)

    async def failing(_work: UnitOfWork, _before: datetime, _limit: int) -> int:
        raise ArithmeticError("no such thing")

    broken = Purge("access", "access_record", failing)
    monkeypatch.setattr(registry, "PURGES", (broken, *registry.PURGES[1:]))
    assert await night.retention.look()
    assert [await night.count(table) for table in (AccessRecord, Alert)] == [1, 0]
    assert night.part() == ("degraded", "retention_failed")
    assert (await night.state()).trouble == "retention_failed"
    [done] = await night.events(DONE)
    assert done.payload["trouble"] == "retention_failed"


def test_every_class_is_removed_somewhere() -> None:
    removed = {step.name for step in service.steps()}
    assert removed == {one.name for one in CLASSES.values() if one.place == "pms"}
    kinds = [kind for one in registry.REDACTIONS for kind in one.kinds]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-22T11:00Z", "2026-11-23T02:00Z"),
        ("2026-11-23T01:59Z", "2026-11-23T02:00Z"),
        ("2026-11-23T02:00Z", "2026-11-24T02:00Z"),
        ("2026-03-28T12:00Z", "2026-03-29T01:00Z"),  # the night summer time begins
        ("2026-10-24T12:00Z", "2026-10-25T02:00Z"),  # the night it ends
    ],
)
def test_the_night_is_the_hotels(now: str, expected: str) -> None:
    assert next_night(datetime.fromisoformat(now), BERLIN) == datetime.fromisoformat(expected)


def test_counts_add_up() -> None:
    assert added(added({}, "access", 3), "access", 4) == {"access": 7}
    assert added({"access": 1}, "keys", 0) == {"access": 1}
