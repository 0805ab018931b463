"""The unit of work, reactions and jobs: one transaction each, nothing lost, nothing twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from pms.kernel.database import Database
from pms.kernel.errors import Conflict, Reason, StorageFailed
from pms.kernel.events import Event, EventKind, events_after
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import ReactionFailure, Reactions
from pms.kernel.work import Actor, UnitOfWork
from pms.property.model import Floor, Property
from tests.pms.conftest import HOUSE, TestClock
from tests.waiting import until

HAPPENED = EventKind("test.happened", "rooms.read")
FOLLOWED = EventKind("test.followed", "rooms.read")


async def happen(database: Database, clock: TestClock, *subjects: str) -> None:
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        for subject in subjects:
            work.record(HAPPENED, subject)


async def followed(database: Database) -> list[str]:
    async with database.read() as session:
        return [event.subject for event in await events_after(session, HOUSE, 0, kinds={FOLLOWED.name})]


async def test_a_read_cannot_write(database: Database) -> None:
    async with database.read() as session:
        session.add(Floor(property_id=HOUSE, code="9", name="Ninth", position=9))
        with pytest.raises(DBAPIError):
            await session.flush()


async def test_one_within_another_is_a_mistake(database: Database, actor: Actor, clock: TestClock) -> None:
    async def inner(_work: UnitOfWork) -> None:
        async with database.work(actor, clock()):
            raise AssertionError("not reached")

    with pytest.raises(RuntimeError, match="inside another"):
        await database.run(actor, clock(), inner)


async def test_instants_come_back_in_utc(database: Database, clock: TestClock) -> None:
    async with database.read() as session:
        house = await session.get_one(Property, HOUSE)
    assert house.created_at == clock()
    assert house.created_at.utcoffset() == timedelta(0)


async def test_read_modify_write_by_twenty_at_once_loses_nothing(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    async def add_one(work: UnitOfWork) -> None:
        query = select(Floor).where(Floor.code == "1").with_for_update()
        floor = (await work.session.scalars(query)).one()
        floor.position += 1

    await asyncio.gather(*(database.run(actor, clock(), add_one) for _ in range(20)))
    async with database.read() as session:
        assert (await session.get_one(Floor, (HOUSE, "1"))).position == 20


async def test_a_message_is_taken_once(database: Database, actor: Actor, clock: TestClock) -> None:
    async def take(work: UnitOfWork) -> bool:
        return await work.insert_once(Floor, property_id=HOUSE, code="7", name="Seventh", position=7)

    taken = await asyncio.gather(*(database.run(actor, clock(), take) for _ in range(8)))
    assert sorted(taken) == [False] * 7 + [True]


async def test_a_reaction_follows_each_event_once_in_order(database: Database, clock: TestClock) -> None:
    reactions = Reactions(database, HOUSE, clock)

    async def follow(work: UnitOfWork, event: Event) -> None:
        work.record(FOLLOWED, event.subject)

    reactions.on("test", {HAPPENED.name}, follow)
    task = asyncio.create_task(reactions.run())
    await happen(database, clock, "1", "2")
    await happen(database, clock, "3")
    await until(_has(database, 3))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    again = Reactions(database, HOUSE, clock)
    again.on("test", {HAPPENED.name}, follow)
    assert await again.catch_up() == 0
    assert await followed(database) == ["1", "2", "3"]


def _has(database: Database, count: int) -> Callable[[], bool | Awaitable[bool]]:
    async def reached() -> bool:
        return len(await followed(database)) >= count

    return reached


async def test_two_processes_share_a_reaction(database: Database, clock: TestClock) -> None:
    async def follow(work: UnitOfWork, event: Event) -> None:
        work.record(FOLLOWED, event.subject)

    both = [Reactions(database, HOUSE, clock), Reactions(database, HOUSE, clock)]
    for reactions in both:
        reactions.on("test", {HAPPENED.name}, follow)
    subjects = [str(number) for number in range(12)]
    await happen(database, clock, *subjects)
    await asyncio.gather(*(reactions.catch_up() for reactions in both))
    assert await followed(database) == subjects


async def test_an_event_that_cannot_be_handled_is_set_aside_and_stops_nothing(
    database: Database, clock: TestClock
) -> None:
    reactions = Reactions(database, HOUSE, clock)

    async def follow(work: UnitOfWork, event: Event) -> None:
        work.record(FOLLOWED, event.subject)
        if event.subject == "2":
            raise Conflict("no", reasons=[Reason("no")])

    reactions.on("test", {HAPPENED.name}, follow)
    await happen(database, clock, "1", "2", "3")
    await reactions.catch_up()
    assert await followed(database) == ["1", "3"]
    assert reactions.failed == 1
    async with database.read() as session:
        (aside,) = (await session.scalars(select(ReactionFailure))).all()
    assert "Conflict" in aside.error


async def test_jobs_run_by_hotel_time_and_one_failure_stops_no_other(database: Database, clock: TestClock) -> None:
    jobs = Jobs(database, HOUSE, clock)

    async def fail(_work: UnitOfWork) -> None:
        raise LookupError

    async def follow(work: UnitOfWork) -> None:
        work.record(FOLLOWED, work.now.isoformat())

    jobs.every(timedelta(minutes=1), "failing", fail)
    jobs.every(timedelta(hours=1), "hourly", follow)
    await jobs.run_due()
    clock.forward(minutes=59)
    await jobs.run_due()
    assert len(await followed(database)) == 1
    clock.forward(minutes=1)
    await jobs.run_due()
    assert len(await followed(database)) == 2
    assert jobs.failed == 3
    clock.forward(days=-30)
    await jobs.run_due()
    assert len(await followed(database)) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a client cannot limit PostgreSQL's size
async def test_a_full_disk_acknowledges_nothing_and_is_over_when_there_is_room(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    async def limit(work: UnitOfWork, pages: int) -> None:
        await work.session.execute(text(f"PRAGMA max_page_count={pages}"))

    async def write(work: UnitOfWork) -> None:
        work.record(HAPPENED, "x", {"text": "x" * 200_000})

    await database.run(actor, clock(), lambda work: limit(work, 1))
    with pytest.raises(StorageFailed):
        await database.run(actor, clock(), write)
    said = database.failing
    assert said is not None
    async with database.read() as session:
        assert not await events_after(session, HOUSE, 0, kinds={HAPPENED.name})
    await database.run(actor, clock(), lambda work: limit(work, 1_000_000))
    await database.prove(actor, clock())
    assert database.failing is None
    await database.run(actor, clock(), write)
    async with database.read() as session:
        assert len(await events_after(session, HOUSE, 0, kinds={HAPPENED.name})) == 1
