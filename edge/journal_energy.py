"""What the journal keeps of setbacks, and of what each room was. Plain functions inside the writer's transaction."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

ENERGY_AND_HISTORY = """
CREATE TABLE setback (room TEXT PRIMARY KEY, plan BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE energy_day (
    room TEXT NOT NULL, day TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (room, day)
) WITHOUT ROWID;
CREATE TABLE history (
    room TEXT NOT NULL,         -- '': the service itself
    at INTEGER NOT NULL,        -- microseconds since 1970, UTC
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (room, at, kind)
) WITHOUT ROWID;
"""
"""A step of `edge.journal_file`. `setback`: what is remembered of a room, above all what its guest had set."""

_PLAN = "INSERT OR REPLACE INTO setback (room, plan) VALUES (?, ?)"
_DAY = "INSERT OR REPLACE INTO energy_day (room, day, body) VALUES (?, ?, ?)"
_HISTORY = "INSERT OR REPLACE INTO history (room, at, kind, body) VALUES (?, ?, ?, ?)"
_DAYS = "SELECT room, day, body FROM energy_day WHERE day >= (SELECT max(day) FROM energy_day)"
_LATEST = "SELECT room, kind, body, max(at) FROM history GROUP BY room, kind"  # max() takes the row with it
_BETWEEN = "SELECT at, kind, body FROM history WHERE room = ? AND at > ? AND at <= ? ORDER BY at, kind"
_BEFORE = "SELECT max(at), kind, body FROM history WHERE room = ? AND at <= ? GROUP BY kind"
FORGET_HISTORY = (
    "DELETE FROM history WHERE at < ? AND EXISTS"
    " (SELECT 1 FROM history AS later WHERE later.room = history.room AND later.kind = history.kind"
    " AND later.at > history.at AND later.at < ?)"
)
"""The latest of each kind stays: it tells what was at the beginning of what is kept."""
FORGET_DAYS = "DELETE FROM energy_day WHERE day < ?"


class HistoryRow(NamedTuple):
    """Something about a room (or the service, room '') became another at `at`; `body` is JSON."""

    room: str
    at: datetime
    kind: str
    body: bytes


def micros(at: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return round(at.timestamp() * 1_000_000)


def store_plans(connection: sqlite3.Connection, plans: Mapping[str, bytes]) -> None:
    """Keep what is remembered of these rooms."""
    connection.executemany(_PLAN, plans.items())


def store_days(connection: sqlite3.Connection, days: Mapping[tuple[str, str], bytes]) -> None:
    """Keep what was counted of a room and a day."""
    connection.executemany(_DAY, [(*key, body) for key, body in days.items()])


def store_history(connection: sqlite3.Connection, rows: Iterable[HistoryRow]) -> None:
    """Keep what became another."""
    connection.executemany(_HISTORY, [(row.room, micros(row.at), row.kind, row.body) for row in rows])


def plans(connection: sqlite3.Connection) -> dict[str, bytes]:
    """What is remembered of each room."""
    return {room: bytes(plan) for room, plan in connection.execute("SELECT room, plan FROM setback")}


def last_days(connection: sqlite3.Connection) -> dict[tuple[str, str], bytes]:
    """What was counted of the last day there is."""
    return {(room, day): bytes(body) for room, day, body in connection.execute(_DAYS)}


def latest(connection: sqlite3.Connection) -> list[HistoryRow]:
    """The latest of each room and kind."""
    found = connection.execute(_LATEST)
    return [HistoryRow(room, _instant(at), kind, bytes(body)) for room, kind, body, at in found]


def between(connection: sqlite3.Connection, room: str, since: datetime, until: datetime) -> list[HistoryRow]:
    """What became another in a room after `since`, up to `until`, oldest first."""
    found = connection.execute(_BETWEEN, (room, micros(since), micros(until)))
    return [HistoryRow(room, _instant(at), kind, bytes(body)) for at, kind, body in found]


def before(connection: sqlite3.Connection, room: str, at: datetime) -> dict[str, HistoryRow]:
    """What a room was at an instant, by kind."""
    found = connection.execute(_BEFORE, (room, micros(at)))
    return {kind: HistoryRow(room, _instant(when), kind, bytes(body)) for when, kind, body in found}


def forget_history(connection: sqlite3.Connection, oldest: datetime) -> int:
    """Forget what became another before `oldest`; how much."""
    at = micros(oldest)
    return connection.execute(FORGET_HISTORY, (at, at)).rowcount


def forget_days(connection: sqlite3.Connection, oldest: datetime) -> int:
    """Forget counts of days before `oldest`: the PMS has them."""
    return connection.execute(FORGET_DAYS, (oldest.date().isoformat(),)).rowcount


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, UTC)
