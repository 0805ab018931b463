"""What is owed to the PMS: two lanes. Plain functions inside the writer's transaction.

What may not wait (alarms, lock events, how orders and key jobs ended) is put into the outbox at once, which is sent in
its order. The rest waits in the backlog and is moved to the end of the outbox a little at a time: so after an outage an
alarm overtakes all that was collected before it, and the live state of the rooms overtakes it too. A message gets the
sequence it travels with when it enters the outbox, and keeps it.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from edge.journal_rows import OUTBOX, insert
from pms.link.stores import OutboxRow

URGENT = frozenset({"condition", "access", "order", "command_result", "key_result", "room"})
"""A room's state is made when it is sent: it never waits, and is never old."""
LATEST_ONLY = frozenset({"device", "energy"})
"""Kinds of which a later message about the same thing replaces an earlier one that still waits."""
BACKLOG_ROWS = 100_000
"""Rows of the backlog, at most: the oldest go first, and are counted."""
HISTORICAL = "-60 seconds"
"""What is handed over longer than this after it was stored tells the past."""

TWO_LANES = """
ALTER TABLE outbox ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;
CREATE TABLE backlog (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, created TEXT NOT NULL, boot INTEGER NOT NULL
);
CREATE INDEX backlog_subject ON backlog (kind, key);
"""
"""A step of `edge.journal_file`. `boot`: the run of the edge in which it happened (0: an older release)."""

BACKLOG = ("INSERT INTO backlog (kind, key, body, boot, created) VALUES ", 4, "")
PENDING = (
    f"SELECT seq, kind, body, boot, created < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '{HISTORICAL}')"  # noqa: S608
    " FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?"
)
LAST = "SELECT coalesce(max(seq), 0) FROM outbox"
MOVE = (
    "INSERT INTO outbox (kind, key, body, created, boot)"
    " SELECT kind, key, body, created, boot FROM backlog ORDER BY seq LIMIT ?"
)
MOVED = "DELETE FROM backlog WHERE seq IN (SELECT seq FROM backlog ORDER BY seq LIMIT ?)"
TOO_MUCH = "DELETE FROM backlog WHERE seq <= (SELECT seq FROM backlog ORDER BY seq DESC LIMIT 1 OFFSET ?)"


class Owed(NamedTuple):
    """What may be sent now. `last`: the last sequence of what did not come from the backlog; `moved`: rows that did."""

    rows: list[OutboxRow]
    last: int
    moved: int
    waiting: bool  # the backlog is not empty


def may_wait(facts: Sequence[tuple[str, str, bytes]]) -> bool:
    """Whether any of these goes into the backlog."""
    return any(fact[0] not in URGENT for fact in facts)


def store_facts(connection: sqlite3.Connection, facts: Sequence[tuple[str, str, bytes]], boot: int) -> int:
    """Store messages for the PMS (kind, key, JSON); how many older ones of the backlog had to go for them."""
    insert(connection, OUTBOX, [(*fact, boot) for fact in facts if fact[0] in URGENT])
    ordinary = [(*fact, boot) for fact in facts if fact[0] not in URGENT]
    if not ordinary:
        return 0
    for kind, key, _, _ in ordinary:
        if kind in LATEST_ONLY:
            connection.execute("DELETE FROM backlog WHERE kind = ? AND key = ?", (kind, key))
    insert(connection, BACKLOG, ordinary)
    return connection.execute(TOO_MUCH, (BACKLOG_ROWS,)).rowcount


def owed(connection: sqlite3.Connection, after: int, limit: int, backlog: int, *, waiting: bool) -> Owed:
    """The outbox above `after`, lowest first; what is free of `limit` takes at most `backlog` rows that waited.

    Without `waiting` the backlog is known to be empty.
    """
    rows = connection.execute(PENDING, (after, limit)).fetchall()
    whole = 0 < len(rows) < limit
    last = int(rows[-1][0] if whole else connection.execute(LAST).fetchone()[0])
    moved = 0
    if waiting:
        moved = _move(connection, min(backlog, limit - len(rows)))
        waiting = connection.execute("SELECT 1 FROM backlog LIMIT 1").fetchone() is not None
    if moved:
        rows = connection.execute(PENDING, (after, limit)).fetchall()
    found = [OutboxRow(seq, kind, bytes(body), boot, bool(old)) for seq, kind, body, boot, old in rows]
    return Owed(found, last, moved, waiting)


def _move(connection: sqlite3.Connection, rows: int) -> int:
    if rows <= 0:
        return 0
    moved = connection.execute(MOVE, (rows,)).rowcount
    if moved:
        connection.execute(MOVED, (rows,))
    return moved


def count_owed(connection: sqlite3.Connection) -> int:
    """Messages of both lanes."""
    return int(
        connection.execute("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM backlog)").fetchone()[0]
    )
