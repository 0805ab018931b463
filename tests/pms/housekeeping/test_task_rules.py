"""Rules of housekeeping: the task's table, and what a detected cleaning does."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pms.housekeeping.rules import (
    CREDITS,
    MINUTES,
    OPEN,
    TRANSITIONS,
    WAITING,
    Action,
    Ended,
    OpenTask,
    Step,
    TaskState,
    TaskType,
    after,
    on_ended,
    on_started,
    type_for,
)

S = TaskState


def test_every_action_has_a_row_and_ends_in_a_known_state() -> None:
    assert set(TRANSITIONS) == set(Action)
    assert all(set(row) <= set(S) and set(row.values()) <= set(S) for row in TRANSITIONS.values())


def test_every_type_has_an_estimate() -> None:
    assert set(MINUTES) == set(CREDITS) == set(TaskType)


def test_interrupted_work_goes_back_to_who_had_it() -> None:
    assert after(Action.INTERRUPT, S.IN_PROGRESS, "user_1") is S.ASSIGNED
    assert after(Action.INTERRUPT, S.IN_PROGRESS, None) is S.PENDING
    assert after(Action.INTERRUPT, S.DONE, "user_1") is None


def test_an_attendant_at_work_begins_the_waiting_task() -> None:
    for state in WAITING:
        assert on_started(OpenTask(state, None), "dirty") is Step.START
    assert on_started(OpenTask(S.IN_PROGRESS, None), "dirty") is Step.NOTHING


def test_an_attendant_in_a_dirty_room_nobody_planned_makes_a_task() -> None:
    assert on_started(None, "dirty") is Step.CREATE_STARTED
    assert on_started(None, "pickup") is Step.CREATE_STARTED
    assert on_started(None, "clean") is Step.NOTHING
    assert type_for("occupied") is TaskType.STAYOVER
    assert type_for("vacant") is TaskType.DEPARTURE


def test_a_cleaning_ends_any_work_and_a_visit_only_its_own() -> None:
    mine, by_hand = OpenTask(S.IN_PROGRESS, "spell_1"), OpenTask(S.IN_PROGRESS, None)
    assert on_ended(mine, Ended("spell_1", "cleaned")) is Step.FINISH
    assert on_ended(by_hand, Ended("spell_1", "cleaned")) is Step.FINISH
    assert on_ended(mine, Ended("spell_1", "visit")) is Step.INTERRUPT
    assert on_ended(mine, Ended("spell_2", "visit")) is Step.NOTHING
    assert on_ended(by_hand, Ended("spell_1", "visit")) is Step.NOTHING
    assert on_ended(OpenTask(S.PENDING, None), Ended("spell_1", "cleaned")) is Step.NOTHING
    assert on_ended(None, Ended("spell_1", "cleaned")) is Step.NOTHING


DEPARTURE = OpenTask(S.IN_PROGRESS, "spell_1", 35)


@pytest.mark.parametrize(
    ("task", "ended", "step"),
    [
        pytest.param(DEPARTURE, Ended("spell_1", "cleaned", minutes=17.5), Step.FINISH, id="half of the time, by card"),
        pytest.param(DEPARTURE, Ended("spell_1", "cleaned", minutes=17), Step.PROPOSE, id="short of it"),
        pytest.param(DEPARTURE, Ended("spell_1", "cleaned", carded=False, minutes=40), Step.PROPOSE, id="no card"),
        pytest.param(
            OpenTask(S.ASSIGNED, None, 18), Ended("s", "cleaned", carded=False, minutes=20), Step.PROPOSE, id="waiting"
        ),
        pytest.param(
            OpenTask(S.PROPOSED, "s", 18), Ended("s", "cleaned", minutes=20), Step.NOTHING, id="proposed already"
        ),
        pytest.param(OpenTask(S.PROPOSED, "s", 18), Ended("s", "visit", minutes=3), Step.NOTHING, id="a visit later"),
    ],
)
def test_what_is_believed_and_what_waits_for_a_person(task: OpenTask, ended: Ended, step: Step) -> None:
    assert on_ended(task, ended) is step


def test_who_comes_back_to_what_was_proposed_works_on() -> None:
    assert on_started(OpenTask(S.PROPOSED, "s"), "dirty") is Step.START


class TaskMachine(RuleBasedStateMachine):
    """Any order of actions: the task stays within its table, and inspected is reached through done alone."""

    @initialize(assignee=st.sampled_from([None, "user_1"]))
    def plan(self, assignee: str | None) -> None:
        self.state, self.assignee, self.path = S.PENDING, assignee, [S.PENDING]

    @rule(action=st.sampled_from(list(Action)))
    def act(self, action: Action) -> None:
        target = after(action, self.state, self.assignee)
        if target is not None:
            self.state = target
            self.path.append(target)

    @invariant()
    def work_is_done_before_it_is_inspected(self) -> None:
        if getattr(self, "state", None) is S.INSPECTED:
            assert self.path[-2] in {S.DONE, S.PROPOSED}
            assert {S.IN_PROGRESS, S.PROPOSED} & set(self.path)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        over = [index for index, state in enumerate(getattr(self, "path", [])) if state in {S.INSPECTED, S.CANCELLED}]
        assert not over or over == [len(self.path) - 1]

    @invariant()
    def an_open_task_can_be_cancelled(self) -> None:
        state = getattr(self, "state", S.PENDING)
        assert (after(Action.CANCEL, state) is not None) == (state in OPEN)


TaskMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestTaskMachine = TaskMachine.TestCase
