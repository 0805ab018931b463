"""People of a room with what staff do there: each of their visits is told, with or without a card."""

from collections.abc import Callable
from datetime import datetime

from edge.rooms.cells import FAR, Cells
from edge.rooms.parameters import RoomParameters
from edge.rooms.people import People
from edge.rooms.signals import Effect, RoomFacts, StaffVisit
from edge.rooms.spans import minutes
from edge.rooms.uncarded import Stay, Uncarded
from edge.rooms.visits import Visit

NOBODY = "unknown"
"""The class of whoever came without a card."""


class Attended(People):
    """As `People`; besides it tells `StaffVisit` for each visit, and finds cleanings that no card announced."""

    __slots__ = ("_backdate", "_guest_card", "_room", "_tell", "uncarded")

    def __init__(self, room: str, parameters: RoomParameters, cells: Cells, emit: Callable[[Effect], None]) -> None:
        super().__init__(room, parameters, cells, emit)
        self.uncarded = Uncarded(parameters)
        self._room = room
        self._tell = emit
        self._backdate = minutes(parameters.search_minutes)
        self._guest_card: datetime | None = None

    def told(self, before: RoomFacts | None, facts: RoomFacts, now: datetime) -> None:
        """What the front desk says of the room."""
        other = before is not None and before.rented and facts.rented and before.stay != facts.stay
        self.uncarded.told(now, rented=facts.rented, due_out=facts.due_out, other_stay=other)

    def due(self, now: datetime) -> datetime:
        """When time alone may change something next, after `now`."""
        return min(super().due(now), self.uncarded.deadline() or FAR)

    def door(self, at: datetime, *, opened: bool, unseen: bool = False) -> bool:
        """The door moved."""
        self._nobody_came(at)
        if self.visits.visit is None and not self._guest_just_came(at) and not unseen:
            self.uncarded.door(at, self.occupancy.question.phase, wished=self._request() == "mur")
        return super().door(at, opened=opened, unseen=unseen)

    def activity(self, at: datetime, device: str, point: str) -> bool:
        """Somebody moved inside."""
        self.uncarded.activity(at)
        changed = False
        if self.visits.visit is None and self.uncarded.at_work(at) and self.cleaning.state.phase == "none":
            stay = self.uncarded.state.stay
            changed = stay is not None and self.cleaning.begin(stay.entered, None)
        return super().activity(at, device, point) or changed

    def staff(self, at: datetime, kind: str, credential: str | None) -> bool:
        """A staff card opened the lock."""
        self.uncarded.state.tells = True
        known = self.uncarded.drop()
        changed = super().staff(at, kind, credential)
        visit = self.visits.visit
        if visit is not None and visit.entered == at:
            visit.request = self._request()
            self._came_before(visit, known)
        return changed

    def guest(self, at: datetime) -> bool:
        """A guest's card (or one of no known class) opened the lock."""
        self.uncarded.state.tells = True
        self._guest_card = at
        if self.uncarded.state.stay is not None and self.visits.visit is None:
            if self.uncarded.left_before(at, self._late):
                self._judge_uncarded(at)
            else:
                self.uncarded.drop()
                self.cleaning.abandon(at)
        return super().guest(at)

    def tick(self, at: datetime) -> bool:
        """Do what is due by `at`."""
        changed = super().tick(at)
        if (self.uncarded.deadline() or FAR) <= at:
            changed |= self._judge_uncarded(at)
        return changed

    def _judge_uncarded(self, at: datetime) -> bool:
        stay = self.uncarded.judge()
        if stay is None:
            return self.cleaning.abandon(at)
        self.cleaning.begin(stay.entered, None)
        spell = self.cleaning.state.spell
        self.cleaning.end(stay.last_edge)
        self.uncarded.cleaned(at)
        self._say(_of_nobody(stay), stay.last_edge, spell)
        return True

    def _end_visit(self, left: datetime) -> None:
        visit, before = self.visits.visit, self.cleaning.state
        super()._end_visit(left)
        if visit is None or not visit.seen_entering:
            return
        if self.cleaning.state.phase == "done" and before.phase != "done":
            self.uncarded.cleaned(left)
        self._say(visit, left, before.spell if before.phase == "in_progress" else None)

    def _say(self, visit: Visit, left: datetime, spell: str | None) -> None:
        self._tell(
            StaffVisit(
                room=self._room,
                visit=f"{self._room}-{visit.entered:%Y%m%dT%H%M%S%f}",
                by=visit.by,
                credential=visit.credential,
                entered=visit.entered,
                left=max(left, visit.entered),
                moved=visit.moved,
                guests=visit.guest_came or visit.guest_inside,
                request=visit.request,
                spell=spell,
                others=visit.others,
            )
        )

    def _nobody_came(self, at: datetime) -> None:
        """A card that nobody followed in: whoever moves the door later is somebody else."""
        visit = self.visits.visit
        if visit is not None and not visit.seen_entering and at - visit.entered > self._entry:
            self.visits.visit = None

    def _came_before(self, visit: Visit, known: Stay | None) -> None:
        """The lock was slow to tell: they came when the door moved."""
        if known is None or (known.rented and visit.entered - known.entered > self._backdate):
            return
        visit.entered = known.entered
        visit.seen_entering = True
        if visit.attendant_since is not None:
            visit.attendant_since = known.entered

    def _guest_just_came(self, at: datetime) -> bool:
        return self._guest_card is not None and at - self._guest_card <= self._entry

    def _request(self) -> str:
        known = (cell.text() for cell in self.cells.of("request"))
        return next((text for text in known if text is not None), "none")


def _of_nobody(stay: Stay) -> Visit:
    """A stay that turned out to be work."""
    visit = Visit(NOBODY, entered=stay.entered, last_edge=stay.last_edge, settled=stay.entered)
    visit.request, visit.moved = "mur" if stay.wished else "none", True
    return visit
