"""The quick cursor gives what the plain one gives, also where a result is longer than what comes at once."""

from pathlib import Path

import aiosqlite
import pytest

from pms.kernel.one_trip import PREFETCHED, OneTripConnection

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
