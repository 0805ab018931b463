"""The database of the house: typed sessions for reading, units of work for writing.

    async with database.read() as session:                    # one consistent picture, cannot write
        rooms = await session.scalars(select(Room))

    async with database.work(actor, now) as work:             # one use case, one transaction
        work.session.add(...)
        work.record(ROOM_CHANGED, "101", {"housekeeping": "dirty"})
    # committed here, or nothing happened

    await database.run(actor, now, use_case)                  # the same, tried again when another writer was in the way

Tables derive from `kernel.tables.Base`; instants are `UtcDateTime`, JSON is `JsonText`, personal fields
`EncryptedText`.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm.exc import StaleDataError

from pms.kernel import engines
from pms.kernel.crypto import Keyring, bind_keyring
from pms.kernel.errors import StorageFailed
from pms.kernel.events import FeedHead, Listeners
from pms.kernel.work import Actor, ReadSession, UnitOfWork, WriteSession

T = TypeVar("T")

ATTEMPTS = 6
FIRST_PAUSE_S = 0.01
_RETRYABLE_STATES = {"40001", "40P01"}  # serialization failure, deadlock
_STORAGE_TEXTS = (
    "disk is full",
    "disk I/O error",
    "malformed",
    "not a database",
    "readonly database",
    "unable to open",
)
_STORAGE_CLASSES = ("53", "58", "XX")  # PostgreSQL: insufficient resources, system error, internal error

_inside: ContextVar[bool] = ContextVar("inside_a_unit_of_work", default=False)


class Database:
    """Engines, sessions and units of work over one database. `url` as `engines.full_url` gives it."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.url = url
        self.keyring = keyring
        self.listeners = Listeners()
        self.failing: str | None = None
        """Why the last change could not be kept; None once one was kept again."""
        self._writer, self._reader = _engines(url)
        for engine in (self._writer, self._reader):
            bind_keyring(engine.dialect, keyring)
        self._brief = {one: one.execution_options(**{engines.BRIEF: True}) for one in (self._writer, self._reader)}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-machine database."""
        return engines.is_sqlite(self.url)

    @asynccontextmanager
    async def read(self, *, brief: bool = False) -> AsyncIterator[ReadSession]:
        """A session that cannot write and sees one consistent picture. Not to be kept while waiting.

        `brief`: each of its statements looks at a few rows by their key (`OneTripConnection.begin`).
        """
        try:
            reader = self._brief[self._reader] if brief else self._reader
            async with ReadSession(reader, expire_on_commit=False, autoflush=False) as session:
                yield session
        except (DBAPIError, ConnectionError) as error:
            raise self._storage_failed(error) from error

    @asynccontextmanager
    async def work(self, actor: Actor, now: datetime, *, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """One use case: commits at the end, undoes everything when the block raises.

        `brief`: each of its statements touches a few rows by their key (`OneTripConnection.begin`).

        Raises StorageFailed when the database could not keep it; RuntimeError when one is opened within another.
        """
        if _inside.get():
            raise RuntimeError("a unit of work inside another: pass the first one on")
        token = _inside.set(True)
        try:
            writer = self._brief[self._writer] if brief else self._writer
            async with WriteSession(writer, expire_on_commit=False) as session:
                work = UnitOfWork(session, actor, now)
                async with session.begin():
                    yield work
                    await work.seal()
        except (DBAPIError, OSError) as error:
            raise self._storage_failed(error) from error
        finally:
            _inside.reset(token)
        if work.events:
            self.failing = None
            self.listeners.wake(work.kinds)

    async def probe(self) -> None:
        """Ask it for a sign of life. Raises StorageFailed."""
        try:
            async with self.read() as session:
                await session.execute(text("SELECT 1"))
        except (DBAPIError, OSError) as error:
            raise StorageFailed(str(error)) from error

    async def prove(self, actor: Actor, now: datetime) -> None:
        """Write something that changes nothing: after a failure, that it keeps what it is given again.

        Raises StorageFailed.
        """
        async with self.work(actor, now) as work:
            same = update(FeedHead).where(FeedHead.property_id == actor.property_id)
            await work.session.execute(same.values(offset=FeedHead.offset))
        self.failing = None

    def _storage_failed(self, error: Exception) -> Exception:
        """The error to raise for one of the driver's: StorageFailed, noted, when the database itself is the trouble."""
        if isinstance(error, DBAPIError) and not _is_storage(error):
            return error
        self.failing = str(getattr(error, "orig", error))
        return StorageFailed(self.failing)

    async def run(
        self,
        actor: Actor,
        now: datetime,
        use_case: Callable[[UnitOfWork], Awaitable[T]],
        attempts: int = ATTEMPTS,
        *,
        brief: bool = False,
    ) -> T:
        """Run `use_case` in a unit of work, again from the start when another writer was in the way.

        `use_case` touches nothing but its unit of work: it may run more than once, and commits at most once.
        """
        for attempt in range(1, attempts + 1):
            try:
                async with self.work(actor, now, brief=brief) as work:
                    result = await use_case(work)
            except (DBAPIError, StaleDataError) as error:
                if attempt == attempts or not is_retryable(error):
                    raise
            else:
                return result
            await asyncio.sleep(FIRST_PAUSE_S * 2**attempt * random.random())
        raise AssertionError("unreachable")


def _engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    if engines.is_sqlite(url):
        return engines.sqlite_writer(url), engines.sqlite_reader(url)
    writer = engines.postgres(url)
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return writer, reader


def is_retryable(error: Exception) -> bool:
    """Whether the same use case may succeed when it is run again from its start."""
    if isinstance(error, StaleDataError):
        return True
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state in _RETRYABLE_STATES if state else "database is locked" in str(error.orig)


def _is_storage(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return str(state).startswith(_STORAGE_CLASSES)
    return any(text in str(error.orig) for text in _STORAGE_TEXTS)
