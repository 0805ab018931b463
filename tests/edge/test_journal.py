"""The journal: one commit a batch, sound after a kill, closed to a damaged file, patient with a full disk."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.model import Rejected
from edge import journal_file
from edge.journal import Journal
from edge.journal_batch import Batch
from edge.journal_file import JournalDamagedError, copy_journal, renew_epoch
from edge.journal_keys import StoredKeyJob
from edge.journal_rows import RoomSnapshot, StoredCommand, Told
from edge.retention import JournalLimits
from edge.sqlite_writer import DiskError
from tests.edge.messages import AT, batch_of, line_message


@contextlib.asynccontextmanager
async def opened(path: Path, limits: JournalLimits | None = None) -> AsyncIterator[Journal]:
    journal = await Journal.open(path, limits)
    try:
        yield journal
    finally:
        await journal.close()


async def test_a_batch_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        epoch, boot = journal.epoch, journal.boot
        batch = batch_of(
            messages=[line_message(n) for n in range(637)],
            facts=[("condition", "leak:1", b'{"a":1}'), ("access", "101", b'{"a":2}')],
            rooms={"101": RoomSnapshot(7, 637, b'{"v":7}')},
            uncovered=636,
            conditions={"leak:1": b'{"kind":"leak"}'},
            commands=[StoredCommand("c1", "accepted", b"{}", AT.isoformat())],
        )
        await journal.commit(batch)
    async with opened(path) as journal:
        assert journal.epoch == epoch
        assert journal.boot == boot + 1
        assert journal.kept == 637
        assert journal.loaded.rooms == {"101": RoomSnapshot(7, 637, b'{"v":7}')}
        assert [message.seq for message in journal.loaded.uncovered] == [636, 637]
        assert journal.loaded.uncovered[0].payload == b'{"number":635}'
        assert journal.loaded.conditions == {"leak:1": b'{"kind":"leak"}'}
        assert [command.id for command in journal.loaded.unfinished] == ["c1"]
        packet, checksum = line_message(636).duplicate_key or (0, 0)
        assert journal.loaded.keys["field"][-1] == packet << 32 | checksum
        assert [(row.seq, row.kind) for row in (await journal.pending(0, 10))[0]] == [(1, "condition"), (2, "access")]


async def test_sequences_are_not_used_again_after_the_outbox_was_emptied(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        await journal.say([("access", "", b"{}")] * 3)
        journal.acknowledged(3)
        await journal.say([("access", "", b"{}")])
    async with opened(tmp_path / "journal.db") as journal:
        assert [row.seq for row in (await journal.pending(0, 10))[0]] == [4]


async def test_what_the_pms_told_and_its_position_are_one_commit(tmp_path: Path) -> None:
    command = StoredCommand("c1", "accepted", b"{}", AT.isoformat())
    async with opened(tmp_path / "journal.db") as journal:
        assert await journal.heard("pms-1", 4, Told([("room_facts", "101", b"{}")], [command])) == ["c1"]
        assert await journal.heard("pms-1", 5, Told(commands=[command])) == []
    async with opened(tmp_path / "journal.db") as journal:
        assert journal.loaded.peers == {"pms-1": 5}
        assert journal.loaded.facts == {"room_facts": {"101": b"{}"}}


async def test_rejected_messages_are_bounded_and_kept_raw(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        bad = Rejected("zigbee2mqtt/x", "not_json", None, "line 1")
        for start in (0, 600, 1200):
            messages = [line_message(n, payload=b"\xff\x00{", rejected=(bad,)) for n in range(start, start + 600)]
            await journal.commit(batch_of(messages=messages))
        await journal.commit(Batch())
        assert len(await journal.last_rejected(5000)) == 1000
        assert (await journal.last_rejected(1))[0]["payload"] == b"\xff\x00{"


async def test_old_messages_go_by_number_and_by_age(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db", JournalLimits(messages=100, days=1)) as journal:
        for start in range(0, 1000, 50):
            await journal.commit(batch_of(messages=[line_message(n) for n in range(start, start + 50)]))
        assert journal.kept <= 200
        await journal.tidy(AT)
        assert journal.kept > 1
        await journal.tidy(AT + timedelta(days=2))
        assert journal.kept == 1


FLOOD = """
import asyncio, sys
from pathlib import Path
from edge.journal import Journal
from tests.edge.messages import batch_of, line_message
async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    n = 0
    while True:
        await journal.commit(batch_of(messages=[line_message(n + i) for i in range(50)], facts=[("access", "", b"{}")]))
        n += 50
        print(n, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 7, 31])
async def test_what_was_committed_survives_kill_9(tmp_path: Path, after: int) -> None:
    path = tmp_path / "journal.db"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOD, path, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    told = [await child.stdout.readline() for _ in range(after + 1)]  # the first one is the log's
    child.send_signal(signal.SIGKILL)
    rest = await child.stdout.read()
    await child.wait()
    committed = int(b"".join([*told, rest]).split()[-1])
    async with opened(path) as journal:
        assert journal.kept in {committed, committed + 50}
        owed, _ = await journal.counts()
        assert owed * 50 == journal.kept


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    """A journal with something in it."""
    path = tmp_path / "journal.db"

    async def fill() -> None:
        async with opened(path) as journal:
            await journal.commit(batch_of(messages=[line_message(n) for n in range(2000)]))

    asyncio.run(fill())
    return path


def test_a_damaged_page_closes_the_journal(journal_path: Path) -> None:
    with journal_path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(os.urandom(4096 * 20))
    with pytest.raises(JournalDamagedError):
        journal_file.open_journal(journal_path).close()


@pytest.mark.parametrize("content", [b"", b"not a database at all"])
def test_a_file_that_is_no_journal_is_not_replaced(journal_path: Path, content: bytes) -> None:
    journal_path.write_bytes(content)
    with pytest.raises(JournalDamagedError, match="restore"):
        journal_file.open_journal(journal_path)
    assert journal_path.read_bytes() == content


def test_a_missing_file_whose_log_is_left_is_damage(tmp_path: Path) -> None:
    (tmp_path / "journal.db-wal").write_bytes(b"x" * 100)
    with pytest.raises(JournalDamagedError):
        journal_file.open_journal(tmp_path / "journal.db")


def test_a_journal_of_a_newer_release_is_refused(journal_path: Path) -> None:
    connection = sqlite3.connect(journal_path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(JournalDamagedError, match="newer"):
        journal_file.open_journal(journal_path).close()


def test_a_migration_makes_a_backup_first(journal_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "STEPS", (*journal_file.STEPS, "ALTER TABLE room ADD COLUMN note TEXT"))
    connection = journal_file.open_journal(journal_path)
    assert connection.execute("SELECT count(*) FROM message").fetchone() == (2000,)
    assert "note" in [row[1] for row in connection.execute("PRAGMA table_info(room)")]
    connection.close()
    backup = sqlite3.connect(journal_path.with_name(f"journal.db.before-{len(journal_file.STEPS)}"))
    assert backup.execute("SELECT count(*) FROM message").fetchone() == (2000,)
    backup.close()


def test_messages_of_an_older_release_are_of_no_known_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    with monkeypatch.context() as older:
        older.setattr(journal_file, "STEPS", journal_file.STEPS[:2])
        connection = journal_file.open_journal(path)
        connection.execute("INSERT INTO message VALUES (1, 'field', 'x', NULL, NULL, 0, 1, 1, 0, x'00')")
        connection.close()
    connection = journal_file.open_journal(path)
    assert connection.execute("SELECT class FROM message").fetchall() == [(0,)]
    connection.close()


async def test_a_journal_of_the_first_release_gets_its_key_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    with monkeypatch.context() as first_release:
        first_release.setattr(journal_file, "STEPS", journal_file.STEPS[:1])
        old = journal_file.open_journal(path)
        old.execute("INSERT INTO command VALUES ('c1', 'accepted', x'7b7d', '2026-11-22', NULL)")
        assert "key_job" not in [row[0] for row in old.execute("SELECT name FROM sqlite_master")]
        old.close()
    job = StoredKeyJob("k1", "accepted", b"{}", AT.isoformat())
    async with opened(path) as journal:
        assert await journal.heard("pms-1", 1, Told(key_jobs=[job])) == ["k1"]
    async with opened(path) as journal:
        assert journal.loaded.key_jobs == [job]
        assert [command.id for command in journal.loaded.unfinished] == ["c1"]


def test_a_copy_is_sound_and_a_restored_one_has_a_new_epoch(journal_path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert copy_journal(journal_path, copy)["message"] == 2000
    before = journal_file.open_journal(copy)
    epoch = before.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0]
    before.close()
    assert renew_epoch(copy) != epoch


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB, where it may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_a_full_disk_is_said_and_the_batch_waits_for_space(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    async with opened(small_disk / "journal.db") as journal:
        batch = batch_of(messages=[line_message(n) for n in range(200)])
        stored = await _fill(journal, batch)
        assert said(journal) == "disk_full"
        ballast.unlink()
        await journal.commit(batch)
        assert not said(journal)
        assert journal.kept == stored + 200


def said(journal: Journal) -> str:
    return journal.trouble.code if journal.trouble else ""


async def _fill(journal: Journal, batch: Batch) -> int:
    stored = 0
    while True:
        try:
            await journal.commit(batch)
        except DiskError:
            return stored
        stored += len(batch.messages)


async def test_a_wrong_operation_does_not_take_its_neighbours_down(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        wrong = journal._write(lambda connection: connection.execute("SELECT nonsense"))
        results = await asyncio.gather(wrong, journal.say([("access", "", b"{}")]), return_exceptions=True)
        assert isinstance(results[0], sqlite3.OperationalError)
        assert results[1] is None
        assert journal.trouble is None
        assert len((await journal.pending(0, 5))[0]) == 1


async def test_a_failed_fsync_is_the_end_of_this_process(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:

        def failing(_: sqlite3.Connection) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error

        with pytest.raises(DiskError) as raised:
            await journal._write(failing)
        assert raised.value.fatal
        with pytest.raises(DiskError):
            await asyncio.wait_for(journal.lost(), 1)
