"""Deleting what is past its period from the journal, step by step: plain functions inside the writer's transaction.

A message goes by its own time of receipt and its class. No index is kept for it, so storing costs nothing; a step looks
at a few thousand rows in their order, and after the last it begins again.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.journal_energy import forget_days, forget_history
from edge.journal_rows import FORGET_ENDED, FORGET_REJECTED, micros
from edge.retention import NAMES, MessageClass

STEP = 2000
"""Rows a step looks at: a millisecond or two of the writer's time."""
WINDOW = "SELECT max(seq) FROM (SELECT seq FROM message WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?)"
UNCOVERED = "SELECT value FROM meta WHERE key = 'uncovered'"
DELETE = (
    "DELETE FROM message WHERE seq BETWEEN ? AND ? AND received < "
    "CASE class WHEN 0 THEN ? WHEN 1 THEN ? WHEN 2 THEN ? ELSE ? END RETURNING class"
)
"""The four instants are those of `MessageClass` in its order; what a later release stored counts as the last one."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a step deleted, by class of `[retention]`, and where the next one begins (0: all was looked at)."""

    removed: Mapping[str, int]
    next: int


def step(connection: sqlite3.Connection, start: int, last: int, oldest: Mapping[MessageClass, datetime]) -> Swept:
    """Look at the messages from `start` on. The one numbered `last` stays, and so does what no room's state covers."""
    uncovered = int(connection.execute(UNCOVERED).fetchone()[0])
    below = min(last, uncovered) if uncovered else last
    until = connection.execute(WINDOW, (start, below, STEP)).fetchone()[0]
    if until is None:
        return Swept({}, 0)
    limits = [micros(oldest[one]) for one in MessageClass]
    gone = connection.execute(DELETE, (start, until, *limits)).fetchall()
    return Swept(Counter(NAMES[MessageClass(min(kind, max(MessageClass)))] for (kind,) in gone), until + 1)


def others(connection: sqlite3.Connection, rejected: datetime, ended: datetime) -> Mapping[str, int]:
    """Forget messages nobody understood and orders that ended, from before these instants."""
    found = Counter(edge_rejected=connection.execute(FORGET_REJECTED, (rejected.isoformat(),)).rowcount)
    for statement in FORGET_ENDED:
        found["edge_commands"] += connection.execute(statement, (ended.isoformat(),)).rowcount
    return found


def histories(connection: sqlite3.Connection, presence: datetime, climate: datetime) -> Mapping[str, int]:
    """Forget what rooms were, and what their setbacks came to, from before these instants."""
    return Counter(edge_presence=forget_history(connection, presence), edge_climate=forget_days(connection, climate))


def old_copies(journal: Path, before: float) -> int:
    """Remove the copies made before a migration that were written before this moment (seconds since 1970)."""
    old = [path for path in journal.parent.glob(f"{journal.name}.before-*") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
