"""A backup proves itself: it is restored into a folder of its own, by the code that restores, and compared."""

import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.archive import Backup, restore
from edge.archive_error import ArchiveError
from edge.journal_file import JOURNAL, counts
from pms import commands
from pms.commands import Books
from pms.kernel.crypto import key_file
from pms.survey import survey_file

CHANGED_BY_A_RESTORE = frozenset({"outbox", "session", "link_head", "link_outbox", "command_job"})
"""A restore ends sessions and begins new epochs: these tables may differ afterwards."""

GROWN_BY_A_RESTORE = frozenset({"event", "credential_counter", "room_keys"})
"""A restore ends open key jobs, which is recorded, and lets the numbers of keys go on far above the saved ones."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was found: `events` of the audit chain checked; `decrypted` None: no name, or no keys, to try."""

    rows: int
    events: int
    decrypted: bool | None
    seconds: float


async def rehearse(backup: Backup, data: Path) -> Rehearsal:
    """Restore and compare. `data`: the folder the backup was made of, for its keys (they are not kept).

    Raises:
        ArchiveError: the restored databases are not what was saved.
        DatabaseDamaged, JournalDamagedError, OSError: it cannot be restored at all.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=backup.file.parent, prefix=".rehearsal-") as name:
        books = Books(Path(name) / "data")
        has_keys = _lend_keys(data, books.data)
        await restore(books, backup.file, None, replace=False)
        rows = _journal(books.data / JOURNAL, backup) + _books(books.data / "pms.db", backup)
        events, decrypted = 0, None
        if "pms" in backup.rows:
            events = await _audit(books)
            decrypted = await commands.decrypts(books) if has_keys else None
        if decrypted is False:
            raise ArchiveError(f"{backup.file}: names cannot be read with the keys of {data}")
    return Rehearsal(rows, events, decrypted, time.monotonic() - begun)


def _lend_keys(data: Path, to: Path) -> bool:
    keys = key_file(data)
    if not keys.exists():
        return False
    key_file(to).parent.mkdir(mode=0o700, parents=True)
    shutil.copy(keys, key_file(to))
    return True


def _journal(path: Path, backup: Backup) -> int:
    if "journal" not in backup.rows:
        return 0
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA integrity_check(3)").fetchall()
        if found != [("ok",)]:
            raise ArchiveError(f"{backup.file}: the restored journal is damaged: {found[0][0]}")
        return _same(counts(connection), backup.rows["journal"], backup.file)


def _books(path: Path, backup: Backup) -> int:
    if "pms" not in backup.rows:
        return 0
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA integrity_check(3)").fetchall()
        orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    if found != [("ok",)] or orphans:
        raise ArchiveError(f"{backup.file}: the restored books are damaged: {found[0][0]}, {len(orphans)} orphans")
    return _same(survey_file(path).rows, backup.rows["pms"], backup.file)


def _same(found: dict[str, int], saved: dict[str, int], file: Path) -> int:
    """Rows compared; raises ArchiveError at the first table that is not as it was saved."""
    for table, rows in saved.items():
        now = found.get(table, 0)
        grown = table in GROWN_BY_A_RESTORE and now > rows
        if table not in CHANGED_BY_A_RESTORE and now != rows and not grown:
            raise ArchiveError(f"{file}: {table} has {now} rows after a restore, {rows} were saved")
    return sum(found.values())


async def _audit(books: Books) -> int:
    verdicts = await commands.audit_verify(books)
    broken = [verdict for verdict in verdicts if verdict.broken_at is not None]
    if broken:
        raise ArchiveError(f"the audit chain of {broken[0].property_id} is broken at event {broken[0].broken_at}")
    return sum(verdict.events for verdict in verdicts)
