"""Pure rules of alerts: the state machine, what a condition's coming and going does to it."""

from datetime import datetime, timedelta
from enum import StrEnum

REOPEN_WITHIN = timedelta(minutes=10)
"""A fault that comes back within this time of its clearing is the same fault, counted once more."""

LONGEST_SHELF = timedelta(days=7)
"""Nobody may look away for longer without saying so again."""


class AlertState(StrEnum):
    """What people have done about a condition, and whether it is still there."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    CLEARED_UNACKNOWLEDGED = "cleared_unacknowledged"
    RESOLVED = "resolved"


class Action(StrEnum):
    """What happens to an alert: the first four by people, the rest by the condition and by time."""

    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    RESOLVE = "resolve"
    NOTE = "note"
    CLEAR = "clear"
    RAISE_AGAIN = "raise_again"
    RETURN = "return"  # the shelf's time is over and the condition is still there
    LAPSE = "lapse"  # the shelf's time is over and the condition has gone


_S = AlertState
TRANSITIONS: dict[Action, dict[AlertState, AlertState]] = {
    Action.ACKNOWLEDGE: {_S.NEW: _S.ACKNOWLEDGED, _S.CLEARED_UNACKNOWLEDGED: _S.RESOLVED},
    Action.SHELVE: {_S.NEW: _S.SHELVED, _S.ACKNOWLEDGED: _S.SHELVED, _S.SHELVED: _S.SHELVED},
    Action.RESOLVE: {
        _S.NEW: _S.RESOLVED,
        _S.ACKNOWLEDGED: _S.RESOLVED,
        _S.SHELVED: _S.RESOLVED,
        _S.CLEARED_UNACKNOWLEDGED: _S.RESOLVED,
    },
    Action.NOTE: {state: state for state in _S},
    Action.CLEAR: {
        _S.NEW: _S.CLEARED_UNACKNOWLEDGED,
        _S.ACKNOWLEDGED: _S.RESOLVED,
        _S.SHELVED: _S.SHELVED,
    },
    Action.RAISE_AGAIN: {_S.CLEARED_UNACKNOWLEDGED: _S.NEW, _S.RESOLVED: _S.NEW, _S.SHELVED: _S.SHELVED},
    Action.RETURN: {_S.SHELVED: _S.NEW},
    Action.LAPSE: {_S.SHELVED: _S.RESOLVED},
}
"""Action -> {state it is allowed in: state it leads to}. What is not here cannot happen."""

BY_HAND = (Action.ACKNOWLEDGE, Action.SHELVE, Action.RESOLVE, Action.NOTE)
OPEN = frozenset(AlertState) - {AlertState.RESOLVED}
"""What a list of alerts shows unless it is asked for more."""

NEVER_SHELVED = frozenset({"sos", "smoke", "leak"})
"""Kinds at which nobody may look away."""


def after(action: Action, state: AlertState) -> AlertState | None:
    """The state `action` leads to, or None where it is not allowed."""
    return TRANSITIONS[action].get(state)


def refusals(action: Action, state: AlertState, kind: str) -> tuple[str, ...]:
    """Why a person cannot do `action`: codes, empty when they can."""
    if after(action, state) is None:
        return (f"alert_{state.value}",)
    if action is Action.SHELVE and kind in NEVER_SHELVED:
        return ("kind_never_shelved",)
    return ()


def same_fault(cleared_at: datetime | None, raised: datetime, *, resolved_by_hand: bool) -> bool:
    """Whether a condition raised anew continues its last alert.

    A fault somebody has called resolved, or that was gone for long, is a new one.
    """
    return not resolved_by_hand and (cleared_at is None or raised - cleared_at <= REOPEN_WITHIN)


def shelf_end(now: datetime, until: datetime | None, present: bool) -> Action | None:
    """What the passing of time does to a shelved alert: nothing before `until`."""
    if until is None or now < until:
        return None
    return Action.RETURN if present else Action.LAPSE
