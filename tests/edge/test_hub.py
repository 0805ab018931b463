"""The hub: one commit, then the acknowledgement; duplicates known; nothing lost over a restart."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devices.model import CommandResult, CommandState, LineState, LineStatus, Rejected
from edge.hub import PAUSE_ABOVE, Hub
from edge.journal import Journal
from edge.journal_rows import StoredCommand, Told
from edge.orders import Orders
from edge.recovery import learn, recover
from edge.rooms.room import Room
from edge.sqlite_writer import DiskError
from edge.watch import Watch
from pms.link.down import RoomFactsBody
from pms.link.messages import RoomBody
from tests.edge.messages import AT, line_message
from tests.edge.places import CATALOG, START, FieldOfTests, HandClock, house, inventory, reading
from tests.waiting import until


class Stage:
    """A hub over a journal, with everything it says counted."""

    def __init__(self, hub: Hub, journal: Journal, clock: HandClock) -> None:
        self.hub, self.journal, self.clock = hub, journal, clock
        self.acknowledged: list[int] = []
        self.field = FieldOfTests()
        hub.field = self.field

    @property
    def room(self) -> Room:
        return self.hub.house.rooms["101"]

    def hear(self, number: int, *facts: Any, redelivered: bool = False) -> None:
        """A message comes on the line."""
        done = self.acknowledged.append
        self.hub.take(line_message(number, *facts, redelivered=redelivered, acknowledge=lambda: done(number)))

    async def said(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of a kind in the outbox."""
        return [json.loads(row.body) for row in (await self.journal.pending(0, 1000))[0] if row.kind == kind]


@contextlib.asynccontextmanager
async def staged(folder: Path, *rooms: str) -> AsyncIterator[Stage]:
    """A running hub; leaving is a clean stop."""
    journal = await Journal.open(folder / "journal.db")
    clock = HandClock()
    built = house(*(rooms or ("101",)))
    built.restore(journal.loaded.rooms)
    hub = Hub(built, journal, clock.clock, lambda _: None)
    recover(hub, inventory(*(rooms or ("101",))), CATALOG, journal.loaded)
    task = asyncio.create_task(hub.run())
    try:
        yield Stage(hub, journal, clock)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await journal.close()


async def test_a_message_is_acknowledged_after_its_commit(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.hear(1, reading("101_contact", "door", "open"))
        assert stage.acknowledged == []
        await until(lambda: stage.acknowledged == [1])
        assert stage.journal.kept == 1
        assert RoomBody.model_validate(stage.room.view(START)).door.value == "open"
        assert "101" in stage.hub.dirty


async def test_a_message_said_again_is_acknowledged_and_nothing_more(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.hear(1, reading("101_contact", "door", "open"))
        stage.hear(1, reading("101_contact", "door", "open"), redelivered=True)
        await until(lambda: stage.acknowledged == [1, 1])
    async with staged(tmp_path) as stage:
        stage.hear(1, reading("101_contact", "door", "open"), redelivered=True)
        stage.hear(2, reading("101_contact", "door", "closed"), redelivered=True)
        await until(lambda: stage.acknowledged == [1, 2])
        assert stage.journal.kept == 2
        assert stage.hub.counters["duplicates"] == 1


async def test_the_same_content_with_a_packet_id_used_again_is_a_new_message(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.hear(1, reading("101_contact", "door", "open"))
        stage.hear(1, reading("101_contact", "door", "open"))
        await until(lambda: stage.acknowledged == [1, 1])
        assert stage.journal.kept == 2


async def test_a_leak_is_one_fact_with_its_message_and_stands_over_a_restart(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.hear(1, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
        await until(lambda: stage.acknowledged == [1])
        assert [body["kind"] for body in await stage.said("condition")] == ["leak"]
        key = (await stage.said("condition"))[0]["key"]
    async with staged(tmp_path) as stage:
        assert key in stage.hub.conditions
        stage.hear(2, reading("101_leak", "leak", True))  # noqa: FBT003 - a value
        await until(lambda: stage.acknowledged == [2])
        assert len(await stage.said("condition")) == 1


async def test_what_the_last_commits_did_not_snapshot_is_taken_from_the_messages(tmp_path: Path) -> None:
    rooms = [str(number) for number in range(101, 141)]
    async with staged(tmp_path, *rooms) as stage:
        for number, room in enumerate(rooms, 1):
            stage.hear(number, reading(f"{room}_contact", "door", "open"))
        await until(lambda: len(stage.acknowledged) == len(rooms))
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
        # as after a kill right behind the first commit: all messages are there, most snapshots are not
        connection.execute("DELETE FROM room")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'uncovered'")
        connection.execute(
            "UPDATE message SET source = 'zigbee2mqtt/' || (100 + seq) || '_contact', payload = ?",
            (b'{"contact":false}',),
        )
    async with staged(tmp_path, *rooms) as stage:
        doors = {stage.hub.house.rooms[room].view(START)["door"]["value"] for room in rooms}
        assert doors == {"open"}


async def test_the_lines_are_paused_while_the_journal_is_behind(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for number in range(PAUSE_ABOVE + 1):
            stage.hear(number, reading("101_motion", "motion", number % 2 == 0))
        assert stage.field.paused == 1
        await until(lambda: stage.field.resumed == 1)
        await until(lambda: len(stage.acknowledged) == PAUSE_ABOVE + 1)


async def test_a_failing_disk_acknowledges_nothing_until_it_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path) as stage:
        pages = await stage.journal._writer.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
        await stage.journal._writer.write(lambda c: c.execute(f"PRAGMA max_page_count={pages}").fetchone())
        for number in range(400):
            stage.hear(number, reading("101_motion", "motion", number % 2 == 0))
        await until(lambda: stage.journal.trouble)
        assert stage.journal.trouble is not None
        assert stage.journal.trouble.code == "disk_full"
        assert stage.acknowledged == []
        await stage.journal._writer.write(lambda c: c.execute("PRAGMA max_page_count=100000").fetchone())
        await until(lambda: len(stage.acknowledged) == 400)


async def test_a_disk_that_cannot_be_trusted_ends_the_hub(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    hub = Hub(house("101"), journal, HandClock().clock, lambda _: None)
    task = asyncio.create_task(hub.run())

    def failing(_: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    with pytest.raises(DiskError):
        await journal._write(failing)
    with pytest.raises(BaseExceptionGroup) as raised:
        await asyncio.wait_for(task, 5)
    assert raised.group_contains(DiskError)
    await journal.close()


async def test_a_line_down_is_one_fault_and_clears(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for state in (LineState.DOWN, LineState.DOWN, LineState.UP):
            stage.hub.line_changed(LineStatus("field", state, START, "timeout"))
        await until(lambda: stage.journal.commits > 0)
        states = [(body["kind"], body["state"]) for body in await stage.said("condition")]
        assert states == [("line_down", "raised"), ("line_down", "cleared")]


async def test_facts_of_the_pms_and_what_is_set_by_hand_reach_the_room(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        by_hand = {"value": "occupied", "until": "2026-11-22T11:00:00Z", "by": "anna"}
        learn(stage.hub, RoomFactsBody(room="101", rented=True, guests=2, occupancy_override=by_hand))
        shown = stage.room.view(stage.clock.clock.now())["occupancy"]
        assert (shown["value"], shown["source"]) == ("occupied", "manual")
        since = shown["since"]
        stage.clock.forward(60)
        learn(stage.hub, RoomFactsBody(room="101", rented=True, guests=1, occupancy_override=by_hand))
        assert stage.room.view(stage.clock.clock.now())["occupancy"]["since"] == since
        learn(stage.hub, RoomFactsBody(room="101", rented=True, guests=1))
        assert stage.room.view(stage.clock.clock.now())["occupancy"]["source"] == "detected"
        learn(stage.hub, RoomFactsBody(room="999", rented=True))
        assert stage.hub.counters["facts_of_unknown_rooms"] == 1


async def test_rejected_messages_are_kept_and_acknowledged(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        bad = Rejected("zigbee2mqtt/1", "not_json", "101_contact")
        stage.hub.take(line_message(1, rejected=(bad,), acknowledge=lambda: stage.acknowledged.append(1)))
        await until(lambda: stage.acknowledged == [1])
        assert (await stage.journal.last_rejected(5))[0]["reason"] == "not_json"


async def test_commands_end_in_exactly_one_way(tmp_path: Path) -> None:
    def body(identifier: str, seconds: int) -> bytes:
        deadline = f"2026-11-22T09:{seconds // 60:02d}:00Z"
        order = {"id": identifier, "room": "101", "device": "101_lock", "point": "lock", "value": "locked"}
        return json.dumps({**order, "deadline": deadline, "by": "anna"}).encode()

    orders = [StoredCommand(name, "accepted", body(name, 600), AT.isoformat()) for name in ("sent", "stored", "done")]
    late = StoredCommand("late", "accepted", body("late", 0), AT.isoformat())
    async with staged(tmp_path) as stage:
        work = Orders(stage.hub, inventory("101"), CATALOG)
        await stage.journal.heard("pms", 1, Told(commands=[*orders, late]))
        for command in (*orders, late):
            work.send(command)
        assert [command.id for command in stage.field.commands] == ["sent", "stored", "done"]
        assert await work.sending("sent")
        assert await work.sending("done")
        work.acknowledged("done")
        work.ended(CommandResult("done", CommandState.DONE, START))
        await until(lambda: not stage.hub._intake.anything())
    async with staged(tmp_path) as stage:
        Orders(stage.hub, inventory("101"), CATALOG).recover()
        assert [command.id for command in stage.field.commands] == ["stored"]
        await until(lambda: not stage.hub._intake.anything())
        said = [(result["id"], result["state"]) for result in await stage.said("command_result")]
        assert [state for name, state in said if name == "done"] == ["sent", "acknowledged", "done"]
        assert [state for name, state in said if name == "sent"] == ["sent", "unknown"]
        assert [state for name, state in said if name == "late"] == ["expired"]
        assert "stored" not in dict(said), "it waits for its turn"


async def test_a_command_that_comes_again_is_told_again_and_sent_once(tmp_path: Path) -> None:
    order = {"id": "c1", "room": "101", "device": None, "point": "lock", "value": "locked", "by": "anna"}
    stored = StoredCommand("c1", "accepted", json.dumps({**order, "deadline": "2026-11-22T09:10:00Z"}).encode(), "")
    async with staged(tmp_path) as stage:
        work = Orders(stage.hub, inventory("101"), CATALOG)
        await stage.journal.heard("pms", 1, Told(commands=[stored]))
        work.send(stored)
        await work.again("c1")
        await until(lambda: not stage.hub._intake.anything())
        assert await stage.said("command_result") == [], "it has not ended: there is nothing to tell"
        work.ended(CommandResult("c1", CommandState.FAILED, START, "jammed"))
        await until(lambda: not stage.hub._intake.anything())
    async with staged(tmp_path) as stage:
        work = Orders(stage.hub, inventory("101"), CATALOG)
        work.recover()
        assert await stage.journal.heard("pms", 2, Told(commands=[stored])) == []
        await work.again("c1")
        await until(lambda: not stage.hub._intake.anything())
        told = [(result["state"], result["reason"]) for result in await stage.said("command_result")]
        assert told == [("failed", "jammed")] * 2
        assert stage.field.commands == []


async def test_a_room_knows_of_an_order_with_the_next_commit(tmp_path: Path) -> None:
    order = {"id": "c1", "room": "101", "device": None, "point": "lock", "value": "locked", "by": "anna"}
    stored = StoredCommand("c1", "accepted", json.dumps({**order, "deadline": "2026-11-22T09:10:00Z"}).encode(), "")

    async with staged(tmp_path) as stage:
        await stage.journal.heard("pms", 1, Told(commands=[stored]))
        Orders(stage.hub, inventory("101"), CATALOG).send(stored)
        batch, _, _ = stage.hub._intake.close()
        assert b'"ordered":["locked"]' in batch.rooms["101"].snapshot


async def test_what_only_the_house_writes_nobody_can_order(tmp_path: Path) -> None:
    order = {"id": "c1", "room": "101", "device": "101_lock", "point": "key_sequence", "value": 0, "by": "anna"}
    stored = StoredCommand("c1", "accepted", json.dumps({**order, "deadline": "2026-11-22T09:10:00Z"}).encode(), "")
    async with staged(tmp_path) as stage:
        Orders(stage.hub, inventory("101"), CATALOG).send(stored)
        await until(lambda: not stage.hub._intake.anything())
        assert [result["reason"] for result in await stage.said("command_result")] == ["no_such_device"]
        assert stage.field.commands == []


async def test_a_clock_that_jumps_is_said_and_followed(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        watch = Watch(stage.hub, tmp_path, 1, lambda: None)
        watch.look_at_clock()
        stage.clock.wall = stage.clock.wall.replace(hour=11)
        watch.look_at_clock()
        assert stage.clock.clock.now().hour == 11
        assert "clock_wrong:clock" in stage.hub.conditions
        for _ in range(600):
            watch.look_at_clock()
        assert "clock_wrong:clock" not in stage.hub.conditions


async def test_little_space_is_said_before_there_is_none(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        watch = Watch(stage.hub, tmp_path, 500, lambda: None)
        for free in (600, 400, 550, 700):
            watch.look_at_disk(free * 1_000_000)
        await until(lambda: not stage.hub._intake.anything())
        assert [body["state"] for body in await stage.said("condition")] == ["raised", "cleared"]
        assert not watch.disk_low


async def test_a_bridge_that_is_gone_is_one_fault_and_its_devices_are_stale(tmp_path: Path) -> None:
    rooms = ("101", "102", "103")
    async with staged(tmp_path, *rooms) as stage:
        for number, room in enumerate(rooms):
            stage.hear(number, reading(f"{room}_contact", "door", "closed"))
        stage.hub.line_changed(LineStatus("field/zigbee2mqtt", LineState.DOWN, START, "bridge_offline"))
        for room in rooms:
            stage.hub.device_health(f"{room}_contact", online=False, cause="field/zigbee2mqtt")
        await until(lambda: not stage.hub._intake.anything())
        raised = [body["key"] for body in await stage.said("condition") if body["state"] == "raised"]
        assert raised == ["line_down:field/zigbee2mqtt"]
        assert all(stage.hub.house.rooms[room].view(START)["door"]["stale"] for room in rooms)
    async with staged(tmp_path, *rooms) as stage:
        assert "line_down:field/zigbee2mqtt" in stage.hub.conditions
        stage.hub.line_changed(LineStatus("field/zigbee2mqtt", LineState.UP, START))
        assert "line_down:field/zigbee2mqtt" not in stage.hub.conditions
