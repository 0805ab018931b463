"""Pure rules of alerts: the state machine, what a condition's coming and going does to it."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """What happens to an alert: the first six by people, the rest by the condition and by time."""

    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    RESOLVE = "resolve"
    NOTE = "note"
    TAKE_OUT = "out-of-service"
    BRING_BACK = "in-service"
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
    Action.TAKE_OUT: {state: state for state in _S if state is not _S.RESOLVED},
    Action.BRING_BACK: {state: state for state in _S if state is not _S.RESOLVED},
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

BY_HAND = (Action.ACKNOWLEDGE, Action.SHELVE, Action.RESOLVE, Action.NOTE, Action.TAKE_OUT, Action.BRING_BACK)
OPEN = frozenset(AlertState) - {AlertState.RESOLVED}
"""What a list of alerts shows unless it is asked for more."""

NEVER_SHELVED = frozenset({"sos", "smoke", "leak"})
"""Kinds at which nobody may look away."""


def after(action: Action, state: AlertState) -> AlertState | None:
    """The state `action` leads to, or None where it is not allowed."""
    return TRANSITIONS[action].get(state)


def refusals(action: Action, state: AlertState, kind: str, *, out: bool = False) -> tuple[str, ...]:
    """Why a person cannot do `action`: codes, empty when they can. `out`: the alert is out of service."""
    if after(action, state) is None:
        return (f"alert_{state.value}",)
    if action in {Action.SHELVE, Action.TAKE_OUT} and kind in NEVER_SHELVED:
        return ("kind_never_shelved",)
    if action is Action.TAKE_OUT and out:
        return ("alert_out_of_service",)
    if action is Action.BRING_BACK and not out:
        return ("alert_in_service",)
    return ()


ISA_STATES = {
    _S.NEW: "unacknowledged",
    _S.ACKNOWLEDGED: "acknowledged",
    _S.CLEARED_UNACKNOWLEDGED: "rtn_unacknowledged",
    _S.SHELVED: "shelved",
    _S.RESOLVED: "normal",
}


def isa_state(state: AlertState, *, suppressed: bool, out: bool) -> str:
    """The state in the words of ISA-18.2: out of service and suppressed by design come before what people did."""
    if state is _S.RESOLVED:
        return ISA_STATES[state]
    if out:
        return "out_of_service"
    return "suppressed" if suppressed else ISA_STATES[state]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a fault is: the line its device hangs on, its room, the floor of that."""

    line: str | None = None
    room: str | None = None
    floor: str | None = None


def covers(parent: str, where: Whereabouts) -> bool:
    """Whether a fault there follows from that of the key `parent`: `line_down:<line>`, `many_offline:<what>:<id>`."""
    kind, _, rest = parent.partition(":")
    if kind == "line_down":
        return where.line == rest
    what, _, name = rest.partition(":")
    return (
        kind == "many_offline"
        and bool(name)
        and {"line": where.line, "room": where.room, "floor": where.floor}.get(what) == name
    )


def thing_of(key: str, room: str | None, device: str | None) -> str | None:
    """What an alert is about beside its room: a device, else what of the house its key names (`line_down:floor-1`)."""
    return device or (key.partition(":")[2] or None if room is None else None)


TOGETHER = timedelta(minutes=10)
"""Devices that fell silent within this time may have one cause."""
MANY = {"room": 3, "floor": 6, "line": 8}
FEW = 2
"""So few silent devices are no group any more."""


def common_cause(silent: Sequence[Whereabouts], newest: Whereabouts) -> str | None:
    """The key of the fault behind devices that fell silent together, `newest` the last of them; None: there is none.

    A floor is the cause only where more than one of its rooms is concerned, a line where more than one floor is.
    """
    for what, inside in (("line", "floor"), ("floor", "room"), ("room", None)):
        name = getattr(newest, what)
        here = [where for where in silent if name is not None and getattr(where, what) == name]
        spread = inside is None or len({getattr(where, inside) for where in here}) > 1
        if len(here) >= MANY[what] and spread:
            return f"many_offline:{what}:{name}"
    return None


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
