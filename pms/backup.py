"""Backups of the books: written, then read back and counted. One file; the keys of personal fields are never in it.

SQLite is copied by its own online backup. PostgreSQL is copied table by table, in one consistent picture, into a SQLite
file of the same tables, so that both kinds of backup can be restored into both kinds of database.
"""

import asyncio
import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import TypeEngine

from pms import schema, tables
from pms.kernel import engines
from pms.kernel.columns import JsonText
from pms.kernel.crypto import EncryptedText
from pms.kernel.errors import Conflict, DatabaseDamaged

BATCH = 500


@dataclass(frozen=True, slots=True)
class Copy:
    """What a backup holds: its tables' revision and the rows of each table."""

    file: Path
    revision: str
    rows: dict[str, int]


async def write(url: str, target: Path) -> Copy:
    """Write a verified backup of the database at `url`. Raises DatabaseDamaged when it does not add up."""
    partial = _fresh(target)
    expected = None
    if engines.is_sqlite(url):
        await asyncio.to_thread(_copy_sqlite, engines.sqlite_file(url), partial)
    else:
        expected = await _copy_postgres(url, partial)
    copy = await asyncio.to_thread(read_back, partial)
    if expected is not None and expected != copy.rows:
        raise DatabaseDamaged(f"{target} does not hold what was to be saved")
    await asyncio.to_thread(_settle, partial, target)
    return Copy(target, copy.revision, copy.rows)


def read_back(file: Path) -> Copy:
    """Open a backup, check it through and count its rows. Raises DatabaseDamaged."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
            findings = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
            if findings != ["ok"] or orphans:
                raise DatabaseDamaged(f"{file}: {'; '.join(findings)}; {len(orphans)} rows point to nothing")
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            return Copy(file, revision, row_counts(connection))
    except (sqlite3.DatabaseError, TypeError) as error:
        raise DatabaseDamaged(f"{file} is not a backup of this service: {error}") from error


async def restore(file: Path, url: str) -> Copy:
    """Fill the empty database at `url` from a backup and bring it to this release.

    Raises Conflict when there are books already, DatabaseDamaged when the backup cannot be trusted.
    """
    copy = await asyncio.to_thread(read_back, file)
    if engines.is_sqlite(url):
        await asyncio.to_thread(_fill_sqlite, file, engines.sqlite_file(url))
        await schema.migrate(url)
    else:
        await _fill_postgres(file, url)
    return copy


def _fill_sqlite(file: Path, path: Path) -> None:
    if path.exists():
        raise Conflict(f"{path} is there already: move it away first", code="not_empty")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _fresh(path)
    _copy_sqlite(file, partial)
    _settle(partial, path)


async def _fill_postgres(file: Path, url: str) -> None:
    """By way of a copy that is brought to this release, so that the tables are the same."""
    if await schema.revision(url) is not None:
        raise Conflict("there are tables in the database already", code="not_empty")
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        present = Path(folder) / "present.db"
        await asyncio.to_thread(_copy_sqlite, file, present)
        await schema.migrate(_url(present))
        await schema.migrate(url)
        await _transfer(engines.sqlite_migrator(_url(present)), engines.postgres(url))


async def _copy_postgres(url: str, target: Path) -> dict[str, int]:
    if await schema.revision(url) != schema.newest():
        raise Conflict("the database is of another release: migrate first", code="not_migrated")
    await schema.migrate(_url(target))
    counts = await _transfer(engines.postgres(url), engines.sqlite_migrator(_url(target)))
    await asyncio.to_thread(_without_log, target)
    return counts


async def _transfer(source: AsyncEngine, target: AsyncEngine) -> dict[str, int]:
    """Copy every row of every table, parents first, in one consistent picture; how many of each."""
    level = "REPEATABLE READ" if source.dialect.name == "postgresql" else None
    options = {"isolation_level": level} if level else {}
    counts: dict[str, int] = {}
    try:
        async with source.execution_options(**options).connect() as reader, target.begin() as writer:
            for table in _plain_tables():
                counts[table.name] = await _copy_table(reader, writer, table)
    finally:
        await source.dispose()
        await target.dispose()
    return dict(sorted(counts.items()))


async def _copy_table(reader: AsyncConnection, writer: AsyncConnection, table: Table) -> int:
    copied = 0
    async with reader.stream(select(table)) as result:
        async for rows in result.mappings().partitions(BATCH):
            await writer.execute(insert(table), [dict(row) for row in rows])
            copied += len(rows)
    return copied


def _plain_tables() -> list[Table]:
    """Every table, parents first; what is encrypted or JSON as the text it is kept as."""
    plain = MetaData()
    return [
        Table(table.name, plain, *(Column(column.name, _plain_type(column.type)) for column in table.columns))
        for table in tables.metadata().sorted_tables
    ]


def _plain_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return Text() if isinstance(kind, EncryptedText | JsonText) else kind


async def put_aside_postgres(url: str, name: str) -> str | None:
    """Rename the schema that holds the books and make an empty one; its new name, None when there were no books.

    Nothing is deleted: the old books stay in the database under the new name, until somebody drops the schema.
    """

    def move(connection: Connection) -> str | None:
        if schema.revision_of(connection) is None:
            return None
        present = str(connection.scalar(text("SELECT current_schema()")))
        quoted = connection.dialect.identifier_preparer.quote
        connection.execute(text(f"ALTER SCHEMA {quoted(present)} RENAME TO {quoted(name)}"))
        connection.execute(text(f"CREATE SCHEMA {quoted(present)}"))
        return name

    return await schema.on_connection(url, move)


def _url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def _fresh(target: Path) -> Path:
    """Where a file is written before it gets its name."""
    partial = target.with_name(target.name + ".partial")
    for suffix in ("", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)
    return partial


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup: consistent while others write."""
    with closing(sqlite3.connect(source, timeout=30)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
    _without_log(target)


def _without_log(file: Path) -> None:
    """Let a database file stand alone, without a write-ahead log beside it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _settle(partial: Path, target: Path) -> None:
    """Make the file durable, then give it its name."""
    partial.chmod(0o600)
    for path in (partial, partial.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    partial.replace(target)


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table, the migrations' own left out."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    names = [row[0] for row in connection.execute(query) if row[0] != "alembic_version"]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
