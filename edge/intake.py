"""What has been taken and is not on disk yet: the open batch, and which messages were taken before."""

import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import islice, takewhile

import orjson

from edge.bodies import Fact
from edge.house import House
from edge.journal import Batch
from edge.journal_rows import RECENT_KEYS, RoomSnapshot, StoredCommand
from edge.rooms.room import Room
from gateway.ports import LineMessage

SAVE_AFTER_SECONDS = 5.0
"""A room of which nothing but the state changed is saved so long after: until then its messages are kept for it."""
SAVED_AT_ONCE = 20
"""Such rooms in one commit, at most."""


class Recent:
    """The last messages of every line, so that one that the broker sends again after a crash is known."""

    def __init__(self, keys: list[tuple[str, int, int]]) -> None:
        self._order = deque(keys)  # a dict that loses its oldest key over and over slows down with every loss
        self._keys = Counter(keys)

    def seen(self, message: LineMessage) -> bool:
        """Whether this is a message taken before, said again; remembers it if not."""
        if message.duplicate_key is None:
            return False
        key = (message.line, *message.duplicate_key)
        keys = self._keys
        if message.redelivered and key in keys:
            return True
        keys[key] = keys.get(key, 0) + 1
        self._order.append(key)
        if len(self._order) > RECENT_KEYS:
            self._forget(self._order.popleft())
        return False

    def _forget(self, key: tuple[str, int, int]) -> None:
        if self._keys[key] == 1:
            del self._keys[key]
        else:
            self._keys[key] -= 1


class Intake:
    """Collects one batch. Everything taken up to a moment is in it: the rooms' state and the batch always agree."""

    def __init__(self, last: int, house: House) -> None:
        self._house = house
        self.last = last  # the sequence that the journal gives (or will give) to the last message taken
        self.changed: set[str] = set()
        self.acknowledge: list[Callable[[], object]] = []
        self.batch = Batch()
        self._touched: dict[str, tuple[int, float]] = {}  # rooms: first message their snapshot does not cover, since
        self._urgent: set[str] = set()
        self._uncovered = 0

    @property
    def waiting(self) -> int:
        """Messages to be acknowledged."""
        return len(self.acknowledge)

    def message(self, message: LineMessage) -> None:
        """A message to be stored."""
        self.last += 1
        self.batch.messages.append(message)
        self.acknowledge.append(message.acknowledge)

    def touch(self, room: Room, first: int) -> None:
        """The state of this room may be another one from the message `first` on."""
        if room.number not in self._touched:
            self._touched[room.number] = (first, time.monotonic())

    def save(self, room: Room) -> None:
        """Save its state with the next commit."""
        self._urgent.add(room.number)

    def say(self, said: Fact, room: Room | None = None) -> None:
        """A fact for the PMS; the room it comes from is saved with it."""
        self.batch.facts.append(said)
        if room is not None:
            self.save(room)

    def condition(self, key: str, body: bytes | None) -> None:
        """A fault stands (with this body) or is gone."""
        self.batch.conditions[key] = body

    def command(self, command: StoredCommand) -> None:
        """A command to be stored, or its new state."""
        self.batch.commands.append(command)

    def anything(self) -> bool:
        """Whether there is something to write."""
        batch = self.batch
        return bool(self.acknowledge or batch.facts or batch.conditions or batch.commands) or self.overdue()

    @property
    def unsaved(self) -> bool:
        """Whether a room has a state that is not saved."""
        return bool(self._touched)

    def overdue(self) -> bool:
        """Whether a room is to be saved now."""
        return bool(self._urgent) or bool(self._old(time.monotonic()))

    def close(self, *, everything: bool = False) -> tuple[Batch, list[Callable[[], object]], set[str]]:
        """Take the batch out: what to store, what to acknowledge then, which rooms to publish then."""
        batch, acknowledge, changed = self.batch, self.acknowledge, self.changed
        self.batch, self.acknowledge, self.changed = Batch(), [], set()
        self._save_rooms(batch, time.monotonic() + (2 * SAVE_AFTER_SECONDS if everything else 0))
        return batch, acknowledge, changed

    def _save_rooms(self, batch: Batch, now: float) -> None:
        urgent, self._urgent = self._urgent, set()
        for number in [*urgent, *self._old(now)]:
            room = self._house.rooms.get(number)
            if self._touched.pop(number, None) is not None and room is not None:
                batch.rooms[number] = RoomSnapshot(room.version, self.last, orjson.dumps(room.snapshot()))
        uncovered = next((first for first, _ in self._touched.values()), 0)  # they are in the order of their touch
        if bool(uncovered) != bool(self._uncovered) or batch.rooms:
            batch.uncovered = self._uncovered = uncovered

    def _old(self, now: float) -> list[str]:
        """Rooms that have waited long enough; the first touched come first."""
        until = now - SAVE_AFTER_SECONDS
        waited = takewhile(lambda item: item[1][1] <= until, self._touched.items())
        return [number for number, _ in islice(waited, SAVED_AT_ONCE)]
