"""The edge's end of the link: rounds of rooms, facts first, what the PMS tells."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from edge.journal import Journal
from edge.key_jobs import KeyJobs
from edge.orders import Orders
from edge.pms_link import BACKLOG_STEP, BUSY_ABOVE, EdgeInbox, EdgeOutbox, Takers
from edge.rooms.room import Room
from edge.rooms.signals import Effect, Signal
from edge.sqlite_writer import DiskError
from pms.link.down import PropertyBody
from pms.link.messages import Envelope, RoomBody
from pms.link.stores import OutboxRow
from tests.edge.places import CATALOG, START, inventory, reading
from tests.edge.test_hub import Stage, staged
from tests.waiting import until


async def hear(stage: Stage, number: int, *facts: Any) -> None:
    """A message, committed."""
    stage.hear(number, *facts)
    await until(lambda: number in stage.acknowledged)


def outbox_of(stage: Stage) -> EdgeOutbox:
    return EdgeOutbox(stage.journal, stage.hub, lambda: None)


async def test_a_room_that_changes_often_is_one_message_a_round(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        outbox = outbox_of(stage)
        for number in range(50):
            await hear(stage, number, reading("101_contact", "door", "open" if number % 2 else "closed"))
        rows = await outbox.pending(0, 500)
        assert [row.kind for row in rows] == ["room"]
        assert RoomBody.model_validate_json(rows[0].body).door.value == "open"
        await hear(stage, 50, reading("101_contact", "door", "closed"))
        assert await outbox.pending(1, 500) == []
        await outbox.acknowledged(1)
        again = await told(outbox, 1)
        assert RoomBody.model_validate_json(again[0].body).door.value == "closed"


async def test_facts_come_before_the_rooms_they_belong_to(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        outbox = outbox_of(stage)
        await hear(stage, 1, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
        assert [row.kind for row in await outbox.pending(0, 500)] == ["condition", "room"]


async def test_a_new_pms_is_told_every_room_and_every_standing_fault(tmp_path: Path) -> None:
    async with staged(tmp_path, "101", "102") as stage:
        outbox = outbox_of(stage)
        await hear(stage, 1, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
        rows = await outbox.pending(0, 500)
        await outbox.acknowledged(rows[-1].seq)
        await outbox.peer_is_new()
        await until(lambda: not stage.hub._intake.anything())
        outbox.committed(facts=True)
        rooms = await told(outbox, rows[-1].seq)
        assert sorted(row.kind for row in rooms) == ["condition", "room", "room"]


async def test_rooms_that_could_not_be_stored_are_told_later(tmp_path: Path) -> None:
    rooms = [str(number) for number in range(101, 141)]
    async with staged(tmp_path, *rooms) as stage:
        outbox = outbox_of(stage)
        await hear(stage, 1, *(reading(f"{room}_contact", "door", "open") for room in rooms))
        pages = await stage.journal._writer.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
        limit = f"PRAGMA max_page_count={pages}"
        await stage.journal._writer.write(lambda c: c.execute(limit).fetchone())
        with pytest.raises(DiskError):
            await outbox.pending(0, 500)
        await stage.journal._writer.write(lambda c: c.execute("PRAGMA max_page_count=100000").fetchone())
        rows = await told(outbox, 0)
        assert len([row for row in rows if row.kind == "room"]) == len(rooms)


async def test_in_a_flood_rooms_rest_between_their_rounds_and_facts_do_not(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        outbox = outbox_of(stage)
        await hear(stage, 1, reading("101_contact", "door", "open"))
        round_of_rooms = await outbox.pending(0, 500)
        await outbox.acknowledged(round_of_rooms[-1].seq)
        await hear(stage, 2, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
        outbox.committed(facts=True)
        for number in range(3, 4 + BUSY_ABOVE):
            stage.hear(number, reading("101_contact", "door", "open"))
        in_between = await outbox.pending(round_of_rooms[-1].seq, 500)
        assert [row.kind for row in in_between] == ["condition"]
        await until(lambda: stage.hub.uncommitted == 0)
        after = await outbox.pending(in_between[-1].seq, 500)
        assert [row.kind for row in after] == ["room"], "at once, when the flood is over"


async def test_rooms_that_rested_are_told_after_a_flood_that_ends_without_news(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await hear(stage, 1, reading("101_contact", "door", "open"))
        woken: list[bool] = []
        stage.hub._published = woken.append
        assert stage.hub.dirty, "it waits for its round"
        await hear(stage, 2, reading("101_contact", "door", "open"))
        await until(lambda: woken)


async def told(outbox: EdgeOutbox, after: int) -> list[OutboxRow]:
    """The next rows, as soon as there are any."""
    return list(await until(lambda: outbox.pending(after, 500)))


def said(kind: str, seq: int, **body: object) -> Envelope:
    """A message of the PMS."""
    return Envelope(kind=kind, property="h", epoch="pms-1", seq=seq, after=seq - 1, at=START, body=body)


async def test_what_the_pms_tells_is_stored_and_taken_up_once(tmp_path: Path) -> None:
    deadline = datetime.fromisoformat("2026-11-22T10:00:00Z").isoformat()
    command = {"id": "c1", "room": "101", "device": None, "point": "lock", "value": "locked", "by": "ada"}
    properties: list[PropertyBody] = []
    async with staged(tmp_path) as stage:
        orders = Orders(stage.hub, inventory("101"), CATALOG)
        inbox = EdgeInbox(stage.journal, stage.hub, Takers(orders, KeyJobs(stage.hub), properties.append))
        house_of_pms = {"id": "h", "name": "H", "time_zone": "Europe/Berlin", "rooms": [{"number": "101"}]}
        batch = [
            said("property", 1, **house_of_pms),
            said("room_facts", 2, room="101", rented=False),
            said("room_facts", 3, room="101", rented=True, guests=2),
            said("command", 4, **command, deadline=deadline),
            said("nonsense", 5),
            said("room_facts", 6, room=7),
        ]
        await inbox.apply(batch, 6)
        await inbox.apply(batch[3:4], 6)
        assert [order.device for order in stage.field.commands] == ["101_lock"]
        assert stage.hub.counters["link_unusable"] == 2
        assert properties[0].time_zone == "Europe/Berlin"
        facts = stage.room.facts
        assert facts is not None
        assert facts.guests == 2
    journal = await Journal.open(tmp_path / "journal.db")
    assert journal.loaded.peers == {"pms-1": 6}
    assert orjson.loads(journal.loaded.facts["room_facts"]["101"])["guests"] == 2
    await journal.close()


async def test_an_order_nobody_can_take_fails(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        orders = Orders(stage.hub, inventory("101"), CATALOG)
        inbox = EdgeInbox(stage.journal, stage.hub, Takers(orders, KeyJobs(stage.hub), lambda _: None))
        body = {"id": "c1", "room": "101", "device": None, "point": "setpoint", "value": 20, "by": "ada"}
        await inbox.apply([said("command", 1, **body, deadline="2026-11-22T10:00:00Z")], 1)
        await until(lambda: not stage.hub._intake.anything())
        assert [(r["state"], r["reason"]) for r in await stage.said("command_result")] == [("failed", "no_such_device")]


async def test_a_fault_in_one_rooms_logic_does_not_silence_the_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Room):
        __slots__ = ()

        def take(self, signal: Signal, now: datetime) -> list[Effect]:
            raise ZeroDivisionError

    async with staged(tmp_path, "101", "102") as stage:
        monkeypatch.setattr(stage.room, "__class__", Broken)
        stage.hear(1, reading("101_contact", "door", "open"))
        stage.hear(2, reading("102_contact", "door", "open"))
        await until(lambda: stage.acknowledged == [1, 2])
        assert stage.hub.counters["room_faults"] == 1
        assert stage.hub.house.rooms["102"].view(START)["door"]["value"] == "open"
        monkeypatch.undo()


async def test_after_an_outage_alarms_come_first_then_the_rooms_then_what_waited_a_little_at_a_time(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        outbox = outbox_of(stage)
        waited = [("cleaning", "101", b"%d" % number) for number in range(2 * BACKLOG_STEP + 1)]
        await stage.journal.say(waited)
        await hear(stage, 1, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
        first = await outbox.pending(0, 500)
        assert [row.kind for row in first[:3]] == ["condition", "room", "cleaning"]
        assert len(first) == 2 + BACKLOG_STEP
        await stage.journal.say([("access", "101", b"{}")])
        outbox.committed(facts=True)
        overtaking = await told(outbox, first[-1].seq)
        assert [row.kind for row in overtaking] == ["access"]
        await outbox.acknowledged(first[-1].seq)
        second = await told(outbox, overtaking[-1].seq)
        assert len(second) == BACKLOG_STEP
        await outbox.acknowledged(second[-1].seq)
        third = await told(outbox, second[-1].seq)
        await outbox.acknowledged(third[-1].seq)
        said_of_it = [row.body for row in (*first, *second, *third) if row.kind == "cleaning"]
        assert said_of_it == [body for _, _, body in waited]
        sequences = [row.seq for row in (*first, *overtaking, *second, *third)]
        assert sequences == sorted(set(sequences))
        assert await outbox.pending(third[-1].seq, 500) == []
        assert (await stage.journal.counts())[0] == 0


async def test_what_waited_for_longer_than_a_minute_tells_the_past(tmp_path: Path) -> None:
    def age(connection: sqlite3.Connection) -> None:
        for table in ("outbox", "backlog"):
            past = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-61 seconds')"
            connection.execute(f"UPDATE {table} SET created = {past}")  # noqa: S608 - our own names

    async with staged(tmp_path) as stage:
        outbox = outbox_of(stage)
        await stage.journal.say([("access", "101", b"{}"), ("cleaning", "101", b"{}")])
        await stage.journal._writer.write(age)
        await stage.journal.say([("access", "101", b"{}")])
        await hear(stage, 1, reading("101_contact", "door", "open"))
        rows = await outbox.pending(0, 500)
        assert [(row.kind, row.historical) for row in rows] == [
            ("access", True),
            ("access", False),
            ("room", False),
            ("cleaning", True),
        ]
        assert {row.boot for row in rows} == {stage.journal.boot} == {1}
