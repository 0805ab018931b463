"""What should be done with the climate of a room now, and why. Pure: the first rule that speaks decides.

Nothing is taken back on missing, stale or unknown data: a room of which the sensors cannot tell keeps (or gets back)
what its guest has set. Only a window that is seen to be open takes it back while somebody may be in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.rooms.setback_limits import Limits
from edge.rooms.setback_state import Doubt, Phase, Plan, Seen
from edge.rooms.signals import Evidence


@dataclass(frozen=True, slots=True)
class Goal:
    """`still`: ventilation off."""

    phase: Phase
    still: bool
    why: Evidence


def because(code: str, at: datetime, **params: str) -> Evidence:
    """A reason. Its texts are under `energy_why`."""
    return Evidence(code, at, dict(params))


def goal_of(seen: Seen, plan: Plan, limits: Limits, now: datetime) -> Goal:
    """For what is seen now, and what is remembered."""
    if seen.off is not None:
        return _comfort(seen.off, now)
    if not seen.controls:
        return _comfort("no_device", now)
    empty = _when_empty(seen, plan, limits, now)
    if empty.phase is Phase.DEEP:
        return empty
    return _window(plan, limits, now, empty) or empty


def _window(plan: Plan, limits: Limits, now: datetime, empty: Goal) -> Goal | None:
    since = plan.window_since
    if since is None or now - since < timedelta(minutes=limits.window_minutes):
        return None
    if plan.by_hand is not None and plan.by_hand >= since:
        return None  # somebody wants it so, with the window open
    return Goal(Phase.WINDOW, empty.still, because("window_open", since))


def _when_empty(seen: Seen, plan: Plan, limits: Limits, now: datetime) -> Goal:
    since = seen.since or now
    if seen.occupancy == "occupied":
        return _comfort("occupied", since)
    if seen.occupancy != "vacant" or seen.since is None:
        return _comfort("unknown", since)
    if seen.doubt is Doubt.AWAY:
        return _comfort("sensors_away", now)
    if seen.rented is None:
        return _comfort("not_told", now)
    if (coming := _coming(seen, plan, limits, now)) is not None:
        return coming
    if plan.by_hand is not None and now - plan.by_hand < timedelta(hours=limits.hand_hours):
        return _comfort("set_by_hand", plan.by_hand)
    if seen.doubt is Doubt.UNHEARD:
        return Goal(_kept(plan), plan.still, because("not_heard", now))
    return _empty(seen, plan, limits, now)


def _coming(seen: Seen, plan: Plan, limits: Limits, now: datetime) -> Goal | None:
    """A guest is expected, or has just been checked in and was not in the room yet."""
    before = timedelta(minutes=limits.preheat_minutes)
    expected = seen.expected
    if expected is not None and expected - before <= now < expected + timedelta(hours=limits.no_show_hours):
        return _comfort("expected", expected)
    if plan.let_since is not None and now - plan.let_since < before:
        return _comfort("arriving", plan.let_since)
    return None


def _empty(seen: Seen, plan: Plan, limits: Limits, now: datetime) -> Goal:
    """Nobody is in, for certain. The time counts from the last sign of life: the code's minutes do, too."""
    since = seen.since or now
    quiet = min(seen.quiet_since or since, since)
    still = now - quiet >= timedelta(minutes=limits.ventilation_minutes)
    minutes = limits.rented_minutes if seen.rented else limits.unrented_minutes
    due = quiet + timedelta(minutes=minutes)
    if now < due:
        kept = _kept(plan)
        if kept is not Phase.COMFORT and not seen.rented:
            return Goal(kept, still, because("vacant_rented", quiet))
        return Goal(Phase.COMFORT, still, because("waiting", due))
    if seen.rented:
        return Goal(Phase.SETBACK, still, because("vacant_rented", quiet))
    return Goal(Phase.DEEP, still, because("vacant_unrented", quiet))


def _kept(plan: Plan) -> Phase:
    """The phase that goes on; an open window is judged anew."""
    return plan.phase if plan.phase in (Phase.SETBACK, Phase.DEEP) else Phase.COMFORT


def _comfort(code: str, at: datetime) -> Goal:
    return Goal(Phase.COMFORT, still=False, why=because(code, at))
