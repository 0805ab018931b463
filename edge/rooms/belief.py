"""How probable is it that nobody is in? One filter over door edges, events inside and the silence after either.

Two hypotheses are weighed: vacant, and somebody inside. A door episode moves probability between them, an event inside
is weighed by how often its sensor lies against how soon those inside are felt, and silence wears "inside" down by how
long people here stay unfelt: after the door at once, after an event only as far as they leave from that sensor.
"""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from edge.rooms.belief_state import BeliefState, Hint
from edge.rooms.learning import CONFIRMS, INSIDE, UNSEEN_S, Teacher
from edge.rooms.lessons import DAY, Habit, Lessons
from edge.rooms.party import arrived, joined, mixed, remaining, unknown
from edge.rooms.tally import Share
from edge.rooms.weighing import Weighing

SURE = 1e-6
MOST_MINUTES = 10
STANDS_OPEN = timedelta(minutes=30)
HORIZON = 48 * 3600.0
STEPS = timedelta(seconds=15)
"""The way from the bed or the desk to the door."""
FIRST_LOOK = 30.0
EXACT = 1 / 64
HANDLE = timedelta(seconds=10)
"""From the inner handle to the door."""
FORCED = 0.95
"""Vacant by what others know (staff found nobody): as sure as a good search."""


@dataclass(frozen=True, slots=True)
class Push:
    """The door moves. `moved`: it did, and did not only say so; `carded`: a guest's card opened it."""

    opened: bool = True
    moved: bool = False
    carded: bool = False
    leaning: float = 1  # how much likelier than usual it is that people leave


FROM_WITHIN = Push()


class Belief:
    """Of one room. Times never go back; the caller sees to it."""

    def __init__(self, by: Weighing) -> None:
        self.by = by
        self.lessons = Lessons()
        self.state = BeliefState()
        self.night = False
        self.dusk: datetime | None = None  # later silence may be an early night
        self.guests = 1
        self.rented = True
        self.lodged = True  # may somebody sleep here?
        self.card: bool | None = None  # in its holder
        self.deaf: datetime | None = None  # silence counts until then
        self._handle: datetime | None = None  # turned from inside
        self._near = timedelta(seconds=by.near_door_seconds)
        self._latency = timedelta(seconds=by.shut_seconds)
        self._episode = timedelta(seconds=by.episode_seconds)
        self._long = 60 * by.unseen_minutes

    def vacancy(self, now: datetime) -> float:
        """The probability that nobody is in, when nothing more was heard until `now`."""
        state = self.state
        if state.at is None:
            return state.vacant
        if self.deaf is not None and now > self.deaf:
            now = self.deaf
        return self._after((now - state.at).total_seconds())

    def inside(self, now: datetime) -> bool:
        """Is somebody inside the more probable?"""
        return self.vacancy(now) < self.by.occupied_below

    def empty_at(self) -> datetime | None:
        """When silence will have made it vacant; None: it will not, within two days."""
        at, limit = self.state.at, self.by.night_vacant_above if self._late() else self.by.vacant_above
        if at is None or self._after(HORIZON) < limit:
            return None
        low, high = 0.0, FIRST_LOOK
        while high < HORIZON and self._after(high) < limit:
            low, high = high, 2 * high
        while high - low > max(1.0, high * EXACT):
            middle = (low + high) / 2
            low, high = (low, middle) if self._after(middle) >= limit else (middle, high)
        return at + timedelta(seconds=ceil(high))

    def door(self, now: datetime, push: Push = FROM_WITHIN) -> None:
        """The door moved, or will."""
        before = self.state.edge
        self._door(now, push)
        if push.moved:
            self._stood(now, before)

    def _stood(self, now: datetime, before: datetime | None) -> None:
        """How long the door was open tells whether somebody passed. Which edge is which is not trusted."""
        state, by = self.state, self.by
        state.edges += 1
        if state.edges % 2 or before is None or state.before > by.occupied_below or state.long_open:
            return
        if now - before > timedelta(seconds=by.passing_seconds):
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
        state.edges, state.long_open, state.carded = 0, False, push.carded
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

    def felt(self, now: datetime, sensor: str) -> None:
        """Something moved inside."""
        state = self.state
        if state.at is not None:
            if now < state.at:
                return
            if state.vacant < SURE and state.hint is None and state.kind == "felt" and now - state.at < CONFIRMS:
                if now - state.at > STEPS:
                    state.earlier = state.at
                state.at, state.sensor = now, sensor  # as a moment ago
                return
        if self._on_the_way_out(now):
            self._beside_the_door(sensor)
        elif self._behind_them(now, sensor):
            if sensor not in state.near:
                state.near.append(sensor)
                self.lean(1 / self.by.behind_ratio)
        else:
            self._take(now, sensor)

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

    def lean(self, ratio: float) -> None:
        """Evidence that is `ratio` times as probable in a vacant room; it decides nothing by itself."""
        vacant = self.state.vacant * ratio
        self.state.vacant = vacant / (vacant + 1 - self.state.vacant)

    def cleaned(self, left: datetime) -> None:
        """Staff did the room until `left`: whoever is in has been quiet, or had gone unheard."""
        state, by = self.state, self.by
        vacant = max(self.vacancy(left), self.lessons.lost(by))
        state.before = min(state.before, 0.5)
        state.vacant, state.kind, state.at, state.edge, state.began = vacant, "door", left, left, left
        state.came, state.quiet, state.near, state.hint, state.voices = 0.0, HORIZON, [], None, []
        state.emptied = None
        self.lean(by.cleaned_ratio)

    def lasting(self, now: datetime, sensor: str) -> None:
        """What was felt is felt still, or was until now: the silence begins anew, and each minute counts."""
        state, by = self.state, self.by
        if state.kind != "felt" or state.at is None or now <= state.at:
            return
        state.at = now
        if state.vacant == 0 or sensor not in state.voices or state.counted is None:
            return
        minutes = int((now - state.counted) / CONFIRMS)
        if minutes and not self.lessons.chatters(self.lessons.habit(sensor), by):
            state.counted, state.repeats = now, state.repeats + minutes
            self.lean(by.lasting_ratio ** -min(minutes, MOST_MINUTES))
            self._keep_doubt()

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

    def _after(self, silent: float) -> float:
        state, by = self.state, self.by
        vacant, silent = state.vacant, max(0.0, silent)
        if not self.lodged and silent >= 60 * by.checked_out_minutes:
            return max(vacant, FORCED)
        if state.kind == "door":
            still, came = 0.0, state.came
            if came > 0:
                still += came * self.lessons.still(silent, by)
            if came < 1:
                still += (1 - came) * self.lessons.stays(silent, state.quiet, by)
            return vacant / (vacant + (1 - vacant) * still)
        if vacant > SURE:
            vacant = vacant / (vacant + (1 - vacant) * self._unfelt(silent))
        if silent < self._long:
            return vacant
        if self.night:
            return vacant
        if self.dusk is not None and state.at is not None:
            silent = min(silent, (self.dusk - state.at).total_seconds())
            if silent < self._long:
                return vacant
        silent = min(silent, 60 * by.unseen_most_minutes)
        habit = self.lessons.habit(state.sensor)
        gone = self.lessons.lost(by) * habit.departures * self._unshared()
        if not self.rented:
            gone *= by.checked_out_gone
        if self.card:
            gone *= self.lessons.spare_share(by)
        if self.lessons.tells:
            gone *= by.unseen_told
        stayed = habit.stays.beyond(silent) + by.unseen_long
        return 1 - (1 - vacant) * stayed / (gone + stayed)

    def _unfelt(self, silent: float) -> float:
        """How probable is such a silence of somebody who was just felt in a room thought vacant?"""
        floor = self.by.doubt_night_floor if self._late() else self.by.doubt_floor
        return floor + (1 - floor) / (1 + silent / self.by.active_seconds)

    def _late(self) -> bool:
        """Did the silence begin when people may go to bed?"""
        return self.night or (self.dusk is not None and self.state.at is not None and self.state.at >= self.dusk)

    def _on_the_way_out(self, now: datetime) -> bool:
        state = self.state
        if state.kind != "door" or state.edge is None:
            return False
        return now - state.edge <= (self._latency if state.shut else self._near)

    def _behind_them(self, now: datetime, sensor: str) -> bool:
        """So soon after the door shut behind people who are known to have left, a slow sensor may still tell of them."""
        state, by = self.state, self.by
        if state.kind != "door" or state.edge is None or (sensor not in state.near and state.vacant < by.behind_above):
            return False
        return state.shut and now - state.edge <= timedelta(seconds=by.behind_seconds)

    def _beside_the_door(self, sensor: str) -> None:
        state, by = self.state, self.by
        if sensor in state.near:
            return
        state.near.append(sensor)
        if state.before > by.occupied_below:
            return
        habit, k = self.lessons.habit(sensor), by.near_prior
        leaving = habit.near_leaving.mean(k * by.near_leaving, k * (1 - by.near_leaving))
        staying = habit.near_staying.mean(k * by.near_staying, k * (1 - by.near_staying))
        self.lean(leaving / staying)

    def _take(self, now: datetime, sensor: str) -> None:
        state, _by = self.state, self.by
        silent = 0.0 if state.at is None else (now - state.at).total_seconds()
        if state.vacant >= SURE or state.kind != "felt" or silent > self._long:
            self._weigh(now, sensor, silent)
        state.walked_out = False
        if state.hint is not None:
            Teacher(state, self.lessons).confirm(now, sensor)
        if state.at is not None and now - state.at > STEPS:
            state.earlier = state.at
        state.kind, state.at, state.sensor = "felt", now, sensor

    def _weigh(self, now: datetime, sensor: str, silent: float) -> None:
        state, by = self.state, self.by
        before = self.vacancy(now)
        if silent > self._long:
            state.voices, state.doubted = [], False
        if before > by.occupied_below:
            state.ghosts[sensor] = state.ghosts.get(sensor, 0) + 1
            chatters = self.lessons.chatters(self.lessons.habit(sensor), by)
            state.bursts += not chatters and (silent > self._long or not state.bursts)
            state.doubted = state.bursts < by.bursts_enough
        habit = self.lessons.habit(sensor)
        if sensor in state.voices:
            odds = state.vacant, self._repeat(now, habit)
        else:
            odds = before, self._voice(now, sensor, habit, before)
        if len(state.voices) > 1:
            state.doubted = False
        vacant = odds[0] / (odds[0] + (1 - odds[0]) * odds[1])
        if state.kind == "door" or silent > self._long or before > by.vacant_above:
            Teacher(state, self.lessons).suppose(Hint("", now, sensor, state.sensor, silent), before, by.vacant_above)
        state.vacant = vacant if vacant > SURE else 0.0
        self._keep_doubt(before)

    def _keep_doubt(self, before: float = 1) -> None:
        """One sensor alone leaves some vacancy where others could have confirmed it."""
        state, by = self.state, self.by
        if state.doubted and len(self.lessons.habits) > 1:
            lasting = state.repeats >= by.repeats_enough or state.kind == "door"
            state.vacant = max(state.vacant, min(before, by.alone_lasting if lasting else by.alone_least))

    def _voice(self, now: datetime, sensor: str, habit: Habit, before: float) -> float:
        """How much a sensor that had not spoken speaks for somebody inside."""
        state, by = self.state, self.by
        state.voices.append(sensor)
        state.counted, state.repeats = now, 0
        silent = 0.0 if state.at is None else (now - state.at).total_seconds()
        soon = by.return_median_seconds if state.kind == "door" else by.active_seconds
        entered = before * self.lessons.lost(by) * by.entries_per_day / DAY
        real = (1 - before) / (soon + silent) + entered
        return real / self.lessons.ghost_rate(habit, by) / max(1 - before, 1e-12)

    def _repeat(self, now: datetime, habit: Habit) -> float:
        """The same sensor again: little, and nothing of one that chatters."""
        state = self.state
        if state.counted is not None and now - state.counted < CONFIRMS:
            return 1.0
        state.counted = now
        state.repeats += 1
        return 1.0 if self.lessons.chatters(habit, self.by) else self.by.repeat_ratio

    def _unshared(self) -> float:
        """How much a departure counts that may be of one of several."""
        party = self.state.party
        alone = party[0] if len(party) == self.guests else 1 / self.guests
        return alone + (1 - alone) * self.by.unseen_shared

    def _circumstance(self, now: datetime, number: int) -> str:
        """What the departure of the last one is counted under, with so many inside."""
        entered = self.state.entered
        short = entered is not None and now - entered < timedelta(minutes=self.by.short_stay_minutes)
        if number == 1 and self.guests > 1 and not self.night:
            return "alone"
        return ("shared-" if self.guests > 1 else "") + ("night" if self.night else "short" if short else "day")

    def _leaves(self, circumstance: str, leaning: float) -> float:
        share, by = self.lessons.left.get(circumstance) or Share(), self.by
        left, stayed = by.leave_prior(circumstance)
        leaves = min(by.leave_most, share.mean(left, stayed)) * leaning
        return leaves / (leaves + 1 - leaves / leaning)
