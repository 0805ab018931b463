"""Is a guest in the room? Only a door edge reopens the question, only silence after it says no (the latched rule)."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import Evidence

MOST_EVIDENCE = 5


class Phase(StrEnum):
    """Where the question stands; checking and latched both count as occupied."""

    UNKNOWN = "unknown"
    VACANT = "vacant"
    CHECKING = "checking"
    LATCHED = "latched"


@dataclass(slots=True)
class Question:
    """All that is known of it; a restart keeps it whole."""

    phase: Phase = Phase.UNKNOWN
    since: datetime | None = None  # of the shown answer
    last_door: datetime | None = None
    quiet_since: datetime | None = None  # nobody listened before, or somebody was heard
    was_latched: bool = False  # somebody was known to be inside before the door moved
    unseen: bool = False  # the door moved while nobody listened
    last_activity: datetime | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def answer(self) -> str:
        """unknown, vacant or occupied."""
        return "occupied" if self.phase in (Phase.CHECKING, Phase.LATCHED) else str(self.phase)


class Occupancy:
    """The guest question of one room. Every method returns whether something shown changed."""

    def __init__(self, parameters: RoomParameters) -> None:
        self.parameters = parameters
        self.question = Question()
        self.guests = 1
        self.rented = True
        self.blind = True
        self.before = Question()
        self._grace = timedelta(seconds=parameters.grace_seconds)

    def door(self, at: datetime, code: str, *, unseen: bool = False) -> bool:
        """The door moved (or a card opened it): is anybody inside? Until silence says no, it counts as occupied."""
        question = self.question
        if question.last_door is None or at - question.last_door > self._late():
            self.before = copy(question)
        if question.phase is not Phase.CHECKING:
            question.was_latched = question.phase is Phase.LATCHED
            question.unseen = unseen
            self._turn(Phase.CHECKING, at)
            question.evidence = question.evidence[-1:] if question.was_latched else ()
        question.last_door = question.quiet_since = at
        self._because(Evidence(code, at))
        return True

    def activity(self, at: datetime, device: str, point: str) -> bool:
        """Somebody moved inside at `at` (now or a while ago): latched, unless it may have been on the way out."""
        question = self.question
        question.last_activity = max(at, question.last_activity or at)
        if question.phase is Phase.LATCHED:
            return False
        leaving = question.last_door is not None and at - question.last_door <= self._grace
        if leaving and question.phase is not Phase.UNKNOWN:
            return False
        self._latch(at, Evidence("motion_seen", at, {"device": device, "point": point}))
        return True

    def certain(self, at: datetime, code: str) -> bool:
        """Hard evidence that somebody is inside (the bolt, a guest's card while staff are in)."""
        self._latch(at, Evidence(code, at))
        return True

    def deadline(self) -> datetime | None:
        """When silence says that nobody is in; None when it cannot."""
        question = self.question
        if question.phase is not Phase.CHECKING or question.quiet_since is None or self.blind:
            return None
        return question.quiet_since + self.search(question.quiet_since)

    def search(self, since: datetime) -> timedelta:
        """How long the silence that began at `since` must last. Several guests sleep behind one who leaves."""
        parameters, latched = self.parameters, self.question.was_latched
        minutes = parameters.search_minutes
        if self.question.unseen:
            minutes = parameters.night_search_minutes
        if self.guests >= 2 and self._night(since, parameters.night_until):
            deep = latched and self._night(since, parameters.sleep_until)
            minutes = parameters.sleeper_search_minutes if deep else parameters.night_search_minutes
        elif self.guests >= 2 and latched:
            minutes = max(minutes, parameters.shared_search_minutes)
        return timedelta(minutes=minutes)

    def expire(self, at: datetime, held: str | None) -> bool:
        """The search is over: vacant, unless the sensor `held` feels somebody still."""
        question = self.question
        if held is not None:
            self._latch(at, Evidence("presence_held", at, {"device": held}))
            return True
        self._turn(Phase.VACANT, at)
        self._because(Evidence("no_motion_since", question.quiet_since or at))
        return True

    def nobody_knows(self, at: datetime, code: str) -> bool:
        """The door moved, and nothing in the room could tell who is inside."""
        self._turn(Phase.UNKNOWN, at)
        self.question.last_door = at
        self._because(Evidence(code, at))
        return True

    def listen_again(self, at: datetime) -> None:
        """The sensors were away until now: silence counts from here."""
        if self.question.phase is Phase.CHECKING and self.question.quiet_since is not None:
            self.question.quiet_since = max(self.question.quiet_since, at)

    def undo_door(self, at: datetime) -> bool:
        """The door edge just before `at` was not a guest's after all."""
        late = self.question.last_door is not None and at - self.question.last_door <= self._late()
        if late and self.question.phase is Phase.CHECKING:
            self.question = copy(self.before)
            return True
        return False

    def staff_left(self, at: datetime) -> bool:
        """The former answer comes back; what was open, or never known, is judged by the silence since they left."""
        question = self.question
        if question.phase is Phase.UNKNOWN and not self.blind:
            question.was_latched = False
            self._turn(Phase.CHECKING, at)
            question.quiet_since = at
        question.last_door = max(at, question.last_door or at)
        self.listen_again(at)
        self._because(Evidence("staff_left", at))
        return True

    def _late(self) -> timedelta:
        return timedelta(seconds=self.parameters.late_access_seconds)

    def _night(self, at: datetime, until: int) -> bool:
        hour = (at + timedelta(minutes=self.parameters.utc_offset_minutes)).hour
        return hour >= self.parameters.night_from or hour < until

    def _turn(self, phase: Phase, at: datetime) -> None:
        before = self.question.answer
        self.question.phase = phase
        if self.question.answer != before:
            self.question.since = max(at, self.question.since or at)

    def _latch(self, at: datetime, why: Evidence) -> None:
        self._turn(Phase.LATCHED, at)
        self.question.unseen = False
        self._because(why)

    def _because(self, why: Evidence) -> None:
        """Keep the latest reason of each kind."""
        others = [item for item in self.question.evidence if item.code != why.code]
        self.question.evidence = (*others, why)[-MOST_EVIDENCE:]
