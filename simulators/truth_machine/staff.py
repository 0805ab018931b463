"""The hotel's staff, round by round: each attendant has a section, and nobody is in two rooms at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import NamedTuple

from simulators.plan import CLEANING_MINUTES
from simulators.truth import Role
from simulators.truth_machine.doings import DAY_S, HOUR_S, MINUTE_S, Deed, Doing
from simulators.truth_machine.guests import Party
from simulators.truth_machine.parameters import Rounds

CARDS = {Role.ATTENDANT: "housekeeping", Role.ENGINEER: "engineering", Role.MANAGER: "master"}
WAIT_S = 600.0
LATE_HOUR = 13.0
"""From then on an attendant asks the guests who are in whether they may clean."""
ENGINEERS_DAY, EVENING = (9.0, 16.0), (18.0, 21.0)
LOOK_IN_HOUR = 6.5
GONE_S = 300.0
"""So long after a party's departure its room may be cleaned."""


class Visited(NamedTuple):
    """A true visit of staff: what they came for; `carded`: by a card of their own."""

    start: float
    end: float
    purpose: str
    carded: bool


@dataclass
class Book:
    """Who stays where, and what the staff have done: the doings and the visits by room."""

    rooms: Sequence[str]
    parties: dict[str, list[Party]]
    doings: dict[str, list[Doing]] = field(default_factory=dict)
    visits: dict[str, list[Visited]] = field(default_factory=dict)

    def staying(self, room: str, at: float) -> Party | None:
        """The party that has the room."""
        return next((party for party in self.parties[room] if party.arrival <= at < party.departure + GONE_S), None)

    def inside(self, room: str, at: float) -> list[str]:
        """The guests who are in by their plans."""
        party = self.staying(room, at)
        return [] if party is None else party.inside(at)

    def request(self, room: str, at: float) -> str:
        """What the panel says."""
        party = self.staying(room, at)
        return "none" if party is None else party.request(at)


@dataclass(frozen=True, slots=True)
class Call:
    """One visit of one of the staff."""

    room: str
    who: str
    role: Role
    purpose: str
    start: float
    end: float


class Staff:
    """Writes the rounds of every day into the book."""

    def __init__(self, book: Book, rounds: Rounds, seed: int) -> None:
        self._book = book
        self._rounds = rounds
        self._random = Random(f"{seed}/staff")

    def work(self, first: int, last: int) -> None:
        """The days from `first` to before `last`."""
        rooms, rounds = self._book.rooms, self._rounds
        for day in range(first, last):
            for number, at in enumerate(range(0, len(rooms), rounds.section)):
                section = rooms[at : at + rounds.section]
                self._inspect(list(self._clean(section, number, day)), number)
                self._turn_down(section, number, day)
            for number, at in enumerate(range(0, len(rooms), rounds.rooms_per_engineer)):
                self._repair(rooms[at : at + rounds.rooms_per_engineer], number, day)

    def look_in(self, day: int) -> None:
        """The round when the system is put into service: a door that never moved tells nothing of its room."""
        rooms = self._book.rooms
        for number, first in enumerate(range(0, len(rooms), self._rounds.section)):
            at = day * DAY_S + LOOK_IN_HOUR * HOUR_S
            for room in rooms[first : first + self._rounds.section]:
                if not self._book.inside(room, at):
                    self._visit(Call(room, f"supervisor {number}", Role.MANAGER, "look", at, at + 60))
                at += 150

    def _clean(self, section: Sequence[str], number: int, day: int) -> Iterator[tuple[str, float]]:
        """An attendant's shift. Yields the rooms whose guests had left, and when they were done."""
        shift = [day * DAY_S + hour * HOUR_S for hour in self._rounds.shift]
        tasks, at = dict(self._tasks(section, day)), shift[0] + self._random.uniform(0, 900)
        while tasks and at < shift[1]:
            room = self._next(tasks, at)
            if room is None:
                at += WAIT_S
                continue
            kind = tasks.pop(room)
            end = at + self._random.uniform(*CLEANING_MINUTES[kind]) * MINUTE_S
            self._visit(Call(room, f"attendant {number}", Role.ATTENDANT, "cleaning", at, end), cleans=kind)
            if kind == "departure":
                yield room, end
            at = end + self._random.uniform(60, 240)

    def _tasks(self, section: Sequence[str], day: int) -> Iterator[tuple[str, str]]:
        for room in section:
            left = any(party.departure // DAY_S == day for party in self._book.parties[room])
            noon = day * DAY_S + 12 * HOUR_S
            stays = self._book.staying(room, noon)
            if left:
                yield room, "departure"
            elif stays is not None and stays.arrival // DAY_S < day:
                yield room, "stayover"

    def _next(self, tasks: dict[str, str], at: float) -> str | None:
        """Make-up-room first, then rooms that were left, then whoever is out; late in the day one asks."""
        book, late = self._book, at % DAY_S > LATE_HOUR * HOUR_S
        ready = []
        for room, kind in tasks.items():
            request = book.request(room, at)
            if request == "dnd" or (kind == "departure" and book.staying(room, at) is not None):
                continue
            if not book.inside(room, at) and not self._soon_back(room, at):
                ready.append((request != "mur", kind != "departure", room))
            elif late and kind == "stayover" and self._awake(room, at):
                asked = self._random.random() < self._rounds.guest_inside * WAIT_S / HOUR_S
                ready += [(True, True, room)] if asked else []
        return min(ready)[2] if ready else None

    def _soon_back(self, room: str, at: float) -> bool:
        """Breakfast and errands are too short to begin; the attendant sees it or does not: one in two."""
        return bool(self._book.inside(room, at + 900)) and self._random.random() < 0.5

    def _awake(self, room: str, at: float) -> bool:
        party = self._book.staying(room, at)
        return party is not None and all(timeline.place(at) != "asleep" for timeline in party.timelines.values())

    def _visit(self, call: Call, cleans: str | None = None) -> None:
        rounds, random = self._rounds, self._random
        key = None if random.random() < rounds.without_card else CARDS[call.role]
        who, written = (call.who,), self._book.doings.setdefault(call.room, [])
        visited = Visited(call.start, call.end, call.purpose, carded=key is not None)
        self._book.visits.setdefault(call.room, []).append(visited)
        propped = cleans is not None and random.random() < rounds.propped
        open_s = call.end - call.start - 5 if propped else random.uniform(4, 15)
        written.append(Doing(call.start, Deed.COME, who, call.role, key, open_s))
        if cleans is not None:
            written.append(Doing(call.start, Deed.CLEAN, who, call.role, key, value=cleans))
            written += self._cart(call, key) if cleans == "departure" and not propped else ()
            written.append(Doing(call.end, Deed.CLEANED, who, call.role))
            if self._book.request(call.room, call.end) == "mur":
                written.append(Doing(call.end, Deed.REQUEST, value="none"))
        written.append(Doing(call.end, Deed.GO, who, call.role, open_s=random.uniform(4, 12)))

    def _cart(self, call: Call, key: str | None) -> Iterator[Doing]:
        """Out for linen and back in, through the same door."""
        ways = self._random.randint(0, self._rounds.cart_ways)
        for number in range(ways):
            at = call.start + (call.end - call.start) * (number + 1) / (ways + 1)
            yield Doing(at, Deed.GO, (call.who,), call.role, open_s=5.0)
            back = at + self._random.uniform(30, 90)
            yield Doing(back, Deed.COME, (call.who,), call.role, key, self._random.uniform(4, 12))

    def _inspect(self, done: Sequence[tuple[str, float]], number: int) -> None:
        at = -inf
        for room, end in done:
            at = max(at, end + self._random.uniform(10, 60) * MINUTE_S)
            over = at + self._random.uniform(2, 4) * MINUTE_S
            free = not self._book.inside(room, at - 900) and not self._book.inside(room, over + 900)
            if free and self._random.random() < self._rounds.inspected:
                self._visit(Call(room, f"supervisor {number}", Role.MANAGER, "inspection", at, over))
                at = over + 120

    def _turn_down(self, section: Sequence[str], number: int, day: int) -> None:
        """In the evening, whenever the guests of a room are out."""
        book, (at, end) = self._book, (day * DAY_S + hour * HOUR_S for hour in EVENING)
        let = [room for room in section if book.staying(room, at) is not None]
        wanted = [room for room in let if self._random.random() < self._rounds.turndown]
        while wanted and at < end:
            over = at + self._random.uniform(4, 6) * MINUTE_S
            room = next((room for room in wanted if self._out(room, at) and self._out(room, over)), None)
            if room is None:
                at += WAIT_S
                continue
            wanted.remove(room)
            self._visit(Call(room, f"evening attendant {number}", Role.ATTENDANT, "turndown", at, over))
            at = over + self._random.uniform(60, 240)

    def _out(self, room: str, at: float) -> bool:
        return not self._book.inside(room, at) and self._book.request(room, at) != "dnd"

    def _repair(self, rooms: Sequence[str], number: int, day: int) -> None:
        at = day * DAY_S + ENGINEERS_DAY[0] * HOUR_S
        for _ in range(max(1, round(len(rooms) * self._rounds.engineer_per_room))):
            at += self._random.uniform(10, 90) * MINUTE_S
            over, room = at + self._random.uniform(8, 20) * MINUTE_S, self._random.choice(rooms)
            busy = any(doing.at - 1800 < at < doing.at + 3600 for doing in self._book.doings.get(room, ()))
            if not busy and not self._book.inside(room, at) and self._book.request(room, at) != "dnd":
                self._visit(Call(room, f"engineer {number}", Role.ENGINEER, "engineering", at, over))
            at = over
