"""Opening the books: looked over first, backed up before a migration, never begun anew over what was there."""

import asyncio
import sqlite3
from datetime import datetime
from pathlib import Path

import structlog

from pms import backup, schema
from pms.kernel import engines
from pms.kernel.crypto import key_file
from pms.kernel.errors import DatabaseDamaged

log = structlog.get_logger()

RESTORE = "Restore a backup with `innkeeper restore`, or move the file away to begin with empty books."


async def prepare(data: Path, url: str, now: datetime) -> Path | None:
    """Make the database of `url` ready for this release; the backup that was made first, if it had to be changed.

    Raises DatabaseDamaged when it cannot be trusted as it is.
    """
    data.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once, before anything runs
    if engines.is_sqlite(url):
        await asyncio.to_thread(check_sqlite, engines.sqlite_file(url), key_file(data))
    saved = await _backup_before(data, url, now)
    await schema.migrate(url)
    return saved


async def _backup_before(data: Path, url: str, now: datetime) -> Path | None:
    present = await schema.revision(url)
    if present is None or present == schema.newest():
        return None
    folder = data / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"pms-before-{schema.newest()}-{now:%Y%m%dT%H%M%S}.backup"
    await backup.write(url, target)
    log.info("backup_before_migration", file=str(target), revision=present)
    return target


def check_sqlite(path: Path, keys: Path) -> None:
    """Raise DatabaseDamaged unless the file is a sound database, or there has never been one."""
    if not path.exists():
        if keys.exists():
            raise DatabaseDamaged(f"{path} is gone, but there were books here ({keys}). {RESTORE}")
        return
    try:
        findings = _quick_check(path)
    except sqlite3.DatabaseError as error:
        raise DatabaseDamaged(f"{path} cannot be read: {error}. {RESTORE}") from error
    if findings != ["ok"]:
        raise DatabaseDamaged(f"{path} is damaged: {'; '.join(findings[:3])}. {RESTORE}")


def _quick_check(path: Path) -> list[str]:
    if path.stat().st_size == 0:
        return ["it is empty"]
    connection = sqlite3.connect(path, timeout=5)
    try:
        connection.execute("PRAGMA busy_timeout=5000")
        return [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    finally:
        connection.close()
