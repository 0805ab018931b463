"""Key jobs in the journal: stored before an encoder hears of them, and ended once."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

ENDED = ("confirmed", "failed", "expired", "unknown")

KEY_JOBS = """
CREATE TABLE key_job (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,        -- accepted queued waiting writing checking, then confirmed failed expired or unknown
    body BLOB NOT NULL,         -- as it came over the link
    deadline TEXT NOT NULL,
    reason TEXT,
    cancelled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class StoredKeyJob:
    """A job for an encoder and how far it has come. `cancelled`: somebody gave it up, whether in time or not."""

    id: str
    state: str
    body: bytes
    deadline: str
    cancelled: bool = False


class KeyStep(NamedTuple):
    """A job has come to this state; the last one is how it ended."""

    id: str
    state: str
    reason: str | None = None


_NEW = "INSERT INTO key_job (id, state, body, deadline) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_ENDED = ", ".join(f"'{state}'" for state in ENDED)
_STEP = f"UPDATE key_job SET state = ?, reason = ? WHERE id = ? AND state NOT IN ({_ENDED})"  # noqa: S608 - our words
_UNFINISHED = (
    f"SELECT id, state, body, deadline, cancelled FROM key_job WHERE state NOT IN ({_ENDED}) ORDER BY deadline"  # noqa: S608
)
FORGET_KEY_JOBS = f"DELETE FROM key_job WHERE deadline < ? AND state IN ({_ENDED})"  # noqa: S608


def insert_new_job(connection: sqlite3.Connection, job: StoredKeyJob) -> bool:
    """Store a job; False when its id is already there."""
    return connection.execute(_NEW, (job.id, job.state, job.body, job.deadline)).rowcount == 1


def cancel_jobs(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Remember that these are given up: a restart must not begin them again."""
    connection.executemany("UPDATE key_job SET cancelled = 1 WHERE id = ?", [(job,) for job in ids])


def store_steps(connection: sqlite3.Connection, steps: Iterable[KeyStep]) -> None:
    """Keep how far jobs are. One that has ended stays as it ended."""
    connection.executemany(_STEP, [(step.state, step.reason, step.id) for step in steps])


def unfinished_jobs(connection: sqlite3.Connection) -> list[StoredKeyJob]:
    """Those that have no end yet, the most urgent first."""
    rows = connection.execute(_UNFINISHED).fetchall()
    return [
        StoredKeyJob(job, state, bytes(body), deadline, bool(cancelled))
        for job, state, body, deadline, cancelled in rows
    ]
