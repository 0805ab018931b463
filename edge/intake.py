"""What has been taken and is not on disk yet: the open batch, and which messages were taken before."""

import time
from array import array
from collections.abc import Callable, Iterable, Mapping
from itertools import islice, takewhile

import orjson

from edge.bodies import Fact
from edge.house import House
from edge.journal_batch import Batch
from edge.journal_energy import HistoryRow
from edge.journal_rows import RECENT_MESSAGES, RoomSnapshot, StoredCommand
from edge.rooms.room import Room
from gateway.ports import LineMessage

SAVE_AFTER_SECONDS = 5.0
"""A room of which nothing but the state changed is saved so long after: until then its messages are kept for it."""
PACKET_IDS, LOW_32_BITS = 65_536, 0xFFFF_FFFF
SAVED_AT_ONCE = 20
"""Such rooms in one commit, at most."""


class Recent:
    """The last messages of every line, so that one that the broker sends again after a crash is known.

    By packet id, the checksum of what came with it last, and the how-manieth message of its line that was: half
    a megabyte a line, however much is said again.
    """

    def __init__(self, keys: "Mapping[str, array[int]]") -> None:
        self._lines: dict[str, _Packets] = {}
        for line, last in keys.items():
            packets = self._of(line)
            for key in last:
                packets.take(key >> 32, key & LOW_32_BITS)

    def seen(self, message: LineMessage) -> bool:
        """Whether this is a message taken before, said again; remembers it if not."""
        if message.duplicate_key is None:
            return False
        packet, checksum = message.duplicate_key
        packets = self._lines.get(message.line) or self._of(message.line)
        if message.redelivered and packets.has(packet, checksum):
            return True
        packets.take(packet, checksum)
        return False

    def _of(self, line: str) -> "_Packets":
        return self._lines.setdefault(line, _Packets())


class _Packets:
    """Of one line: what came with each packet id last."""

    __slots__ = ("_checksums", "_count", "_taken")

    def __init__(self) -> None:
        empty = bytes(4 * PACKET_IDS)
        self._checksums, self._taken, self._count = array("I", empty), array("I", empty), 0

    def take(self, packet: int, checksum: int) -> None:
        """This came."""
        self._count = (self._count + 1) & LOW_32_BITS or 1
        self._checksums[packet], self._taken[packet] = checksum, self._count

    def has(self, packet: int, checksum: int) -> bool:
        """Whether this came, not too long ago."""
        taken = self._taken[packet]
        ago = (self._count - taken) & LOW_32_BITS
        return taken > 0 and ago < RECENT_MESSAGES and self._checksums[packet] == checksum


class Intake:
    """Collects one batch. Everything taken up to a moment is in it: the rooms' state and the batch always agree."""

    def __init__(self, last: int, boot: int, house: House) -> None:
        self._house = house
        self._boot = boot
        self.last = last  # the sequence that the journal gives (or will give) to the last message taken
        self.changed: set[str] = set()
        self.chronicle: Callable[[Iterable[str]], list[HistoryRow]] = lambda _rooms: []
        """What became another in rooms that have changed."""
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
        self.batch.take(message, self._boot)
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
        told = batch.facts or batch.conditions or batch.commands or batch.plans or batch.days
        return bool(self.acknowledge or told) or self.overdue()

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
        batch.history += self.chronicle(changed)
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
