"""Pure rules of housekeeping: the state machine of a task, what a detected cleaning does to it."""

from dataclasses import dataclass
from enum import StrEnum


class TaskState(StrEnum):
    """A task's state. Reopened: the inspection found it wanting."""

    PENDING = "pending"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    INSPECTED = "inspected"
    CANCELLED = "cancelled"
    REOPENED = "reopened"


class TaskType(StrEnum):
    """Why a room is cleaned."""

    DEPARTURE = "departure"
    STAYOVER = "stayover"
    PICKUP = "pickup"
    DEEP = "deep"


class Action(StrEnum):
    """What can be done to a task."""

    ASSIGN = "assign"
    START = "start"
    DONE = "done"
    INSPECT = "inspect"
    REOPEN = "reopen"
    INTERRUPT = "interrupt"
    CANCEL = "cancel"


_S = TaskState
TRANSITIONS: dict[Action, dict[TaskState, TaskState]] = {
    Action.ASSIGN: {_S.PENDING: _S.ASSIGNED, _S.ASSIGNED: _S.ASSIGNED, _S.REOPENED: _S.ASSIGNED},
    Action.START: {_S.PENDING: _S.IN_PROGRESS, _S.ASSIGNED: _S.IN_PROGRESS, _S.REOPENED: _S.IN_PROGRESS},
    Action.DONE: {_S.IN_PROGRESS: _S.DONE},
    Action.INSPECT: {_S.DONE: _S.INSPECTED},
    Action.REOPEN: {_S.DONE: _S.REOPENED},
    Action.INTERRUPT: {_S.IN_PROGRESS: _S.PENDING},
    Action.CANCEL: {
        _S.PENDING: _S.CANCELLED,
        _S.ASSIGNED: _S.CANCELLED,
        _S.REOPENED: _S.CANCELLED,
        _S.IN_PROGRESS: _S.CANCELLED,
    },
}
"""Action -> {state it is allowed in: state it leads to}. What is not here cannot happen."""

BY_HAND = (Action.ASSIGN, Action.START, Action.DONE, Action.INSPECT, Action.REOPEN, Action.CANCEL)
"""What a person is offered; an interruption is detected."""

WAITING = frozenset({TaskState.PENDING, TaskState.ASSIGNED, TaskState.REOPENED})
"""Nobody works on it yet."""

OPEN = WAITING | {TaskState.IN_PROGRESS}
"""Work is left to do. A room has at most one open task."""

MINUTES: dict[TaskType, int] = {TaskType.DEPARTURE: 35, TaskType.STAYOVER: 18, TaskType.PICKUP: 8, TaskType.DEEP: 90}
"""Estimated minutes of work by type."""

CREDITS: dict[TaskType, int] = {TaskType.DEPARTURE: 2, TaskType.STAYOVER: 1, TaskType.PICKUP: 1, TaskType.DEEP: 4}
"""Credits by type: what a fair day is counted in."""


def after(action: Action, state: TaskState, assignee: str | None = None) -> TaskState | None:
    """The state `action` leads to, or None where it is not allowed. Interrupted work goes back to who had it."""
    target = TRANSITIONS[action].get(state)
    if action is Action.INTERRUPT and target is not None and assignee is not None:
        return TaskState.ASSIGNED
    return target


def type_for(front_office: str) -> TaskType:
    """What kind of cleaning a dirty room needs."""
    return TaskType.STAYOVER if front_office == "occupied" else TaskType.DEPARTURE


class Step(StrEnum):
    """What a detected cleaning asks for."""

    NOTHING = "nothing"
    START = "start"
    CREATE_STARTED = "create_started"
    FINISH = "finish"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class OpenTask:
    """The room's open task as the detection sees it: `spell` is the cleaning that started it, if one did."""

    state: TaskState
    spell: str | None


def on_started(task: OpenTask | None, housekeeping: str) -> Step:
    """An attendant is at work: the waiting task begins, or one is made when the room needs it and nobody planned it."""
    if task is not None:
        return Step.START if task.state in WAITING else Step.NOTHING
    return Step.CREATE_STARTED if housekeeping in {"dirty", "pickup"} else Step.NOTHING


def on_ended(task: OpenTask | None, spell: str, outcome: str | None) -> Step:
    """The attendant has left. A short visit takes back only what the same visit began; a cleaning ends any work."""
    if task is None or task.state is not TaskState.IN_PROGRESS:
        return Step.NOTHING
    if outcome == "cleaned":
        return Step.FINISH
    return Step.INTERRUPT if task.spell == spell else Step.NOTHING
