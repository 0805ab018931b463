"""What is really so in a room, written down with its time, so that what the product says can be scored."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Why somebody is in a room."""

    GUEST = "guest"
    VISITOR = "visitor"  # of a guest: no card, and as much an occupant
    ATTENDANT = "attendant"
    ENGINEER = "engineer"
    MANAGER = "manager"
    SERVICE = "service"  # brings something, let in by the guest


OCCUPANTS = frozenset({Role.GUEST, Role.VISITOR})
"""Whoever makes a room occupied."""


@dataclass(slots=True)
class Person:
    """Somebody in the room."""

    name: str
    role: Role
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A room's truth from `at` on."""

    at: datetime
    guests: int = 0
    asleep: int = 0
    staff: int = 0
    cleaning: bool = False

    @property
    def occupied(self) -> bool:
        """Is a guest inside? Staff do not make a room occupied."""
        return self.guests > 0


@dataclass
class Truth:
    """One room's truth now and since the beginning."""

    room: str
    began: datetime
    people: dict[str, Person] = field(default_factory=dict)
    cleaning: bool = False
    log: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log.append(Moment(self.began))

    @property
    def now(self) -> Moment:
        """The present."""
        return self.log[-1]

    @property
    def occupied(self) -> bool:
        """Is a guest inside now?"""
        return self.now.occupied

    def guests(self) -> list[Person]:
        """The guests inside, and their visitors."""
        return [person for person in self.people.values() if person.role in OCCUPANTS]

    def awake(self) -> list[Person]:
        """Everybody inside who is not asleep."""
        return [person for person in self.people.values() if not person.asleep]

    def note(self, at: datetime) -> None:
        """Write down how it is from `at` on, when that is something new."""
        guests = self.guests()
        asleep = sum(person.asleep for person in guests)
        moment = Moment(at, len(guests), asleep, len(self.people) - len(guests), self.cleaning)
        if replace(moment, at=self.now.at) != self.now:
            self.log.append(moment)

    def at(self, when: datetime) -> Moment:
        """The truth at an instant; the first entry for one before the beginning."""
        found = bisect_right(self.log, when, key=lambda moment: moment.at)
        return self.log[max(found - 1, 0)]

    def spells(self, until: datetime) -> list[tuple[datetime, datetime, bool]]:
        """(from, to, occupied) up to `until`, neighbours that are equal joined."""
        joined: list[tuple[datetime, datetime, bool]] = []
        ends = [moment.at for moment in self.log[1:]] + [until]
        for moment, end in zip(self.log, ends, strict=True):
            if joined and joined[-1][2] == moment.occupied:
                joined[-1] = (joined[-1][0], end, moment.occupied)
            else:
                joined.append((moment.at, end, moment.occupied))
        return joined


@dataclass(frozen=True, slots=True)
class Score:
    """Minutes in which what was said was right, wrong either way, or nothing was said."""

    right: int = 0
    false_vacant: int = 0
    false_occupied: int = 0
    unknown: int = 0


def score(truth: Truth, said: Iterable[tuple[datetime, str]]) -> Score:
    """Compare answers (instant, "occupied" | "vacant" | "unknown"), say one a minute, with the truth."""
    counts = {"right": 0, "false_vacant": 0, "false_occupied": 0, "unknown": 0}
    for when, answer in said:
        occupied = truth.at(when).occupied
        if answer not in {"occupied", "vacant"}:
            counts["unknown"] += 1
        elif (answer == "occupied") == occupied:
            counts["right"] += 1
        else:
            counts["false_occupied" if answer == "occupied" else "false_vacant"] += 1
    return Score(**counts)
