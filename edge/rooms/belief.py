"""How probable is it that nobody is in? One filter over door edges, events inside and the silence after either.

Two hypotheses are weighed: vacant, and somebody inside. A door episode moves probability between them, an event inside
is weighed by how often its sensor lies against how soon those inside are felt, and silence wears "inside" down by how
long people here stay unfelt: after the door at once, after an event only as far as they leave from that sensor.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge.rooms.lessons import DAY, Lessons
from edge.rooms.tally import Share
from edge.rooms.weighing import Weighing

SURE = 1e-6
SETTLED = 0.8
SHORT_STAY = timedelta(minutes=5)
CONFIRMS = timedelta(minutes=1)
FORGOTTEN = timedelta(minutes=30)


@dataclass(slots=True)
class Hint:
    """Something to be learned, if what follows confirms it."""

    kind: str  # return | stay | unseen
    at: datetime
    sensor: str
    of: str = ""  # the sensor a stay is about
    seconds: float = 0


@dataclass(slots=True)
class BeliefState:
    """What a restart must keep."""

    vacant: float = 0.5  # probability at `at`
    kind: str = "none"  # what was last heard: door | felt
    at: datetime | None = None
    sensor: str = ""
    edge: datetime | None = None  # the last door edge
    shut: bool = False  # it was a closing
    began: datetime | None = None  # the first of its episode
    before: float = 0.5  # vacant before the episode
    circumstance: str = ""
    last: str = ""  # felt last before the episode
    near: list[str] = field(default_factory=list)  # fired beside the door
    hint: Hint | None = None
    voices: list[str] = field(default_factory=list)  # sensors that spoke since it was thought vacant
    doubted: bool = False  # one sensor alone spoke in a room thought vacant
    repeats: int = 0  # minutes in which the last voice spoke again
    counted: datetime | None = None  # the last repeat that counted
    entered: datetime | None = None
    emptied: datetime | None = None
    ghosts: dict[str, int] = field(default_factory=dict)  # events since, that may have been nobody's


class Belief:
    """Of one room. Times never go back; the caller sees to it."""

    def __init__(self, by: Weighing, lessons: Lessons | None = None) -> None:
        self.by = by
        self.lessons = lessons or Lessons()
        self.state = BeliefState()
        self.night = False
        self.guests = 1
        self._near = timedelta(seconds=by.near_door_seconds)
        self._latency = timedelta(seconds=by.shut_seconds)
        self._episode = timedelta(seconds=by.episode_seconds)

    def vacancy(self, now: datetime) -> float:
        """The probability that nobody is in, when nothing more was heard until `now`."""
        state = self.state
        if state.at is None:
            return state.vacant
        silent = (now - state.at).total_seconds()
        if state.kind == "door":
            inside = (1 - state.vacant) * self.lessons.still(silent, self.by)
            return state.vacant / (state.vacant + inside)
        return self._after_event(silent)

    def door(self, now: datetime, *, opened: bool = True) -> None:
        """The door moved."""
        state = self.state
        state.shut = not opened
        if state.kind == "door" and state.edge is not None and now - state.edge < self._episode:
            state.at = state.edge = now
            return
        before = self.vacancy(now)
        self._settle(now, before)
        state.before, state.last = before, state.sensor
        state.circumstance = self._circumstance(now)
        leaves = self._leaves(state.circumstance)
        state.vacant = before * (1 - self.by.enter_probability) + (1 - before) * leaves
        state.kind, state.at, state.edge, state.began = "door", now, now, now
        state.near, state.hint, state.voices, state.doubted = [], None, [], False
        if before > 0.5:
            state.entered = now
        state.emptied, state.ghosts = now, {}

    def felt(self, now: datetime, sensor: str) -> None:
        """Something moved inside."""
        state = self.state
        if state.kind == "door" and state.edge is not None and now - state.edge <= (self._latency if state.shut else self._near):
            self._beside_the_door(sensor)
            return
        sure = state.vacant < SURE and state.kind == "felt"
        silent = 0.0 if state.at is None else (now - state.at).total_seconds()
        if not sure or silent > 60 * self.by.unseen_minutes:
            self._weigh(now, sensor, silent)
        if state.hint is not None:
            self._confirm(now, sensor)
        state.kind, state.at, state.sensor = "felt", now, sensor

    def _after_event(self, silent: float) -> float:
        state, by = self.state, self.by
        vacant = state.vacant
        if vacant > SURE:
            inside = (1 - vacant) * self._unfelt(silent)
            vacant = vacant / (vacant + inside)
        if silent < 60 * by.unseen_minutes:
            return vacant
        habit = self.lessons.habit(state.sensor)
        gone = self.lessons.lost(by) * habit.departures
        stayed = habit.stays.beyond(silent) + by.unseen_long * (by.unseen_night if self.night else 1)
        return 1 - (1 - vacant) * stayed / (gone + stayed)

    def _unfelt(self, silent: float) -> float:
        """How probable is such a silence of somebody who was just felt in a room thought vacant?"""
        floor = self.by.doubt_night_floor if self.night else self.by.doubt_floor
        return floor + (1 - floor) / (1 + silent / self.by.active_seconds)

    def lasting(self, now: datetime) -> None:
        """What was felt is felt still, or was until now: the silence begins anew."""
        if self.state.kind == "felt":
            self.state.at = now

    def _beside_the_door(self, sensor: str) -> None:
        state, by = self.state, self.by
        if sensor in state.near:
            return
        state.near.append(sensor)
        habit = self.lessons.habit(sensor)
        k = by.near_prior
        leaving = habit.near_leaving.mean(k * by.near_leaving, k * (1 - by.near_leaving))
        staying = habit.near_staying.mean(k * by.near_staying, k * (1 - by.near_staying))
        vacant = state.vacant * leaving
        state.vacant = vacant / (vacant + (1 - state.vacant) * staying)

    def _weigh(self, now: datetime, sensor: str, silent: float) -> None:
        state, by = self.state, self.by
        before = self.vacancy(now)
        if before > 0.5:
            state.ghosts[sensor] = state.ghosts.get(sensor, 0) + 1
            state.doubted = True
        if silent > 60 * by.unseen_minutes:
            state.voices = []
            state.doubted = before > 0.5
        habit = self.lessons.habit(sensor)
        if sensor in state.voices:
            ratio = self._repeat(now, sensor)
        else:
            state.voices.append(sensor)
            median = by.return_median_seconds if state.kind == "door" else by.active_seconds
            real = (1 - before) / (median + silent) + before * self.lessons.lost(by) * by.entries_per_day / DAY
            ghost = self.lessons.ghost_rate(habit, by)
            ratio = real / ghost / max(1 - before, 1e-12)
            state.counted, state.repeats = now, 0
        vacant = before / (before + (1 - before) * ratio)
        if len(state.voices) > 1:
            state.doubted = False
        if state.doubted and len(self.lessons.habits) > 1:
            lasting = state.repeats >= by.repeats_enough or state.kind == "door"
            vacant = max(vacant, min(before, by.alone_lasting if lasting else by.alone_least))
        self._suppose(now, sensor, silent, before)
        state.vacant = vacant if vacant > SURE else 0.0

    def _repeat(self, now: datetime, sensor: str) -> float:
        state = self.state
        if state.counted is not None and now - state.counted < CONFIRMS:
            return 1.0
        state.counted = now
        state.repeats += 1
        return 1.0 if self.lessons.chatters(self.lessons.habit(sensor), self.by) else self.by.repeat_ratio

    def _suppose(self, now: datetime, sensor: str, silent: float, before: float) -> None:
        state = self.state
        if state.kind == "door":
            state.hint = Hint("return", now, sensor, "", silent)
        elif before > SETTLED and (state.hint is None or state.hint.kind != "unseen"):
            state.hint = Hint("unseen", now, sensor, state.sensor, silent)
        elif silent > 60 * self.by.unseen_minutes and before < SETTLED:
            state.hint = Hint("stay", now, sensor, state.sensor, silent)

    def _confirm(self, now: datetime, sensor: str) -> None:
        state, hint = self.state, self.state.hint
        if hint is None:
            return
        since = now - hint.at
        if since > FORGOTTEN:
            state.hint = None
        elif since >= CONFIRMS and sensor != hint.sensor and state.vacant < 0.1:
            self._learn(hint)
            state.hint = None

    def _learn(self, hint: Hint) -> None:
        state, lessons = self.state, self.lessons
        if hint.kind == "return":
            lessons.returns.add(hint.seconds)
            self._beside(leaving=False)
            if state.before < 0.1:
                lessons.left.setdefault(state.circumstance, Share()).no += 1
        elif hint.kind == "stay":
            lessons.habit(hint.of).stays.add(hint.seconds)
        else:
            lessons.doors.yes += 1
            self._departed(hint.at)
        state.emptied, state.ghosts = None, {}

    def _settle(self, now: datetime, before: float) -> None:
        """The next door episode tells what the last one was."""
        state, lessons = self.state, self.lessons
        if before < SETTLED:
            return
        self._departed(now)
        lessons.doors.no += 1
        if state.emptied is not None:
            lessons.vacant_seconds += (now - state.emptied).total_seconds()
            for sensor, times in state.ghosts.items():
                lessons.habit(sensor).ghosts += min(times, 3)

    def _departed(self, now: datetime) -> None:
        """The room has been empty since the last episode."""
        state, lessons = self.state, self.lessons
        if state.began is None or state.before >= 0.1 or now - state.began <= SHORT_STAY:
            return
        lessons.left.setdefault(state.circumstance, Share()).yes += 1
        self._beside(leaving=True)
        if state.last:
            lessons.habit(state.last).departures += 1
        state.before = 0.5

    def _beside(self, *, leaving: bool) -> None:
        near = self.state.near
        for sensor, habit in self.lessons.habits.items():
            share = habit.near_leaving if leaving else habit.near_staying
            share.yes += sensor in near
            share.no += sensor not in near

    def _circumstance(self, now: datetime) -> str:
        short = self.state.entered is not None and now - self.state.entered < SHORT_STAY
        return ("shared-" if self.guests > 1 else "") + ("night" if self.night else "short" if short else "day")

    def _leaves(self, circumstance: str) -> float:
        share, by = self.lessons.left.get(circumstance) or Share(), self.by
        if circumstance.endswith("night"):
            return min(by.leave_most, share.mean(by.night_prior_left, by.night_prior_stayed))
        return min(by.leave_most, share.mean(by.leave_prior_left, by.leave_prior_stayed))
