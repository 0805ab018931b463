"""How probable is it that nobody is in? One filter over door edges, events inside and the silence after either.

Two hypotheses are weighed: vacant, and somebody inside. A door episode moves probability between them, an event inside
is weighed by how often its sensor lies against how soon those inside are felt, and silence wears "inside" down by how
long people here stay unfelt: after the door at once, after an event only as far as they leave from that sensor.
"""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.rooms.belief_state import BeliefState
from edge.rooms.learning import UNSEEN_S, Teacher
from edge.rooms.party import arrived, joined, mixed, remaining, unknown
from edge.rooms.silence import FORCED, HORIZON
from edge.rooms.spans import minutes, seconds
from edge.rooms.tally import Share
from edge.rooms.voices import STEPS, Voices

STANDS_OPEN = timedelta(minutes=30)
HANDLE = timedelta(seconds=10)
"""From the inner handle to the door."""


@dataclass(frozen=True, slots=True)
class Push:
    """The door moves. `moved`: it did, and did not only say so; `carded`: a guest's card opened it."""

    opened: bool = True
    moved: bool = False
    carded: bool = False
    leaning: float = 1  # how much likelier than usual it is that people leave


FROM_WITHIN = Push()


class Belief(Voices):
    """As `Voices`; besides it takes the door. Times never go back; the caller sees to it."""

    __slots__ = ()

    def door(self, now: datetime, push: Push = FROM_WITHIN) -> None:
        """The door moved, or will."""
        before = self.state.edge
        self._door(now, push)
        if push.moved:
            self._stood(now, before)

    @property
    def blind_spot(self) -> bool:
        """Were people inside whom nothing had seen, too often to say vacant again?"""
        return self.lessons.blind_spot(self.by)

    def _stood(self, now: datetime, before: datetime | None) -> None:
        """How long the door was open tells whether somebody passed. Which edge is which is not trusted."""
        state, by = self.state, self.by
        state.edges += 1
        if state.edges % 2 or before is None or state.before > by.occupied_below or state.long_open:
            return
        if now - before > seconds(by.passing_seconds):
            state.long_open = True
            self.lean(by.standing_ratio)
        elif state.edges == 2:
            self.lean(by.passing_ratio)

    def _door(self, now: datetime, push: Push) -> None:
        state = self.state
        same = self._same_episode(now) or (not push.opened and self._stood_open(now))
        state.shut = not push.opened
        if same:
            state.at = state.edge = now
            return
        self.settle(now)
        before = state.thought = self.vacancy(now)
        if self._handle is not None and now - self._handle <= HANDLE:
            before = 0.0
        elif not push.carded and push.moved:
            rare = before * self.lessons.uncarded(self.by)
            before = rare / (rare + 1 - before)
        state.before, state.last = before, state.sensor
        state.quiet = self._quiet(now)
        self._pass(now, push.leaning)
        state.kind, state.at, state.edge, state.began = "door", now, now, now
        state.edges, state.long_open, state.carded, state.slept = 0, False, push.carded, False
        single = self.guests == 1 and self.lodged
        state.walked_out = single and Teacher(state, self.lessons).walked_out(now)
        state.near, state.hint, state.voices, state.doubted, state.bursts = [], None, [], False, 0
        if before > self.by.occupied_below:
            state.entered = now
        state.emptied, state.ghosts = now, {}

    def _pass(self, now: datetime, leaning: float) -> None:
        """Somebody goes out or comes in."""
        state, by = self.state, self.by
        party = state.party if len(state.party) == self.guests else unknown(self.guests)
        state.before_party = party
        named = [self._circumstance(now, number) for number in range(1, self.guests + 1)]
        leave = [self._leaves(name, leaning) for name in named]
        state.circumstances = tuple(zip(named, party, leave, strict=True))
        leaves = sum(share * one for share, one in zip(party, leave, strict=True))
        came, stays = state.before * by.enter_probability, (1 - state.before) * (1 - leaves)
        state.vacant = 1 - came - stays
        state.came = came / (came + stays)
        left = remaining(party, tuple(1 - one for one in leave), by.one_left)
        state.party = mixed(arrived(self.guests, by.together), left, state.came)

    def settle(self, now: datetime) -> None:
        """A door episode begins: it tells what came of the one before."""
        if not self._same_episode(now):
            Teacher(self.state, self.lessons, self.card).settle(now, self.vacancy(now), self.by.vacant_above)

    def entered(self) -> None:
        """The door was opened by a card from outside: somebody comes in."""
        state, by = self.state, self.by
        if state.carded or not state.before_party:
            return
        state.vacant, state.carded, state.before = min(state.vacant, 1 - by.enter_probability), True, state.thought
        state.party = mixed(arrived(len(state.before_party), by.together), joined(state.before_party), state.before)

    def from_inside(self, now: datetime) -> bool:
        """The lock was opened from inside: somebody was in. Returns whether that was thought otherwise."""
        state = self.state
        self.lessons.revision += not self.lessons.tells
        self.lessons.tells = True
        same = self._same_episode(now)
        self._handle = now
        thought = state.thought if same else self.vacancy(now)
        if thought <= self.by.occupied_below:
            return False
        if state.emptied is not None and (now - state.emptied).total_seconds() >= UNSEEN_S:
            self.lessons.vacancies.count(yes=False)
            self.lessons.revision += 1
        if same:
            state.before, state.carded = 0.0, False
            self._pass(now, 1)
        else:
            self.certain(now)
        return True

    def certain(self, now: datetime) -> None:
        """Hard evidence that somebody is inside."""
        state = self.state
        state.vacant, state.kind, state.at, state.sensor = 0.0, "felt", now, ""
        state.hint, state.voices, state.doubted, state.emptied = None, [], False, None

    def cleaned(self, left: datetime) -> None:
        """Staff did the room until `left`: whoever is in has been quiet, or had gone unheard."""
        state, by = self.state, self.by
        vacant = max(self.vacancy(left), self.lessons.lost(by))
        state.before = min(state.before, 0.5)
        state.vacant, state.kind, state.at, state.edge, state.began = vacant, "door", left, left, left
        state.came, state.quiet, state.near, state.hint, state.voices = 0.0, HORIZON, [], None, []
        state.emptied = None
        self.lean(by.cleaned_ratio)

    def listen(self, now: datetime) -> None:
        """Nobody listened until now: silence counts from here."""
        if self.state.at is not None:
            self.state.at = max(now, self.state.at)

    def emptied(self, now: datetime) -> None:
        """The room is vacant, whatever the silence says: others know."""
        state = self.state
        if self.vacancy(now) < self.by.vacant_above:
            state.vacant, state.kind, state.at, state.sensor = FORCED, "door", now, ""
            state.edge = state.edge or now

    def copy(self) -> BeliefState:
        """The state as it is, to come back to."""
        state = copy(self.state)
        state.near, state.voices, state.ghosts = list(state.near), list(state.voices), dict(state.ghosts)
        return state

    def _quiet(self, now: datetime) -> float:
        """Seconds without an event before `now`, but for the steps to the door."""
        state = self.state
        if state.kind != "felt" or state.at is None:
            return 0.0 if state.kind == "none" else HORIZON
        last = state.at if now - state.at > STEPS or state.earlier is None else state.earlier
        return (now - last).total_seconds()

    def _same_episode(self, now: datetime) -> bool:
        state = self.state
        return state.kind == "door" and state.edge is not None and now - state.edge < self._episode

    def _stood_open(self, now: datetime) -> bool:
        """Is a closing now the end of the episode? A contact wired the other way is open for hours."""
        state = self.state
        unsettled = state.kind == "door" and not state.shut and state.edge is not None
        return unsettled and state.edge is not None and now - state.edge < STANDS_OPEN

    def _circumstance(self, now: datetime, number: int) -> str:
        """What the departure of the last one is counted under, with so many inside."""
        entered = self.state.entered
        short = entered is not None and now - entered < minutes(self.by.short_stay_minutes)
        if number == 1 and self.guests > 1 and not self.night:
            return "alone"
        return ("shared-" if self.guests > 1 else "") + ("night" if self.night else "short" if short else "day")

    def _leaves(self, circumstance: str, leaning: float) -> float:
        share, by = self.lessons.left.get(circumstance) or Share(), self.by
        left, stayed = by.leave_prior(circumstance)
        leaves = min(by.leave_most, share.mean(left, stayed)) * leaning
        return leaves / (leaves + 1 - leaves / leaning)
