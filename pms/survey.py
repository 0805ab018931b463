"""What a set of books holds, looked at without changing or opening it: rows, the newest event, the tables' revision."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from pms import schema
from pms.backup import row_counts
from pms.kernel import engines
from pms.kernel.errors import DatabaseDamaged

NEWEST = "SELECT max(at) FROM event"


@dataclass(frozen=True, slots=True)
class Survey:
    """`newest`: when the last event was recorded; `size`: bytes on disk. None where it is not known."""

    revision: str | None
    rows: dict[str, int]
    newest: datetime | None
    size: int | None


async def survey(url: str) -> Survey | None:
    """The books at `url` (`engines.full_url`); None when there are none.

    Raises DatabaseDamaged when they cannot be read, OSError when the server cannot be reached.
    """
    if engines.is_sqlite(url):
        path = engines.sqlite_file(url)
        return await asyncio.to_thread(survey_file, path) if path.exists() else None
    try:
        found = await schema.on_connection(url, _look)
    except SQLAlchemyError as error:
        raise DatabaseDamaged(f"the books cannot be read: {type(error).__name__}") from error
    return found if found.revision is not None else None


def survey_file(path: Path) -> Survey:
    """A SQLite file of books, or a backup. Raises DatabaseDamaged."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10)) as connection:
            rows = row_counts(connection)
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            newest = connection.execute(NEWEST).fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise DatabaseDamaged(f"{path} cannot be read: {error}") from error
    return Survey(revision[0] if revision else None, rows, _instant(newest), path.stat().st_size)


def _look(connection: Connection) -> Survey:
    names = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    if "event" not in names:
        return Survey(schema.revision_of(connection), {}, None, None)
    quoted = connection.dialect.identifier_preparer.quote
    rows = {
        name: int(connection.scalar(text(f"SELECT count(*) FROM {quoted(name)}")) or 0)  # noqa: S608 - quoted
        for name in names
    }
    size = connection.scalar(text("SELECT pg_database_size(current_database())"))
    return Survey(schema.revision_of(connection), rows, _instant(connection.scalar(text(NEWEST))), size)


def _instant(value: object) -> datetime | None:
    if isinstance(value, str):  # SQLite keeps UTC without saying so
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC) if isinstance(value, datetime) else None
