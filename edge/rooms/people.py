"""Guests and staff together: whose door edge, whose motion is it?"""

from collections.abc import Callable
from datetime import datetime, timedelta

from edge.rooms.cells import FAR, Cells
from edge.rooms.cleaning import Cleaning
from edge.rooms.occupancy import Occupancy
from edge.rooms.parameters import RoomParameters, held_at_most
from edge.rooms.question import Phase
from edge.rooms.signals import Effect, RoomFacts
from edge.rooms.signs import Signs
from edge.rooms.spans import minutes, seconds
from edge.rooms.visits import ATTENDANT, Visit, Visits

SLACK = timedelta(minutes=1)


class People:
    """Who is in one room. Methods return whether something shown changed."""

    __slots__ = (
        "_carded", "_entry", "_glance", "_hold", "_late", "_longest", "_search", "_still", "cells",
        "cleaning", "occupancy", "parameters", "signs", "visits",
    )  # fmt: skip

    def __init__(self, room: str, parameters: RoomParameters, cells: Cells, emit: Callable[[Effect], None]) -> None:
        self.occupancy = Occupancy(parameters)
        self.visits = Visits(parameters)
        self.cleaning = Cleaning(room, parameters, emit)
        self.cells = cells
        self.parameters = parameters
        self.signs = Signs(parameters, cells, self.occupancy)
        self._search = minutes(parameters.search_minutes)
        self._still = minutes(parameters.staff_still_minutes)
        self._glance = minutes(parameters.cleaning_start_minutes)
        self._entry = seconds(parameters.entry_seconds)
        self._carded: datetime | None = None
        self._hold = seconds(parameters.hold_seconds)
        self._late = seconds(parameters.late_access_seconds)
        self._longest = held_at_most(parameters)

    def due(self, now: datetime) -> datetime:
        """When time alone may change something next, after `now`."""
        visit, blind = self.visits.visit, self.occupancy.blind
        early = self.occupancy.early()
        answer = early if early is not None and early > now else self._deadline()
        if visit is None:
            return answer or FAR
        theirs = (self.visits.deadline(blind=blind), None if visit.looked else self.cleaning.due(visit))
        return min((due for due in (*theirs, answer if self._goes_on(visit) else None) if due is not None), default=FAR)

    def door(self, at: datetime, *, opened: bool, unseen: bool = False) -> bool:
        """The door moved."""
        visit = self.visits.visit
        if visit is not None:
            self.visits.door(at, opened=opened)
            if not visit.guest_came:
                return False
        code = "door_opened" if opened else "door_closed"
        if not self.cells.sensing():
            return self.occupancy.nobody_knows(at, code)
        leaning = self.signs.leaning(at) * (self.parameters.staff_ratio if visit is not None else 1)
        carded = self._carded is not None and at - self._carded <= self._entry
        self.occupancy.door(at, code, unseen=unseen, carded=carded, leaning=leaning)
        if carded:
            self.occupancy.belief.entered()
        return True

    def egress(self, at: datetime, *, seen: bool) -> bool:
        """The lock was opened from inside; `seen`: the door has moved with it."""
        inside = self.visits.visit is None and self.cells.sensing() and self.occupancy.belief.from_inside(at)
        return (not seen and self.door(at, opened=True)) or bool(inside)

    def activity(self, at: datetime, device: str, point: str) -> bool:
        """Somebody moved inside; during a visit it is taken for the staff."""
        visit = self.visits.visit
        if visit is None or at < visit.entered:
            return self._guest_activity(at, device, point)
        self.visits.activity(at)
        started = self._work(visit, at, inside=visit.active is not None)
        return (visit.guest_came and self._guest_activity(at, device, point)) or started

    def staff(self, at: datetime, kind: str, credential: str | None) -> bool:
        """A staff card opened the lock."""
        undone = self.visits.visit is None and self.occupancy.undo_door(at)
        visit = Visit(kind, entered=at, last_edge=at, settled=at, credential=credential)
        if kind == ATTENDANT:
            visit.attendant_since, visit.attendant = at, credential
        visit.seen_entering = undone or self.cells.stands_open() or self.cells.doorless()
        question = self.occupancy.question
        visit.guest_inside = question.answer == "occupied" or not self.cells.sensing()
        came = any(item.code == "guest_entered" for item in question.evidence)
        visit.guest_sure = came or self._held(at, question.last_door) is not None
        self.visits.card(visit)
        return True

    def guest(self, at: datetime) -> bool:
        """A guest's card (or one of no known class) opened the lock."""
        left = self.visits.left_before(at, self._late)
        if left is not None:
            self._end_visit(left)
        self.cleaning.forget()
        self._carded = at
        self.occupancy.belief.lodged = True
        if self.visits.visit is not None:
            self.visits.guest_card(at)
            return self.occupancy.certain(at, "guest_entered")
        if self.cells.sensing():
            moved = self.occupancy.question.last_door
            changed = self.occupancy.door(at, "guest_entered")
            if self.cells.doorless() or (moved is not None and at - moved <= self._late):
                self.occupancy.belief.entered()
            return changed
        return self.occupancy.nobody_knows(at, "guest_entered")

    def rested(self, at: datetime, device: str, point: str) -> None:
        """A sensor went off: what it had felt went on until `at`; after the door it says only that it was slow."""
        belief = self.occupancy.belief
        if self.visits.visit is not None or belief.state.kind != "felt":
            return
        if point == "presence":
            self.occupancy.activity(at, device, point)
        else:
            belief.lasting(at, device)

    def retimed(self) -> bool:
        """May silence answer earlier than it was said?"""
        retime = self.occupancy.retime or self.occupancy.question.phase is Phase.CHECKING
        self.occupancy.retime = False
        return retime

    def card_out(self, at: datetime) -> bool:
        """The card left its holder."""
        return self.visits.visit is None and self.signs.card_out(at)

    def lean(self, code: str, at: datetime) -> bool:
        """Something was set or switched in the room."""
        return self.visits.visit is None and self.signs.use(code, at)

    def air(self, device: str, level: float, at: datetime) -> bool:
        """A CO2 reading in ppm."""
        if self.visits.visit is None:
            return self.signs.air(device, level, at)
        self.signs.forget_air()
        return False

    def learn(self, facts: RoomFacts | None) -> None:
        """What the front desk says of the room."""
        self.signs.learn(facts)
        if self.cleaning.state.phase != "none":
            self.occupancy.given_back()

    def resume(self, at: datetime | None) -> None:
        """After a restart."""
        self.occupancy.blind = self._blind()
        if self.occupancy.blind and at is not None:
            self.occupancy.deaf(at)

    def bolt(self, at: datetime) -> bool:
        """The bolt was thrown from inside."""
        return self.occupancy.certain(at, "bolt_on")

    def see(self, now: datetime) -> bool:
        """Judge anew whether the sensors can be believed. Returns whether that changed."""
        blind, why = self._blind(), self._puzzle()
        changed = why != self.occupancy.puzzled and self.occupancy.puzzle(now, why)
        if blind == self.occupancy.blind:
            return changed
        self.occupancy.blind = blind
        if blind:
            self.occupancy.deaf(now)
        else:
            self._listen(now)
        return True

    def wake(self, now: datetime) -> None:
        """After a restart: a deadline that passed while nobody listened was no silence."""
        deadlines = (self._deadline(), self.visits.deadline(blind=self.occupancy.blind))
        if any(deadline is not None and deadline + SLACK < now for deadline in deadlines):
            self._listen(now)

    def tick(self, at: datetime) -> bool:
        """Do what is due by `at`."""
        visit, blind = self.visits.visit, self.occupancy.blind
        changed = visit is not None and self._look(visit, at)
        if visit is not None and (self.visits.deadline(blind=blind) or FAR) <= at:
            changed |= self._judge(visit, at)
        return self._settle(at) or changed

    def _settle(self, at: datetime) -> bool:
        """The silence after the door has been long enough; what staff do in the room is none of a guest's doing."""
        visit, deadline = self.visits.visit, self._deadline()
        if deadline is None or deadline > at or (visit is not None and not self._goes_on(visit)):
            return False
        if visit is None or visit.guest_came:
            return self._expire(at)
        return self._left_behind(visit, at)

    def _expire(self, at: datetime) -> bool:
        occupancy = self.occupancy
        held = self._held(at, occupancy.question.last_door)
        if held is not None and occupancy.question.phase is Phase.LATCHED:
            occupancy.belief.lasting(at, held)
            if (occupancy.deadline() or FAR) > at:
                return False
        return occupancy.expire(at, held)

    def _deadline(self) -> datetime | None:
        """When silence answers; not while a sensor is on, unless it stays so for so long that somebody is there."""
        due, question = self.occupancy.deadline(), self.occupancy.question
        if due is None or question.phase is not Phase.CHECKING or question.last_door is None:
            return due
        visit = self.visits.visit
        cell = self.cells.on() if visit is None or visit.guest_came else None
        if cell is None:
            return due
        return max(due, question.last_door + (self._search if cell.point == "motion" else self._hold))

    def _blind(self) -> bool:
        """Can silence not be believed? One sensor is enough where nobody can be asleep."""
        return self.cells.blind() if self.occupancy.belief.lodged else self.cells.deaf()

    def _puzzle(self) -> str | None:
        """Why it cannot be known that the room is empty. Where nobody lodges, whoever comes is up and about."""
        if not self.occupancy.belief.lodged:
            return None
        if self.cells.untold() and self.cells.sensing():
            return "door_not_told"
        return "sees_entry_only" if self.cells.entry_only() or self.occupancy.belief.blind_spot else None

    def _work(self, visit: Visit, at: datetime, *, inside: bool) -> bool:
        started = self.cleaning.consider(visit, at, inside=inside)
        if started and not visit.guest_came:
            self.occupancy.given_back()
        open_question = self.occupancy.question.phase is Phase.CHECKING
        if started and open_question and not self.occupancy.rented and not (visit.guest_came or visit.guest_sure):
            self._left_behind(visit, at)
        return started

    def _left_behind(self, visit: Visit, at: datetime) -> bool:
        """The guest is out; only staff are in."""
        visit.guest_inside = False
        return self.occupancy.expire(at, None)

    def _goes_on(self, visit: Visit) -> bool:
        """May silence still answer during the visit? Not where a guest may have stayed behind unheard."""
        alone = self.occupancy.guests < 2 or not self.occupancy.rented
        return visit.guest_came or (alone and not visit.guest_sure)

    def _listen(self, now: datetime) -> None:
        self.occupancy.listen_again(now)
        if self.visits.visit is not None:
            self.visits.visit.listening = now

    def _look(self, visit: Visit, at: datetime) -> bool:
        due = self.cleaning.due(visit)
        if visit.looked or due is None or due > at:
            return False
        visit.looked = True
        held = self._held(at, visit.last_edge) is not None
        inside = visit.active is not None or held or self.cells.stands_open() or not self.cells.sensing()
        return self._work(visit, at, inside=inside)

    def _judge(self, visit: Visit, at: datetime) -> bool:
        left = self.visits.judge(at, held=self._held(at, visit.last_edge) is not None)
        if left is None:
            return self._work(visit, at, inside=True)
        stayed = visit.active is not None and not visit.guest_inside and at - visit.active < self._still
        self._end_visit(left)
        if stayed:
            self.occupancy.certain(at, "motion_seen")
        return True

    def _end_visit(self, left: datetime) -> None:
        visit, self.visits.visit = self.visits.visit, None
        if visit is None:
            return
        cleaned = self.cleaning.end(left)
        if cleaned and not visit.guest_sure and not visit.guest_came:
            self.occupancy.cleaned(left)
        if left - visit.entered >= self._glance and not visit.guest_came:
            self.occupancy.given_back()
        if visit.seen_entering and not visit.guest_came:
            self.occupancy.staff_left(left)

    def _guest_activity(self, at: datetime, device: str, point: str) -> bool:
        vacant = self.occupancy.question.phase is Phase.VACANT
        changed = self.occupancy.activity(at, device, point)
        if changed and vacant:
            self.cleaning.forget()
        return changed

    def _held(self, at: datetime, edge: datetime | None) -> str | None:
        if edge is not None and at - edge <= self._hold:
            return None
        cell = self.cells.held(at, self._longest)
        if cell is None or (cell.point == "bolt" and edge is not None and (cell.changed or edge) <= edge):
            return None  # a thrown bolt does not let the door move
        return cell.device
