"""A room of known truth through the rooms' own logic, causally, with the time between its signals."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from devices.catalog import Catalog
from devices.model import CredentialClass, DeviceEvent, Quality, Reading, Value
from edge.rooms.parameters import RoomParameters
from edge.rooms.room import Room, RoomDevice
from edge.rooms.signals import (
    CleaningEnded,
    ConditionCleared,
    ConditionRaised,
    Effect,
    RoomFacts,
    Signal,
    StaffVisit,
    Tick,
)
from edge.truth.energy import EnergyWatch
from edge.truth.visits import SeenVisit, Tasks
from edge.truth.words import Event, Life

TICK = Tick()
PMS = "pms"
EVENTS = frozenset({"egress", "forced", "tamper"})


class Raised(NamedTuple):
    """A condition was raised, or cleared."""

    at: datetime
    kind: str
    device: str | None


class Spell(NamedTuple):
    """A cleaning as the room saw it."""

    start: datetime
    end: datetime


@dataclass
class Heard:
    """What a room made of it."""

    signals: int = 0
    changes: list[tuple[datetime, str]] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    cleared: list[Raised] = field(default_factory=list)
    cleanings: list[Spell] = field(default_factory=list)
    visits: list[SeenVisit] = field(default_factory=list)


class Player:
    """Feeds one room."""

    def __init__(
        self, life: Life, catalog: Catalog, parameters: RoomParameters | None = None, watch: EnergyWatch | None = None
    ) -> None:
        fitted = [RoomDevice(device, catalog.get(device.profile)) for device in life.devices]
        self.heard = Heard()
        self._life = life
        self._room = Room(life.room, fitted, parameters)
        self._facts = RoomFacts(life.room, rented=False)
        self._answer = "unknown"
        self._watch = watch
        self._tasks = Tasks()
        self._cleaned: set[str] = set()

    def play(self) -> Heard:
        """From the first event to the end."""
        for event in self._life.events:
            self._take(event)
        self._pass_time(self._life.end)
        if self._watch is not None:
            self._watch.until(self._room, self._life.end)
            self._watch.close()
        return self.heard

    def _take(self, event: Event) -> None:
        at, _, device, point, value = event
        self._pass_time(at)
        self.heard.signals += 1
        signal = self._books(point, value) if device == PMS else signal_of(event, self.heard.signals)
        if isinstance(signal, RoomFacts):
            self._tasks.told(signal, at)
        if signal is not None:
            self._give(signal, at)

    def _books(self, point: str, value: Value) -> Signal | None:
        """The last of the books' points completes what they say."""
        if point == "guests":
            self._facts = replace(self._facts, guests=int(value) if isinstance(value, int) else 0)
        elif point == "stay":
            self._facts = replace(self._facts, stay=str(value) or None)
        elif point == "due_out":
            self._facts = replace(self._facts, due_out=value is True)
        else:
            self._facts = replace(self._facts, rented=value is True)
            return self._facts
        return None

    def _pass_time(self, until: datetime) -> None:
        due = self._room.next_due()
        while due is not None and due <= until:
            self._give(TICK, due)
            due = self._room.next_due()

    def _give(self, signal: Signal, at: datetime) -> None:
        if self._watch is not None:
            self._watch.until(self._room, at)
        self._note(self._room.take(signal, at), at)

    def _note(self, effects: list[Effect], at: datetime) -> None:
        for effect in effects:
            if isinstance(effect, ConditionRaised):
                self.heard.raised.append(Raised(at, effect.kind, effect.device))
            elif isinstance(effect, ConditionCleared):
                self.heard.cleared.append(Raised(at, effect.kind, effect.device))
            elif isinstance(effect, CleaningEnded) and effect.outcome == "cleaned":
                self.heard.cleanings.append(Spell(effect.started, effect.at))
                self._cleaned.add(effect.spell)
                self._tasks.cleaned(at)
            elif isinstance(effect, StaffVisit):
                self.heard.visits.append(self._tasks.seen(effect, at, cleaned=effect.spell in self._cleaned))
        answer = self._room.occupancy
        if answer != self._answer:
            self._answer = answer
            self.heard.changes.append((at, answer))


def signal_of(event: Event, sequence: int) -> Signal:
    """What the room is told of a device's word."""
    at, room, device, point, value = event
    if point == "access":
        kind = CredentialClass(str(value))
        return DeviceEvent(device, room, point, {"result": "granted", "credential_class": kind}, at, at, sequence)
    if point in EVENTS:
        return DeviceEvent(device, room, point, {}, at, at, sequence)
    quality = Quality.BAD if value is None else Quality.GOOD
    return Reading(device, room, point, value, quality, at, at, sequence)
