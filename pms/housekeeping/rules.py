"""Pure rules of housekeeping: the state machine of a task, what a detected cleaning does to it."""

from dataclasses import dataclass
from enum import StrEnum


class TaskState(StrEnum):
    """A task's state. Proposed: the room says that it was cleaned, and nobody has agreed yet. Reopened: the inspection
    found it wanting."""

    PENDING = "pending"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    PROPOSED = "proposed"
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
    TURNDOWN = "turndown"


class Action(StrEnum):
    """What can be done to a task."""

    ASSIGN = "assign"
    START = "start"
    PROPOSE = "propose"
    CONFIRM = "confirm"
    DONE = "done"
    INSPECT = "inspect"
    REOPEN = "reopen"
    INTERRUPT = "interrupt"
    CANCEL = "cancel"


_S = TaskState
TRANSITIONS: dict[Action, dict[TaskState, TaskState]] = {
    Action.ASSIGN: {_S.PENDING: _S.ASSIGNED, _S.ASSIGNED: _S.ASSIGNED, _S.REOPENED: _S.ASSIGNED},
    Action.START: {
        _S.PENDING: _S.IN_PROGRESS,
        _S.ASSIGNED: _S.IN_PROGRESS,
        _S.REOPENED: _S.IN_PROGRESS,
        _S.PROPOSED: _S.IN_PROGRESS,
    },
    Action.PROPOSE: {
        _S.IN_PROGRESS: _S.PROPOSED,
        _S.PENDING: _S.PROPOSED,
        _S.ASSIGNED: _S.PROPOSED,
        _S.REOPENED: _S.PROPOSED,
    },
    Action.CONFIRM: {_S.PROPOSED: _S.DONE},
    Action.DONE: {_S.IN_PROGRESS: _S.DONE},
    Action.INSPECT: {_S.DONE: _S.INSPECTED, _S.PROPOSED: _S.INSPECTED},
    Action.REOPEN: {_S.DONE: _S.REOPENED, _S.PROPOSED: _S.REOPENED},
    Action.INTERRUPT: {_S.IN_PROGRESS: _S.PENDING},
    Action.CANCEL: {
        _S.PENDING: _S.CANCELLED,
        _S.ASSIGNED: _S.CANCELLED,
        _S.REOPENED: _S.CANCELLED,
        _S.IN_PROGRESS: _S.CANCELLED,
        _S.PROPOSED: _S.CANCELLED,
    },
}
"""Action -> {state it is allowed in: state it leads to}. What is not here cannot happen."""

BY_HAND = (Action.ASSIGN, Action.START, Action.DONE, Action.CONFIRM, Action.INSPECT, Action.REOPEN, Action.CANCEL)
"""What a person is offered; an interruption and a proposal are detected."""

WAITING = frozenset({TaskState.PENDING, TaskState.ASSIGNED, TaskState.REOPENED})
"""Nobody works on it yet."""

OPEN = WAITING | {TaskState.IN_PROGRESS, TaskState.PROPOSED}
"""Work is left to do. A room has at most one open task."""

MINUTES: dict[TaskType, int] = {
    TaskType.DEPARTURE: 35,
    TaskType.STAYOVER: 18,
    TaskType.PICKUP: 8,
    TaskType.DEEP: 90,
    TaskType.TURNDOWN: 6,
}
"""Estimated minutes of work by type."""

CREDITS: dict[TaskType, int] = {
    TaskType.DEPARTURE: 2,
    TaskType.STAYOVER: 1,
    TaskType.PICKUP: 1,
    TaskType.DEEP: 4,
    TaskType.TURNDOWN: 1,
}
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
    PROPOSE = "propose"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True)
class OpenTask:
    """The room's open task as the detection sees it: `spell` is the cleaning that started it, if one did."""

    state: TaskState
    spell: str | None
    minutes: int = 0  # planned


@dataclass(frozen=True, slots=True)
class Ended:
    """A detected cleaning that has ended: `carded`, an attendant's card opened the door; `minutes` it took."""

    spell: str
    outcome: str | None
    carded: bool = True
    minutes: float | None = None


CONFIRM_SHARE = 0.5
"""A cleaning by card that took this part of the planned minutes is believed; any other waits for a person."""


def on_started(task: OpenTask | None, housekeeping: str) -> Step:
    """An attendant is at work: the waiting task begins, or one is made when the room needs it and nobody planned it."""
    if task is not None:
        return Step.START if task.state in WAITING or task.state is TaskState.PROPOSED else Step.NOTHING
    return Step.CREATE_STARTED if housekeeping in {"dirty", "pickup"} else Step.NOTHING


def believed(task: OpenTask, ended: Ended) -> bool:
    """Whether a detected cleaning is done without anybody's word: an attendant's card, and long enough for the work."""
    return ended.carded and (ended.minutes is None or ended.minutes >= CONFIRM_SHARE * task.minutes)


def on_ended(task: OpenTask | None, ended: Ended) -> Step:
    """The attendant has left. A short visit takes back only what the same visit began; a cleaning ends any work."""
    if task is None or task.state is TaskState.PROPOSED:
        return Step.NOTHING
    if ended.outcome == "cleaned":
        if task.state is TaskState.IN_PROGRESS and believed(task, ended):
            return Step.FINISH
        return Step.NOTHING if ended.carded and task.state in WAITING else Step.PROPOSE
    own = task.state is TaskState.IN_PROGRESS and task.spell == ended.spell
    return Step.INTERRUPT if own else Step.NOTHING
