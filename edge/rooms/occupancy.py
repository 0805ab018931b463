"""Is a guest in the room? What is shown of the belief: the answer, since when, and why."""

from copy import copy
from datetime import UTC, datetime, timedelta

from edge.rooms.belief import Belief, Push
from edge.rooms.belief_state import BeliefState
from edge.rooms.parameters import RoomParameters
from edge.rooms.question import Phase, Question
from edge.rooms.signals import Evidence
from edge.rooms.spans import minutes, seconds

MOST_EVIDENCE = 5
SUREST = 0.99
HOUR = timedelta(hours=1)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Occupancy:
    """The guest question of one room. Every method returns whether something shown changed."""

    __slots__ = (
        "_forgotten", "_late", "_turns", "before", "belief", "blind", "parameters", "puzzled", "question", "rented",
        "retime",
    )  # fmt: skip

    def __init__(self, parameters: RoomParameters) -> None:
        self.parameters = parameters
        self.question = Question()
        self.belief = Belief(parameters)
        self.rented = True
        self.blind = True
        self.puzzled: str | None = None  # why it cannot be known whether the room is empty, as a code
        self.retime = False  # silence may answer earlier than was said
        self.before = (Question(), self.belief.copy())
        self._turns = LONG_AGO  # when it may be night or day next
        self._late = seconds(parameters.late_access_seconds)
        self._forgotten = minutes(parameters.unknown_minutes)

    @property
    def guests(self) -> int:
        """How many the front desk knows of; at least one."""
        return self.belief.guests

    @guests.setter
    def guests(self, guests: int) -> None:
        self.belief.guests = guests

    def rent(self, *, rented: bool) -> None:
        """Does the front desk say that guests have the room? Who is in when it is given back may sleep on."""
        self.rented = self.belief.rented = rented
        question = self.question
        unheard = question.last_door is None and question.last_activity is None
        if rented or unheard or question.answer == "vacant":
            self.belief.lodged = rented
        self.retime = True

    def given_back(self) -> None:
        """Staff do the room for the next ones: nobody sleeps in it any more."""
        self.belief.lodged = self.rented

    def resume(self, question: Question, belief: BeliefState, before: tuple[Question, BeliefState]) -> None:
        """Go on from what a restart kept."""
        self.question, self.belief.state, self.before = question, belief, before

    def door(self, at: datetime, code: str, *, unseen: bool = False, carded: bool = False, leaning: float = 1) -> bool:
        """The door moved (or a card opened it): is anybody inside? Until silence says no, it counts as occupied.

        `leaning`: how much likelier than usual other evidence makes it that people leave.
        """
        question = self.question
        self._night(at)
        if question.last_door is None or at - question.last_door > self._late:
            self.belief.settle(at)
            self.before = copy(question), self.belief.copy()
        moved = code in ("door_opened", "door_closed")
        self.belief.door(at, Push(code != "door_closed", moved, carded, leaning))
        if question.phase is not Phase.CHECKING:
            question.was_latched = question.phase is Phase.LATCHED
            question.unseen = unseen
            self._turn(Phase.CHECKING, at)
            question.evidence = question.evidence[-1:] if question.was_latched else ()
        question.last_door = question.quiet_since = at
        self._because(Evidence(code, at))
        return True

    def activity(self, at: datetime, device: str, point: str) -> bool:
        """Somebody moved inside at `at` (now or a while ago), unless it was on the way out, or nobody at all."""
        question, belief = self.question, self.belief
        question.last_activity = max(at, question.last_activity or at)
        latched = question.phase is Phase.LATCHED
        if at >= self._turns:
            self._night(at)
        if latched and belief.state.sensor != device:
            self.retime = True
        belief.felt(at, device)
        if latched:
            return False
        near, why = belief.state.kind == "door", Evidence("motion_seen", at, {"device": device, "point": point})
        sleeper = question.phase is Phase.VACANT and not near and belief.sleeper(at)
        if question.phase is not Phase.UNKNOWN and (near or not (sleeper or belief.inside(at))):
            return self._doubt(at, device, point)
        if near:
            self._turn(Phase.CHECKING, at)
            question.quiet_since = belief.state.edge
            self._because(why)
        else:
            self._latch(at, why)
        return True

    def certain(self, at: datetime, code: str) -> bool:
        """Hard evidence that somebody is inside (the bolt, a guest's card while staff are in)."""
        self.belief.certain(at)
        self._latch(at, Evidence(code, at))
        return True

    def lean(self, ratio: float, why: Evidence) -> bool:
        """Something that speaks for "vacant" `ratio` times as much as for "inside", without deciding."""
        self.belief.lean(ratio)
        if self.question.phase is Phase.UNKNOWN:
            return False
        self._because(why)
        if self.question.phase is Phase.VACANT and self.belief.inside(why.at):
            self._turn(Phase.LATCHED, why.at)
        return True

    def deadline(self) -> datetime | None:
        """When silence says that nobody is in, or that it cannot be known; None when it cannot."""
        question = self.question
        if question.answer != "occupied" or self.blind:
            return None
        if self.puzzled is not None and self.belief.state.at is not None:
            return self.belief.state.at + self._forgotten
        due = self.belief.empty_at()
        if due is None or question.quiet_since is None:
            return due
        return max(due, question.quiet_since + self.search(question.quiet_since))

    def early(self) -> datetime | None:
        """A time not later than the deadline, told at little cost; None: that is for `deadline` to tell."""
        question = self.question
        if question.answer != "occupied" or self.blind or self.puzzled is not None:
            return None
        first, quiet = self.belief.not_before(), question.quiet_since
        if quiet is None:
            return first
        searched = quiet + self.search(quiet)
        return searched if first is None else max(first, searched)

    def search(self, since: datetime) -> timedelta:
        """How long the silence that began at `since` must last at least. Several sleep behind one who leaves."""
        parameters, latched = self.parameters, self.question.was_latched
        night = self.night(since, parameters.night_until)
        minutes = parameters.search_minutes if night and not self._took_card() else parameters.vacant_wait_seconds / 60
        if self.question.unseen:
            minutes = parameters.night_search_minutes
        if self.guests >= 2 and night:
            deep = latched and self.night(since, parameters.sleep_until)
            minutes = parameters.sleeper_search_minutes if deep else parameters.night_search_minutes
        elif self.guests >= 2 and latched:
            minutes = max(minutes, 1)
        return timedelta(minutes=minutes)

    def _took_card(self) -> bool:
        return self.guests == 1 and any(item.code == "keycard_taken" for item in self.question.evidence)

    def expire(self, at: datetime, held: str | None) -> bool:
        """The silence has been long enough: vacant, unless the sensor `held` feels somebody still."""
        question, belief = self.question, self.belief
        if held is not None:
            belief.certain(at)
            self._latch(at, Evidence("presence_held", at, {"device": held}))
            return True
        unseen = question.phase is Phase.LATCHED
        quiet = belief.state.at if unseen and belief.state.at is not None else question.quiet_since
        if self.puzzled is not None:
            self._turn(Phase.UNKNOWN, at)
            self._because(Evidence(self.puzzled, at))
            return True
        belief.emptied(at)
        question.quiet_since = quiet
        self._turn(Phase.VACANT, at)
        self._because(Evidence("left_unseen" if unseen else "no_motion_since", quiet or at))
        return True

    def nobody_knows(self, at: datetime, code: str) -> bool:
        """The door moved, and nothing in the room could tell who is inside."""
        self.belief.door(at)
        self._turn(Phase.UNKNOWN, at)
        self.question.last_door = at
        self._because(Evidence(code, at))
        return True

    def puzzle(self, at: datetime, why: str | None) -> bool:
        """From now on it cannot be known that the room is empty (`why`), or it can again."""
        self.puzzled = why
        if why is None and self.question.phase is Phase.UNKNOWN and self.belief.state.at is not None:
            self._turn(Phase.CHECKING, at)
            self.question.quiet_since = at
            return True
        if why is None or self.question.phase is not Phase.VACANT:
            return False
        self._turn(Phase.UNKNOWN, at)
        self._because(Evidence(why, at))
        return True

    def deaf(self, at: datetime) -> None:
        """The sensors are away: silence counts until here."""
        self.belief.deaf = at

    def listen_again(self, at: datetime) -> None:
        """The sensors were away until now: silence counts from here."""
        question = self.question
        if question.answer == "occupied":
            self.belief.listen(at)
        self.belief.deaf = None
        if question.phase is Phase.CHECKING and question.quiet_since is not None:
            question.quiet_since = max(question.quiet_since, at)

    def undo_door(self, at: datetime) -> bool:
        """The door edge just before `at` was not a guest's after all."""
        late = self.question.last_door is not None and at - self.question.last_door <= self._late
        if late and self.question.phase is Phase.CHECKING:
            question, state = self.before
            self.question, self.belief.state = copy(question), state
            return True
        return False

    def cleaned(self, left: datetime) -> None:
        """The room was cleaned: attendants wait until the guests are out. By day, silence may say so from now on."""
        if self.question.phase in (Phase.LATCHED, Phase.CHECKING) and not self.belief.night:
            self._turn(Phase.CHECKING, left)
            self.question.quiet_since = self.question.last_door = left
            self.question.was_latched = True
            self.belief.cleaned(left)

    def staff_left(self, at: datetime) -> bool:
        """The former answer comes back; what was open, or never known, is judged by the silence since they left."""
        question = self.question
        if question.phase is Phase.UNKNOWN and not self.blind:
            question.was_latched = False
            self._turn(Phase.CHECKING, at)
            question.quiet_since = at
            self._night(at)
            self.belief.door(at)
        question.last_door = max(at, question.last_door or at)
        if question.phase is Phase.CHECKING:
            self.listen_again(at)
        self._because(Evidence("staff_left", at))
        return True

    def confidence(self, now: datetime) -> float:
        """How probable the shown answer is; nothing is never probable."""
        phase = self.question.phase
        if phase is Phase.UNKNOWN:
            return 0.0
        vacant = self.belief.vacancy(now)
        return min(SUREST, max(0.5, vacant if phase is Phase.VACANT else 1 - vacant))

    def night(self, at: datetime, until: int) -> bool:
        """Is it night in the hotel, the night that ends at the hour `until`?"""
        hour = self._hour(at)
        return hour >= self.parameters.night_from or hour < until

    def _hour(self, at: datetime) -> int:
        return (at + minutes(self.parameters.utc_offset_minutes)).hour

    def _night(self, at: datetime) -> None:
        self._turns = (at + HOUR).replace(minute=0, second=0, microsecond=0)
        self.belief.night = self.night(at, self.parameters.night_until)
        self.belief.dusk = self._turns + timedelta(hours=self.parameters.unseen_until - self._hour(at) - 1)

    def _doubt(self, at: datetime, device: str, point: str) -> bool:
        if self.question.phase is not Phase.VACANT:
            return False
        self._because(Evidence("lone_event", at, {"device": device, "point": point}))
        return True

    def _turn(self, phase: Phase, at: datetime) -> None:
        before = self.question.answer
        self.question.phase = phase
        if phase is Phase.VACANT:
            self.belief.lodged = self.rented
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
