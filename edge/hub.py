"""The single writer of room state: takes what the lines heard, lets the rooms think, commits, acknowledges, publishes.

`take` never waits. A message is acknowledged to its broker after the commit that holds it. Above `PAUSE_ABOVE`
uncommitted messages the lines are paused until half are on disk.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import Inventory
from devices.model import Command, DeviceEvent, LineState, LineStatus, Reading
from edge.bodies import fact, of_effect
from edge.chronicle import Chronicle
from edge.clock_correction import Correction
from edge.commits import Commits
from edge.field import Field
from edge.house import House
from edge.intake import Intake, Recent
from edge.journal import Journal
from edge.journal_batch import Batch
from edge.journal_energy import HistoryRow
from edge.journal_rows import StoredCommand
from edge.open_conditions import OpenConditions
from edge.rooms.room import Room
from edge.rooms.signals import (
    ConditionCleared,
    ConditionRaised,
    DeviceHeard,
    Effect,
    Evidence,
    Ordered,
    RoomChanged,
    SendCommand,
    Signal,
    Tick,
)
from edge.saying import Saying
from gateway.ports import LineMessage

if TYPE_CHECKING:
    from edge.metrics.timings import Timings

log = structlog.get_logger()

PAUSE_ABOVE = 1000
REFUSE_ABOVE = 20_000
"""Waiting messages above which those of lines that cannot be paused are dropped: the next poll says it again."""
SHORTEST_TICK_SECONDS, LONGEST_TICK_SECONDS = 0.05, 1.0


class Hub(Saying):
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
        self.shown_beside: Callable[[str], dict[str, Any]] = lambda _room: {}
        """What is shown of a room beside what its own logic says (`show` when it has changed)."""
        self._chronicle = Chronicle(journal.loaded.history)
        self._published = published
        self._recent = Recent(journal.loaded.keys)
        self._intake = Intake(journal.last, journal.boot, house)
        self._commits = Commits(journal, self._intake, self._committed)
        self._wake = self._commits.wake
        self._intake.chronicle = self._what_changed
        self._paused = False

    def take(self, message: LineMessage) -> None:
        """A wire message (from the gateway)."""
        counters, waiting = self.counters, self._commits.waiting
        counters["messages"] += 1
        self._wake()
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
        if type(signal) is Ordered:
            self._intake.save(room)  # not after the commit of what the device says then: a replay has to know of it
        self._wake()

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

    def show(self, number: str) -> None:
        """What is shown beside a room has changed: it is published anew."""
        room = self.house.rooms[number]
        self._intake.touch(room, self._intake.last + 1)
        room.version += 1
        self._chronicle.beside(number)
        self._intake.save(room)
        self._intake.changed.add(number)
        self._wake()

    def view(self, number: str, now: datetime) -> dict[str, Any]:
        """A room in the shape of the link's up/room body."""
        return self.house.rooms[number].view(now) | self.shown_beside(number)

    def correct(self, correction: Correction) -> None:
        """The clock was behind and has been set: the rooms' memory is put right, and published."""
        self.house.correct(correction)
        for number, room in self.house.rooms.items():
            self._intake.touch(room, self._intake.last + 1)
            self._intake.save(room)
            if number:
                self._intake.changed.add(number)
        self._wake()

    def raise_condition(self, key: str, priority: str, evidence: Evidence) -> None:
        """A fault of the house itself; its kind is what stands before the colon."""
        raised = ConditionRaised(key, key.partition(":")[0], None, None, priority, (evidence,))
        self._effect(self.house.room(""), raised)

    def clear_condition(self, key: str) -> None:
        """It is gone, if it was there."""
        self._effect(self.house.room(""), ConditionCleared(key, key.partition(":")[0], None, None))

    def condition(self, effect: ConditionRaised | ConditionCleared) -> None:
        """A fault that no room's own logic finds, or that is gone; its room is saved with it.

        A room in maintenance raises nothing: whoever found the fault asks again.
        """
        if isinstance(effect, ConditionRaised) and self.house.room(effect.room).muted:
            return
        self._effect(self.house.room(effect.room), effect)

    def fit(self, inventory: Inventory, catalog: Catalog) -> list[str]:
        """Other devices from now on; the numbers of the rooms that this concerns, which are saved and published."""
        fitted = self.house.fit(inventory, catalog, self.clock.now())
        for room, effects in fitted:
            self._intake.touch(room, self._intake.last + 1)
            self._intake.save(room)
            for effect in effects:
                self._effect(room, effect)
        self.batteries = {name: level for name, level in self.batteries.items() if name in inventory.devices}
        self._wake()
        return [room.number for room, _ in fitted]

    def replay(self, room: Room, item: Reading | DeviceEvent, received: datetime) -> None:
        """A fact of a message that is in the journal already."""
        self._tell(room, item, received)
        self._intake.save(room)
        self._wake()

    @property
    def uncommitted(self) -> int:
        """Messages taken and not yet acknowledged."""
        return self._commits.waiting

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
        self._intake.batch.history.append(HistoryRow("", self.clock.now(), "service", b"{}"))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._commits.run(), name="hub-writer")
                tasks.create_task(self._tick(), name="hub-clock")
                tasks.create_task(self.journal.lost(), name="hub-disk")
        finally:
            if self.journal.trouble is None:
                await self._commits.finish()

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
        device = self.house.device(getattr(effect, "device", None) or "")
        said = of_effect(effect, self.clock.now(), device.line if device else None)
        if said is None:
            return
        if isinstance(effect, ConditionRaised | ConditionCleared):
            if not self.conditions.take(effect, said):
                return
            self._intake.condition(said.key, said.body if isinstance(effect, ConditionRaised) else None)
        self._intake.touch(room, self._intake.last + 1)
        self._intake.say(said, room)
        self._wake()

    def _order(self, command: Command) -> None:
        """The room's own order. What was handed over and has no result after a restart is unknown."""
        body = fact("command", command.id, {"device": command.device, "point": command.point, "value": command.value})
        self._intake.command(StoredCommand(command.id, "sent", body.body, command.deadline.isoformat()))
        if self.field is not None:
            self.field.submit(command)

    def _committed(self, batch: Batch, changed: Collection[str], took: float) -> None:
        if self.timings is not None:
            self.timings.committed([row.received for row in batch.messages], took, self.clock)
        self.dirty.update(dict.fromkeys(changed))
        if self._paused and self.uncommitted < PAUSE_ABOVE // 2:
            self._resume()
        if self.dirty or batch.facts:  # also rooms of earlier commits, which rested while a flood went on
            self._published(bool(batch.facts))

    def _what_changed(self, numbers: Iterable[str]) -> list[HistoryRow]:
        now = self.clock.now()
        known = [(number, room) for number in numbers if number and (room := self.house.rooms.get(number)) is not None]
        anew = [(number, room) for number, room in known if self._chronicle.anew(number, room.story)]
        return [row for number, room in anew for row in self._chronicle.note(self.view(number, now), room.facts, now)]

    async def _tick(self) -> None:
        while True:
            now = self.clock.now()
            for room in self.house.due(now):
                self._tell(room, Tick(), now)
            if self._intake.anything():
                self._wake()
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
