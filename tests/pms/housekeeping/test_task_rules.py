"""Rules of housekeeping: the task's table, and what a detected cleaning does."""

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
    assert on_ended(mine, "spell_1", "cleaned") is Step.FINISH
    assert on_ended(by_hand, "spell_1", "cleaned") is Step.FINISH
    assert on_ended(mine, "spell_1", "visit") is Step.INTERRUPT
    assert on_ended(mine, "spell_2", "visit") is Step.NOTHING
    assert on_ended(by_hand, "spell_1", "visit") is Step.NOTHING
    assert on_ended(OpenTask(S.PENDING, None), "spell_1", "cleaned") is Step.NOTHING
    assert on_ended(None, "spell_1", "cleaned") is Step.NOTHING


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
            assert self.path[-2] is S.DONE
            assert S.IN_PROGRESS in self.path

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
