"""Pure rules of work orders: the state machine, and what is proposed for the room."""

from enum import StrEnum


class OrderState(StrEnum):
    """How far the work is."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"


class Step(StrEnum):
    """What can be done with an order."""

    START = "start"
    BLOCK = "block"
    DONE = "done"
    REOPEN = "reopen"
    NOTE = "note"
    ACCEPT = "accept"  # the room is taken out of service
    DECLINE = "decline"  # it is not


class Proposal(StrEnum):
    """Whether the room should be out of service until the work is done."""

    NONE = "none"
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


_S = OrderState
UNFINISHED = frozenset({_S.OPEN, _S.IN_PROGRESS, _S.BLOCKED})
TRANSITIONS: dict[Step, dict[OrderState, OrderState]] = {
    Step.START: {_S.OPEN: _S.IN_PROGRESS, _S.BLOCKED: _S.IN_PROGRESS},
    Step.BLOCK: {_S.OPEN: _S.BLOCKED, _S.IN_PROGRESS: _S.BLOCKED},
    Step.DONE: {_S.OPEN: _S.DONE, _S.IN_PROGRESS: _S.DONE, _S.BLOCKED: _S.DONE},
    Step.REOPEN: {_S.DONE: _S.OPEN},
    Step.NOTE: {state: state for state in _S},
    Step.ACCEPT: {state: state for state in UNFINISHED},
    Step.DECLINE: {state: state for state in UNFINISHED},
}
"""Step -> {state it is allowed in: state it leads to}. What is not here cannot happen."""


def after(step: Step, state: OrderState) -> OrderState | None:
    """The state a step leads to, None where it is not allowed."""
    return TRANSITIONS[step].get(state)


def refusals(step: Step, state: OrderState, proposal: Proposal) -> tuple[str, ...]:
    """Why a step cannot be made: codes, empty when it can."""
    if after(step, state) is None:
        return (f"order_{state.value}",)
    if step in {Step.ACCEPT, Step.DECLINE} and proposal is not Proposal.OPEN:
        return ("nothing_proposed",)
    return ()
