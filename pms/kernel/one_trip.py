"""aiosqlite with one trip to the connection's thread a statement, instead of three or four.

SQLAlchemy makes a cursor, executes, fetches and closes, and aiosqlite sends each of these through its thread. Under
load each trip waits for the interpreter's turn: a batch of room states took 25 trips, with this it takes 7. BEGIN goes
along with the first statement, and nothing goes where nothing was begun. In a brief transaction only what may have to
wait for a lock or the disk takes a trip, BEGIN IMMEDIATE and COMMIT: 2, and none to read.
"""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiosqlite

READ, WRITE = "BEGIN", "BEGIN IMMEDIATE"
"""How a transaction begins. The first waits for nobody."""
ITER_CHUNK_SIZE = 64
PREFETCHED = 1000
"""Rows that come back with a statement; a longer result is fetched piece by piece."""


class OneTripCursor(aiosqlite.Cursor):
    """Made without a trip; a statement's first rows come back with it, and as a rule that is all there are."""

    def __init__(self, connection: "OneTripConnection") -> None:
        self.iter_chunk_size = ITER_CHUNK_SIZE
        self._conn = connection
        self._rows: deque[Any] = deque()
        self._more = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        """Execute, and fetch what fits."""
        await self._trip(lambda: self._run(sql, parameters or ()))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute for each row."""
        await self._trip(lambda: self._run_many(sql, parameters))
        return self

    async def fetchone(self) -> Any:
        """The next row, None at the end."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, at most `size`."""
        if not self._rows and self._more:
            await self._trip(self._fetch)
        return [self._rows.popleft() for _ in range(min(size or ITER_CHUNK_SIZE, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        """All that is left."""
        while self._more:
            await self._trip(self._fetch)
        rows, self._rows = list(self._rows), deque()
        return rows

    async def close(self) -> None:
        """Let go of rows nobody fetched; as a rule there are none."""
        if self._more:
            self._more = False
            await self._trip(self._cursor.close)

    async def _trip(self, work: Callable[[], None]) -> None:
        connection: OneTripConnection = self._conn  # type: ignore[assignment]  # given to us when we were made
        if connection.brief:
            work()
            return
        execute: Callable[[Callable[[], None]], Awaitable[None]] = connection._execute  # noqa: SLF001 - the one door
        await execute(work)

    def _run(self, sql: str, parameters: Any) -> None:
        self._cursor = cursor = self._begun()
        cursor.execute(sql, parameters)
        self._rows.clear()
        if cursor.description:
            self._fetch()

    def _run_many(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        self._cursor = self._begun()
        self._cursor.executemany(sql, parameters)  # type: ignore[arg-type]  # rows are sequences: SQLAlchemy makes them

    def _begun(self) -> sqlite3.Cursor:
        """A cursor in the transaction that was asked for."""
        connection: OneTripConnection = self._conn  # type: ignore[assignment]  # given to us when we were made
        return connection.begun()

    def _fetch(self) -> None:
        found = self._cursor.fetchmany(PREFETCHED)
        self._rows.extend(found)
        self._more = len(found) == PREFETCHED


class OneTripConnection(aiosqlite.Connection):
    """A connection whose cursors cost one trip a statement."""

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: sqlite3.connect(path, check_same_thread=False), ITER_CHUNK_SIZE)
        self._thread.daemon = True  # as SQLAlchemy does: a forgotten connection must not keep the process
        self._begin: str | None = None
        self._brief = self._reads = False

    def cursor(self) -> OneTripCursor:  # type: ignore[override]  # awaitable in the base: here it is ready at once
        """Ready at once."""
        return OneTripCursor(self)

    def begin(self, sql: str, *, brief: bool = False) -> None:
        """Begin with `sql` before the next statement. Where that fails the statement fails, and it is tried again.

        `brief`: whoever asks knows that each statement touches a few rows by their key, so that the event loop may wait
        for it.
        """
        self._begin, self._brief, self._reads = sql, brief, sql == READ

    @property
    def brief(self) -> bool:
        """Whether the next statement may run where it is asked for."""
        return self._brief and (self._reads or (self._begin is None and self.in_transaction))

    def begun(self) -> sqlite3.Cursor:
        """A cursor, in a transaction if one was asked for."""
        cursor = self._conn.cursor()
        if self._begin is not None:
            cursor.execute(self._begin)
            self._begin = None
        return cursor

    async def commit(self) -> None:
        """Commit, if anything was begun."""
        await self._end(super().commit)

    async def rollback(self) -> None:
        """Undo, if anything was begun."""
        if self._brief and self._reads:
            self._begin = None
            self._conn.rollback()
        await self._end(super().rollback)

    async def _end(self, how: Callable[[], Awaitable[None]]) -> None:
        self._begin, self._brief = None, False
        if self.in_transaction:
            await how()
