"""What a room may learn from what happened, once what followed has confirmed it."""

from datetime import datetime, timedelta

from edge.rooms.belief_state import BeliefState, Hint
from edge.rooms.lessons import Lessons

CONFIRMS = timedelta(minutes=1)
"""Another sensor, so long after: learning at once let ghosts teach."""
FORGOTTEN = timedelta(minutes=30)
SHORT_AWAY = timedelta(minutes=5)
INSIDE = 0.1
OUTSIDE = 0.8
WALKED_OUT = (timedelta(seconds=3), timedelta(seconds=60))
"""An event in a room thought vacant, so long before the door: somebody was in. Sooner, messages may have crossed."""
UNSEEN_S = 1800.0
"""Who rests is felt again after half an hour (mean); a sensor that feels nobody for longer misses them."""
MOST_GHOSTS = 3


class Teacher:
    """Takes lessons from the state of a room's belief."""

    __slots__ = ("_card", "_lessons", "_state")

    def __init__(self, state: BeliefState, lessons: Lessons, card: bool | None = None) -> None:
        self._state = state
        self._lessons = lessons
        self._card = card  # in its holder while the room was empty

    def suppose(self, hint: Hint, before: float, settled: float) -> None:
        """An event after the door, after a long silence, or in a room thought vacant (`before`, above `settled`)."""
        state = self._state
        hint.vacant = before > settled
        if state.kind == "door":
            hint.kind, hint.of = "return", ""
        elif before > settled:
            if state.hint is not None and state.hint.kind == "unseen":
                return
            hint.kind = "unseen"
        else:
            hint.kind = "stay"
        state.hint = hint

    def confirm(self, now: datetime, sensor: str) -> None:
        """Another event: is what was supposed true?"""
        state, hint = self._state, self._state.hint
        if hint is None:
            return
        since = now - hint.at
        if since > FORGOTTEN:
            state.hint = None
        elif since >= CONFIRMS and state.vacant < INSIDE and self._another(hint, sensor):
            self._learn(hint)
            state.hint = None

    def _another(self, hint: Hint, sensor: str) -> bool:
        """Does a second sensor say so? Of a stay the same will do, and where there is no other."""
        return sensor != hint.sensor or hint.kind == "stay" or len(self._lessons.habits) == 1

    def walked_out(self, now: datetime) -> bool:
        """Was somebody felt just before the door, in a room thought vacant: on the way out, or in from the corridor?"""
        hint = self._state.hint
        if hint is None or hint.seconds < UNSEEN_S:
            return False
        return hint.vacant and WALKED_OUT[0] <= now - hint.at <= WALKED_OUT[1]

    def settle(self, now: datetime, before: float, settled: float) -> None:
        """The next door episode, with the room thought vacant by `before`, tells what the last one was."""
        state, lessons = self._state, self._lessons
        if state.walked_out:  # and nobody was felt since: it was out
            lessons.vacancies.count(yes=False)
            lessons.revision += 1
            state.walked_out = False
        if before < settled or state.emptied is None:
            return
        lessons.revision += 1
        self._departed(now)
        lessons.doors.count(yes=False)
        lessons.vacancies.count(yes=True)
        lessons.vacant((now - state.emptied).total_seconds())
        for sensor, times in state.ghosts.items():
            lessons.habit(sensor).ghosts += min(times, MOST_GHOSTS)
        state.emptied, state.ghosts = None, {}

    def _learn(self, hint: Hint) -> None:
        state, lessons = self._state, self._lessons
        lessons.revision += 1
        if hint.kind == "return":
            (lessons.behind if state.before < 0.5 else lessons.returns).add(hint.seconds)
            self._beside(leaving=False)
            if state.before < INSIDE:
                lessons.emptied(state, yes=False)
            elif state.before > OUTSIDE:
                lessons.carded.count(yes=state.carded)
        elif hint.kind == "stay":
            lessons.habit(hint.of).stays.add(hint.seconds)
        else:
            lessons.doors.count(yes=True)
            self._departed(hint.at)
        state.emptied, state.ghosts = None, {}

    def _departed(self, now: datetime) -> None:
        """The room had been empty since the last episode."""
        state, lessons = self._state, self._lessons
        if state.began is None or state.before >= INSIDE or now - state.began <= SHORT_AWAY:
            return
        lessons.emptied(state, yes=True)
        self._beside(leaving=True)
        if self._card is not None:
            lessons.spare.count(yes=self._card)
        if state.last:
            lessons.habit(state.last).depart()
        state.before = 0.5

    def _beside(self, *, leaving: bool) -> None:
        near = self._state.near
        for sensor, habit in self._lessons.habits.items():
            share = habit.near_leaving if leaving else habit.near_staying
            share.count(yes=sensor in near)
