"""Making room in the journal when it has reached its cap: plain functions inside the writer's transaction.

What goes first: the oldest telemetry. Never for space: what a lock or an alarm said, orders and key jobs, what the PMS
has not had, and what no room's state covers yet. Those go by age alone (`edge.sweep`), or once they are delivered.
"""

import sqlite3
from dataclasses import dataclass

from devices.model import DeviceEvent, Fact, Reading

KEEP = 4
"""Bit of `message.flags`: never deleted for space."""
ALARM_POINTS = frozenset({"leak", "smoke", "sos", "tamper"})
LOCK_POINTS = frozenset({"lock", "bolt", "key_sequence", "record"})
KEPT_EVENTS = frozenset({"access", "egress", "forced", "sos", "tamper"})
UNCOVERED = "SELECT value FROM meta WHERE key = 'uncovered'"
OLDEST = f"SELECT seq FROM message WHERE seq > ? AND seq < ? AND flags & {KEEP} = 0 ORDER BY seq LIMIT ?"  # noqa: S608
DELETE = f"DELETE FROM message WHERE seq > ? AND seq <= ? AND flags & {KEEP} = 0"  # noqa: S608 - a constant of ours


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How many messages were deleted, and the last of them: below it there is nothing left that may go."""

    count: int
    through: int


def keeps(facts: tuple[Fact, ...]) -> bool:
    """Whether a message is one that is never deleted for space. Called for every message: kept short."""
    for item in facts:
        if type(item) is Reading:
            if item.point in LOCK_POINTS or (item.point in ALARM_POINTS and item.value is True):
                return True
        elif type(item) is DeviceEvent and item.kind in KEPT_EVENTS:
            return True
    return False


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something: what was deleted is used again before the file grows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def trim(connection: sqlite3.Connection, after: int, excess: int) -> Trimmed:
    """Delete at most `excess` of the oldest messages above `after` that may go for space."""
    if excess <= 0:
        return Trimmed(0, after)
    last = int(connection.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0])
    uncovered = int(connection.execute(UNCOVERED).fetchone()[0])
    chosen = connection.execute(OLDEST, (after, min(last, uncovered or last), excess)).fetchall()
    if not chosen:
        return Trimmed(0, after)
    through = int(chosen[-1][0])
    return Trimmed(connection.execute(DELETE, (after, through)).rowcount, through)
