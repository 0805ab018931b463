"""How probable is it that nobody is in, when nothing more is heard?

After a door episode silence wears "inside" down by how long people here stay unfelt; after an event only as far as they
leave from that sensor with no door heard.
"""

from datetime import datetime, timedelta
from math import ceil

from edge.rooms.belief_state import BeliefState
from edge.rooms.lessons import Lessons
from edge.rooms.spans import minutes, seconds
from edge.rooms.weighing import Weighing

SURE = 1e-6
HORIZON = 48 * 3600.0
FIRST_LOOK = 30.0
EXACT = 1 / 64
FORCED = 0.95
"""Vacant by what others know (staff found nobody): as sure as a good search."""


class Silence:
    """Of one room: what is believed, and what the silence since makes of it."""

    __slots__ = (
        "_episode", "_handle", "_latency", "_long", "_near", "_patience", "booked", "by", "card", "deaf", "dusk",
        "guests", "lessons", "lodged", "night", "rented", "state",
    )  # fmt: skip

    def __init__(self, by: Weighing) -> None:
        self.by = by
        self.lessons = Lessons()
        self.state = BeliefState()
        self.night = False
        self.dusk: datetime | None = None  # later silence may be an early night
        self.guests = 1
        self.rented = True
        self.booked = False  # the front desk told so
        self.lodged = True  # may somebody sleep here?
        self.card: bool | None = None  # in its holder
        self.deaf: datetime | None = None  # silence counts until then
        self._handle: datetime | None = None  # turned from inside
        self._near = seconds(by.near_door_seconds)
        self._latency = seconds(by.shut_seconds)
        self._episode = seconds(by.episode_seconds)
        self._long = 60 * by.unseen_minutes
        self._patience = minutes(min(by.unseen_minutes, by.checked_out_minutes))

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

    def sleeper(self, now: datetime) -> bool:
        """Somebody was felt when those who rented the room sleep in it: that is one of them, or hardly a ghost."""
        late = self.night or (self.dusk is not None and now >= self.dusk)
        if not (self.booked and late and self.vacancy(now) < self.by.booked_night_below):
            return False
        self.state.slept = True
        return True

    def not_before(self) -> datetime | None:
        """Silence cannot have made it vacant earlier, told at little cost; None: that is for `empty_at` to tell.

        After an event inside, only doubt about that event makes it vacant before a departure unseen is thought of.
        """
        state, limit = self.state, self._limit()
        if (
            state.at is None
            or state.kind != "felt"
            or state.vacant * (1 - limit) >= limit * (1 - state.vacant) * self._still_floor()
        ):
            return None
        return state.at + self._patience

    def empty_at(self) -> datetime | None:
        """When silence will have made it vacant; None: it will not, within two days."""
        at, limit = self.state.at, self._limit()
        if at is None or (self.state.slept and self._late()) or self._after(HORIZON) < limit:
            return None
        low, high = 0.0, FIRST_LOOK
        while high < HORIZON and self._after(high) < limit:
            low, high = high, 2 * high
        while high - low > max(1.0, high * EXACT):
            middle = (low + high) / 2
            low, high = (low, middle) if self._after(middle) >= limit else (middle, high)
        return at + timedelta(seconds=ceil(high))

    def lean(self, ratio: float) -> None:
        """Evidence that is `ratio` times as probable in a vacant room; it decides nothing by itself."""
        vacant = self.state.vacant * ratio
        self.state.vacant = vacant / (vacant + 1 - self.state.vacant)

    def _after(self, silent: float) -> float:
        state, by = self.state, self.by
        vacant, silent = state.vacant, max(0.0, silent)
        if not self.lodged and silent >= 60 * by.checked_out_minutes:
            return max(vacant, FORCED)
        if state.kind == "door":
            return self._since_door(silent)
        if vacant > SURE:
            vacant = vacant / (vacant + (1 - vacant) * self._unfelt(silent))
        silent = self._counted(silent)
        if silent < self._long:
            return vacant
        stayed = self.lessons.known(state.sensor).stays.beyond(silent) + by.unseen_long
        return 1 - (1 - vacant) * stayed / (self._gone() + stayed)

    def _since_door(self, silent: float) -> float:
        state, by, still = self.state, self.by, 0.0
        if state.came > 0:
            still += state.came * self.lessons.still(silent, by)
        if state.came < 1:
            still += (1 - state.came) * self.lessons.stays(silent, state.quiet, by)
        return state.vacant / (state.vacant + (1 - state.vacant) * still)

    def _counted(self, silent: float) -> float:
        """How much of a silence with no door before it may be a departure that nobody heard; none of a night's."""
        if silent < self._long or self.night:
            return 0.0
        if self.dusk is not None and self.state.at is not None:
            silent = min(silent, (self.dusk - self.state.at).total_seconds())
        return min(silent, 60 * self.by.unseen_most_minutes)

    def _gone(self) -> float:
        """How often people leave unheard from where somebody was felt last."""
        by, lessons = self.by, self.lessons
        gone = lessons.lost(by) * lessons.known(self.state.sensor).departures * self._unshared()
        if not self.rented:
            gone *= by.checked_out_gone
        if self.card:
            gone *= lessons.spare_share(by)
        if lessons.tells:
            gone *= by.unseen_told
        return gone

    def _unfelt(self, silent: float) -> float:
        """How probable is such a silence of somebody who was just felt in a room thought vacant?"""
        floor = self._still_floor()
        return floor + (1 - floor) / (1 + silent / self.by.active_seconds)

    def _still_floor(self) -> float:
        return self.by.doubt_night_floor if self._late() else self.by.doubt_floor

    def _limit(self) -> float:
        return self.by.night_vacant_above if self._late() else self.by.vacant_above

    def _late(self) -> bool:
        """Did the silence begin when people may go to bed?"""
        return self.night or (self.dusk is not None and self.state.at is not None and self.state.at >= self.dusk)

    def _unshared(self) -> float:
        """How much a departure counts that may be of one of several."""
        party = self.state.party
        alone = party[0] if len(party) == self.guests else 1 / self.guests
        return alone + (1 - alone) * self.by.unseen_shared
