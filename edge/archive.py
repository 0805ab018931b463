"""Backups: journal and books in one archive, secrets in another, both read back before they count as made.

The journal is copied first. What the books hold beyond it is no loss: a restored journal forgets what they have.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.archive_error import ArchiveError
from edge.folder import in_use
from edge.journal_file import JOURNAL, copy_journal, counts, open_journal, renew_epoch
from edge.secret_files import NEVER_SAVED
from pms import commands
from pms.commands import Books

BOOKS, MANIFEST = "pms.backup", "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What is saved: the journal (edge), the books (pms) or both; `label` stands in the files' names."""

    edge: bool = True
    pms: bool = True
    label: str = ""
    secrets: Path | None = None  # another folder for the secrets than that of the backup
    keep_secrets: bool = True


EVERYTHING = Scope()
STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and verified."""

    file: Path
    secrets: Path | None
    rows: dict[str, dict[str, int]]


async def backup(books: Books, folder: Path, version: str, scope: Scope = EVERYTHING) -> Backup:
    """Write `innkeeper-TIME.tar` and `innkeeper-TIME.secrets.tar` into `folder`; works beside a running service.

    Raises:
        ArchiveError, JournalDamagedError, pms.kernel.errors.DatabaseDamaged, OSError: there is no backup.
    """
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - a command has nothing else to do meanwhile
    stamp = f"{scope.label}{datetime.now(UTC):{STAMP}}"
    with tempfile.TemporaryDirectory(dir=folder) as name:
        work = Path(name)
        rows = await _copies(books, work, scope)
        manifest = _manifest(work, rows, version)
        (work / MANIFEST).write_text(json.dumps(manifest, indent=2))
        file = folder / f"innkeeper-{stamp}.tar"
        pack(file, [work / MANIFEST, *(work / member for member in manifest["sha256"])])
        verify(file)
    secrets = None
    if scope.keep_secrets:
        secrets = _pack_secrets(books.data / "secrets", (scope.secrets or folder) / f"innkeeper-{stamp}.secrets.tar")
    return Backup(file, secrets, rows)


async def _copies(books: Books, work: Path, scope: Scope) -> dict[str, dict[str, int]]:
    rows = {}
    if scope.edge:
        journal = books.data / JOURNAL
        open_journal(journal).close()  # makes it, or brings it up to date, or says that it is damaged
        rows["journal"] = copy_journal(journal, work / JOURNAL)
    if scope.pms:
        rows["pms"] = (await commands.backup_pms(books, work / BOOKS)).rows
    return rows


async def restore(books: Books, file: Path, secrets: Path | None, *, replace: bool) -> list[str]:
    """Fill the data folder from a backup; both databases begin a new epoch. Returns what was put aside, by name.

    Raises:
        ArchiveError: the folder is in use or not empty (and `replace` is not asked for), or the archive is not sound.
        pms.kernel.errors.Conflict: a PostgreSQL database that has books already (and `replace` is not asked for).
    """
    data = books.data
    refuse_in_use(data)
    held = verify(file)
    aside = _put_aside(data, held, replace=replace)
    if replace and BOOKS in held and (schema := await commands.put_aside(books)):
        aside.append(schema)
    with tempfile.TemporaryDirectory(dir=data) as name:
        work = Path(name)
        with tarfile.open(file) as archive:
            archive.extractall(work, filter="data")
        if secrets is not None:
            _unpack_secrets(secrets, data / "secrets")
        if {JOURNAL, BOOKS} <= held:
            _forget_what_the_books_have(work / JOURNAL, work / BOOKS)
        if BOOKS in held:
            await commands.restore_pms(books, work / BOOKS)
        if JOURNAL in held:
            renew_epoch(work / JOURNAL)
            (work / JOURNAL).replace(data / JOURNAL)
    return aside


def refuse_in_use(data: Path) -> None:
    """Raise ArchiveError while a service runs on the folder."""
    for part in ("edge", "pms"):
        if in_use(data, part):
            raise ArchiveError(f"a running {part} uses {data}: stop it first")


def present(data: Path, held: Collection[str] = (JOURNAL, BOOKS)) -> list[str]:
    """What of a hotel is in the folder and would be replaced by an archive that holds these members."""
    names: list[str] = []
    if JOURNAL in held:
        names += [JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm"]
    if BOOKS in held:
        names += ["pms.db", "pms.db-wal", "pms.db-shm"]
    if JOURNAL in held:
        names.append("broker")
    return [name for name in names if (data / name).exists()]


def _put_aside(data: Path, held: Collection[str], *, replace: bool) -> list[str]:
    data.mkdir(parents=True, exist_ok=True)
    there = present(data, held)
    if there and not replace:
        raise ArchiveError(f"{data} is not empty: {', '.join(there)}. With --replace they are put aside first")
    if there:
        folder = data / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        folder.mkdir()
        for name in there:
            shutil.move(data / name, folder / name)
    return there


def _manifest(folder: Path, rows: dict[str, dict[str, int]], version: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": version,
        "made": datetime.now(UTC).isoformat(),
        "rows": rows,
        "sha256": {
            name: _digest((folder / name).read_bytes()) for name in (JOURNAL, BOOKS) if (folder / name).exists()
        },
    }


def verify(file: Path) -> frozenset[str]:
    """Read an archive back: complete, unchanged, its journal sound and of the counted size; what it holds.

    Raises:
        ArchiveError: it is not a backup, or not as it was made.
    """
    try:
        with tarfile.open(file) as archive, tempfile.TemporaryDirectory(dir=file.parent) as name:
            manifest = json.loads(_member(archive, MANIFEST))
            for member, digest in manifest["sha256"].items():
                if _digest(_member(archive, member)) != digest:
                    raise ArchiveError(f"{file}: {member} is not what was saved")
            if JOURNAL in manifest["sha256"]:
                journal = Path(name) / JOURNAL
                journal.write_bytes(_member(archive, JOURNAL))
                with closing(sqlite3.connect(journal)) as connection:
                    if counts(connection) != manifest["rows"]["journal"]:
                        raise ArchiveError(f"{file}: the journal does not hold what was counted")
            return frozenset(manifest["sha256"])
    except (tarfile.TarError, KeyError, ValueError, sqlite3.DatabaseError) as error:
        raise ArchiveError(f"{file} is not a backup of this service: {error}") from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found.read()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pack(file: Path, members: list[Path], *, whole: bool = False) -> None:
    """An archive for its owner alone, complete and on disk before it has its name. `whole`: with what folders hold."""
    draft = file.with_name(file.name + ".partial")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w") as archive:
            for member in members:
                archive.add(member, member.name, recursive=whole)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _pack_secrets(secrets: Path, file: Path) -> Path | None:
    members = sorted(path for path in secrets.glob("*") if path.is_file() and _is_saved(path))
    if not members:
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    pack(file, members)
    with tarfile.open(file) as archive:
        for member in members:
            if _member(archive, member.name) != member.read_bytes():
                raise ArchiveError(f"{file}: {member.name} is not what was to be saved")
    return file


def _is_saved(path: Path) -> bool:
    return not path.name.startswith(".") and path.name not in NEVER_SAVED


def _unpack_secrets(file: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(file) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member)
            if content is None or Path(member.name).name != member.name:
                raise ArchiveError(f"{file} is not an archive of secrets")
            if member.name in NEVER_SAVED:
                continue  # the one that is there stays
            path = folder / member.name
            path.touch(mode=0o600)
            path.write_bytes(content.read())


def _forget_what_the_books_have(journal: Path, books: Path) -> None:
    """The journal is the older copy: facts the books applied meanwhile are not said to them again."""
    with closing(sqlite3.connect(books)) as connection:
        applied = dict(connection.execute("SELECT epoch, through FROM link_peer").fetchall())
    with closing(open_journal(journal)) as connection:
        epoch = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
        connection.execute("DELETE FROM outbox WHERE seq <= ?", (applied.get(epoch, 0),))
