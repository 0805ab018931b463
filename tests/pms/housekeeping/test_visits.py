"""Visits on each engine: what rooms tell, what locks remember afterwards, in whatever order."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from pms.housekeeping import late_cleanings, service, visits
from pms.housekeeping.minutes import by_attendant, by_type, typed
from pms.housekeeping.rules import TaskType
from pms.housekeeping.visit_model import StaffVisit
from pms.housekeeping.visit_rules import Department, Entry, VisitKind
from pms.kernel.database import Database
from pms.kernel.errors import NotFound
from pms.kernel.work import Actor
from pms.link.messages import VisitBody
from pms.room_feed.facts import apply_fact
from tests.pms.conftest import HOUSE, NOON, TestClock
from tests.pms.housekeeping.test_tasks import House
from tests.pms.room_feed.edge import Envelopes

EVENING = timedelta(hours=7)  # noon of the tests is that of Berlin


@pytest.fixture
def house(database: Database, actor: Actor, clock: TestClock) -> House:
    return House(database, actor, clock)


def body(start: float, minutes: float, **more: Any) -> VisitBody:
    """A visit of room 101 that began so many minutes after noon."""
    entered = NOON + timedelta(minutes=start)
    usual = {"room": "101", "visit": f"101-{start}", "by": "housekeeping", "credential": "112", "entered": entered}
    return VisitBody.model_validate(usual | {"left": entered + timedelta(minutes=minutes), "moved": True} | more)


async def take(house: House, *told: VisitBody) -> None:
    for one in told:
        await house.do(partial(visits.take_visit, body=one))


async def remember(house: House, room: str, *minutes: float, card: str = "112", kind: str = "housekeeping") -> int:
    entries = [Entry(card, kind, NOON + timedelta(minutes=at)) for at in minutes]
    new: int = await house.do(lambda work: visits.take_audit(work, room, entries))
    return new


async def all_visits(house: House) -> Sequence[StaffVisit]:
    async with house.database.read() as session:
        return await visits.between(session, HOUSE, NOON - timedelta(days=1), NOON + timedelta(days=2))


async def said(house: House) -> list[tuple[str, str | None, str]]:
    return [(one.room, one.card, one.kind) for one in await all_visits(house)]


async def test_a_visit_is_kept_once_with_what_it_was_for(house: House) -> None:
    await take(house, body(0, 1), body(0, 1), body(10, 15, by="engineering", credential="205"))
    assert await said(house) == [("101", "112", "look"), ("101", "205", "engineering")]


async def test_a_cleaning_is_one_by_what_the_room_saw(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.cleaning("started", after=0)
    await house.cleaning("ended", "cleaned", after=25)
    await take(house, body(0, 25, spell="spell_1"))
    [visit] = await all_visits(house)
    assert (visit.kind, visit.task_id) == ("cleaning", (await house.last()).id)


async def test_a_turndown_is_done_by_the_visit_of_the_evening(house: House) -> None:
    await house.walk_in()
    house.clock.value = NOON + EVENING
    task = await house.do(lambda work: service.plan(work, "101", TaskType.TURNDOWN))
    start = EVENING.total_seconds() / 60 + 30
    await take(house, body(start, 5))
    done = await house.last()
    assert (done.id, done.state, done.confirmed) == (task.id, "done", "rule")
    assert await said(house) == [("101", "112", "turndown")]


async def test_an_inspector_confirms_what_was_proposed(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.do(lambda work: visits.set_card(work, "77", Department.INSPECTION, None))
    await house.cleaning("started", by=None, after=0)
    await house.cleaning("ended", "cleaned", by=None)
    await take(house, body(40, 3, credential="77"))
    assert ((await house.last()).state, (await house.last()).confirmed) == ("done", "rule")
    assert await house.state() == ("clean", "detected")


async def test_a_card_that_is_entered_later_judges_the_day_anew(house: House) -> None:
    house.clock.forward(hours=1)
    await take(house, body(0, 4, credential="301", guests=True))
    assert await said(house) == [("101", "301", "errand")]
    await house.do(lambda work: visits.set_card(work, "301", Department.ROOM_SERVICE, None))
    assert await said(house) == [("101", "301", "room_service")]


async def test_a_person_knows_better_and_is_not_corrected(house: House) -> None:
    await take(house, body(0, 4))
    await house.do(lambda work: visits.correct(work, "101-0", VisitKind.WELFARE))
    await remember(house, "101", 0)
    await take(house, body(0, 4))
    assert await said(house) == [("101", "112", "welfare")]
    with pytest.raises(NotFound):
        await house.do(lambda work: visits.correct(work, "nobody knows it", VisitKind.LOOK))


async def test_a_late_opening_names_whom_nobody_heard(house: House) -> None:
    await take(house, body(0, 25, by="unknown", credential=None))
    assert await remember(house, "101", 1) == 1
    [visit] = await all_visits(house)
    assert (visit.card, visit.known_class, visit.audit_credential) == ("112", "housekeeping", "112")


async def test_openings_that_nobody_saw_are_visits_until_the_next_door(house: House) -> None:
    await remember(house, "101", 0, 4)  # out for linen and back: one visit
    await remember(house, "102", 30)
    first, second = await all_visits(house)
    assert (first.room, first.left_at, first.estimated) == ("101", NOON + timedelta(minutes=30), True)
    assert (second.room, second.left_at, second.source) == ("102", None, "audit")


async def test_who_was_long_enough_in_a_room_that_was_to_be_cleaned_cleaned_it(house: House) -> None:
    await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    await remember(house, "101", 5)
    assert await said(house) == [("101", "112", "other")]
    await remember(house, "102", 36)
    assert await said(house) == [("101", "112", "cleaning"), ("102", "112", "other")]


async def test_a_cleaning_that_only_the_lock_remembers_is_proposed_while_the_room_waits_for_it(house: House) -> None:
    task = await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    house.clock.forward(hours=2)
    await remember(house, "101", 5)
    assert await house.do(late_cleanings.propose) == 0, "nobody knows when they left"
    await remember(house, "102", 36)
    assert await house.do(late_cleanings.propose) == 1
    proposed = await house.last()
    assert (proposed.id, proposed.state) == (task.id, "proposed")
    assert (proposed.started_at, proposed.done_at) == (NOON + timedelta(minutes=5), NOON + timedelta(minutes=36))
    assert await house.do(late_cleanings.propose) == 0, "once"


async def test_where_they_went_next_tells_when_they_had_cleaned(house: House) -> None:
    await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    house.clock.forward(hours=2)
    await remember(house, "101", 5)
    later = body(36, 20, room="102", visit="102-36")
    envelope = Envelopes().of("visit", later.model_dump(mode="json"), house.clock())
    await house.do(partial(apply_fact, envelope=envelope, body=later))
    assert (await house.last("101")).state == "proposed"


async def test_a_visit_without_a_card_was_a_cleaning_once_the_lock_names_who_came(house: House) -> None:
    task = await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    house.clock.forward(hours=2)
    await take(house, body(0, 25, by="unknown", credential=None, visit="101-0", guests=False))
    assert await house.do(late_cleanings.propose) == 0
    await remember(house, "101", 1)
    assert await house.do(late_cleanings.propose) == 1
    assert ((await house.last()).id, (await house.last()).state) == (task.id, "proposed")


async def test_what_is_to_be_done_again_is_not_proposed_by_the_same_visit(house: House) -> None:
    task = await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    house.clock.forward(hours=2)
    await remember(house, "101", 5)
    await remember(house, "102", 36)
    assert await house.do(late_cleanings.propose) == 1
    await house.do(partial(service.inspect, task_id=task.id, passed=False))
    assert await house.do(late_cleanings.propose) == 0


async def test_a_room_that_was_let_again_is_not_said_to_be_clean(house: House) -> None:
    await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    house.clock.forward(hours=2)
    await house.walk_in()
    await remember(house, "101", 5)
    await remember(house, "102", 36)
    assert await house.do(late_cleanings.propose) == 0


async def test_a_lock_read_out_too_late_proposes_nothing(house: House) -> None:
    task = await house.do(lambda work: service.plan(work, "101", TaskType.DEPARTURE))
    await house.do(partial(service.start, task_id=task.id))
    await house.do(partial(service.finish, task_id=task.id))
    house.clock.forward(hours=2)
    await remember(house, "101", 5)
    await remember(house, "102", 36)
    assert await house.do(late_cleanings.propose) == 0
    assert (await house.last()).state == "done"


async def test_an_inspection_round_is_known_by_the_order_of_rooms(house: House) -> None:
    for room in ("101", "102", "103"):
        task = await house.do(partial(service.plan, number=room))
        await house.do(partial(service.start, task_id=task.id))
        await house.do(partial(service.finish, task_id=task.id))
    for number, room in enumerate(("101", "102", "103")):
        await take(house, body(number * 6, 3, room=room, visit=f"{room}-a", credential="150"))
    assert {kind for _, _, kind in await said(house)} == {"inspection"}


async def test_colleagues_who_come_in_have_visits_of_their_own(house: House) -> None:
    other = {"by": "master", "credential": "900", "at": NOON + timedelta(minutes=5)}
    await take(house, body(0, 25, others=[other]))
    assert [(one.card, one.left_at is None) for one in await all_visits(house)] == [("112", False), ("900", True)]


def tellings() -> list[tuple[str, Any]]:
    """A morning: three visits, one of them without a card, and what four locks remembered."""
    return [
        ("visit", body(0, 25, by="unknown", credential=None)),
        ("visit", body(30, 20, room="102", visit="102-30")),
        ("visit", body(120, 3, by="master", credential="900")),
        ("audit", ("101", 0.5)), ("audit", ("101", 6)), ("audit", ("102", 30)), ("audit", ("103", 60)),
        ("audit", ("104", 100)),
    ]  # fmt: skip


async def outcome(house: House) -> list[tuple[str, str | None, str, datetime, datetime | None, bool]]:
    return [
        (one.room, one.card, one.kind, one.entered_at, one.left_at, one.estimated) for one in await all_visits(house)
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_in_which_it_is_told_does_not_matter(house: House, seed: int) -> None:
    expected = [
        ("101", "112", "other", NOON, NOON + timedelta(minutes=25), False),
        ("102", "112", "other", NOON + timedelta(minutes=30), NOON + timedelta(minutes=50), False),
        ("103", "112", "other", NOON + timedelta(minutes=60), NOON + timedelta(minutes=100), True),
        ("104", "112", "other", NOON + timedelta(minutes=100), None, False),
        ("101", "900", "other", NOON + timedelta(minutes=120), NOON + timedelta(minutes=123), False),
    ]
    told = [*tellings(), *tellings()[2:5]]
    random.Random(seed).shuffle(told)
    for what, content in told:
        if what == "visit":
            await take(house, content)
        else:
            await remember(house, content[0], content[1])
    assert await outcome(house) == expected


async def test_the_minutes_of_a_day_by_attendant(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.cleaning("started", after=0)
    await house.cleaning("ended", "cleaned", after=25)
    await take(house, body(0, 25, spell="spell_1"), body(60, 3, visit="b", credential="900", by="master"))
    await house.do(lambda work: visits.set_card(work, "112", Department.HOUSEKEEPING, "user_rosa"))
    async with house.database.read() as session:
        cards = await visits.cards(session, HOUSE)
    found = await all_visits(house)
    rosa, other = by_attendant(found, cards)
    assert (rosa.user_id, rosa.rooms, rosa.minutes, rosa.planned) == ("user_rosa", 1, 25.0, 35)
    assert (other.card, other.minutes) == ("900", 3.0)
    [figure] = by_type(typed(found))
    assert (figure.type, figure.count, figure.median, figure.planned) == ("departure", 1, 25.0, 35)
