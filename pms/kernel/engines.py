"""How each database is opened. Each line of the SQLite recipe answers a measured loss (docs/decisions)."""

from pathlib import Path
from typing import Any, cast

from aiosqlite import Connection as SqliteConnection
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from pms.kernel.one_trip import READ, WRITE, OneTripConnection

BRIEF = "innkeeper_brief"
"""An engine's option: see `OneTripConnection.begin`. PostgreSQL does not know it."""
READERS = 4
POSTGRES_POOL = 8
WAIT_S = 30.0
"""How long a writer queues for its turn before it gives up."""


def full_url(url: str, data: Path) -> str:
    """The SQLAlchemy address of what the settings say: `sqlite` is DATA/pms.db; PostgreSQL always goes by asyncpg."""
    if url in {"", "sqlite"}:
        return f"sqlite+aiosqlite:///{data / 'pms.db'}"
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    return url


def is_sqlite(url: str) -> bool:
    """Whether an address from `full_url` is SQLite."""
    return url.startswith("sqlite")


def sqlite_file(url: str) -> Path:
    """The file of a SQLite address from `full_url`."""
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


def sqlite_writer(url: str) -> AsyncEngine:
    """One connection, taken in turn; every transaction begins IMMEDIATE, so that nothing read in it is out of date."""
    engine = _sqlite(url, 1)
    _prepare(engine, WRITE, ())
    return engine


def sqlite_reader(url: str) -> AsyncEngine:
    """A few connections that cannot write; each transaction is one consistent picture."""
    engine = _sqlite(url, READERS)
    _prepare(engine, READ, ("query_only=ON",))
    return engine


def sqlite_migrator(url: str) -> AsyncEngine:
    """For migrations alone: foreign keys off, because a rebuilt table would otherwise delete its children."""
    engine = _sqlite(url, 1)
    _prepare(engine, WRITE, ("foreign_keys=OFF",))
    return engine


def postgres(url: str) -> AsyncEngine:
    """PostgreSQL, READ COMMITTED: rows that are read to be changed are locked (`with_for_update`)."""
    return create_async_engine(url, pool_size=POSTGRES_POOL, max_overflow=POSTGRES_POOL, pool_timeout=WAIT_S)


def _sqlite(url: str, connections: int) -> AsyncEngine:
    path = sqlite_file(url)

    async def connect() -> SqliteConnection:
        return await OneTripConnection(path)

    return create_async_engine(
        url,
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_S,
    )


def _prepare(engine: AsyncEngine, begin: str, extra: tuple[str, ...]) -> None:
    pragmas = (
        "busy_timeout=5000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        *extra,
    )

    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()  # nobody else knows of it yet, and it has a thread
            raise

    def on_begin(connection: Connection) -> None:
        driver = cast(OneTripConnection, connection.connection.driver_connection)
        driver.begin(begin, brief=BRIEF in connection.get_execution_options())

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
