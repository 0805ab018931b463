"""Changes of devices.toml in the journal: stored before the file is touched, ended once. And what is to be left out."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

ONBOARDING = """
CREATE TABLE inventory_change (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,        -- accepted applying, then done failed or expired
    body BLOB NOT NULL,         -- as it came over the link
    deadline TEXT NOT NULL,
    reason TEXT
) WITHOUT ROWID;
CREATE TABLE ignored (          -- what is heard there is no candidate for a device
    line TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (line, address)
) WITHOUT ROWID;
"""
"""A step of `edge.journal_file`."""

APPLYING = "applying"

Place = tuple[str, str]
"""Line and address."""


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change of the inventory and how far it has come. `body` is the JSON in which it arrived."""

    id: str
    state: str
    body: bytes
    deadline: str


class ChangeStep(NamedTuple):
    """A change has ended so. `ignored`: what is left out from now on (True), or not any more."""

    id: str
    state: str
    reason: str | None = None
    ignored: tuple[Place, bool] | None = None


_NEW = "INSERT INTO inventory_change (id, state, body, deadline) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_OPEN = "state IN ('accepted', 'applying')"
_STEP = f"UPDATE inventory_change SET state = ?, reason = ? WHERE id = ? AND {_OPEN}"  # noqa: S608 - our words
_UNFINISHED = f"SELECT id, state, body, deadline FROM inventory_change WHERE {_OPEN} ORDER BY deadline"  # noqa: S608
FORGET_CHANGES = f"DELETE FROM inventory_change WHERE deadline < ? AND NOT {_OPEN}"  # noqa: S608
_IGNORE = "INSERT INTO ignored (line, address) VALUES (?, ?) ON CONFLICT DO NOTHING"
_HEED = "DELETE FROM ignored WHERE line = ? AND address = ?"


def insert_new_change(connection: sqlite3.Connection, change: StoredChange) -> bool:
    """Store a change; False when its id is already there."""
    return connection.execute(_NEW, (change.id, change.state, change.body, change.deadline)).rowcount == 1


def store_changes(connection: sqlite3.Connection, steps: Iterable[ChangeStep]) -> None:
    """Keep how far changes are. One that has ended stays as it ended."""
    for step in steps:
        connection.execute(_STEP, (step.state, step.reason, step.id))
        if step.ignored is not None:
            place, left_out = step.ignored
            connection.execute(_IGNORE if left_out else _HEED, place)


def unfinished_changes(connection: sqlite3.Connection) -> list[StoredChange]:
    """Those that have no end yet, the most urgent first."""
    return [StoredChange(name, state, bytes(body), at) for name, state, body, at in connection.execute(_UNFINISHED)]


def ignored_places(connection: sqlite3.Connection) -> frozenset[Place]:
    """What is to be left out."""
    return frozenset((line, address) for line, address in connection.execute("SELECT line, address FROM ignored"))
