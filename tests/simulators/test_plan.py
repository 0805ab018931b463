"""What the guests mean to do: the same for the same seed, and possible."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from simulators.plan import Act, Step, plan

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ROOMS = [f"{floor}{place:02d}" for floor in (1, 2, 3) for place in range(1, 9)]


def test_the_seed_decides() -> None:
    assert plan(ROOMS, START, 3, 7) == plan(ROOMS, START, 3, 7)
    assert plan(ROOMS, START, 3, 7) != plan(ROOMS, START, 3, 8)


def test_a_room_keeps_its_guests_when_others_are_added() -> None:
    alone = plan(["101"], START, 3, 7)
    among = plan(ROOMS, START, 3, 7)
    assert alone.stays == tuple(stay for stay in among.stays if stay.room == "101")


def test_stays_of_a_room_do_not_overlap() -> None:
    by_room = defaultdict(list)
    for stay in plan(ROOMS, START, 5, 1).stays:
        by_room[stay.room].append(stay)
    assert set(by_room) == set(ROOMS)
    for stays in by_room.values():
        assert all(one.departure < two.arrival for one, two in pairwise(stays))


def test_everybody_goes_out_before_coming_back_and_wakes_before_going_out() -> None:
    allowed = {
        "in": {Act.LEAVE: "out", Act.SLEEP: "asleep", Act.DEPART: "gone", Act.WAKE: "in"},
        "out": {Act.RETURN: "in", Act.DEPART: "gone"},
        "asleep": {Act.WAKE: "in"},
    }
    lives: dict[tuple[str, str], list[Step]] = defaultdict(list)
    made = plan(ROOMS, START, 6, 3)
    for step in made.steps:
        if step.stay is not None and step.act in {Act.LEAVE, Act.RETURN, Act.SLEEP, Act.WAKE, Act.DEPART}:
            lives[step.stay.key, step.who].append(step)
    assert len(lives) == sum(len(stay.guests) for stay in made.stays)
    for life in lives.values():
        state = "in"
        for step in life:
            assert step.act in allowed[state], (state, life)
            state = allowed[state][step.act]
        assert state == "gone"


def test_of_two_guests_one_goes_out_and_one_stays() -> None:
    made = plan(ROOMS, START, 6, 1)
    alone = 0
    for stay in made.stays:
        if len(stay.guests) == 2:
            first, second = ({s.at.date() for s in made.steps if s.stay == stay and s.who == who and s.act is Act.LEAVE
                              and s.at.hour < 12} for who in stay.guests)  # fmt: skip
            alone += len(first - second)
    assert alone > 5


def test_hours_are_the_hotels_own() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    arrivals = [s.at.astimezone(zone) for s in plan(ROOMS, START, 3, 1, zone).steps if s.act is Act.ARRIVE]
    assert all(14 <= arrival.hour < 20 for arrival in arrivals)


def test_an_engineer_comes_each_day() -> None:
    visits = [step.at.date() for step in plan(ROOMS, START, 3, 1).steps if step.act is Act.ENGINEER]
    assert {START.date() + timedelta(days=n) for n in range(3)} <= set(visits)


def test_a_longer_plan_begins_like_a_shorter_one() -> None:
    short, long = plan(ROOMS, START, 3, 7), plan(ROOMS, START, 10, 7)
    known = [step for step in long.steps if step.at < START + timedelta(days=3)]
    assert [step for step in short.steps if step.at < START + timedelta(days=3)] == known
