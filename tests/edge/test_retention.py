"""Of which class a message is, and that each class goes after its own period, whatever happens meanwhile."""

import asyncio
import os
import signal
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalog import Catalog
from devices.model import DeviceEvent, Fact, Quality, Reading
from edge import sweep
from edge.journal import Journal
from edge.journal_batch import Batch
from edge.journal_file import open_journal
from edge.journal_rows import MESSAGE, REJECTED, StoredCommand, insert, micros
from edge.retention import NAMES, OF_POINT, JournalLimits, MessageClass, class_of
from gateway.ports import LineMessage
from pms.link.retention import CLASSES, DEFAULTS, period, refusal
from tests.edge.messages import AT, batch_of, line_message
from tests.edge.places import reading

DAY = timedelta(days=1)
ON = True
PERIODS = {"edge_presence": 2.0, "edge_locks": 4.0, "edge_climate": 6.0, "edge_other": 8.0, "edge_rejected": 3.0}
LIMITS = JournalLimits(messages=100_000, days=30, periods=PERIODS)
SAYS: dict[MessageClass, Fact] = {
    MessageClass.OTHER: reading("101_x", "battery", 97),
    MessageClass.CLIMATE: reading("101_x", "temperature", 21.0),
    MessageClass.LOCKS: reading("101_x", "lock", "locked"),
    MessageClass.PRESENCE: reading("101_x", "motion", ON),
}


def event(kind: str, **params: Any) -> DeviceEvent:
    return DeviceEvent("101_lock", "101", kind, params, None, AT, 1)


def message(number: int, kind: MessageClass, age: timedelta = timedelta()) -> LineMessage:
    return line_message(number, SAYS[kind])._replace(received=AT - age)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), MessageClass.OTHER),
        ((SAYS[MessageClass.OTHER], reading("101_x", "no_such_point", 1)), MessageClass.OTHER),
        ((SAYS[MessageClass.OTHER], SAYS[MessageClass.CLIMATE]), MessageClass.CLIMATE),
        ((event("access", result="granted"), SAYS[MessageClass.CLIMATE]), MessageClass.LOCKS),
        ((event("access", result="granted"), reading("101_lock", "bolt", ON)), MessageClass.PRESENCE),
        ((event("egress"),), MessageClass.PRESENCE),
        ((event("sos"), reading("101_x", "sos", ON)), MessageClass.OTHER),
        ((reading("101_x", "smoke", ON),), MessageClass.OTHER),
        ((reading("101_x", "occupancy_input", ON),), MessageClass.PRESENCE),
        ((reading("101_x", "keycard", ON),), MessageClass.PRESENCE),
        ((reading("101_x", "energy", 3.0),), MessageClass.CLIMATE),
    ],
)
def test_the_most_sensitive_thing_a_message_says_decides(facts: tuple[Fact, ...], expected: MessageClass) -> None:
    assert class_of(facts) == class_of(facts[::-1]) == expected


@pytest.mark.parametrize("quality", list(Quality))
def test_a_reading_nobody_believes_is_as_sensitive_as_another(quality: Quality) -> None:
    assert class_of([Reading("d", "101", "motion", None, quality, None, AT, 1)]) == MessageClass.PRESENCE


def test_every_point_of_the_profiles_was_thought_of() -> None:
    plain = {"battery", "battery_low", "link_quality", "message_number", "leak", "smoke", "sos", "tamper", "online"}
    plain |= {  # what an installer sets, and how a unit is
        *("alarm_active", "alarm_code", "backlight", "baud_code", "belimo_mode", "clock_hour", "clock_minute"),
        *("clock_weekday", "connected", "contact_reception", "control_sequence", "device_number", "dip_bits"),
        *("display_brightness", "display_unit", "fahrenheit", "fan_always_on", "fan_reset", "firmware"),
        *("flash_broken", "hysteresis", "input_function", "key_lock", "lock_code", "no_room_unit_1"),
        *("no_room_unit_2", "no_sensor_1", "no_sensor_2", "no_sensor_3", "output_1_short", "output_2_short"),
        *("output_3_short", "output_4_short", "plant_type", "regulator_open", "regulator_short"),
        *("remote_sensor_function", "setpoint_limit_max", "setpoint_limit_min", "system_fault"),
        *("temperature_offset", "unit_address", "uptime", "user_actions", "version"),
    }
    catalog = Catalog.load()
    known = {point for profile in catalog.ids() for point in catalog.get(profile).points}
    assert known - set(OF_POINT) - plain == set()


def test_every_class_of_the_journal_has_a_period() -> None:
    kept = {one.name for one in CLASSES.values() if one.place == "edge"}
    assert set(NAMES.values()) | {"edge_rejected", "edge_commands"} == kept
    for one in CLASSES.values():
        assert one.needed <= one.days, one.name


def test_nothing_is_kept_longer_than_the_journal_and_nothing_shorter_than_it_is_needed() -> None:
    assert JournalLimits(days=3).kept("edge_presence") == 3 * DAY
    assert JournalLimits(periods={"edge_presence": 0.0}).kept("edge_presence") == DAY
    assert period("alerts", {"alerts": 0.0}) == 30 * DAY
    assert period("alerts") == DEFAULTS["alerts"] * DAY
    assert refusal("alerts", 7) is not None
    assert refusal("alerts", 0) is refusal("alerts", 30) is None


def whole_sweep(connection: sqlite3.Connection, last: int, limits: JournalLimits = LIMITS) -> int:
    start, removed = 0, 0
    while True:
        swept = sweep.step(connection, start, last, limits.oldest(AT))
        removed += sum(swept.removed.values())
        start = swept.next
        if not start:
            return removed


ages = st.integers(0, 10 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
histories = st.lists(st.tuples(st.sampled_from(MessageClass), ages), min_size=1, max_size=60)


@given(history=histories, uncovered=st.integers(0, 60), step=st.sampled_from([1, 7, 2000]))
def test_exactly_what_is_past_its_period_goes(
    history: list[tuple[MessageClass, timedelta]], uncovered: int, step: int
) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE meta (key TEXT, value TEXT); CREATE TABLE message (seq INTEGER PRIMARY KEY, line, source, packet,"
        " checksum, received, boot, line_sequence, flags, payload, class)"
    )
    connection.execute("INSERT INTO meta VALUES ('uncovered', ?)", (str(uncovered),))
    rows = [("field", "x", None, None, micros(AT - age), 1, 1, 0, b"", int(kind)) for kind, age in history]
    insert(connection, MESSAGE, rows)
    last = len(history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "STEP", step)
        removed = whole_sweep(connection, last)
    left = {seq for (seq,) in connection.execute("SELECT seq FROM message")}
    fresh = {n for n, (kind, age) in enumerate(history, 1) if age <= LIMITS.kept(NAMES[kind])}
    needed = {last} | (set(range(uncovered, last + 1)) if uncovered else set())
    assert left == fresh | needed
    assert removed == last - len(left)
    connection.close()


async def test_classes_go_one_after_the_other_and_are_counted(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db", LIMITS)
    kinds = list(MessageClass) * 5
    await journal.commit(batch_of(messages=[message(n, kind) for n, kind in enumerate(kinds)], uncovered=0))
    await journal.commit(batch_of(messages=[message(99, MessageClass.OTHER)]))
    for days, kept in ((1, 21), (2.1, 16), (4.1, 11), (6.1, 6), (8.1, 1)):
        await journal.tidy(AT + days * DAY)
        assert journal.kept == kept, days
    assert journal.removed == dict.fromkeys(NAMES.values(), 5)
    assert journal.swept == AT + 8.1 * DAY
    await journal.close()
    journal = await Journal.open(tmp_path / "journal.db", LIMITS)
    assert (journal.kept, journal.last) == (1, 21)
    await journal.commit(batch_of(messages=[message(100, MessageClass.OTHER)]))
    assert journal.last == 22
    await journal.close()


async def test_the_cap_by_number_holds_with_holes_in_the_journal(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db", JournalLimits(messages=100, periods=PERIODS))
    for start in range(0, 400, 20):
        kinds = [MessageClass.PRESENCE, MessageClass.CLIMATE] * 10
        await journal.commit(batch_of(messages=[message(start + n, kind) for n, kind in enumerate(kinds)]))
        await journal.tidy(AT + 3 * DAY)
        assert journal.kept <= 100
    assert journal.kept > 80
    await journal.close()


async def test_what_the_pms_has_not_had_is_never_deleted(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db", LIMITS)
    facts = [("access", "101", b"{}"), ("condition", "leak:1", b"{}")]
    batch = batch_of(messages=[message(n, MessageClass.PRESENCE) for n in range(50)], facts=facts, uncovered=31)
    await journal.commit(batch)
    await journal.tidy(AT + 365 * DAY)
    assert journal.kept == 20
    assert len((await journal.pending(0, 10))[0]) == 2
    await journal.commit(Batch(uncovered=0))
    await journal.tidy(AT + 365 * DAY)
    assert journal.kept == 1
    await journal.close()


async def test_rejected_messages_and_ended_orders_go_too(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db", LIMITS)
    commands = [StoredCommand(state, state, b"{}", AT.isoformat()) for state in ("accepted", "sent", "done", "failed")]
    await journal.commit(Batch(commands=commands))
    await journal._write(
        lambda c: insert(c, REJECTED, [((AT - age * DAY).isoformat(), "l", "s", None, "r", "", b"") for age in (0, 9)])
    )
    await journal.tidy(AT + 2 * DAY)
    assert len(await journal.last_rejected(9)) == 1
    assert journal.removed == {"edge_rejected": 1, "edge_commands": 2}
    await journal.close()
    connection = open_journal(tmp_path / "journal.db")
    assert connection.execute("SELECT id FROM command ORDER BY id").fetchall() == [("accepted",), ("sent",)]
    connection.close()


async def test_a_copy_from_before_a_migration_goes_with_what_it_holds(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db", LIMITS)
    old, young = tmp_path / "journal.db.before-1", tmp_path / "journal.db.before-2"
    for copy in (old, young):
        copy.write_bytes(b"copy")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    await journal.tidy(AT)
    assert (old.exists(), young.exists()) == (False, True)
    await journal.close()


def test_what_was_deleted_cannot_be_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    connection = open_journal(path)
    rows = [("field", "x", None, None, 0, 1, 1, 0, b"very-private" * 20, int(MessageClass.PRESENCE)) for _ in range(50)]
    insert(connection, MESSAGE, [*rows, (*rows[0][:4], micros(AT), *rows[0][5:8], b"", 0)])
    assert whole_sweep(connection, 51) == 50
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert b"very-private" not in path.read_bytes()


SWEEPING = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from edge.journal import Journal
from edge.retention import MessageClass
from tests.edge.messages import batch_of
from tests.edge.test_retention import AT, LIMITS, message
async def main():
    journal = await Journal.open(Path(sys.argv[1]), LIMITS)
    n = 0
    while True:
        kinds = [MessageClass.PRESENCE, MessageClass.CLIMATE] * 100
        await journal.commit(batch_of(messages=[message(n + i, kind) for i, kind in enumerate(kinds)]))
        n += 200
        print(n, flush=True)
        await journal.tidy(AT + timedelta(days=3))
asyncio.run(main())
"""


@pytest.mark.parametrize("after", [2, 17])
async def test_a_kill_in_the_middle_of_it_loses_nothing_that_is_to_stay(tmp_path: Path, after: int) -> None:
    path = tmp_path / "journal.db"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", SWEEPING, path, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    told = [await child.stdout.readline() for _ in range(after + 1)]  # the first one is the log's
    child.send_signal(signal.SIGKILL)
    rest = await child.stdout.read()
    await child.wait()
    committed = int(b"".join([*told, rest]).split()[-1])
    journal = await Journal.open(path, LIMITS)
    for _ in range(20):
        await journal.tidy(AT + 3 * DAY)
    await journal.close()
    connection = open_journal(path)
    kept = connection.execute("SELECT count(*), sum(class = 1) FROM message").fetchone()
    connection.close()
    assert kept[1] in {committed // 2, committed // 2 + 100}
    assert kept[0] <= kept[1] + 1
