"""One room's life: from what people mean to do to what is heard of it, with the truth beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count, zip_longest
from random import Random
from typing import NamedTuple

from devices.model import Device, Value
from simulators.truth_machine.air import Air, Year, quiet_start
from simulators.truth_machine.batteries import batteries
from simulators.truth_machine.doings import Calendar, Deed, Doing
from simulators.truth_machine.doors import Doors, books
from simulators.truth_machine.errors import AFTER_S, Wire, ghosts
from simulators.truth_machine.faults import AJAR_S, Damage, Fault, ajar, breaks
from simulators.truth_machine.motion import Bodies, pulses
from simulators.truth_machine.parameters import Hotel
from simulators.truth_machine.signs import PMS, Fittings, Sign
from simulators.truth_machine.staff import Visited
from simulators.truth_machine.walk import Spell, Step, Walker

MOTION_HAPPENINGS = 1_000_000
"""Their numbers begin here: above those of the doors."""


class Event(NamedTuple):
    """A line of the replay format; also the points `guests`, `stay`, `due_out` of the books, `egress`, and others."""

    time: datetime
    room: str
    device: str
    point: str
    value: Value


class Stretch(NamedTuple):
    """From and to, and what was so."""

    start: datetime
    end: datetime
    name: str


class Cleaned(NamedTuple):
    """A true cleaning; `carded`: the attendant came with a card of their own."""

    start: datetime
    end: datetime
    kind: str
    carded: bool
    guests_inside: bool


class Worked(NamedTuple):
    """A true visit of staff."""

    start: datetime
    end: datetime
    purpose: str
    carded: bool


class Injected(NamedTuple):
    """A true fault; an alert of that kind and device is due by `due` (None: allowed), none is false before `end`."""

    kind: str
    device: str
    start: datetime
    due: datetime | None
    end: datetime


@dataclass(frozen=True, slots=True)
class Script:
    """What people mean to do in one room. `cheating`: stays that leave a card in the holder. Crosses processes."""

    room: str
    begin: datetime
    scored_from: float
    end: float
    doings: tuple[Doing, ...]
    cheating: frozenset[str]
    visits: tuple[Visited, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """All of one room. `situations` cover every second once; `errors` are marks that may overlap."""

    room: str
    scored_from: datetime
    end: datetime
    devices: tuple[Device, ...]
    events: list[Event]
    occupied: list[Stretch]
    asleep: list[Stretch]
    situations: list[Stretch]
    errors: list[Stretch]
    cleanings: list[Cleaned]
    visits: list[Worked]
    faults: list[Injected]
    counts: dict[str, int]  # happenings, lost, late, ghosts, pulses
    steps: list[Step]


def live(script: Script, hotel: Hotel) -> Life:
    """Play one room. The same arguments give the same life."""
    return _Life(script, hotel).whole()


class _Life:
    def __init__(self, script: Script, hotel: Hotel) -> None:
        self.script, self.hotel = script, hotel
        self.calendar = Calendar(script.begin)
        self.fittings = Fittings.of(script.room, hotel.equipment, hotel.seed)
        self.cheating = script.cheating if self.fittings.has("keycard") else frozenset()
        self.walker = Walker(script.room, self.calendar, self.cheating)
        self.damage = Damage(self.fittings, script.end)
        self.marks: list[tuple[float, float, str]] = []
        self.counts = {"happenings": 0, "lost": 0, "late": 0, "ghosts": 0, "pulses": 0}

    def whole(self) -> Life:
        """Everything in its order: people, sensors, errors, faults."""
        script, hotel = self.script, self.hotel
        broken = []
        if hotel.faults is not None:
            broken = breaks(self.fittings, hotel.faults, (script.scored_from, script.end), self._random("faults"))
        steps = list(self.walker.walk(ajar(list(script.doings), broken, self._random("ajar"))))
        heating = [(one.start, one.end) for one in broken if one.name == "heating"]
        signs = [*self._doors(steps), *self._motion(steps), *self._air(steps, heating)]
        heard = self._carried([sign for sign in signs if 0 <= sign.at < script.end])
        self._left_open(steps, heard)
        heard = sorted([*self._opening(signs), *heard, *self._batteries()], key=lambda sign: sign.at)
        heard = self.damage.done(heard, broken)
        self._aired(steps, heard)
        return self._life(steps, [sign for sign in heard if sign.at < script.end])

    def _random(self, what: str) -> Random:
        return Random(f"{self.hotel.seed}/{self.script.room}/{what}")

    def _doors(self, steps: Sequence[Step]) -> Iterator[Sign]:
        return Doors(self.fittings, self.hotel.rounds, self.cheating, self._random("doors")).signs(steps)

    def _motion(self, steps: Sequence[Step]) -> Iterator[Sign]:
        end, random, errors = self.script.end, self._random("motion"), self.hotel.errors
        moved = Bodies(self.hotel.movement, random).moves(steps, end)
        number = count(MOTION_HAPPENINGS)
        for part in ("motion", "bath") if self.fittings.has("bath") else ("motion",):
            instants = [one.at for one in moved if one.part == part and one.at >= 0]
            seen = list(pulses(instants, self.hotel.movement.hold_s))
            self.counts["pulses"] += len(seen)
            if errors is not None:
                unreal = ghosts(len(seen), errors, end, random)
                self.counts["ghosts"] += len(unreal)
                self.marks += [(at, at + AFTER_S, "ghost") for at in unreal]
                seen = list(pulses(sorted([*instants, *unreal]), self.hotel.movement.hold_s))
            for start, stop in seen:
                happening = next(number)
                yield Sign(start, self.fittings.name(part), "motion", value=True, happening=happening)
                yield Sign(stop, self.fittings.name(part), "motion", value=False, happening=happening)

    def _air(self, steps: Sequence[Step], broken: list[tuple[float, float]]) -> Iterator[Sign]:
        year = Year(self.hotel.seasons)
        air = Air(self.fittings, self.calendar, year, self.hotel.equipment, self._random("air"), broken)
        yield from air.signs(steps, self.script.end)
        for start, end in broken:
            due = air.due.get(start)
            times = (start, None if due is None else due + 60, end + 7_200)
            self.damage.note("setpoint_not_reached", self.fittings.name("thermostat"), times)

    def _left_open(self, steps: Sequence[Step], heard: Sequence[Sign]) -> None:
        """Doors that stood open for longer than a door may: due once it was heard, where that was meant as a fault."""
        door = self.fittings.name("door")
        for step in steps:
            doing = step.doing
            if not step.moves_door or doing.open_s <= AJAR_S or doing.at < 0:
                continue
            told = (sign.at for sign in heard if sign.device == door and sign.at >= doing.at and sign.value == "open")
            due = next(told, doing.at) + AJAR_S + 2 if doing.sure else None
            self.damage.note("door_ajar", door, (doing.at, due, doing.at + doing.open_s))

    def _aired(self, steps: Sequence[Step], heard: Sequence[Sign]) -> None:
        """Windows open while the unit cools: due once it was heard. A unit that chooses for itself may be cooling."""
        mode, window = Year(self.hotel.seasons).mode(self.calendar.begin), self.fittings.name("window")
        moved = [step.doing for step in steps if step.doing.deed is Deed.WINDOW]
        opened = [sign.at for sign in heard if sign.device == window and sign.value is True]
        for doing, after in zip_longest(moved, moved[1:]):
            if doing.value != "open" or mode == "heat":
                continue
            end = self.script.end if after is None else after.at
            told = next((at for at in opened if doing.at <= at < end), None)
            due = None if told is None or mode != "cool" else told + AJAR_S + 2
            self.damage.note("window_open", window, (doing.at, due, end))

    def _carried(self, signs: list[Sign]) -> list[Sign]:
        if self.hotel.errors is None:
            return sorted(signs, key=lambda sign: sign.at)
        wire = Wire(self.hotel.errors, self._random("wire"))
        heard = wire.carried(signs)
        self.marks += wire.marks
        self.counts |= {"happenings": wire.happenings, "lost": wire.lost, "late": wire.late}
        return heard

    def _opening(self, signs: Sequence[Sign]) -> Iterator[Sign]:
        """What was so already when the system was put into service."""
        yield from quiet_start(self.fittings)
        known: dict[str, Value] = {"guests": 0, "stay": "", "due_out": False}
        for sign in signs:
            if sign.device == PMS and sign.at < 0:
                known[sign.point] = sign.value
        guests = known["guests"]
        stays = guests if isinstance(guests, int) else 0
        yield from books(0.0, stays, str(known["stay"]), due_out=known["due_out"] is True)

    def _batteries(self) -> Iterator[Sign]:
        for one in batteries(self.fittings, self.hotel.faults, self.script.end, self._random("batteries")):
            if isinstance(one, Fault):
                self.damage.note(one.kind, one.device, (one.start, one.due, one.end))
            else:
                yield one

    def _life(self, steps: list[Step], signs: list[Sign]) -> Life:
        script, instant = self.script, self.calendar.instant
        truth = self.walker.truth
        end = instant(script.end)
        ends = [moment.at for moment in truth.log[1:]] + [end]
        asleep = [
            Stretch(moment.at, until, "asleep")
            for moment, until in zip(truth.log, ends, strict=True)
            if moment.asleep and until > moment.at
        ]
        return Life(
            script.room, instant(script.scored_from), end, self.fittings.devices(),
            [Event(instant(at), script.room, device, point, value) for at, device, point, value, _ in signs],
            [Stretch(start, until, "occupied") for start, until, occupied in truth.spells(end) if occupied],
            asleep, list(self._situations()), [Stretch(instant(a), instant(b), name) for a, b, name in self.marks],
            [self._cleaned(spell) for spell in self.walker.cleanings if spell.start >= 0 and spell.end > spell.start],
            [Worked(instant(one.start), instant(one.end), one.purpose, one.carded) for one in script.visits],
            [
                self._injected(fault)
                for fault in sorted(self.damage.faults, key=lambda fault: fault.start)
            ],
            self.counts, steps,
        )  # fmt: skip

    def _cleaned(self, spell: Spell) -> Cleaned:
        instant = self.calendar.instant
        return Cleaned(instant(spell.start), instant(spell.end), spell.kind, spell.carded, spell.guests_inside)

    def _injected(self, fault: Fault) -> Injected:
        instant = self.calendar.instant
        due = None if fault.due is None else instant(fault.due)
        return Injected(fault.kind, fault.device, instant(fault.start), due, instant(fault.end))

    def _situations(self) -> Iterator[Stretch]:
        labels = [(max(at, 0.0), name) for at, name in self.walker.labels]
        for (start, name), (end, _) in zip(labels, [*labels[1:], (self.script.end, "")], strict=True):
            if end > start:
                yield Stretch(self.calendar.instant(start), self.calendar.instant(min(end, self.script.end)), name)
