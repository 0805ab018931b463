"""What the journal remembers of each device over a restart: when it was heard last, and whether it was silent for too
long. Plain functions inside the writer's transaction."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from gateway.health import Memory

DEVICES = """
CREATE TABLE device (
    id TEXT PRIMARY KEY,
    heard INTEGER,              -- microseconds since 1970, UTC; NULL: never
    silent INTEGER NOT NULL,    -- 1: for longer than its profile allows
    quiet INTEGER NOT NULL      -- microseconds of silence counted so far, which go on counting
) WITHOUT ROWID;
"""
"""A step of `edge.journal_file`."""

MICROSECOND = timedelta(microseconds=1)
STORE = "INSERT INTO device (id, heard, silent, quiet) VALUES (?, ?, ?, ?)"


def store_memories(connection: sqlite3.Connection, memories: Mapping[str, Memory]) -> None:
    """Keep these, and none of a device that is not among them."""
    connection.execute("DELETE FROM device")
    rows = [(name, _micros(one.heard), int(one.silent), one.quiet // MICROSECOND) for name, one in memories.items()]
    connection.executemany(STORE, rows)


def memories(connection: sqlite3.Connection) -> dict[str, Memory]:
    """What the last run left."""
    rows = connection.execute("SELECT id, heard, silent, quiet FROM device")
    return {name: Memory(_instant(heard), bool(silent), quiet * MICROSECOND) for name, heard, silent, quiet in rows}


def _micros(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1_000_000)


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else datetime.fromtimestamp(stored / 1_000_000, UTC)
