"""Offsets in commit order, without gaps, chained: with many writers at once."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from pms.kernel.audit import verify
from pms.kernel.database import Database
from pms.kernel.events import Event, EventKind, events_after, head
from pms.kernel.work import Actor, UnitOfWork
from pms.property.service import room_to_change
from tests.pms.conftest import HOUSE, TestClock

HAPPENED = EventKind("test.happened", "rooms.read")


async def all_events(database: Database) -> list[Event]:
    async with database.read() as session:
        return list(await events_after(session, HOUSE, 0, limit=10_000))


async def test_many_writers_on_one_room_lose_nothing_and_leave_no_gap(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    async def change(number: int) -> None:
        async def use_case(work: UnitOfWork) -> None:
            room = await room_to_change(work, "101")
            room.version += 1
            work.record(HAPPENED, "101", {"writer": number, "version": room.version})
            work.record(HAPPENED, "101", {"writer": number, "second": True})

        await database.run(actor, clock(), use_case)

    before = len(await all_events(database))
    await asyncio.gather(*(change(number) for number in range(20)))
    events = (await all_events(database))[before:]
    assert [event.offset for event in events] == list(range(before + 1, before + 41))
    assert [event.payload["version"] for event in events[::2]] == list(range(2, 22))
    for first, second in zip(events[::2], events[1::2], strict=True):
        assert first.payload["writer"] == second.payload["writer"]
    async with database.read() as session:
        assert (await verify(session, HOUSE)).broken_at is None


async def test_a_reader_that_resumes_from_an_offset_misses_no_slower_transaction(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    seen: list[int] = []
    done = asyncio.Event()

    async def read() -> None:
        offset = 0
        while True:
            finished = done.is_set()
            async with database.read() as session:
                batch = await events_after(session, HOUSE, offset)
            seen.extend(event.offset for event in batch)
            offset = batch[-1].offset if batch else offset
            if finished and not batch:
                return

    async def write(number: int) -> None:
        async with database.work(actor, clock()) as work:
            for _ in range(number % 3 + 1):
                work.record(HAPPENED, str(number))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        await asyncio.gather(*(write(number) for number in range(30)))
        done.set()
    async with database.read() as session:
        assert seen == list(range(1, await head(session, HOUSE) + 1))


async def test_what_is_rolled_back_takes_no_offset(database: Database, actor: Actor, clock: TestClock) -> None:
    before = len(await all_events(database))

    async def fail(work: UnitOfWork) -> None:
        work.record(HAPPENED, "x")
        raise LookupError

    with pytest.raises(LookupError):
        await database.run(actor, clock(), fail)
    async with database.work(actor, clock()) as work:
        work.record(HAPPENED, "y")
    events = await all_events(database)
    assert [event.subject for event in events[before:]] == ["y"]
    assert events[-1].offset == before + 1


async def test_a_changed_event_breaks_the_chain_where_it_was_changed(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    for number in range(5):
        async with database.work(actor, clock.forward(seconds=1)) as work:
            work.record(HAPPENED, str(number), {"number": number})
    async with database.work(actor, clock()) as work:
        await work.session.execute(update(Event).where(Event.offset == 3).values(payload={"number": 99}))
    async with database.read() as session:
        verdict = await verify(session, HOUSE)
    assert (verdict.broken_at, verdict.cause) == (3, "content_differs")


async def test_a_removed_event_is_a_gap(database: Database, actor: Actor, clock: TestClock) -> None:
    for number in range(4):
        async with database.work(actor, clock()) as work:
            work.record(HAPPENED, str(number))
    async with database.work(actor, clock()) as work:
        await work.session.delete((await work.session.scalars(select(Event).where(Event.offset == 2))).one())
    async with database.read() as session:
        verdict = await verify(session, HOUSE)
    assert (verdict.broken_at, verdict.cause) == (3, "gap")


async def test_listeners_wake_after_the_commit_and_not_before(
    database: Database, actor: Actor, clock: TestClock
) -> None:
    with database.listeners.listening() as flag:
        async with database.work(actor, clock()) as work:
            work.record(HAPPENED, "x")
            assert not flag.is_set()
        assert flag.is_set()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(payload=st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_the_hash_covers_the_whole_payload(payload: dict[str, object]) -> None:
    def event(content: dict[str, object]) -> Event:
        return Event(
            property_id=HOUSE, offset=1, kind="k", subject="s", permission="p", actor="a",
            at=TestClock()(), payload=content, previous_hash="0" * 64,
        )  # fmt: skip

    reordered = dict(reversed(list(payload.items())))
    assert event(payload).computed_hash() == event(reordered).computed_hash()
    assert event(payload).computed_hash() != event({**payload, "one more": 1}).computed_hash()
    later = event(payload)
    later.at += timedelta(microseconds=1)
    assert later.computed_hash() != event(payload).computed_hash()
