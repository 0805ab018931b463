"""Staff in the room, told by the class of the card that opened the lock: when they came, and when they left."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.rooms.parameters import RoomParameters
from edge.rooms.spans import minutes, seconds

ATTENDANT = "housekeeping"
STAFF = frozenset({ATTENDANT, "engineering", "master", "emergency"})
MOST_OTHERS = 8


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody else of the staff who came in during a visit."""

    by: str
    credential: str | None
    at: datetime


@dataclass(slots=True)
class Visit:
    """One stay of staff in the room."""

    by: str  # credential class
    entered: datetime
    last_edge: datetime  # of the door, or the card
    settled: datetime  # the last card: door edges soon after it belong to coming in
    credential: str | None = None
    attendant_since: datetime | None = None  # the entry of housekeeping
    attendant: str | None = None
    seen_entering: bool = False  # the door moved with the card
    looked: bool = False  # after the time that makes an attendant's stay more than a glance
    active: datetime | None = None  # somebody moved since the last edge
    closing: datetime | None = None  # the door was closed, maybe behind them
    gone: datetime | None = None  # the closing before the present edge, if nobody moved after it
    listening: datetime | None = None  # the sensors were away until then
    guest_inside: bool = False  # motion says nothing of the staff: a guest may be moving, or there is no sensor
    guest_came: bool = False  # a guest's card during the visit
    guest_sure: bool = False  # when they came, a guest had just come in or was still felt
    moved: bool = False  # somebody was heard to move at some time of it
    request: str = "none"  # what the room asked for when they came
    others: tuple[Colleague, ...] = ()


class Visits:
    """The present visit of one room, if any."""

    __slots__ = ("_entry", "_glance", "_grace", "_longest", "_search", "_still", "_unheard", "visit")

    def __init__(self, parameters: RoomParameters) -> None:
        self.visit: Visit | None = None
        self._entry = seconds(parameters.entry_seconds)
        self._glance = minutes(parameters.cleaning_start_minutes)
        self._grace = seconds(parameters.grace_seconds)
        self._search = minutes(parameters.search_minutes)
        self._unheard = minutes(parameters.unheard_work_minutes)
        self._still = minutes(parameters.staff_still_minutes)
        self._longest = minutes(parameters.visit_max_minutes)

    def card(self, visit: Visit) -> None:
        """A staff card opened the lock: a new visit, or the same people (or their colleagues) come in again."""
        present = self.visit
        if present is None:
            self.visit = visit
            return
        present.last_edge = present.settled = visit.entered
        known = {present.credential, *(other.credential for other in present.others)}
        if visit.credential not in known and len(present.others) < MOST_OTHERS:
            present.others = (*present.others, Colleague(visit.by, visit.credential, visit.entered))
        present.active = present.closing = present.gone = None
        present.seen_entering |= visit.seen_entering
        if present.attendant_since is None:
            present.attendant_since, present.attendant = visit.attendant_since, visit.attendant

    def guest_card(self, at: datetime) -> None:
        """A guest comes in while they are there."""
        if self.visit is not None:
            self.visit.guest_came = self.visit.guest_inside = True
            self.visit.last_edge = self.visit.settled = at
            self.visit.closing = self.visit.active = self.visit.gone = None

    def door(self, at: datetime, *, opened: bool) -> None:
        """A door edge during the visit."""
        visit = self.visit
        if visit is None:
            return
        visit.seen_entering |= at - visit.entered <= self._entry
        if visit.closing is not None and visit.active is None:
            visit.gone = visit.closing
        visit.last_edge, visit.active = at, None
        visit.closing = at if not opened and at - visit.settled > self._glance else None

    def activity(self, at: datetime) -> None:
        """Somebody moved."""
        visit = self.visit
        if visit is None:
            return
        stepped_in = not visit.guest_sure and at - visit.entered <= self._grace
        visit.seen_entering |= not visit.guest_inside or stepped_in
        if at - visit.last_edge > self._grace:
            visit.active, visit.moved, visit.gone = at, True, None

    def left_before(self, at: datetime, late: timedelta) -> datetime | None:
        """When they left, if the door has closed since and nobody moved; the edge just before `at` does not count."""
        visit = self.visit
        if visit is None or visit.active is not None:
            return None
        if self._only_came(visit) and at - visit.last_edge > self._search:
            return visit.last_edge
        return visit.gone if at - visit.last_edge <= late else visit.closing

    def deadline(self, *, blind: bool) -> datetime | None:
        """When the visit is to be judged; without sensors that can be believed (`blind`) silence judges nothing."""
        visit = self.visit
        if visit is None:
            return None
        if not visit.seen_entering:
            return visit.entered + (self._entry if visit.guest_inside else self._search)
        longest = visit.settled + self._longest
        by_door = visit.guest_inside and visit.closing is not None
        if not by_door and blind:
            return longest
        if not by_door and visit.active is not None:
            return min(max(visit.active, visit.listening or visit.active) + self._still, longest)
        silence = self._unheard if visit.attendant_since is not None and self._only_came(visit) else self._search
        return min(max(visit.last_edge, visit.listening or visit.last_edge) + silence, longest)

    def _only_came(self, visit: Visit) -> bool:
        """Did the door move for their coming in alone? Who has not been heard since may work in a blind corner."""
        return visit.closing is None and visit.active is None and visit.last_edge - visit.settled <= self._glance

    def judge(self, at: datetime, *, held: bool) -> datetime | None:
        """At the deadline: the instant they left, or None when something held says that they are still there."""
        visit = self.visit
        if visit is None:
            return None
        over = at >= visit.settled + self._longest
        by_door = visit.guest_inside and visit.closing is not None
        if held and visit.seen_entering and not over and not by_door:
            visit.active = at
            return None
        return visit.closing or visit.active or visit.last_edge
