"""The journal's file: made, checked, brought up to date, copied. All of it before the service starts (or beside it)."""

import os
import sqlite3
import uuid
from pathlib import Path

import structlog

from edge.journal_devices import DEVICES
from edge.journal_energy import ENERGY_AND_HISTORY
from edge.journal_keys import KEY_JOBS
from edge.journal_onboarding import ONBOARDING
from edge.journal_outbox import TWO_LANES

log = structlog.get_logger()

JOURNAL = "journal.db"
APPLICATION_ID = 0x494E4B4A

FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    source TEXT NOT NULL,
    packet INTEGER,
    checksum INTEGER,
    received INTEGER NOT NULL,  -- microseconds since 1970, UTC
    boot INTEGER NOT NULL,
    line_sequence INTEGER NOT NULL,
    flags INTEGER NOT NULL,     -- 1 redelivered, 2 retained
    payload BLOB NOT NULL
);
CREATE TABLE rejected (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL, line TEXT NOT NULL, source TEXT NOT NULL, device TEXT, reason TEXT NOT NULL,
    detail TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE room (
    room TEXT PRIMARY KEY, version INTEGER NOT NULL,
    covers INTEGER NOT NULL,    -- the last message whose effect is in the snapshot
    snapshot BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, created TEXT NOT NULL
);
CREATE TABLE peer (id INTEGER PRIMARY KEY AUTOINCREMENT, epoch TEXT NOT NULL UNIQUE, through INTEGER NOT NULL);
CREATE TABLE facts (kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE condition (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE command (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, body BLOB NOT NULL, deadline TEXT NOT NULL, reason TEXT
) WITHOUT ROWID;
"""

MESSAGE_CLASS = "ALTER TABLE message ADD COLUMN class INTEGER NOT NULL DEFAULT 0"
"""`edge.retention.MessageClass`; what is there already is of none known, and goes with the other messages."""

STEPS: tuple[str, ...] = (FIRST, KEY_JOBS, MESSAGE_CLASS, TWO_LANES, DEVICES, ONBOARDING, ENERGY_AND_HISTORY)
"""Step n brings the schema from version n to n + 1. Never changed once released; new ones are added at the end."""


class JournalDamagedError(Exception):
    """The journal cannot be trusted. The service does not start on it, and never on an empty one in its place."""


def open_journal(path: Path) -> sqlite3.Connection:
    """A connection to a checked journal of the newest schema, made when there is none.

    Raises:
        JournalDamagedError: the file is not a sound journal, or was made by a newer release.
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _refuse_orphans(path)
        _create(path)
    _check_header(path)
    try:
        connection = connect(path)
        _check(connection, path)
        _migrate(connection, path)
    except sqlite3.DatabaseError as error:
        raise JournalDamagedError(f"{path}: {error}. {RESTORE}") from error
    return connection


RESTORE = "Put it aside and restore a backup: innkeeper restore FILE --data DIR"


def connect(path: Path) -> sqlite3.Connection:
    """A connection as the writer uses it: full durability, transactions begun by hand."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-500")  # kB: it writes at the end and reads little; a flood as fast as 2 MB
    connection.execute("PRAGMA secure_delete=ON")  # what was deleted is overwritten, whatever the library's default
    return connection


def renew_epoch(path: Path) -> str:
    """Give a restored journal a new epoch; returns the epoch. What its outbox owed is sent under it."""
    connection = open_journal(path)
    epoch = uuid.uuid4().hex
    with connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return epoch


def copy_journal(source: Path, target: Path) -> dict[str, int]:
    """A consistent copy beside a running service, checked; returns its row counts by table.

    Raises:
        JournalDamagedError: the copy is not sound.
        OSError: it could not be written.
    """
    target.unlink(missing_ok=True)
    reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10.0)
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        reading.backup(copy, pages=2000)
        copy.execute("PRAGMA journal_mode=DELETE")
        if (verdict := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise JournalDamagedError(f"{target}: {verdict}")
        return counts(copy)
    except sqlite3.DatabaseError as error:
        raise JournalDamagedError(f"{source}: {error}") from error
    finally:
        copy.close()
        reading.close()


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows by table."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - names of our schema
        for name in names
        if not name.startswith("sqlite_")
    }


def _refuse_orphans(path: Path) -> None:
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise JournalDamagedError(f"{path} is gone but {wal.name} is there. {RESTORE}")


def _create(path: Path) -> None:
    """Made aside and renamed, so that a journal is never half made: an empty file is a damaged one."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    for version, step in enumerate(STEPS):
        _step(connection, version, step)
    connection.execute("INSERT INTO meta VALUES ('epoch', ?), ('boot', '0'), ('uncovered', '0')", (uuid.uuid4().hex,))
    connection.close()
    os.replace(draft, path)  # noqa: PTH105 - the atomic rename is the point
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    log.info("journal.created", path=str(path))


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\x00":
            raise JournalDamagedError(f"{path} is not a journal. {RESTORE}")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise JournalDamagedError(f"{path}: {verdict}. {RESTORE}")
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise JournalDamagedError(f"{path} is not a journal of this product. {RESTORE}")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(STEPS):
        raise JournalDamagedError(f"{path} was made by a newer release (schema {version}, known: {len(STEPS)})")
    if version == len(STEPS):
        return
    copy_journal(path, path.with_name(f"{path.name}.before-{len(STEPS)}"))
    for number in range(version, len(STEPS)):
        _step(connection, number, STEPS[number])
        log.info("journal.migrated", schema=number + 1)


def _step(connection: sqlite3.Connection, version: int, script: str) -> None:
    connection.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version={version + 1};COMMIT")
