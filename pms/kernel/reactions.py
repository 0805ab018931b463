"""What follows from what happened: departments read the feed and act after the commit, at least once, in order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import BigInteger, String, Text, update
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.database import Database
from pms.kernel.errors import Refusal
from pms.kernel.events import Event, Listeners, events_after, head
from pms.kernel.tables import Base, PropertyId
from pms.kernel.work import Actor, UnitOfWork

log = structlog.get_logger()

ATTEMPTS = 6
FIRST_PAUSE_S = 0.2
LOOK_S = 2.0
BATCH = 100

Handler = Callable[[UnitOfWork, Event], Awaitable[None]]


class ReactionCursor(Base):
    """How far a reaction has read the feed. Moves in the transaction of what it did."""

    __tablename__ = "reaction_cursor"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)


class ReactionFailure(Base):
    """An event a reaction could not handle after every attempt: kept to look at, and passed over."""

    __tablename__ = "reaction_failure"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Reaction:
    """`handler` is called for each event of `kinds`, in its own unit of work, whose actor is `system:<name>`."""

    name: str
    kinds: frozenset[str]
    handler: Handler


class _Overtaken(Exception):  # noqa: N818
    """Another process has handled this event meanwhile."""


class Reactions:
    """Runs every reaction of one property. `run()` until cancelled."""

    def __init__(self, database: Database, property_id: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._property_id = property_id
        self._now = now
        self._reactions: list[Reaction] = []
        self._passed: dict[str, int] = {}
        """By reaction: up to where nothing was for it. The stored cursor need not move past what others care for."""
        self.failed = 0

    def on(self, name: str, kinds: Collection[str], handler: Handler) -> None:
        """Call `handler` for events of `kinds`. `name` is stable: it keeps the place in the feed.

        The handler may see an event again after a crash only when its own transaction did not commit.
        """
        self._reactions.append(Reaction(name, frozenset(kinds), handler))

    async def run(self) -> None:
        """Follow the feed."""
        async with asyncio.TaskGroup() as tasks:
            for reaction in self._reactions:
                tasks.create_task(self._follow(reaction), name=f"reaction-{reaction.name}")

    async def catch_up(self) -> int:
        """Handle all there is now, and return how many events that was: for tests and one-off commands."""
        handled = 0
        for reaction in self._reactions:
            while step := await self._step(reaction):
                handled += step
        return handled

    async def _follow(self, reaction: Reaction) -> None:
        with self._database.listeners.listening(reaction.kinds) as flag:
            while True:
                flag.clear()
                if await self._step(reaction):
                    continue
                await Listeners.wait(flag, LOOK_S)

    async def _step(self, reaction: Reaction) -> int:
        """Handle the next batch; how many events of its kinds there were."""
        async with self._database.read() as session:
            cursor = await session.get(ReactionCursor, (self._property_id, reaction.name))
            offset = cursor.offset if cursor else 0
            end = await head(session, self._property_id)
            after = max(offset, min(self._passed.get(reaction.name, 0), end))
            batch = await events_after(session, self._property_id, after, kinds=reaction.kinds, limit=BATCH)
        if not batch:
            self._passed[reaction.name] = end
        for event in batch:
            await self._handle(reaction, event, offset)
            offset = event.offset
        return len(batch)

    async def _handle(self, reaction: Reaction, event: Event, before: int) -> None:
        actor = Actor.system(self._property_id, reaction.name)

        async def use_case(work: UnitOfWork) -> None:
            await _advance(work, reaction.name, before, event.offset)
            await reaction.handler(work, event)

        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._database.run(actor, self._now(), use_case)
            except _Overtaken:
                return
            except Refusal as refusal:  # trying again will not change an answer
                await self._set_aside(reaction, event, before, refusal)
                return
            except Exception as error:  # noqa: BLE001 - one event must not stop the rest: tried again, then set aside
                if attempt == ATTEMPTS:
                    await self._set_aside(reaction, event, before, error)
                    return
                log.debug("reaction_again", reaction=reaction.name, offset=event.offset, error=repr(error))
                await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
            else:
                return

    async def _set_aside(self, reaction: Reaction, event: Event, before: int, error: Exception) -> None:
        self.failed += 1
        log.warning("reaction_failed", reaction=reaction.name, offset=event.offset, kind=event.kind, error=repr(error))

        async def use_case(work: UnitOfWork) -> None:
            await _advance(work, reaction.name, before, event.offset)
            await work.insert_once(
                ReactionFailure,
                property_id=work.property_id,
                name=reaction.name,
                offset=event.offset,
                at=work.now,
                error=repr(error)[:2000],
            )

        with contextlib.suppress(_Overtaken):
            await self._database.run(Actor.system(self._property_id, reaction.name), self._now(), use_case)


async def _advance(work: UnitOfWork, name: str, before: int, after: int) -> None:
    """Move the cursor from `before`. Raises _Overtaken when it is elsewhere."""
    await work.insert_once(ReactionCursor, property_id=work.property_id, name=name, offset=0)
    moved = await work.session.execute(
        update(ReactionCursor)
        .where(
            ReactionCursor.property_id == work.property_id,
            ReactionCursor.name == name,
            ReactionCursor.offset == before,
        )
        .values(offset=after)
        .returning(ReactionCursor.offset)
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        raise _Overtaken
