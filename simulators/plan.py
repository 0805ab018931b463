"""What the guests of a hotel mean to do, as a pure function of the seed: arrivals, outings, nights, departures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

UTC_ZONE = ZoneInfo("UTC")
SETTLED = timedelta(minutes=20)
"""Nobody goes out again so soon after the arrival, nor so shortly before the departure."""

CLEANING_MINUTES = {"departure": (24, 38), "stayover": (14, 24), "pickup": (8, 12), "deep": (45, 70)}
"""How long an attendant needs, from and to, by the type of the task."""

NAMES = (
    "Anna Berger", "Jonas Lind", "王芳", "李伟", "Maria Rossi", "Paul Martin", "Emma Clarke", "陈静", "Luis Ortega",
    "Sofie Jensen", "赵磊", "Nora Haugen", "Tom Baker", "Chloé Petit", "周敏", "Piotr Nowak", "Elif Kaya", "刘洋",
    "Hanna Virtanen", "Omar Haddad", "吴迪", "Julia Weber", "Kenji Mori", "Ines Costa",
)  # fmt: skip
"""Invented guests."""


class Act(StrEnum):
    """What somebody does."""

    ARRIVE = "arrive"  # check in and go up
    LEAVE = "leave"  # go out for a while
    RETURN = "return"
    SLEEP = "sleep"
    WAKE = "wake"
    DEPART = "depart"  # leave for good; the last one checks out
    DND = "dnd"
    MUR = "mur"
    QUIET_OFF = "request_off"
    ENGINEER = "engineer"


@dataclass(frozen=True, slots=True)
class Habits:
    """What a hotel's bookings are like: each is drawn from a tuple, a value as often as it stands there."""

    parties: tuple[int, ...] = (1, 2, 2)
    nights: tuple[int, ...] = (1, 1, 2, 2, 3)
    empty_days: tuple[int, ...] = (0, 0, 0, 1)  # between two stays


@dataclass(frozen=True, slots=True)
class Stay:
    """A party in a room. `guests` are who is who; the first is the name of the booking."""

    room: str
    arrival: datetime
    departure: datetime
    guests: tuple[str, ...]

    @property
    def key(self) -> str:
        """Tells this stay from every other of the plan."""
        return f"{self.room}@{self.arrival:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Somebody does something at an instant. `who` is a guest, or nobody in particular."""

    at: datetime
    room: str
    act: Act
    who: str = ""
    stay: Stay | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """The stays and their steps, in order of time."""

    stays: tuple[Stay, ...]
    steps: tuple[Step, ...]


def plan(
    rooms: Sequence[str],
    start: datetime,
    days: float,
    seed: int,
    zone: ZoneInfo = UTC_ZONE,
    habits: Habits | None = None,
) -> Plan:
    """The plan from the day before `start` until `days` later. The same arguments give the same plan."""
    first = start.astimezone(zone).date() - timedelta(days=3)
    last = (start + timedelta(days=days)).astimezone(zone).date() + timedelta(days=1)
    chosen = habits or Habits()
    bookings = ((room, _Bookings(chosen, Random(f"{seed}/{room}"), zone)) for room in rooms)
    stays = [stay for room, drawn in bookings for stay in drawn.stays(room, (first, last))]
    steps = [step for stay in stays for step in _steps(stay, Random(f"{seed}/{stay.key}"), zone)]
    steps += _engineer(rooms, (first, last), Random(f"{seed}/engineer"), zone)
    return Plan(tuple(stays), tuple(sorted(steps)))


def _at(day: date, hour: float, zone: ZoneInfo) -> datetime:
    """An hour (with fraction, may pass midnight) of a local day, as an instant."""
    return datetime.combine(day, time(), tzinfo=zone) + timedelta(hours=hour)


@dataclass(frozen=True, slots=True)
class _Bookings:
    """Draws the stays of one room."""

    habits: Habits
    random: Random
    zone: ZoneInfo

    def stays(self, room: str, span: tuple[date, date]) -> Iterator[Stay]:
        """One after the other, from the first day of the span to the last."""
        random, habits = self.random, self.habits
        day = span[0] + timedelta(days=random.randint(0, 1))
        while day < span[1]:
            nights = random.choice(habits.nights)
            party = tuple(random.sample(NAMES, random.choice(habits.parties)))
            arrival = _at(day, random.uniform(14, 20), self.zone)
            day += timedelta(days=nights)
            yield Stay(room, _utc(arrival), _utc(_at(day, random.uniform(8.5, 10.8), self.zone)), party)
            day += timedelta(days=random.choice(habits.empty_days))


def _utc(local: datetime) -> datetime:
    return local.astimezone(UTC_ZONE)


def _steps(stay: Stay, random: Random, zone: ZoneInfo) -> Iterator[Step]:
    yield Step(stay.arrival, stay.room, Act.ARRIVE, stay.guests[0], stay)
    day = stay.arrival.astimezone(zone).date()
    last = stay.departure.astimezone(zone).date()
    while day <= last:
        yield from _requests(stay, day, random, zone)
        outing = random.uniform(9.2, 10.5)
        for guest in stay.guests:
            yield from _guest_day(stay, guest, (day, outing), random, zone)
        day += timedelta(days=1)
    for index, guest in enumerate(stay.guests):
        yield Step(stay.departure + timedelta(seconds=40 * index), stay.room, Act.DEPART, guest, stay)


def _guest_day(stay: Stay, guest: str, when: tuple[date, float], random: Random, zone: ZoneInfo) -> Iterator[Step]:
    """Waking, one long outing, dinner, sleep; every choice is drawn whether it is used or not."""
    day, together = when
    wake, sleep = random.uniform(6.5, 8.1), random.uniform(22.2, 24.3)
    stays_in, dines_out = random.random() < 0.3, random.random() < 0.6
    out = (together + random.uniform(0, 0.05), random.uniform(15.5, 17.5))
    dinner = (random.uniform(18.5, 19.5), random.uniform(20.5, 21.8))
    deeds: list[tuple[tuple[float, Act], ...]] = [((wake, Act.WAKE),), ((sleep, Act.SLEEP),)]
    if not stays_in or guest == stay.guests[0]:
        deeds.append(((out[0], Act.LEAVE), (out[1], Act.RETURN)))
    if dines_out:
        deeds.append(((dinner[0], Act.LEAVE), (dinner[1], Act.RETURN)))
    for deed in deeds:
        steps = [Step(_utc(_at(day, hour, zone)), stay.room, act, guest, stay) for hour, act in deed]
        if stay.arrival + SETTLED < steps[0].at and steps[-1].at < stay.departure - SETTLED:
            yield from steps


def _requests(stay: Stay, day: date, random: Random, zone: ZoneInfo) -> Iterator[Step]:
    """Some do not want to be disturbed, some want the room made up; all of it over at the latest in the evening."""
    chosen = random.choice((None, None, None, Act.DND, Act.MUR))
    for hour, act in ((8.6, chosen), (13.5, Act.QUIET_OFF)) if chosen else ():
        step = Step(_utc(_at(day, hour, zone)), stay.room, act or Act.QUIET_OFF, "", stay)
        if stay.arrival < step.at < stay.departure:
            yield step


def _engineer(rooms: Sequence[str], span: tuple[date, date], random: Random, zone: ZoneInfo) -> Iterator[Step]:
    day = span[0]
    while day < span[1]:
        yield Step(_utc(_at(day, random.uniform(10, 16), zone)), random.choice(list(rooms)), Act.ENGINEER, "engineer")
        day += timedelta(days=1)
