"""What a restore would replace: both sides counted, and what is in the folder but not in the backup."""

import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge.archive import BOOKS, verify
from edge.journal_file import JOURNAL, JournalDamagedError, counts
from pms.commands import Books
from pms.kernel.errors import DatabaseDamaged
from pms.survey import survey, survey_file

NEWEST_MESSAGE = "SELECT max(received) FROM message"
WORDS = {"journal": "journal of the rooms", "pms": "books"}
SHOWN_TABLES = 12
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """One database on one side. `damaged`: it is there and cannot be read; nothing is known of it then."""

    rows: dict[str, int]
    newest: datetime | None
    size: int | None
    damaged: bool = False

    def answer(self) -> dict[str, Any]:
        """As JSON values."""
        return {"rows": self.rows, "newest": self.newest, "bytes": self.size, "damaged": self.damaged}


@dataclass(frozen=True, slots=True)
class Compared:
    """One database: what is there now (None: nothing), and what the backup holds."""

    database: str
    present: Side | None
    saved: Side

    @property
    def lost(self) -> dict[str, int]:
        """Rows there are more now than in the backup, by table."""
        now = self.present.rows if self.present else {}
        more = {table: rows - self.saved.rows.get(table, 0) for table, rows in now.items()}
        return {table: count for table, count in more.items() if count > 0}

    @property
    def span(self) -> timedelta | None:
        """Between the newest entry of the backup and the newest there is: what happened in it is lost."""
        if self.present is None or self.present.newest is None or self.saved.newest is None:
            return None
        return max(self.present.newest - self.saved.newest, timedelta(0))

    def answer(self) -> dict[str, Any]:
        """As JSON values."""
        present = self.present.answer() if self.present else None
        seconds = self.span.total_seconds() if self.span is not None else None
        return {"present": present, "backup": self.saved.answer(), "lost": self.lost, "lost_seconds": seconds}

    def lines(self) -> list[str]:
        """For a person at the console."""
        said = [f"{WORDS[self.database]}:"]
        said += [f"  there now:  {_side(self.present)}" if self.present else "  there now:  nothing"]
        said += [f"  the backup: {_side(self.saved)}"]
        if self.present is not None and self.present.damaged:
            said.append("  will be lost: what is there cannot be read, so nobody can say")
        elif self.lost:
            said.append(f"  will be lost: {_lost(self.lost, self.span)}")
        elif self.present is not None:
            said.append("  will be lost: no table has more rows now; changes made since the backup are undone")
        return said


async def compare(books: Books, file: Path) -> list[Compared]:
    """What the data folder holds beside what the backup holds.

    Raises:
        ArchiveError: the backup is not sound.
        OSError: it cannot be read, or the database server cannot be reached.
    """
    held = verify(file)
    found = []
    with tempfile.TemporaryDirectory(dir=file.parent) as name, tarfile.open(file) as archive:
        for member in sorted(held):
            archive.extract(member, name, filter="data")
        if JOURNAL in held:
            found.append(
                Compared("journal", journal_side(books.data / JOURNAL), _known(journal_side(Path(name) / JOURNAL)))
            )
        if BOOKS in held:
            saved = survey_file(Path(name) / BOOKS)
            found.append(Compared("pms", await _books(books), Side(saved.rows, saved.newest, saved.size)))
    return found


async def _books(books: Books) -> Side | None:
    try:
        present = await survey(books.url)
    except DatabaseDamaged:
        return Side({}, None, None, damaged=True)
    return Side(present.rows, present.newest, present.size) if present else None


def journal_side(path: Path) -> Side | None:
    """What a journal's file holds; None: there is none."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            rows, newest = counts(connection), connection.execute(NEWEST_MESSAGE).fetchone()[0]
    except (sqlite3.DatabaseError, JournalDamagedError):
        return Side({}, None, path.stat().st_size, damaged=True)
    at = datetime.fromtimestamp(newest / 1_000_000, UTC) if newest is not None else None
    return Side(rows, at, path.stat().st_size)


def _known(side: Side | None) -> Side:
    assert side is not None  # noqa: S101 - it was just unpacked
    return side


def _side(side: Side) -> str:
    if side.damaged:
        return "damaged, cannot be read"
    newest = f"newest entry {side.newest:%Y-%m-%d %H:%M:%S} UTC" if side.newest else "no entry"
    size = f", {side.size / MEGABYTE:.1f} MB" if side.size is not None else ""
    return f"{sum(side.rows.values())} rows, {newest}{size}"


def _lost(lost: dict[str, int], span: timedelta | None) -> str:
    first = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{table} {count}" for table, count in first[:SHOWN_TABLES])
    more = f" and {len(first) - SHOWN_TABLES} more tables" if len(first) > SHOWN_TABLES else ""
    since = f", all of the last {_duration(span)} of entries" if span else ""
    return f"{sum(lost.values())} rows ({named}{more}){since}"


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return f"{span.total_seconds():.0f} s"
    days, hours = minutes // 1440, minutes % 1440 // 60
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
