"""Somebody in an empty room without a card: a mechanical key, a colleague's card, a card that was not heard."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.rooms.parameters import RoomParameters
from edge.rooms.question import Phase
from edge.rooms.spans import minutes, seconds


@dataclass(slots=True)
class Stay:
    """Somebody came in through the door, and nobody knows who. `moved`: since the last edge."""

    entered: datetime
    last_edge: datetime
    moved: bool = False
    alone: bool = True  # the door moved for their coming in only
    rented: bool = False
    wished: bool = False  # the room had asked to be made up
    doubtful: bool = False  # the guests who are due out may not have left


@dataclass(slots=True)
class UncardedState:
    """What a restart keeps."""

    stay: Stay | None = None
    owed: datetime | None = None  # since when the room waits for a cleaning
    rented: bool = False
    due_out: bool = False
    fresh: str = ""  # the local day on which it was cleaned or taken
    tells: bool = False  # the lock has told a card


class Uncarded:
    """Follows one stay of nobody's at a time, of staff as it seems. All times come in."""

    __slots__ = (
        "_enough", "_glance", "_grace", "_longest", "_most", "_parameters", "_search", "_unheard", "_zone", "state",
    )  # fmt: skip

    def __init__(self, parameters: RoomParameters) -> None:
        self.state = UncardedState()
        self._parameters = parameters
        self._zone = minutes(parameters.utc_offset_minutes)
        self._grace = seconds(parameters.grace_seconds)
        self._search = minutes(parameters.search_minutes)
        self._unheard = minutes(parameters.unheard_work_minutes)
        self._glance = minutes(parameters.cleaning_start_minutes)
        self._longest = minutes(parameters.visit_max_minutes)
        self._most = minutes(parameters.uncarded_max_minutes)
        self._enough = minutes(parameters.cleaning_min_minutes)

    def told(self, at: datetime, *, rented: bool, due_out: bool, other_stay: bool) -> None:
        """What the front desk says of the room from now on."""
        state = self.state
        self.passes(at)
        if (state.rented and not rented) or other_stay:
            state.owed = at
        if rented and (other_stay or not state.rented):
            state.fresh = self._day(at)
        state.rented, state.due_out = rented, rented and due_out

    def passes(self, at: datetime) -> None:
        """The day goes on: who had the room over the night leaves it to be cleaned."""
        if self.state.rented and self.state.owed is None and self._day(at) > self.state.fresh:
            self.state.owed = at

    def cleaned(self, at: datetime) -> None:
        """Nothing is owed any more, today."""
        self.state.owed, self.state.fresh = None, self._day(at)

    def door(self, at: datetime, phase: Phase, *, wished: bool) -> None:
        """The door moved and no staff are known to be in. `phase`: whether anybody was thought to be inside."""
        self.passes(at)
        stay = self.state.stay
        if stay is not None:
            stay.alone &= at - stay.entered <= self._glance
            stay.last_edge, stay.moved = at, False
        elif self._may_begin(at, phase, wished=wished):
            doubtful = self.state.rented and phase is not Phase.VACANT
            self.state.stay = Stay(at, at, rented=self.state.rented, wished=wished, doubtful=doubtful)

    def activity(self, at: datetime) -> None:
        """Somebody moved."""
        stay = self.state.stay
        if stay is not None and at - stay.last_edge > self._grace:
            stay.moved = True
            stay.rented &= self.state.rented  # who is still at work after the check-out is no guest
            stay.doubtful &= stay.rented

    def drop(self) -> Stay | None:
        """It was somebody else after all, or is known by now."""
        stay, self.state.stay = self.state.stay, None
        return stay

    def left_before(self, at: datetime, late: timedelta) -> bool:
        """Had whoever it was gone when somebody came in at `at`? The edge just before it is theirs."""
        stay = self.state.stay
        return stay is not None and not stay.moved and at - stay.last_edge > late

    def deadline(self) -> datetime | None:
        """When the stay is to be judged."""
        stay = self.state.stay
        if stay is None:
            return None
        if stay.moved:
            return stay.entered + self._longest
        return stay.last_edge + (self._unheard if stay.alone else self._search)

    def judge(self) -> Stay | None:
        """At the deadline: the stay, if it was as long as a cleaning and whoever it was has left."""
        stay = self.drop()
        if stay is None or stay.moved or stay.doubtful or self.state.owed is None:
            return None
        length = stay.last_edge - stay.entered
        most = self._most if stay.rented else self._longest
        return stay if self._enough <= length <= most else None

    def at_work(self, at: datetime) -> bool:
        """Is whoever is in an unrented room there for as long as a cleaning?"""
        stay = self.state.stay
        return (
            stay is not None
            and not stay.rented
            and stay.moved
            and not stay.doubtful
            and at - stay.entered >= self._enough
        )

    def _day(self, at: datetime) -> str:
        return f"{at + self._zone:%Y-%m-%d}"

    def _may_begin(self, at: datetime, phase: Phase, *, wished: bool) -> bool:
        state, hour = self.state, (at + self._zone).hour
        if state.owed is None or not self._parameters.work_from <= hour < self._parameters.work_until:
            return False
        if not state.rented or (state.due_out and phase is Phase.CHECKING):
            return True
        return phase is Phase.VACANT and (state.tells or wished)
