"""The whole hotel: who stays where, the staff's rounds, and each room's script and life."""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from simulators.plan import Habits, Step, plan
from simulators.truth_machine.air import Year
from simulators.truth_machine.doings import DAY_S, Calendar
from simulators.truth_machine.guests import Party
from simulators.truth_machine.life import Event, Life, Script, live
from simulators.truth_machine.parameters import Hotel
from simulators.truth_machine.staff import Book, Staff

WARM_UP_DAYS = 1
"""Played before the first day that is scored: no rule can know who is in when it is put into service."""
PLAN_BACK_DAYS = 3
"""The plan begins so long before, so that the house is full at the beginning."""
EMPTY_DAYS = {"heat": (0, 0, 1, 2), "auto": (0, 0, 0, 1, 2), "cool": (0, 0, 0, 1)}
"""Days between two stays, by season: from about 70 to 88 per cent of nights sold; assumed."""


def rooms(count: int) -> list[str]:
    """Twenty a floor: 101 to 120, 201 ..."""
    return [f"{1 + number // 20}{1 + number % 20:02d}" for number in range(count)]


def scripts(hotel: Hotel) -> Iterator[Script]:
    """What people mean to do, room by room. Guests know their plans, staff see which rooms are empty."""
    begin = datetime.combine(hotel.start, time(), UTC) - timedelta(days=WARM_UP_DAYS)
    calendar, days, numbers = Calendar(begin), WARM_UP_DAYS + hotel.days, rooms(hotel.rooms)
    habits = Habits(hotel.guests.parties, empty_days=EMPTY_DAYS[Year(hotel.seasons).mode(begin)])
    made = plan(numbers, begin, days, hotel.seed, habits=habits)
    steps: dict[str, list[Step]] = defaultdict(list)
    for step in made.steps:
        if step.stay is not None:
            steps[step.stay.key].append(step)
    parties: dict[str, list[Party]] = {number: [] for number in numbers}
    for stay in made.stays:
        parties[stay.room].append(Party(stay, steps[stay.key], calendar, hotel.guests, str(hotel.seed)))
    book = Book(numbers, parties)
    staff = Staff(book, hotel.rounds, hotel.seed)
    staff.look_in(0)
    staff.work(-PLAN_BACK_DAYS, int(days) + 1)
    for number in numbers:
        own = parties[number]
        meant = [doing for party in own for doing in party.doings()] + book.doings.get(number, [])
        doings = [doing for doing in meant if doing.at < days * DAY_S]
        cheating = frozenset(party.stay.key for party in own if party.cheats)
        visits = tuple(visit for visit in book.visits.get(number, ()) if visit.start >= 0 and visit.end < days * DAY_S)
        yield Script(number, begin, WARM_UP_DAYS * DAY_S, days * DAY_S, tuple(doings), cheating, visits)


def lives(hotel: Hotel) -> Iterator[Life]:
    """Every room, one after the other."""
    for script in scripts(hotel):
        yield live(script, hotel)


def stream(hotel: Hotel) -> Iterator[Event]:
    """The events of all rooms as they are heard, in order of time. All rooms are held in memory."""
    return heapq.merge(*(life.events for life in lives(hotel)), key=lambda event: event.time)
