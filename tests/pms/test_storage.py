"""Backups that were read back, restores, and books that cannot be trusted."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from pms import backup, schema, storage
from pms.commands import Books, audit_verify, backup_pms, migrate, restore_pms, user_add, user_disable, user_list
from pms.guests.model import Guest
from pms.guests.service import NewGuest, register
from pms.kernel import engines
from pms.kernel.crypto import UNREADABLE, Keyring, key_file
from pms.kernel.database import Database
from pms.kernel.errors import Conflict, DatabaseDamaged, Invalid
from pms.kernel.work import Actor
from pms.room_feed.outbox import ensure_head
from tests.pms.conftest import HOUSE, NOON, TestClock

HOTEL = """\
[property]
id = "test"
name = "Test"
time_zone = "Europe/Berlin"
[[floor]]
id = "1"
name = "First"
[[room_type]]
code = "STD"
name = "Standard"
[[room]]
number = "101"
type = "STD"
floor = "1"
"""


@pytest.fixture
def hotel_file(tmp_path: Path) -> Path:
    path = tmp_path / "hotel.toml"
    path.write_text(HOTEL, "utf-8")
    return path


async def fill(database: Database, clock: TestClock) -> str:
    """A guest, an event, and the link's epoch: what a restore must bring back, and change."""
    async with database.work(Actor.system(HOUSE, "test"), clock()) as work:
        await register(work, database.keyring, NewGuest("Ada Lovelace"))
        return (await ensure_head(work)).epoch


async def names(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.scalars(select(Guest.name))).all())


async def test_a_backup_is_restored_with_every_row_and_a_new_epoch(
    database: Database, clock: TestClock, tmp_path: Path
) -> None:
    before = await fill(database, clock)
    file = tmp_path / "one.backup"
    copy = await backup.write(database.url, file)
    assert copy.rows["room"] == 5
    assert b"Lovelace" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    books = Books(tmp_path / "new")
    key_file(books.data).parent.mkdir(parents=True)
    key_file(books.data).write_bytes(key_file(tmp_path).read_bytes())
    restored = await restore_pms(books, file)
    assert restored.rows == copy.rows
    async with Database(books.url, Keyring.load_or_create(books.data)) as again:
        assert await names(again) == ["Ada Lovelace"]
        async with again.work(Actor.system(HOUSE, "test"), clock()) as work:
            assert (await ensure_head(work)).epoch != before
    (verdict,) = await audit_verify(books)
    assert verdict.broken_at is None


@pytest.mark.real("postgresql")
async def test_sqlite_books_move_to_postgresql(
    tmp_path: Path, clock: TestClock, hotel_file: Path, postgres_url: str
) -> None:
    books = Books(tmp_path, hotel_file=hotel_file)
    await user_add(books, "anna", "manager", "correct horse")
    async with Database(books.url, Keyring.load_or_create(tmp_path)) as database:
        await fill(database, clock)
    copy = await backup_pms(books, tmp_path / "one.backup")
    moved = Books(tmp_path, postgres_url)
    await restore_pms(moved, tmp_path / "one.backup")
    assert [person.username for person in await user_list(moved)] == ["anna"]
    async with Database(moved.url, Keyring.load_or_create(tmp_path)) as database:
        assert await names(database) == ["Ada Lovelace"]
    (verdict,) = await audit_verify(moved)
    assert (verdict.broken_at, verdict.events) == (None, copy.rows["event"])
    with pytest.raises(Conflict):
        await restore_pms(moved, tmp_path / "one.backup")


async def test_without_the_keys_names_are_unreadable_and_nothing_else(
    database: Database, clock: TestClock, tmp_path: Path
) -> None:
    await fill(database, clock)
    other = Keyring.load_or_create(tmp_path / "elsewhere")
    async with Database(database.url, other) as without:
        assert await names(without) == [UNREADABLE]
    assert other.unreadable == 1


async def test_books_are_not_overwritten(tmp_path: Path, hotel_file: Path) -> None:
    books = Books(tmp_path / "data", hotel_file=hotel_file)
    await migrate(books)
    await backup_pms(books, tmp_path / "one.backup")
    with pytest.raises(Conflict):
        await restore_pms(books, tmp_path / "one.backup")


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(5000)])
async def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.backup").write_bytes(content)
    books = Books(tmp_path / "data")
    with pytest.raises(DatabaseDamaged):
        await restore_pms(books, tmp_path / "bad.backup")
    assert not (tmp_path / "data" / "pms.db").exists()


@pytest.mark.parametrize("content", [b"", b"not a database at all, surely", None])
async def test_damaged_books_stop_the_start_and_are_kept(tmp_path: Path, content: bytes | None) -> None:
    url = engines.full_url("sqlite", tmp_path)
    path = engines.sqlite_file(url)
    if content is None:
        await schema.migrate(url)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        damaged = bytearray(path.read_bytes())
        damaged[4096:20000] = b"\xff" * (20000 - 4096)
        content = bytes(damaged)
    path.write_bytes(content)
    with pytest.raises(DatabaseDamaged, match="innkeeper restore"):
        await storage.prepare(tmp_path, url, NOON)
    assert path.read_bytes() == content


async def test_books_that_are_gone_are_not_begun_anew(tmp_path: Path) -> None:
    url = engines.full_url("sqlite", tmp_path)
    await storage.prepare(tmp_path, url, NOON)
    Keyring.load_or_create(tmp_path)
    engines.sqlite_file(url).unlink()
    with pytest.raises(DatabaseDamaged, match="is gone"):
        await storage.prepare(tmp_path, url, NOON)


async def test_a_backup_is_made_before_a_migration(tmp_path: Path) -> None:
    url = engines.full_url("sqlite", tmp_path)
    assert await storage.prepare(tmp_path, url, NOON) is None
    with sqlite3.connect(engines.sqlite_file(url)) as connection:
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if row[0] != "alembic_version":
                connection.execute(f"DROP TABLE {row[0]!r}")
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
    connection.close()
    with pytest.raises(DatabaseDamaged, match="newer release"):
        await storage.prepare(tmp_path, url, NOON)
    assert len(list((tmp_path / "backups").iterdir())) == 1


async def test_people_by_command(tmp_path: Path, hotel_file: Path) -> None:
    books = Books(tmp_path / "data", hotel_file=hotel_file)
    await user_add(books, "anna", "manager", "correct horse")
    await user_add(books, "ben", "housekeeping", "correct horse")
    await user_disable(books, "ben")
    assert [(line.username, line.role, line.disabled) for line in await user_list(books)] == [
        ("anna", "manager", False),
        ("ben", "housekeeping", True),
    ]
    with pytest.raises(Conflict):
        await user_disable(books, "anna")
    with pytest.raises(Invalid):
        await user_add(books, "carl", "king", "x")
