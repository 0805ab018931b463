"""The journal's statements and rows: plain functions over a connection, called inside the writer's transaction."""

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple

from edge.journal_devices import memories
from edge.journal_energy import HistoryRow, last_days, latest, plans
from edge.journal_keys import FORGET_KEY_JOBS, StoredKeyJob, cancel_jobs, insert_new_job, unfinished_jobs
from edge.journal_onboarding import (
    FORGET_CHANGES,
    Place,
    StoredChange,
    ignored_places,
    insert_new_change,
    unfinished_changes,
)
from edge.journal_space import KEEP, keeps
from edge.retention import class_of
from gateway.health import Memory
from gateway.ports import LineMessage

CHUNKS = (200, 50, 10, 1)
"""Rows an INSERT takes at once: one statement lets go of the interpreter once, not once a row."""
KEPT_REJECTED = 1000
RECENT_MESSAGES = 32_000
"""Messages among which a redelivered one is looked for: what a broker may say again is not only what we have not
acknowledged (some 1 100), but all whose acknowledgement it has not read; and half of the packet ids (65 535) at most,
so that none is taken for another."""


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """An order and how far it has come. `body` is the JSON in which it arrived."""

    id: str
    state: str
    body: bytes
    deadline: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the PMS told at once. `facts`: (kind, key, JSON); `cancels`: ids of key jobs that are given up."""

    facts: Sequence[tuple[str, str, bytes]] = ()
    commands: Sequence[StoredCommand] = ()
    key_jobs: Sequence[StoredKeyJob] = ()
    cancels: Sequence[str] = ()
    changes: Sequence[StoredChange] = ()


class RoomSnapshot(NamedTuple):
    """A room at one moment. `covers`: the sequence of the last message whose effect is in it."""

    version: int
    covers: int
    snapshot: bytes


class KeptMessage(NamedTuple):
    """A message as the journal holds it."""

    seq: int
    line: str
    source: str
    received: datetime
    line_sequence: int
    retained: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the journal held when it was opened."""

    rooms: dict[str, RoomSnapshot]
    facts: dict[str, dict[str, bytes]]  # by kind and key: what the PMS told last
    conditions: dict[str, bytes]
    unfinished: list[StoredCommand]
    keys: "dict[str, array[int]]"  # by line: packet << 32 | checksum of the last messages, oldest first
    peers: dict[str, int]
    uncovered: list[KeptMessage]  # those that may be in no room's snapshot yet, oldest first
    key_jobs: list[StoredKeyJob] = field(default_factory=list)  # those without an end
    devices: dict[str, Memory] = field(default_factory=dict)
    last_heard: datetime | None = None  # when the last message was received
    changes: list[StoredChange] = field(default_factory=list)  # of devices.toml, those without an end
    ignored: frozenset[Place] = frozenset()
    plans: dict[str, bytes] = field(default_factory=dict)  # of setbacks, by room
    days: dict[tuple[str, str], bytes] = field(default_factory=dict)  # what was counted of the last day
    history: list[HistoryRow] = field(default_factory=list)  # the latest of each room and kind
    card_key_mark: str | None = None  # of the key that cards were made with; None: there was never one


MESSAGE = (
    (
        "INSERT INTO message (line, source, packet, checksum, received, boot, line_sequence, flags, payload, class)"
        " VALUES "
    ),
    10,
    "",
)
KEYS = (
    "SELECT line, key FROM (SELECT seq, line, packet << 32 | checksum AS key FROM message"
    " WHERE packet IS NOT NULL ORDER BY seq DESC LIMIT ?) ORDER BY seq"
)
REJECTED = ("INSERT INTO rejected (at, line, source, device, reason, detail, payload) VALUES ", 7, "")
ROOM = (
    "INSERT INTO room (room, version, covers, snapshot) VALUES ",
    4,
    (
        " ON CONFLICT (room) DO UPDATE SET version = excluded.version, covers = excluded.covers,"
        " snapshot = excluded.snapshot"
    ),
)
OUTBOX = ("INSERT INTO outbox (kind, key, body, boot, created) VALUES ", 4, "")
FACTS = (
    "INSERT INTO facts (kind, key, body) VALUES ",
    3,
    " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
)
COMMAND = (
    "INSERT INTO command (id, state, body, deadline, reason) VALUES ",
    5,
    " ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason",
)
COMMAND_SENT = "UPDATE command SET state = 'sent' WHERE id = ? AND state = 'accepted'"
UNFINISHED = "SELECT id, state, body, deadline, reason FROM command WHERE state IN ('accepted', 'sent')"
COMMAND_END = "SELECT state, reason FROM command WHERE id = ? AND state NOT IN ('accepted', 'sent')"
CONDITION = "INSERT INTO condition (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
PEER = "INSERT INTO peer (epoch, through) VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET through = excluded.through"
ROOMS = "SELECT room, version, covers, snapshot FROM room"
UNCOVERED = "UPDATE meta SET value = ? WHERE key = 'uncovered'"
LAST_REJECTED = "SELECT at, line, source, device, reason, detail, payload FROM rejected ORDER BY id DESC LIMIT ?"
FORGET_COMMANDS = "DELETE FROM command WHERE deadline < ? AND state NOT IN ('accepted', 'sent')"
FORGET_ENDED = (FORGET_COMMANDS, FORGET_KEY_JOBS, FORGET_CHANGES)
"""What has ended and is of no more use: each takes the instant (ISO) before which its deadline was."""
FORGET_REJECTED = "DELETE FROM rejected WHERE at < ?"


def insert(connection: sqlite3.Connection, statement: tuple[str, int, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert all rows with as few statements as possible."""
    head, width, tail = statement
    one = "(" + ",".join("?" * width) + ")"
    if head.endswith(", created) VALUES "):
        one = one[:-1] + ",strftime('%Y-%m-%dT%H:%M:%fZ'))"
    at = 0
    for size in CHUNKS:
        while len(rows) - at >= size:
            values = tuple(chain.from_iterable(rows[at : at + size]))
            connection.execute(head + ",".join([one] * size) + tail, values)
            at += size


def insert_new(connection: sqlite3.Connection, command: StoredCommand) -> bool:
    """Store a command; False when its id is already there."""
    sql = "INSERT INTO command (id, state, body, deadline, reason) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
    return connection.execute(sql, command_row(command)).rowcount == 1


def store_told(connection: sqlite3.Connection, told: Told) -> list[str]:
    """Store what the PMS told; the ids of the commands, key jobs and changes that are new."""
    insert(connection, FACTS, told.facts)
    new = [command.id for command in told.commands if insert_new(connection, command)]
    new += [job.id for job in told.key_jobs if insert_new_job(connection, job)]
    new += [change.id for change in told.changes if insert_new_change(connection, change)]
    cancel_jobs(connection, told.cancels)
    return new


def store_condition(connection: sqlite3.Connection, key: str, body: bytes | None) -> None:
    """Keep a condition that is there, forget one that is gone (body None)."""
    if body is None:
        connection.execute("DELETE FROM condition WHERE key = ?", (key,))
    else:
        connection.execute(CONDITION, (key, body))


def forget_rejected(connection: sqlite3.Connection) -> None:
    """Keep the last few only."""
    connection.execute("DELETE FROM rejected WHERE id <= (SELECT max(id) FROM rejected) - ?", (KEPT_REJECTED,))


def command_row(command: StoredCommand) -> tuple[Any, ...]:
    """A command as a row."""
    return command.id, command.state, command.body, command.deadline, command.reason


def micros(at: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return round(at.timestamp() * 1_000_000)


class MessageRow(NamedTuple):
    """A message as a row. `received`: microseconds since 1970; `flags`: 1 redelivered, 2 retained, KEEP."""

    line: str
    source: str
    packet: int | None
    checksum: int | None
    received: int
    boot: int
    sequence: int
    flags: int
    payload: bytes
    message_class: int


def message_row(message: LineMessage, boot: int) -> MessageRow:
    """A message as a row."""
    packet, checksum = message.duplicate_key or (None, None)
    facts = message.decoded.facts
    flags = message.redelivered + 2 * message.retained + KEEP * keeps(facts)
    received = micros(message.received)
    return MessageRow(
        message.line, message.source, packet, checksum, received, boot, message.sequence, flags, message.payload,
        class_of(facts),
    )  # fmt: skip


def rejected_rows(message: LineMessage) -> Iterator[tuple[Any, ...]]:
    """What of a message could not be understood, as rows."""
    for item in message.decoded.rejected:
        head = (message.received.isoformat(), message.line, item.source[:200], item.device, item.reason)
        yield (*head, item.detail[:200], message.payload[:1000])


def load(connection: sqlite3.Connection) -> Loaded:
    """Everything the service starts from."""
    facts: dict[str, dict[str, bytes]] = {}
    for kind, key, body in connection.execute("SELECT kind, key, body FROM facts"):
        facts.setdefault(kind, {})[key] = bytes(body)
    return Loaded(
        rooms={room: RoomSnapshot(*kept) for room, *kept in connection.execute(ROOMS)},
        facts=facts,
        conditions={key: bytes(body) for key, body in connection.execute("SELECT key, body FROM condition")},
        unfinished=[StoredCommand(*row) for row in connection.execute(UNFINISHED)],
        keys=_keys(connection),
        peers=dict(connection.execute("SELECT epoch, through FROM peer ORDER BY id").fetchall()),
        uncovered=list(_uncovered(connection)),
        key_jobs=unfinished_jobs(connection),
        devices=memories(connection),
        changes=unfinished_changes(connection),
        ignored=ignored_places(connection),
        plans=plans(connection),
        days=last_days(connection),
        history=latest(connection),
        last_heard=_last_heard(connection),
        card_key_mark=dict(connection.execute("SELECT key, value FROM meta")).get("card_key"),
    )


def _keys(connection: sqlite3.Connection) -> "dict[str, array[int]]":
    found: dict[str, array[int]] = {}
    for line, key in connection.execute(KEYS, (RECENT_MESSAGES,)):
        found.setdefault(line, array("Q")).append(key)
    return found


def _last_heard(connection: sqlite3.Connection) -> datetime | None:
    row = connection.execute("SELECT received FROM message ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else datetime.fromtimestamp(row[0] / 1_000_000, UTC)


def _uncovered(connection: sqlite3.Connection) -> Iterator[KeptMessage]:
    first = int(connection.execute("SELECT value FROM meta WHERE key = 'uncovered'").fetchone()[0])
    if not first:
        return
    rows = "SELECT seq, line, source, received, line_sequence, flags, payload FROM message WHERE seq >= ? ORDER BY seq"
    for seq, line, source, received, line_sequence, flags, payload in connection.execute(rows, (first,)):
        at = datetime.fromtimestamp(received / 1_000_000, UTC)
        yield KeptMessage(seq, line, source, at, line_sequence, bool(flags & 2), bytes(payload))
