"""What motion sensors see of people: spells of activity and of stillness, the way through the door, the bathroom."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from simulators.truth import OCCUPANTS
from simulators.truth_machine.doings import MINUTE_S, Deed
from simulators.truth_machine.parameters import Movement
from simulators.truth_machine.walk import THROUGH_S, Step

ROOM, BATH = "motion", "bath"


class Presence(NamedTuple):
    """Somebody is inside and awake, asleep or at work, from and to."""

    start: float
    end: float
    mode: str
    arrived: bool


class Moved(NamedTuple):
    """Somebody moved in sight of a sensor."""

    at: float
    part: str


def presences(steps: Iterable[Step], end: float) -> Iterator[Presence]:
    """Of everybody, one after the other as they end."""
    now: dict[str, tuple[float, str, bool]] = {}
    for step in steps:
        doing = step.doing
        for name in doing.who if doing.deed in (Deed.COME, Deed.GO, Deed.SLEEP, Deed.WAKE) else ():
            at = doing.at + (THROUGH_S if step.moves_door else 0.0)
            known = now.pop(name, None)
            if known is not None:
                yield Presence(known[0], at, known[1], known[2])
            if doing.deed is not Deed.GO:
                awake = "awake" if doing.role in OCCUPANTS else "working"
                now[name] = (at, "asleep" if doing.deed is Deed.SLEEP else awake, doing.deed is Deed.COME)
    for start, mode, arrived in now.values():
        yield Presence(start, end, mode, arrived)


@dataclass(frozen=True, slots=True)
class Bodies:
    """Draws movements."""

    movement: Movement
    random: Random

    def moves(self, steps: Sequence[Step], end: float) -> list[Moved]:
        """All of them, in order."""
        found = [moved for spell in presences(steps, end) for moved in self._live(spell)]
        found += [moved for step in steps for moved in self._passes(step)]
        return sorted(found)

    def _live(self, spell: Presence) -> Iterator[Moved]:
        if spell.mode == "asleep":
            yield from self._stir((spell.start, spell.end), self.movement.quiet_per_minute, ROOM)
        elif spell.mode == "working":
            yield from self._works(spell.start, spell.end)
        else:
            yield from self._awake(spell)

    def _awake(self, spell: Presence) -> Iterator[Moved]:
        at, active = spell.start, True
        if spell.arrived:
            active = self.random.random() >= self.movement.first_never
            at += self._first() if active else 0.0
        if active and at < spell.end:
            yield Moved(at, ROOM)
        while at < spell.end:
            minutes = self.movement.active_minutes if active else self.movement.quiet_minutes
            until = min(at + self.random.expovariate(1 / (minutes * MINUTE_S)), spell.end)
            if active:
                yield from self._active(at, until)
            else:
                yield from self._stir((at, until), self.movement.quiet_per_minute, ROOM)
            at, active = until, not active

    def _works(self, start: float, end: float) -> Iterator[Moved]:
        """Staff do the bathroom first or last."""
        share = (end - start) * self.movement.bath
        first = self.random.random() < 0.5
        middle = start + share if first else end - share
        for span, part in (((start, middle), BATH if first else ROOM), ((middle, end), ROOM if first else BATH)):
            yield from self._stir(span, self.movement.working_per_minute, part)

    def _active(self, start: float, end: float) -> Iterator[Moved]:
        back = start
        if self.random.random() < self.movement.bath:
            back = min(start + self.random.expovariate(1 / (self.movement.bath_minutes * MINUTE_S)), end)
        yield from self._stir((start, back), self.movement.active_per_minute, BATH)
        yield from self._stir((back, end), self.movement.active_per_minute, ROOM)

    def _stir(self, span: tuple[float, float], per_minute: float, part: str) -> Iterator[Moved]:
        at = span[0] + self.random.expovariate(per_minute / MINUTE_S)
        while at < span[1]:
            yield Moved(at, part)
            at += self.random.expovariate(per_minute / MINUTE_S)

    def _first(self) -> float:
        """Log-logistic: the quantile of an even draw."""
        even = self.random.uniform(0.001, 0.999)
        return self.movement.first_median_s * math.pow(even / (1 - even), 1 / self.movement.first_shape)

    def _passes(self, step: Step) -> Iterator[Moved]:
        doing, movement, draw = step.doing, self.movement, self.random.random
        if doing.deed is Deed.COME and draw() < movement.seen_entering:
            yield Moved(doing.at + THROUGH_S + self.random.uniform(0, 2.5), ROOM)
        elif doing.deed in (Deed.GO, Deed.KNOCK) and draw() < movement.seen_leaving:
            yield Moved(doing.at - self.random.uniform(1, 8), ROOM)
        if doing.deed is Deed.GO and step.moves_door and draw() < movement.seen_after_door:
            yield Moved(doing.at + doing.open_s + self.random.uniform(1, 10), ROOM)


def pulses(instants: Sequence[float], hold_s: float) -> Iterator[tuple[float, float]]:
    """What a sensor makes of movements (in order): on with the first, off so long after the last."""
    start: float | None = None
    last = 0.0
    for at in instants:
        if start is not None and at > last + hold_s:
            yield start, last + hold_s
            start = None
        start, last = at if start is None else start, at
    if start is not None:
        yield start, last + hold_s
