"""`innkeeper explain`: what a room was, when, and why the edge said so; from the journal, beside a running service.

It tells what was said at the time, with the reasons of that time, and judges nothing anew.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from edge.journal_energy import HistoryRow, before, between
from edge.journal_file import JOURNAL

KINDS = ("occupancy", "desk", "cleaning", "request", "door", "conditions", "energy")
"""In the order in which they are told of one instant."""
SERVICE = "service"
SLACK = timedelta(microseconds=1)


class NothingToExplainError(Exception):
    """Why there is no answer: no journal, none of this release, no such room."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something became so at `at`. `body`: the values, and for occupancy and energy the reasons."""

    at: datetime
    kind: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A room over a span. `state`: what it was at the end, by kind; `entries`: oldest first; `starts`: of the service.

    `known_since`: when the chronicle of the room begins; None: there is none.
    """

    room: str
    since: datetime
    until: datetime
    state: dict[str, Entry] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    known_since: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "room": self.room,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "known_since": self.known_since.isoformat() if self.known_since else None,
            "state": {kind: _told(entry) for kind, entry in self.state.items()},
            "timeline": [_told(entry) for entry in self.entries],
        }


def explain(data: Path, room: str, until: datetime, span: timedelta) -> Explanation:
    """What the room was up to `until`. Raises NothingToExplainError, sqlite3.DatabaseError."""
    path = data / JOURNAL
    if not path.exists():
        raise NothingToExplainError(f"there is no journal in {data}: is it the right --data?")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)) as connection:
        _check(connection, room)
        since = until - span
        kept = [*between(connection, room, since, until), *between(connection, "", since, until)]
        state = before(connection, room, until)
        first = connection.execute("SELECT min(at) FROM history WHERE room = ?", (room,)).fetchone()[0]
    entries = sorted((_entry(row) for row in kept), key=_order)
    known = None if first is None else datetime.fromtimestamp(first / 1_000_000, until.tzinfo)
    shown = {kind: _entry(state[kind]) for kind in KINDS if kind in state}
    return Explanation(room, since, until, shown, entries, known)


def _check(connection: sqlite3.Connection, room: str) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "history" not in tables:
        raise NothingToExplainError("this journal is of an older release: start the service once, or innkeeper migrate")
    rooms = sorted(_rooms(connection))
    if room not in rooms:
        raise NothingToExplainError(f"the journal knows no room {room!r}: {', '.join(rooms) or 'it knows none yet'}")


def _rooms(connection: sqlite3.Connection) -> Iterator[str]:
    for (room,) in connection.execute("SELECT room FROM room UNION SELECT room FROM history"):
        if room:
            yield room


def _entry(row: HistoryRow) -> Entry:
    body: dict[str, Any] = orjson.loads(row.body)
    return Entry(row.at, row.kind, body)


def _order(entry: Entry) -> tuple[datetime, int]:
    return entry.at, KINDS.index(entry.kind) if entry.kind in KINDS else -1


def _told(entry: Entry) -> dict[str, Any]:
    return {"at": entry.at.isoformat(), "kind": entry.kind, **entry.body}
