"""What is redacted is gone, and the chain still proves the rest: over random histories, against tampering."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from pms.access.permissions import CATALOGUE
from pms.hotelfile import Hotel
from pms.kernel.audit import Verdict, verify
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.engines import full_url
from pms.kernel.events import Event, EventKind, events_after
from pms.kernel.reactions import Reactions
from pms.kernel.redaction import NEVER, REDACTED, Redaction, redact
from pms.kernel.work import Actor, UnitOfWork
from pms.property.house import import_hotel
from pms.retention.service import DONE
from pms.schema import migrate
from tests.pms.conftest import HOUSE, NOON, TestClock

MOVED, OPENED, SOLD = (EventKind(name, "rooms.read") for name in ("test.moved", "test.opened", "test.sold"))
MOTION = Redaction("motion", (MOVED.name,), frozenset({"subject"}))
ACCESS = Redaction("access", (OPENED.name,), frozenset({"subject", "actor"}))
ACTOR = Actor(HOUSE, "user_test")
DAY = timedelta(days=1)


class Said(NamedTuple):
    """A day's events: so many of each kind, in one transaction each."""

    moved: int
    opened: int
    sold: int


class Removed(NamedTuple):
    """A step of one class: what is older than so many days, at most so many."""

    redaction: Redaction
    days: int
    limit: int


async def do(database: Database, now: datetime, use_case: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
    return await database.run(ACTOR, now, use_case)


async def say(work: UnitOfWork, kinds: Sequence[EventKind]) -> None:
    for number, kind in enumerate(kinds):
        work.record(kind, "101", {"secret": number})


async def step(work: UnitOfWork, removed: Removed) -> int:
    return (await redact(removed.redaction, work, work.now - removed.days * DAY, removed.limit)).rows


async def all_events(database: Database) -> list[Event]:
    async with database.read() as session:
        return list(await events_after(session, HOUSE, 0, limit=100_000))


async def verdict_of(database: Database) -> Verdict:
    async with database.read() as session:
        return await verify(session, HOUSE)


async def play(database: Database, history: Sequence[Said | Removed], clock: TestClock) -> dict[int, str]:
    """Let it happen, a day each; the hash of every event as it was written."""
    written: dict[int, str] = {}
    for what in history:
        now = clock.forward(days=1)
        if isinstance(what, Said):
            kinds = [MOVED] * what.moved + [OPENED] * what.opened + [SOLD] * what.sold
            await do(database, now, partial(say, kinds=kinds))
        else:
            await do(database, now, partial(step, removed=what))
        for event in await all_events(database):
            written.setdefault(event.offset, event.hash)
    return written


async def check(database: Database, written: dict[int, str], clock: TestClock) -> None:
    """The chain holds, nothing but old events of the classes lost anything, and no hash moved."""
    events = await all_events(database)
    verdict = await verdict_of(database)
    redacted = [event for event in events if event.redacted]
    assert (verdict.broken_at, verdict.cause, verdict.redacted) == (None, None, len(redacted))
    assert sum(cover.count for cover in verdict.covered) == len(redacted)
    assert {event.offset: event.hash for event in events} == written
    for event in events:
        if event.redacted:
            assert event.kind in {MOVED.name, OPENED.name}
            assert (event.payload, event.salt, event.subject) == ({}, None, "")
            assert event.actor == ("" if event.kind == OPENED.name else ACTOR.name)
            assert event.at < clock() - DAY
        else:
            assert event.computed_hash() == event.hash


async def finish(database: Database, clock: TestClock) -> None:
    """Step by step to the end: then nothing old is left."""
    for redaction in (MOTION, ACCESS):
        while await do(database, clock(), partial(step, removed=Removed(redaction, 2, 3))):
            pass
    old = [event for event in await all_events(database) if event.at < clock() - 2 * DAY]
    assert all(event.redacted == (event.kind in {MOVED.name, OPENED.name}) for event in old)


said = st.builds(Said, st.integers(0, 4), st.integers(0, 3), st.integers(0, 2))
removed = st.builds(Removed, st.sampled_from([MOTION, ACCESS]), st.integers(2, 6), st.integers(1, 5))
histories = st.lists(said | removed, min_size=3, max_size=14)


@pytest.fixture(scope="module")
def empty_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated database with a house in it."""
    folder = tmp_path_factory.mktemp("books")

    async def make() -> None:
        url = full_url("sqlite", folder)
        await migrate(url)
        async with Database(url, Keyring.load_or_create(folder)) as database:
            await database.run(Actor.system(HOUSE, "import"), NOON, lambda work: import_hotel(work, small_hotel()))

    asyncio.run(make())
    return folder


def small_hotel() -> Hotel:
    return Hotel.model_validate(
        {
            "property": {"id": HOUSE, "name": "Test House", "time_zone": "Europe/Berlin"},
            "floor": [{"id": "1", "name": "First"}],
            "room_type": [{"code": "STD", "name": "Standard"}],
            "room": [{"number": "101", "type": "STD", "floor": "1"}],
        }
    )


@pytest.fixture
def copies(empty_books: Path, tmp_path: Path) -> Callable[[], Path]:
    """A fresh copy of the books at each call."""
    made = 0

    def copy() -> Path:
        nonlocal made
        made += 1
        return Path(shutil.copytree(empty_books, tmp_path / str(made)))

    return copy


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, tampering=st.integers(0, 9), where=st.integers(0, 10_000))
def test_over_any_history_the_chain_holds_and_tampering_is_found(
    copies: Callable[[], Path], history: list[Said | Removed], tampering: int, where: int
) -> None:
    async def run() -> None:
        folder, clock = copies(), TestClock()
        async with Database(full_url("sqlite", folder), Keyring.load_or_create(folder)) as database:
            await check(database, await play(database, history, clock), clock)
            await finish(database, clock)
            assert (await verdict_of(database)).cause is None
            if await tamper(database, clock, tampering, where):
                assert (await verdict_of(database)).cause is not None

    asyncio.run(run())


async def tamper(database: Database, clock: TestClock, kind: int, where: int) -> bool:
    """Change one row, as somebody with the database in his hands could; whether there was one to change."""
    events = await all_events(database)
    changes: list[tuple[bool, dict[str, Any] | None]] = [
        (False, {"payload": {"secret": "other"}}),
        (False, {"payload": {}, "salt": None, "redacted": True, "subject": ""}),
        (False, {"salt": None}),
        (False, None),
        (True, None),
        (True, {"kind": SOLD.name}),
        (True, {"at": NOON - 99 * DAY}),
        (True, {"payload": {"secret": "put back"}}),
        (True, {"redacted": False}),
        (True, {"actor": "somebody else"}),
    ]
    of_redacted, values = changes[kind]
    rows = [event.offset for event in events if event.redacted is of_redacted]
    if not rows:
        return False
    chosen = rows[where % len(rows)]

    async def change(work: UnitOfWork) -> None:
        statement = delete(Event) if values is None else update(Event).values(**values)
        await work.session.execute(statement.where(Event.offset == chosen))

    await do(database, clock(), change)
    return True


WEEK: list[Said | Removed] = [
    Said(3, 2, 1),
    Said(2, 1, 1),
    Removed(MOTION, 1, 2),
    Said(1, 1, 0),
    Removed(ACCESS, 1, 9),
    Removed(MOTION, 2, 9),
]


async def test_a_week_on_each_engine(database: Database, clock: TestClock) -> None:
    await check(database, await play(database, WEEK, clock), clock)
    await finish(database, clock)
    verdict = await verdict_of(database)
    assert verdict.cause is None
    assert {cover.name: 0 for cover in verdict.covered} == {"motion": 0, "access": 0}


async def test_a_redaction_that_nothing_covers_is_a_finding(database: Database, clock: TestClock) -> None:
    await play(database, [Said(2, 0, 0), Said(2, 0, 0)], clock)
    [first, *_] = [event.offset for event in await all_events(database) if event.kind == MOVED.name]

    async def empty(work: UnitOfWork) -> None:
        emptied = update(Event).where(Event.offset == first).values(payload={}, salt=None, redacted=True, subject="")
        await work.session.execute(emptied)

    await do(database, clock(), empty)
    verdict = await verdict_of(database)
    assert (verdict.broken_at, verdict.cause) == (first, "redaction_not_covered")


async def test_one_more_row_under_an_old_redaction_is_a_finding(database: Database, clock: TestClock) -> None:
    await play(database, [Said(2, 0, 1), Said(1, 0, 0), Said(0, 0, 0), Removed(MOTION, 1, 9)], clock)
    [sold] = [event.offset for event in await all_events(database) if event.kind == SOLD.name]

    async def hide(work: UnitOfWork) -> None:
        hidden: dict[str, Any] = {"kind": MOVED.name, "payload": {}, "salt": None, "redacted": True, "subject": ""}
        await work.session.execute(update(Event).where(Event.offset == sold).values(**hidden))

    await do(database, clock(), hide)
    assert (await verdict_of(database)).cause == "redaction_differs"


async def test_an_event_of_a_time_to_come_holds_its_class_up_and_is_said(database: Database, clock: TestClock) -> None:
    await do(database, clock() + 400 * DAY, partial(say, kinds=[MOVED]))
    await do(database, clock(), partial(say, kinds=[MOVED]))
    now = clock.forward(days=30)
    told = await do(database, now, lambda work: redact(MOTION, work, now - DAY, 9))
    assert (told.rows, told.blocked) == (0, True)
    assert not any(event.redacted for event in await all_events(database))


async def test_two_processes_at_once_redact_each_event_once(database: Database, clock: TestClock) -> None:
    await play(database, [Said(9, 0, 0), Said(9, 0, 0), Said(0, 0, 0)], clock)
    counts = await asyncio.gather(
        *(do(database, clock(), partial(step, removed=Removed(MOTION, 0, 5))) for _ in range(6))
    )
    assert sum(counts) == 18
    assert (await verdict_of(database)).cause is None


async def test_reactions_pass_over_what_is_redacted(database: Database, clock: TestClock) -> None:
    await play(database, [Said(2, 0, 0), Said(1, 0, 0), Removed(MOTION, 1, 2), Said(0, 1, 0)], clock)
    seen: list[dict[str, Any]] = []

    async def handler(_work: UnitOfWork, event: Event) -> None:
        seen.append(event.payload)

    reactions = Reactions(database, HOUSE, clock)
    reactions.on("test.late", {MOVED.name, OPENED.name}, handler)
    assert await reactions.catch_up() == 2
    assert seen == [{"secret": 0}, {"secret": 0}]
    assert await reactions.catch_up() == 0


async def test_nobody_can_try_out_what_a_redacted_event_said(database: Database, clock: TestClock) -> None:
    await play(database, [Said(1, 0, 0), Said(0, 0, 0)], clock)
    [before] = [event for event in await all_events(database) if event.kind == MOVED.name]
    await do(database, clock(), partial(step, removed=Removed(MOTION, 0, 9)))
    async with database.read() as session:
        after = (await session.scalars(select(Event).where(Event.offset == before.offset))).one()
    guess = after
    guess.payload, guess.subject, guess.actor = before.payload, before.subject, before.actor
    assert guess.computed_hash() != after.hash
    guess.salt = before.salt
    assert guess.computed_hash() == after.hash


def test_what_proves_a_redaction_is_never_redacted() -> None:
    assert {REDACTED.name, DONE.name} == NEVER
    assert REDACTED.permission in CATALOGUE
    with pytest.raises(ValueError, match="has to stay"):
        Redaction("audit", (REDACTED.name,))
