"""What goes first when the journal is full: old telemetry, never what an alarm or a lock said, orders, or debts."""

from pathlib import Path

import pytest

from devices.model import DeviceEvent, Fact
from edge import journal as journal_module
from edge import journal_outbox
from edge.journal import Journal
from edge.journal_batch import Batch
from edge.journal_rows import StoredCommand
from edge.journal_space import keeps
from edge.retention import JournalLimits
from tests.edge.messages import AT, batch_of, line_message
from tests.edge.places import reading
from tests.edge.test_journal import opened

OPENED = DeviceEvent("101_lock", "101", "access", {"result": "granted"}, None, AT, 1)


async def kept(journal: Journal) -> list[int]:
    """The numbers of the messages that are left."""
    sql = "SELECT line_sequence FROM message ORDER BY seq"
    rows = await journal._writer.write(lambda c: c.execute(sql).fetchall())
    return [number for (number,) in rows]


async def flood(journal: Journal, first: int, count: int, *, payload: bytes | None = None) -> None:
    """Telemetry, fifty a commit."""
    for start in range(first, first + count, 50):
        messages = [
            line_message(n, reading("101_climate", "temperature", 21), payload=payload)
            for n in range(start, start + 50)
        ]
        await journal.commit(batch_of(messages=messages))


@pytest.mark.parametrize(
    ("facts", "stays"),
    [
        ((reading("a", "temperature", 21),), False),
        ((reading("a", "leak", False),), False),  # noqa: FBT003 - a value
        ((reading("a", "leak", True),), True),  # noqa: FBT003 - a value
        ((reading("a", "battery", 80), reading("a", "lock", "unlocked")), True),
        ((OPENED,), True),
        ((), False),
    ],
)
def test_alarms_and_locks_are_known_by_what_they_say(facts: tuple[Fact, ...], stays: bool) -> None:
    assert keeps(facts) is stays


async def test_at_the_cap_the_oldest_telemetry_goes_and_alarms_and_locks_stay(tmp_path: Path) -> None:
    alarm = line_message(1, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
    order = StoredCommand("c1", "done", b"{}", AT.isoformat())
    async with opened(tmp_path / "journal.db", JournalLimits(messages=100)) as journal:
        await journal.commit(batch_of(messages=[line_message(0, OPENED), alarm], commands=[order]))
        await flood(journal, 100, 500)
        assert journal.kept == 100
        assert await kept(journal) == [0, 1, *range(502, 600)]
        commands = await journal._writer.write(lambda c: c.execute("SELECT id FROM command").fetchall())
        assert commands == [("c1",)]
    async with opened(tmp_path / "journal.db", JournalLimits(messages=100)) as journal:
        await flood(journal, 600, 50)
        assert await kept(journal) == [0, 1, *range(552, 650)]


async def test_what_no_rooms_state_covers_yet_stays_whatever_the_cap(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db", JournalLimits(messages=100)) as journal:
        await journal.commit(Batch(uncovered=41))
        await flood(journal, 0, 300)
        assert (await kept(journal))[0] == 40
        await journal.commit(Batch(uncovered=0))
        await flood(journal, 300, 200)
        assert journal.kept == 100


async def test_the_journal_has_a_cap_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path, JournalLimits(megabytes=0.5)) as journal:
        await journal.commit(batch_of(messages=[line_message(0, OPENED)]))
        await flood(journal, 100, 2000, payload=bytes(1000))
        left = await kept(journal)
        assert left[0] == 0
        assert left[-1] == 2099
        assert 100 < len(left) < 600
        await journal._writer.write(lambda c: c.execute("SELECT 1").fetchone())
        pages = await journal._writer.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    assert pages * 4096 < 1_000_000


async def test_while_the_disk_is_low_the_journal_grows_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "LEAST", 150)
    async with opened(tmp_path / "journal.db") as journal:
        journal.disk_low = True
        await flood(journal, 0, 150)
        assert journal.kept == 150, "what it may always have"
        journal.disk_low = False
        await flood(journal, 150, 50)
        journal.disk_low = True
        await flood(journal, 200, 300)
        assert journal.kept == 200
        assert (await kept(journal))[-1] == 499
        journal.disk_low = False
        await flood(journal, 500, 50)
        assert journal.kept == 250


async def test_a_backlog_that_grows_without_end_loses_its_oldest_and_never_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_outbox, "BACKLOG_ROWS", 10)
    async with opened(tmp_path / "journal.db") as journal:
        for number in range(25):
            spell = ("cleaning", "101", b'{"spell":%d}' % number)
            await journal.say([spell, ("condition", f"leak:{number}", b"{}"), ("access", "101", b"{}")])
        assert journal.given_up == 15
        rows = (await journal.pending(0, 500)).rows
        assert [row.kind for row in rows].count("condition") == 25
        assert [row.kind for row in rows].count("access") == 25
        assert [row.body for row in rows if row.kind == "cleaning"] == [b'{"spell":%d}' % n for n in range(15, 25)]


async def test_of_what_is_said_of_a_device_only_the_latest_waits(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        for number in range(5):
            await journal.say([("device", "a", b"%d" % number), ("device", f"b{number}", b"1")])
        rows = (await journal.pending(0, 500)).rows
        assert sorted(row.body for row in rows) == [b"1"] * 5 + [b"4"]
        assert journal.given_up == 0
