"""The quick cursor gives what the plain one gives, also where a result is longer than what comes at once."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from pms.kernel.one_trip import PREFETCHED, READ, WRITE, OneTripConnection

ROWS = 2 * PREFETCHED + 7


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    async with aiosqlite.connect(tmp_path / "x.db") as connection:
        await connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        await connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(ROWS)])
        await connection.commit()
    return tmp_path / "x.db"


@pytest.mark.parametrize("count", [0, 1, PREFETCHED - 1, PREFETCHED, PREFETCHED + 1, ROWS])
async def test_every_row_comes_once_and_in_order(path: Path, count: int) -> None:
    connection = OneTripConnection(path)
    async with connection:
        cursor = connection.cursor()
        await cursor.execute("SELECT n FROM t ORDER BY n LIMIT ?", (count,))
        assert [n for (n,) in await cursor.fetchall()] == list(range(count))


async def test_rows_may_be_taken_piece_by_piece_and_left(path: Path) -> None:
    connection = OneTripConnection(path)
    async with connection:
        cursor = connection.cursor()
        await cursor.execute("SELECT n FROM t ORDER BY n")
        taken = [await cursor.fetchone(), *await cursor.fetchmany(PREFETCHED), *await cursor.fetchmany(5)]
        assert [n for (n,) in taken] == list(range(len(taken)))
        await cursor.close()
        await cursor.execute("DELETE FROM t")
        assert cursor.rowcount == ROWS


class Counted(OneTripConnection):
    """Its trips are counted."""

    trips = 0

    async def _execute(self, *call: Any, **named: Any) -> Any:
        self.trips += 1
        return await super()._execute(*call, **named)  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def counted(path: Path) -> AsyncIterator[Counted]:
    """A connection as the engine prepares it."""
    connection = Counted(path)
    async with connection:
        connection.isolation_level = None
        await connection.cursor().execute("PRAGMA busy_timeout=0")
        connection.trips = 0
        yield connection


def rows(path: Path) -> int:
    """As anybody else sees them."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        return int(other.execute("SELECT count(*) FROM t").fetchone()[0])


@pytest.mark.parametrize(("brief", "trips"), [(False, 4), (True, 2)])
async def test_a_transaction_begins_with_its_first_statement(path: Path, brief: bool, trips: int) -> None:
    async with counted(path) as connection:
        connection.begin(WRITE, brief=brief)
        await connection.cursor().execute("DELETE FROM t WHERE n = 0")
        cursor = connection.cursor()
        await cursor.execute("SELECT count(*) FROM t")
        assert await cursor.fetchone() == (ROWS - 1,)
        await connection.cursor().executemany("DELETE FROM t WHERE n = ?", [(1,), (2,)])
        assert rows(path) == ROWS
        await connection.commit()
        assert rows(path) == ROWS - 3
        assert connection.trips == trips


async def test_after_a_brief_transaction_the_next_is_as_it_says(path: Path) -> None:
    async with counted(path) as connection:
        for brief, trips in ((True, 2), (False, 3)):
            connection.trips = 0
            connection.begin(WRITE, brief=brief)
            await connection.cursor().execute("DELETE FROM t WHERE n = 0")
            await connection.cursor().execute("DELETE FROM t WHERE n = 1")
            await connection.rollback()
            assert (rows(path), connection.trips) == (ROWS, trips)


@pytest.mark.parametrize(("brief", "trips"), [(False, 3), (True, 0)])
async def test_to_read_briefly_takes_no_trip(path: Path, brief: bool, trips: int) -> None:
    async with counted(path) as connection:
        connection.begin(READ, brief=brief)
        for _ in range(2):
            cursor = connection.cursor()
            await cursor.execute("SELECT count(*) FROM t")
            assert await cursor.fetchone() == (ROWS,)
        assert connection.in_transaction
        await connection.rollback()
        assert (connection.in_transaction, connection.trips) == (False, trips)


async def test_what_was_not_begun_is_not_ended(path: Path) -> None:
    async with counted(path) as connection:
        connection.begin(WRITE)
        await connection.commit()
        await connection.rollback()
        assert connection.trips == 0
        assert not connection.in_transaction


@pytest.mark.parametrize("brief", [False, True])
async def test_a_statement_never_runs_outside_of_the_transaction_that_could_not_begin(path: Path, brief: bool) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with counted(path) as connection:
            connection.begin(WRITE, brief=brief)
            for number in (1, 2):
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    await connection.cursor().execute("DELETE FROM t WHERE n = ?", (number,))
            other.execute("ROLLBACK")
            await connection.cursor().execute("DELETE FROM t WHERE n = 3")
            assert connection.in_transaction
            await connection.rollback()
    assert rows(path) == ROWS
