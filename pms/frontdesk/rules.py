"""Pure rules of the front desk: who may check in, what stands in the way, what is worth a warning."""

from datetime import date

from pms.kernel.errors import Reason
from pms.reservations.rules import LONGEST_STAY, Action, ReservationState, after

READY = frozenset({"clean", "inspected"})
"""Housekeeping states in which a room may be given to a guest without a reason."""


def readiness_reasons(housekeeping: str) -> list[Reason]:
    """What a check-in can override with a reason: a room that housekeeping has not made ready."""
    return [] if housekeeping in READY else [Reason(f"room_{housekeeping}")]


def stay_refusals(action: Action, state: ReservationState, arrival: date, business_date: date) -> list[Reason]:
    """Why `action` cannot be done to a stay now: empty when it can."""
    if after(action, state) is None:
        return [Reason(f"stay_{state.value}")]
    if action is Action.REVERSE_CHECK_IN and arrival != business_date:
        return [Reason("checked_in_on_another_day")]
    if action is Action.CHECK_IN and arrival > business_date:
        return [Reason("arrival_in_the_future")]
    return []


def departure_refusals(departure: date, business_date: date) -> list[Reason]:
    """Why a stay cannot be given this departure."""
    if departure <= business_date:
        return [Reason("departure_not_after_business_date", {"business_date": business_date.isoformat()})]
    return (
        [Reason("stay_too_long", {"nights": LONGEST_STAY})] if (departure - business_date).days > LONGEST_STAY else []
    )


def occupancy_warnings(action: Action, sensed: str, *, stale: bool) -> list[Reason]:
    """What the room's devices say against what is about to be done; never a reason to refuse."""
    if action in {Action.CHECK_OUT, Action.CHECK_IN} and sensed == "occupied" and not stale:
        return [Reason("sensed_occupied")]
    return []
