"""Tasks on each engine: by hand, detected, and what follows from check-outs and nights."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from pms.frontdesk import service as frontdesk
from pms.guests.service import NewGuest
from pms.housekeeping import reactions, service
from pms.housekeeping.detection import take_cleaning
from pms.housekeeping.model import Task
from pms.housekeeping.rules import TaskState, TaskType
from pms.kernel.database import Database
from pms.kernel.errors import Conflict, NotFound
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import CleaningBody
from pms.property.house import move_business_date
from pms.property.service import business_date, find_room, room_to_change, set_housekeeping
from tests.pms.conftest import HOUSE, TestClock

UseCase = Callable[[UnitOfWork], Awaitable[Any]]


class House:
    """The test house with its housekeeping following the feed."""

    def __init__(self, database: Database, actor: Actor, clock: TestClock) -> None:
        self.database, self.actor, self.clock = database, actor, clock
        self.reactions = Reactions(database, HOUSE, clock)
        reactions.register(self.reactions)

    async def do(self, use_case: UseCase) -> Any:
        done = await self.database.run(self.actor, self.clock(), use_case)
        await self.reactions.catch_up()
        return done

    async def walk_in(self, room: str = "101", nights: int = 3) -> str:
        async def use_case(work: UnitOfWork) -> str:
            today = await business_date(work.session, HOUSE)
            asked = frontdesk.WalkIn(room, today + timedelta(days=nights), 1, NewGuest("Ada"))
            return (await frontdesk.walk_in(work, self.database.keyring, asked)).id

        stay: str = await self.do(use_case)
        return stay

    async def check_out(self, stay: str) -> None:
        await self.do(lambda work: frontdesk.check_out(work, stay))

    async def set(self, state: str, room: str = "101") -> None:
        async def use_case(work: UnitOfWork) -> None:
            set_housekeeping(work, await room_to_change(work, room), state, source="manual")

        await self.do(use_case)

    async def next_day(self) -> None:
        self.clock.forward(days=1)
        await self.do(move_business_date)

    async def cleaning(
        self, phase: str, outcome: str | None = None, spell: str = "spell_1", *, by: str | None = "112", after: int = 25
    ) -> None:
        self.clock.forward(minutes=after)
        at = self.clock()
        body = CleaningBody.model_validate(
            {"room": "101", "spell": spell, "phase": phase, "by": by, "at": at, "outcome": outcome}
        )
        await self.do(lambda work: take_cleaning(work, body))

    async def state(self, room: str = "101") -> tuple[str, str]:
        async with self.database.read() as session:
            found = await find_room(session, HOUSE, room)
            return found.housekeeping, found.housekeeping_source

    async def task(self, room: str = "101") -> Task | None:
        async with self.database.read() as session:
            return await service.open_task(session, HOUSE, room)

    async def the_task(self, room: str = "101") -> Task:
        task = await self.task(room)
        assert task is not None
        return task

    async def last(self, room: str = "101") -> Task:
        async with self.database.read() as session:
            states = [state.value for state in TaskState]
            return (await service.listing(session, HOUSE, room=room, states=states))[0]


@pytest.fixture
def house(database: Database, actor: Actor, clock: TestClock) -> House:
    return House(database, actor, clock)


async def test_a_check_out_plans_a_departure_clean(house: House) -> None:
    await house.check_out(await house.walk_in())
    task = await house.the_task()
    assert (task.type, task.state, task.minutes) == ("departure", "pending", 35)


async def test_each_morning_occupied_rooms_get_a_stayover_clean_once(house: House) -> None:
    await house.walk_in("101")
    await house.next_day()
    first = await house.the_task()
    assert (first.type, await house.state()) == ("stayover", ("dirty", "detected"))
    await house.next_day()
    assert (await house.the_task()).id == first.id
    assert await house.task("102") is None


async def test_a_stayover_clean_becomes_a_departure_clean_at_check_out(house: House) -> None:
    stay = await house.walk_in()
    await house.next_day()
    planned = await house.the_task()
    await house.check_out(stay)
    task = await house.the_task()
    assert (task.id, task.type, task.minutes) == (planned.id, "departure", 35)


async def test_a_task_by_hand_goes_its_whole_way(house: House) -> None:
    await house.set("dirty")
    task: Task = await house.do(lambda work: service.plan(work, "101", TaskType.DEEP))
    await house.do(lambda work: service.assign(work, task.id, "user_rosa"))
    await house.do(lambda work: service.start(work, task.id))
    await house.do(lambda work: service.finish(work, task.id))
    assert await house.state() == ("clean", "manual")
    await house.do(lambda work: service.inspect(work, task.id, passed=True))
    done = await house.last()
    assert (done.state, done.assignee, done.inspected_by) == ("inspected", "user_rosa", "user_test")
    assert await house.state() == ("inspected", "manual")


async def test_who_starts_a_task_of_nobodys_takes_it(house: House) -> None:
    task: Task = await house.do(lambda work: service.plan(work, "101"))
    started: Task = await house.do(lambda work: service.start(work, task.id))
    assert started.assignee == "user_test"


async def test_what_fails_the_inspection_is_open_again_and_the_room_dirty(house: House) -> None:
    task: Task = await house.do(lambda work: service.plan(work, "101"))
    await house.do(lambda work: service.start(work, task.id))
    await house.do(lambda work: service.finish(work, task.id))
    await house.do(lambda work: service.inspect(work, task.id, passed=False, note="hair in the sink"))
    again = await house.the_task()
    assert (again.state, again.reopened, again.note) == ("reopened", 1, "hair in the sink")
    assert (await house.state())[0] == "dirty"


async def test_a_room_has_one_open_task(house: House) -> None:
    await house.do(lambda work: service.plan(work, "101"))
    with pytest.raises(Conflict) as refused:
        await house.do(lambda work: service.plan(work, "101"))
    assert refused.value.reasons[0].code == "task_open"


async def test_what_the_table_does_not_allow_is_refused(house: House) -> None:
    task: Task = await house.do(lambda work: service.plan(work, "101"))
    for use_case in (service.finish, lambda work, _: service.inspect(work, task.id, passed=True)):
        with pytest.raises(Conflict):
            await house.do(lambda work, use_case=use_case: use_case(work, task.id))  # type: ignore[misc]
    with pytest.raises(NotFound):
        await house.do(lambda work: service.start(work, "task_nobody_knows"))


async def test_a_detected_cleaning_begins_and_ends_the_task(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.cleaning("started")
    task = await house.the_task()
    assert (task.state, task.source) == ("in_progress", "detected")
    await house.cleaning("ended", "cleaned")
    done = await house.last()
    assert (done.id, done.state, done.source) == (task.id, "done", "detected")
    assert await house.state() == ("clean", "detected")


async def test_a_cleaning_that_no_card_announced_waits_for_somebody_to_agree(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.cleaning("started", by=None)
    await house.cleaning("ended", "cleaned", by=None)
    task = await house.the_task()
    assert (task.state, task.source, task.confirmed) == ("proposed", "detected", None)
    assert (await house.state())[0] == "dirty"
    await house.do(lambda work: service.confirm(work, task.id))
    agreed = await house.last()
    assert (agreed.id, agreed.state, agreed.confirmed, agreed.done_at) == (task.id, "done", "manual", task.done_at)
    assert await house.state() == ("clean", "manual")


async def test_a_short_cleaning_is_proposed_and_may_be_called_not_good_yet(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.cleaning("started")
    await house.cleaning("ended", "cleaned", after=9)
    task = await house.the_task()
    assert task.state == "proposed"
    await house.do(lambda work: service.inspect(work, task.id, passed=False))
    assert ((await house.the_task()).state, (await house.state())[0]) == ("reopened", "dirty")


async def test_who_looks_at_what_was_proposed_agrees_with_it(house: House) -> None:
    await house.check_out(await house.walk_in())
    await house.cleaning("started", by=None)
    await house.cleaning("ended", "cleaned", by=None)
    task = await house.the_task()
    await house.do(lambda work: service.inspect(work, task.id, passed=True))
    assert ((await house.last()).confirmed, await house.state()) == ("manual", ("inspected", "manual"))


async def test_what_nobody_agreed_with_is_asked_for_again_the_next_morning(house: House) -> None:
    await house.walk_in()
    await house.next_day()
    first = await house.the_task()
    await house.cleaning("started", by=None)
    await house.cleaning("ended", "cleaned", by=None)
    await house.next_day()
    again = await house.the_task()
    assert (again.id != first.id, again.type, again.state) == (True, "stayover", "pending")


async def test_a_turndown_leaves_the_room_as_it_is_and_does_not_outlast_the_night(house: House) -> None:
    await house.walk_in()
    task: Task = await house.do(lambda work: service.plan(work, "101", TaskType.TURNDOWN))
    await house.do(lambda work: service.start(work, task.id))
    before = await house.state()
    await house.do(lambda work: service.finish(work, task.id))
    assert await house.state() == before
    await house.do(lambda work: service.plan(work, "101", TaskType.TURNDOWN))
    await house.next_day()
    assert (await house.the_task()).type == "stayover"


async def test_work_by_day_is_no_turndown(house: House) -> None:
    await house.walk_in()
    task: Task = await house.do(lambda work: service.plan(work, "101", TaskType.TURNDOWN))
    await house.cleaning("started")
    assert ((await house.the_task()).id, (await house.the_task()).state) == (task.id, "pending")


async def test_a_detected_cleaning_of_a_dirty_room_nobody_planned_makes_a_task(house: House) -> None:
    await house.set("dirty")
    await house.cleaning("started")
    task = await house.the_task()
    assert (task.state, task.source, task.type) == ("in_progress", "detected", "departure")


async def test_a_short_visit_puts_the_task_back(house: House) -> None:
    await house.set("dirty")
    task: Task = await house.do(lambda work: service.plan(work, "101"))
    await house.do(lambda work: service.assign(work, task.id, "user_rosa"))
    await house.cleaning("started")
    await house.cleaning("ended", "visit")
    back = await house.the_task()
    assert (back.state, back.assignee, back.started_at) == ("assigned", "user_rosa", None)
    assert (await house.state())[0] == "dirty"


async def test_a_visit_does_not_take_back_what_a_person_began(house: House) -> None:
    task: Task = await house.do(lambda work: service.plan(work, "101"))
    await house.do(lambda work: service.start(work, task.id))
    await house.cleaning("started")
    await house.cleaning("ended", "visit")
    assert (await house.the_task()).state == "in_progress"


async def test_every_cleaning_is_kept_once_with_its_times(house: House) -> None:
    await house.set("dirty")
    for _ in range(2):
        await house.cleaning("started")
    for _ in range(2):
        await house.cleaning("ended", "cleaned")
    async with house.database.read() as session:
        [spell] = await service.spells(session, HOUSE, "101")
    assert (spell.by, spell.outcome) == ("112", "cleaned")
    assert spell.started_at is not None
    assert spell.ended_at is not None
    assert spell.ended_at > spell.started_at
    assert spell.task_id == (await house.last()).id


async def test_a_cleaning_of_a_clean_room_is_recorded_and_changes_nothing(house: House) -> None:
    await house.cleaning("started")
    await house.cleaning("ended", "cleaned")
    assert await house.task() is None
    assert await house.state() == ("clean", "manual")
