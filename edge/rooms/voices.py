"""Somebody is felt: on the way out, a ghost, or inside? What each sensor's word is worth."""

from datetime import datetime, timedelta

from edge.rooms.belief_state import Hint
from edge.rooms.learning import CONFIRMS, Teacher
from edge.rooms.lessons import DAY, Habit
from edge.rooms.silence import SURE, Silence
from edge.rooms.spans import seconds

MOST_MINUTES = 10
STEPS = timedelta(seconds=15)
"""The way from the bed or the desk to the door."""


class Voices(Silence):
    """As `Silence`; besides it takes events inside."""

    __slots__ = ()

    def felt(self, now: datetime, sensor: str) -> None:
        """Something moved inside."""
        state = self.state
        if state.at is not None:
            if now < state.at:
                return
            if state.vacant < SURE and state.hint is None and state.kind == "felt" and now - state.at < CONFIRMS:
                if now - state.at > STEPS:
                    state.earlier = state.at
                self.lessons.habit(sensor)
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

    def _on_the_way_out(self, now: datetime) -> bool:
        state = self.state
        if state.kind != "door" or state.edge is None:
            return False
        return now - state.edge <= (self._latency if state.shut else self._near)

    def _behind_them(self, now: datetime, sensor: str) -> bool:
        """So soon after the door shut behind people known to have left, a slow sensor may still tell of them."""
        state, by = self.state, self.by
        if state.kind != "door" or state.edge is None or (sensor not in state.near and state.vacant < by.behind_above):
            return False
        return state.shut and now - state.edge <= seconds(by.behind_seconds)

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
        self.lessons.habit(sensor)
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
