"""The single writer of room state: takes what the lines heard, lets the rooms think, commits, acknowledges, publishes.

`take` never waits. One task commits whatever has come up since the last commit; a message is acknowledged to its broker
after the commit that holds it. Above `PAUSE_ABOVE` uncommitted messages the lines are paused until half are on disk.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from devices.clock import Clock
from devices.model import Command, CommandResult, DeviceEvent, LineState, LineStatus, Reading
from edge.bodies import Fact, fact, of_effect, of_result
from edge.clock_correction import Correction
from edge.house import House
from edge.intake import Intake, Recent
from edge.journal import Batch, Journal
from edge.journal_keys import KeyStep
from edge.journal_rows import StoredCommand
from edge.open_conditions import OpenConditions
from edge.rooms.room import Room
from edge.rooms.signals import (
    ConditionCleared,
    ConditionRaised,
    DeviceHeard,
    Effect,
    Evidence,
    RoomChanged,
    SendCommand,
    Signal,
    Tick,
)
from edge.sqlite_writer import DiskError
from gateway.ports import LineMessage

if TYPE_CHECKING:
    from edge.metrics.timings import Timings

log = structlog.get_logger()

PAUSE_ABOVE = 1000
REFUSE_ABOVE = 20_000
"""Waiting messages above which those of lines that cannot be paused are dropped: the next poll says it again."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.1, 5.0
SHORTEST_TICK_SECONDS, LONGEST_TICK_SECONDS = 0.05, 1.0


class Field(Protocol):
    """What the hub asks of the gateway."""

    def submit(self, command: Command) -> None:
        """Send it before its deadline, or tell why not."""

    def pause(self) -> None:
        """Read nothing more from lines that can wait."""

    def resume(self) -> None:
        """Read on."""


class Hub:
    """Makes no tasks of its own: `await hub.run()` in a task group. `published(facts)` is called after a commit that
    the PMS has to hear of: with facts in the outbox, or only rooms that have changed."""

    def __init__(self, house: House, journal: Journal, clock: Clock, published: Callable[[bool], None]) -> None:
        self.house = house
        self.journal = journal
        self.clock = clock
        self.field: Field | None = None
        self.counters: Counter[str] = Counter()
        self.timings: Timings | None = None
        self.batteries: dict[str, float] = {}
        self.dirty: dict[str, None] = dict.fromkeys(number for number in house.rooms if number)
        self.conditions = OpenConditions(journal.loaded.conditions)
        self._published = published
        self._recent = Recent(journal.loaded.keys)
        self._intake = Intake(journal.last, house)
        self._writing = 0
        self._paused = False
        self._work = asyncio.Event()

    def take(self, message: LineMessage) -> None:
        """A wire message (from the gateway)."""
        counters, waiting = self.counters, self._writing + len(self._intake.acknowledge)
        counters["messages"] += 1
        self._work.set()
        if waiting >= REFUSE_ABOVE:
            counters["dropped"] += 1
            return
        if self._recent.seen(message):
            counters["duplicates"] += 1
            self._intake.acknowledge.append(message.acknowledge)
            return
        self._intake.message(message)
        counters["rejected"] += len(message.decoded.rejected)
        self._hear(message)
        if waiting >= PAUSE_ABOVE and not self._paused:
            self._pause()

    def _hear(self, message: LineMessage) -> None:
        facts, received, room = message.decoded.facts, message.received, None
        self.counters["readings"] += len(facts)
        for item in facts:
            if room is None or item.room != room.number:
                room = self.house.room(item.room)
                self._intake.touch(room, self._intake.last)
            if type(item) is Reading and item.point == "battery" and isinstance(item.value, int | float):
                self.batteries[item.device] = item.value
            self._effects(room, item, received)

    def signal(self, room: Room, signal: Signal) -> None:
        """Tell a room something that did not come in a message."""
        self._tell(room, signal, self.clock.now())
        self._work.set()

    def line_changed(self, status: LineStatus) -> None:
        """A line went up or down: one fault for all that hangs on it."""
        key = f"line_down:{status.line}"
        if status.state is LineState.DOWN:
            params = {"line": status.line, "cause": status.cause, "detail": status.detail}
            self.raise_condition(key, "high", Evidence("line_down", status.at, params))
        elif status.state is LineState.UP:
            self.clear_condition(key)

    def device_health(self, device: str, online: bool, cause: str | None) -> None:
        """A device (or its line) went silent or came back."""
        self.signal(self.house.room_of(device), DeviceHeard(device, online, cause))
        if cause is None and (known := self.house.device(device)):
            body = {"device": device, "room": known.room, "line": known.line, "profile": known.profile}
            seen = {"online": online, "heard": self.clock.now(), "battery": self.batteries.get(device)}
            self.say(fact("device", device, body | seen))

    def command_done(self, result: CommandResult) -> None:
        """How a command ended."""
        self.counters[f"commands_{result.state}"] += 1
        self._intake.command(StoredCommand(result.id, result.state, b"", "", result.reason))
        self.say(of_result(result))

    def command_step(self, result: CommandResult) -> None:
        """How far a command is, for the PMS alone."""
        self.say(of_result(result))

    def say(self, said: Fact) -> None:
        """A fact for the PMS, with the next commit."""
        self._intake.say(said)
        self._work.set()

    def key_step(self, step: KeyStep, said: Fact) -> None:
        """A key job is so far, or has ended: kept and said with the same commit."""
        self._intake.batch.key_steps.append(step)
        self.say(said)

    async def stored(self) -> None:
        """Wait until everything taken so far is on disk."""
        done = asyncio.Event()
        self._intake.acknowledge.append(done.set)
        self._work.set()
        await done.wait()

    def correct(self, correction: Correction) -> None:
        """The clock was behind and has been set: the rooms' memory is put right, and published."""
        self.house.correct(correction)
        for number, room in self.house.rooms.items():
            self._intake.touch(room, self._intake.last + 1)
            self._intake.save(room)
            if number:
                self._intake.changed.add(number)
        self._work.set()

    def raise_condition(self, key: str, priority: str, evidence: Evidence) -> None:
        """A fault of the house itself; its kind is what stands before the colon."""
        self._effect(
            self.house.room(""), ConditionRaised(key, key.partition(":")[0], None, None, priority, (evidence,))
        )

    def clear_condition(self, key: str) -> None:
        """It is gone, if it was there."""
        self._effect(self.house.room(""), ConditionCleared(key, key.partition(":")[0], None, None))

    def condition(self, effect: ConditionRaised | ConditionCleared) -> None:
        """A fault that no room's own logic finds, or that is gone; its room is saved with it."""
        self._effect(self.house.room(effect.room), effect)

    def replay(self, room: Room, item: Reading | DeviceEvent, received: datetime) -> None:
        """A fact of a message that is in the journal already."""
        self._tell(room, item, received)
        self._intake.save(room)
        self._work.set()

    @property
    def uncommitted(self) -> int:
        """Messages taken and not yet acknowledged."""
        return self._intake.waiting + self._writing

    def publish_again(self) -> None:
        """Every room is to be published: the PMS does not know them."""
        self.dirty.update(dict.fromkeys(number for number in self.house.rooms if number))
        for said in self.conditions.facts():
            self.say(said)

    async def run(self) -> None:
        """Commit and keep time until cancelled; then commit what is left.

        Raises:
            DiskError: nobody knows what the disk holds any more; the process has to end.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(), name="hub-writer")
                tasks.create_task(self._tick(), name="hub-clock")
                tasks.create_task(self.journal.lost(), name="hub-disk")
        finally:
            if self.journal.trouble is None:
                await self._finish()

    def _tell(self, room: Room, signal: Signal, now: datetime) -> None:
        self._intake.touch(room, self._intake.last + 1)
        self._effects(room, signal, now)

    def _effects(self, room: Room, signal: Signal, now: datetime) -> None:
        try:
            effects = room.take(signal, now)
        except Exception:  # a fault in one room's logic must not silence the house
            self.counters["room_faults"] += 1
            log.exception("room.fault", room=room.number, signal=type(signal).__name__)
            return
        for effect in effects:
            self._effect(room, effect)

    def _effect(self, room: Room, effect: Effect) -> None:
        if type(effect) is RoomChanged:
            self._intake.changed.add(effect.room)
            return
        if isinstance(effect, SendCommand):
            self._order(effect.command)
            return
        said = of_effect(effect, self.clock.now())
        if said is None:
            return
        if isinstance(effect, ConditionRaised | ConditionCleared):
            if not self.conditions.take(effect, said):
                return
            self._intake.condition(said.key, said.body if isinstance(effect, ConditionRaised) else None)
        self._intake.touch(room, self._intake.last + 1)
        self._intake.say(said, room)
        self._work.set()

    def _order(self, command: Command) -> None:
        """The room's own order. What was handed over and has no result after a restart is unknown."""
        body = fact("command", command.id, {"device": command.device, "point": command.point, "value": command.value})
        self._intake.command(StoredCommand(command.id, "sent", body.body, command.deadline.isoformat()))
        if self.field is not None:
            self.field.submit(command)

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._intake.anything():
                await self._commit()

    async def _commit(self) -> None:
        batch, acknowledge, changed = self._intake.close()
        self._writing = len(acknowledge)
        delay, began = FIRST_RETRY_SECONDS, time.perf_counter()
        while True:
            try:
                await self.journal.commit(batch)
                break
            except DiskError as error:
                if error.fatal:
                    raise
                await asyncio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY_SECONDS)
        self._writing = 0
        if self.timings is not None:
            self._measure(self.timings, batch, time.perf_counter() - began)
        for acknowledged in acknowledge:
            acknowledged()
        self.dirty.update(dict.fromkeys(changed))
        if self._paused and self.uncommitted < PAUSE_ABOVE // 2:
            self._resume()
        if changed or batch.facts:
            self._published(bool(batch.facts))

    def _measure(self, timings: "Timings", batch: Batch, seconds: float) -> None:
        messages = batch.messages
        oldest = messages[0].received if messages else self.clock.now()
        waited = self.clock.real((self.clock.now() - oldest).total_seconds())
        timings.committed(seconds, len(messages), waited)

    async def _finish(self) -> None:
        """What is left, and every room's state."""
        try:
            while self._intake.anything() or self._intake.unsaved:
                batch, acknowledge, _ = self._intake.close(everything=True)
                await self.journal.commit(batch)
                for acknowledged in acknowledge:
                    acknowledged()
        except DiskError as error:
            log.warning("hub.not_finished", error=str(error))

    async def _tick(self) -> None:
        while True:
            now = self.clock.now()
            for room in self.house.due(now):
                self._tell(room, Tick(), now)
            if self._intake.anything():
                self._work.set()
            due = self.house.next_due()
            wait = self.clock.real((due - now).total_seconds()) if due else LONGEST_TICK_SECONDS
            await asyncio.sleep(min(max(wait, SHORTEST_TICK_SECONDS), LONGEST_TICK_SECONDS))

    def _pause(self) -> None:
        self._paused = True
        self.counters["pauses"] += 1
        if self.field is not None:
            self.field.pause()

    def _resume(self) -> None:
        self._paused = False
        if self.field is not None:
            self.field.resume()
