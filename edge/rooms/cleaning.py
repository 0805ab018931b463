"""Cleaning, detected: an attendant came in and stayed; when they left, was it long enough to be one?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import CleaningEnded, CleaningStarted, Effect
from edge.rooms.spans import minutes
from edge.rooms.visits import Visit


@dataclass(slots=True)
class CleaningState:
    """What is shown, and the spell that goes on."""

    phase: str = "none"  # none | in_progress | done
    by: str | None = None
    since: datetime | None = None
    spell: str | None = None


class Cleaning:
    """The cleaning phase of one room."""

    __slots__ = ("_emit", "_room", "off", "parameters", "state")

    def __init__(self, room: str, parameters: RoomParameters, emit: Callable[[Effect], None]) -> None:
        self._room = room
        self._emit = emit
        self.parameters = parameters
        self.state = CleaningState()
        self.off = False  # people work on the room: whoever is in does not clean it

    def due(self, visit: Visit | None) -> datetime | None:
        """When an attendant has been in long enough to be at work; None when there is none, or one is at work.

        Where nobody wants to be disturbed, whoever comes looks after the guest: it takes the length of a cleaning.
        """
        if self.off or visit is None or visit.attendant_since is None or self.state.phase == "in_progress":
            return None
        parameters = self.parameters
        short = parameters.cleaning_min_minutes if visit.request == "dnd" else parameters.cleaning_start_minutes
        return visit.attendant_since + timedelta(minutes=short)

    def consider(self, visit: Visit | None, now: datetime, *, inside: bool) -> bool:
        """Start the spell when it is due and there is a sign of the attendant. Returns whether it started."""
        due = self.due(visit)
        if visit is None or due is None or now < due or not inside or not visit.seen_entering:
            return False
        return self.begin(visit.attendant_since or now, visit.attendant)

    def begin(self, started: datetime, by: str | None) -> bool:
        """Somebody is at work since `started`. Returns whether that is new."""
        if self.off or self.state.phase == "in_progress":
            return False
        spell = f"{self._room}-{started:%Y%m%dT%H%M%S%f}"
        self.state = CleaningState("in_progress", by, started, spell)
        self._emit(CleaningStarted(self._room, spell, by, started))
        return True

    def end(self, left: datetime) -> bool:
        """The attendant left at `left`. Returns whether a spell ended with it."""
        state = self.state
        if state.phase != "in_progress" or state.since is None or state.spell is None:
            return False
        left = max(left, state.since)
        cleaned = left - state.since >= minutes(self.parameters.cleaning_min_minutes)
        outcome = "cleaned" if cleaned else "visit"
        self._emit(CleaningEnded(self._room, state.spell, state.by, state.since, left, outcome))
        self.state = CleaningState("done", state.by, left) if cleaned else CleaningState()
        return True

    def abandon(self, at: datetime) -> bool:
        """Whoever was at work was no attendant. Returns whether a spell ended with it."""
        state = self.state
        if state.phase != "in_progress" or state.since is None or state.spell is None:
            return False
        self._emit(CleaningEnded(self._room, state.spell, state.by, state.since, max(at, state.since), "visit"))
        self.state = CleaningState()
        return True

    def forget(self) -> bool:
        """A guest came or the stay changed: what was cleaned is in use again."""
        if self.state.phase != "done":
            return False
        self.state = CleaningState()
        return True
