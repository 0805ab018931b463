"""Pure rules of reservations: the state machine, the nights of a stay, who may have a room."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

LONGEST_STAY = 366
"""Nights a single reservation may hold: a longer one is a mistyped year."""


class ReservationState(StrEnum):
    """What is stored. Due in, due out and the like follow from the dates (`phase`)."""

    CONFIRMED = "confirmed"
    IN_HOUSE = "in_house"
    CHECKED_OUT = "checked_out"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Action(StrEnum):
    """What can be done to a reservation."""

    CHECK_IN = "check_in"
    REVERSE_CHECK_IN = "reverse_check_in"
    CHECK_OUT = "check_out"
    EXTEND = "extend"
    MOVE = "move"
    CANCEL = "cancel"
    MARK_NO_SHOW = "mark_no_show"


_S = ReservationState
TRANSITIONS: dict[Action, dict[ReservationState, ReservationState]] = {
    Action.CHECK_IN: {_S.CONFIRMED: _S.IN_HOUSE},
    Action.REVERSE_CHECK_IN: {_S.IN_HOUSE: _S.CONFIRMED},
    Action.CHECK_OUT: {_S.IN_HOUSE: _S.CHECKED_OUT},
    Action.EXTEND: {_S.IN_HOUSE: _S.IN_HOUSE, _S.CONFIRMED: _S.CONFIRMED},
    Action.MOVE: {_S.IN_HOUSE: _S.IN_HOUSE},
    Action.CANCEL: {_S.CONFIRMED: _S.CANCELLED},
    Action.MARK_NO_SHOW: {_S.CONFIRMED: _S.NO_SHOW},
}
"""Action -> {state it is allowed in: state it leads to}. What is not here cannot happen."""

HOLDS_NIGHTS = frozenset({ReservationState.CONFIRMED, ReservationState.IN_HOUSE})
"""States whose reservations own their rooms' nights from the business date on."""


def after(action: Action, state: ReservationState) -> ReservationState | None:
    """The state `action` leads to, or None where it is not allowed."""
    return TRANSITIONS[action].get(state)


def nights(arrival: date, departure: date) -> tuple[date, ...]:
    """The nights slept: from the arrival up to, and without, the day of departure."""
    return tuple(arrival + timedelta(days=day) for day in range((departure - arrival).days))


def date_refusals(arrival: date, departure: date, business_date: date) -> tuple[str, ...]:
    """Why these dates cannot be booked: codes, empty when they can."""
    refusals = []
    if arrival < business_date:
        refusals.append("arrival_in_the_past")
    if departure <= arrival:
        refusals.append("departure_not_after_arrival")
    if (departure - arrival).days > LONGEST_STAY:
        refusals.append("stay_too_long")
    return tuple(refusals)


def unused(held: Iterable[date], business_date: date) -> tuple[date, ...]:
    """The nights given back when somebody leaves on `business_date`: that night and all later ones."""
    return tuple(night for night in held if night >= business_date)


def phase(state: ReservationState, arrival: date, departure: date, business_date: date) -> str | None:
    """Where a reservation stands today: due_in, arrived_today, stayover, due_out, overdue_out; None when it is past."""
    if state is ReservationState.CONFIRMED:
        return "due_in" if arrival <= business_date else "expected"
    if state is not ReservationState.IN_HOUSE:
        return None
    if departure < business_date:
        return "overdue_out"
    if departure == business_date:
        return "due_out"
    return "arrived_today" if arrival == business_date else "stayover"
