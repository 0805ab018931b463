"""The tables' version: looking at it, and bringing it up to date in one transaction."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from pms.kernel import engines
from pms.kernel.errors import DatabaseDamaged

R = TypeVar("R")

SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x1AAC
ATTEMPTS = 7
FIRST_PAUSE_S = 0.05


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without any file of its own."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest() -> str | None:
    """The revision this release needs."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def _engine(url: str) -> AsyncEngine:
    return engines.sqlite_migrator(url) if engines.is_sqlite(url) else engines.postgres(url)


async def on_connection(url: str, function: Callable[[Connection], R]) -> R:
    """Call `function` with a migrator's connection inside one transaction; again while another process is at it."""
    for attempt in range(ATTEMPTS):
        try:
            return await _once(url, function)
        except OperationalError as error:  # SQLite does not queue while another process turns WAL on
            if "locked" not in str(error.orig) or attempt == ATTEMPTS - 1:
                raise
        await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
    raise AssertionError("unreachable")


async def _once(url: str, function: Callable[[Connection], R]) -> R:
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(function)
    finally:
        await engine.dispose()


def revision_of(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


async def revision(url: str) -> str | None:
    """The revision a database is at, None for an empty one."""
    return await on_connection(url, revision_of)


async def migrate(url: str) -> None:
    """Bring the tables up to date: all of it or nothing, one process at a time.

    Raises DatabaseDamaged when rows point to nothing afterwards, or when a newer release wrote the database.
    """
    await on_connection(url, _upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    current = revision_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseDamaged(f"the database is of a newer release (revision {current}): install that release again")
    command.upgrade(configuration(connection), "head")
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            raise DatabaseDamaged(
                f"{len(orphans)} rows point to nothing, first in {orphans[0][0]}: nothing was changed"
            )
