"""Doings put in order and made possible: one door at a time, nobody leaves who is not in. The truth is written here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from simulators.truth import OCCUPANTS, Person, Role, Truth
from simulators.truth_machine.doings import Calendar, Deed, Doing

PASSAGES = frozenset({Deed.COME, Deed.GO, Deed.KNOCK})
BETWEEN_S = 4.0
"""From the door's closing to its next opening, at least."""
HELD_S = 120.0
"""A door that is open longer stands open: others walk through it without moving it."""
THROUGH_S = 1.5
"""From the door's opening to the passing."""


@dataclass(frozen=True, slots=True)
class Step:
    """A doing as it happened. `moves_door`: it opened and shut the door; else it stood open, or no door is meant."""

    doing: Doing
    moves_door: bool
    before: frozenset[str]  # of those inside: the occupants
    after: frozenset[str]
    awake: frozenset[str]  # of everybody, afterwards
    staff: frozenset[str]  # afterwards


@dataclass
class Spell:
    """A cleaning as it was."""

    start: float
    end: float
    kind: str
    carded: bool
    by: str
    guests_inside: bool = False


@dataclass
class Walker:
    """One room. `party` is the size of the stay; `sneaked` are staff without a card."""

    room: str
    calendar: Calendar
    cheating: frozenset[str] = frozenset()  # stays that leave a card in the holder
    labels: list[tuple[float, str]] = field(default_factory=list)
    cleanings: list[Spell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.truth = Truth(self.room, self.calendar.begin)
        self._party = 0
        self._stay = ""
        self._sneaked: set[str] = set()
        self._shut = float("-inf")  # when the door is shut again
        self._standing = False  # and whether it stands open until then
        self.labels.append((float("-inf"), "unrented"))

    def walk(self, doings: Iterable[Doing]) -> Iterator[Step]:
        """In order; what cannot be is left out."""
        for doing in sorted(doings, key=lambda one: one.at):
            possible = self._possible(doing)
            if possible is not None:
                yield self._step(*possible)

    def _possible(self, doing: Doing) -> tuple[Doing, bool] | None:
        people = self.truth.people
        if doing.deed is Deed.COME:
            doing = replace(doing, who=tuple(name for name in doing.who if name not in people))
        elif doing.deed in (Deed.GO, Deed.SLEEP, Deed.WAKE, Deed.CLEAN, Deed.CLEANED):
            doing = replace(doing, who=tuple(name for name in doing.who if name in people))
        if not doing.who and doing.deed in (Deed.COME, Deed.GO, Deed.SLEEP, Deed.WAKE, Deed.CLEAN, Deed.CLEANED):
            return None
        if doing.deed not in PASSAGES:
            return doing, False
        return self._at_the_door(doing)

    def _at_the_door(self, doing: Doing) -> tuple[Doing, bool] | None:
        if doing.at < self._shut and self._standing:
            return None if doing.deed is Deed.KNOCK else (doing, False)
        at = max(doing.at, self._shut + BETWEEN_S)
        self._shut, self._standing = at + doing.open_s, doing.open_s > HELD_S
        return replace(doing, at=at), True

    def _step(self, doing: Doing, moves_door: bool) -> Step:
        people = self.truth.people
        before = self._occupants()
        self._do(doing)
        passing = doing.at + (THROUGH_S if moves_door else 0.0)
        self.truth.note(max(self.calendar.instant(passing), self.truth.now.at))
        label = self._label()
        if label != self.labels[-1][1]:
            self.labels.append((max(passing, self.labels[-1][0]), label))
        awake = frozenset(name for name, person in people.items() if not person.asleep)
        staff = frozenset(name for name, person in people.items() if person.role not in OCCUPANTS)
        return Step(doing, moves_door, before, self._occupants(), awake, staff)

    def _do(self, doing: Doing) -> None:
        people = self.truth.people
        if doing.deed is Deed.COME:
            for name in doing.who:
                people[name] = Person(name, doing.role)
                if doing.key is None and doing.role not in OCCUPANTS | {Role.SERVICE}:
                    self._sneaked.add(name)
        elif doing.deed is Deed.GO:
            for name in doing.who:
                del people[name]
                self._sneaked.discard(name)
        elif doing.deed in (Deed.SLEEP, Deed.WAKE):
            people[doing.who[0]].asleep = doing.deed is Deed.SLEEP
        else:
            self._rest(doing)

    def _rest(self, doing: Doing) -> None:
        if doing.deed is Deed.CHECK_IN:
            self._party, self._stay = len(doing.who), doing.value
        elif doing.deed is Deed.CHECK_OUT:
            self._party, self._stay = 0, ""
        elif doing.deed is Deed.CLEAN:
            self.truth.cleaning = True
            inside = bool(self._occupants())
            spell = Spell(doing.at, doing.at, doing.value, doing.key is not None, doing.who[0], inside)
            self.cleanings.append(spell)
        elif doing.deed is Deed.CLEANED:
            self.truth.cleaning = False
            self.cleanings[-1].end = doing.at

    def _occupants(self) -> frozenset[str]:
        return frozenset(name for name, person in self.truth.people.items() if person.role in OCCUPANTS)

    def _label(self) -> str:
        """The situation, each minute in one."""
        people = self.truth.people.values()
        guests = [person for person in people if person.role is Role.GUEST]
        staff = [person for person in people if person.role not in OCCUPANTS]
        if len(guests) + len(staff) == 0 and not people:
            return "empty_unrented" if not self._party else self._empty()
        if len(staff) == len(people):
            return "staff_without_card" if self._sneaked else "staff"
        if staff:
            return "staff_with_guest"
        if len(guests) < len(people):
            return "visitor"
        asleep = all(person.asleep for person in guests)
        if len(guests) < self._party:
            return "one_left_asleep" if asleep else "one_left_awake"
        return "asleep" if asleep else "awake"

    def _empty(self) -> str:
        return "card_cheat" if self._stay in self.cheating else "empty_rented"
