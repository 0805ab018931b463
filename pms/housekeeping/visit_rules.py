"""Pure rules of visits: what somebody of the staff did in a room, and what a lock's late audit adds to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class VisitKind(StrEnum):
    """What a visit was for."""

    CLEANING = "cleaning"
    TURNDOWN = "turndown"
    INSPECTION = "inspection"
    ENGINEERING = "engineering"
    ROOM_SERVICE = "room_service"
    WELFARE = "welfare"
    SECURITY = "security"
    ERRAND = "errand"  # something brought or asked while the guest was in
    LOOK = "look"
    GUEST = "guest"  # not of the staff at all
    OTHER = "other"


class Department(StrEnum):
    """Whose card it is."""

    HOUSEKEEPING = "housekeeping"
    INSPECTION = "inspection"
    ENGINEERING = "engineering"
    ROOM_SERVICE = "room_service"
    SECURITY = "security"
    MANAGEMENT = "management"


DEPARTMENT_OF: dict[str, Department] = {
    "housekeeping": Department.HOUSEKEEPING,
    "engineering": Department.ENGINEERING,
    "maintenance": Department.ENGINEERING,
    "master": Department.MANAGEMENT,
    "emergency": Department.SECURITY,
}
"""By the class of a card; a card that is entered as somebody's own says it better."""

GUESTS = frozenset({"guest", "one_shot"})
LOOK = timedelta(minutes=2)
SHORT = timedelta(minutes=8)
"""Shorter than any cleaning."""
TURNDOWN_MOST = timedelta(minutes=20)
TURNDOWN_HOURS = (17, 23)
"""Local hours."""
INSPECTION_LEAST = timedelta(minutes=1)
ROUND_OF = 3
"""So many short visits of one card to rooms that were done make an inspection round."""
NEAR = timedelta(minutes=3)
"""A lock's clock and the house's are this far apart at most."""
ROUND_WITHIN = timedelta(hours=2)
LONGEST = timedelta(minutes=90)
"""An opening says nothing of when somebody left; the same card at the next door does, within this."""


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """What is known of a visit. `task_type` and `task_state`: of the room's latest task before they left."""

    card_class: str
    department: Department | None
    minutes: timedelta | None  # None: nobody knows when they left
    hour: int  # local, when they came
    cleaned: bool = False
    guests: bool = False
    request: str = "none"
    rented: bool = False
    task_type: str | None = None
    task_state: str | None = None
    round_of: int = 1  # short visits of this card to rooms that were done, around this one


_DONE = frozenset({"proposed", "done"})
_H, _D = Department.HOUSEKEEPING, Department

_Rule = tuple[VisitKind, Callable[[VisitFacts], bool]]
RULES: tuple[_Rule, ...] = (
    (VisitKind.GUEST, lambda v: v.card_class in GUESTS),
    (VisitKind.ENGINEERING, lambda v: v.department is _D.ENGINEERING),
    (VisitKind.ROOM_SERVICE, lambda v: v.department is _D.ROOM_SERVICE),
    (VisitKind.WELFARE, lambda v: v.request == "dnd" and not v.cleaned and _within(v, SHORT)),
    (VisitKind.SECURITY, lambda v: v.department is _D.SECURITY),
    (VisitKind.TURNDOWN, lambda v: v.department is _H and _is_turndown(v)),
    (VisitKind.CLEANING, lambda v: v.cleaned and v.department in {_H, None}),
    (VisitKind.INSPECTION, lambda v: _is_inspection(v)),
    (VisitKind.ERRAND, lambda v: v.department is _H and v.guests and _within(v, SHORT)),
    (VisitKind.LOOK, lambda v: _within(v, LOOK)),
)
"""The first that holds, else a visit of no known purpose. A credential says more than a dwell."""


def kind_of(visit: VisitFacts) -> VisitKind:
    """What the visit was for."""
    return next((kind for kind, holds in RULES if holds(visit)), VisitKind.OTHER)


def department_of(card_class: str, own: str | None) -> Department | None:
    """Whose card it is: as it was entered, else by its class; None where nobody knows."""
    return Department(own) if own else DEPARTMENT_OF.get(card_class)


def _within(visit: VisitFacts, most: timedelta) -> bool:
    return visit.minutes is not None and visit.minutes < most


def _is_turndown(visit: VisitFacts) -> bool:
    first, last = TURNDOWN_HOURS
    took = visit.minutes
    evening = first <= visit.hour < last and took is not None and LOOK <= took <= TURNDOWN_MOST
    return evening and (visit.task_type == "turndown" or (visit.rented and not visit.guests))


def _is_inspection(visit: VisitFacts) -> bool:
    took = visit.minutes
    if visit.cleaned or (took is not None and not INSPECTION_LEAST <= took < 2 * SHORT):
        return False
    if visit.department is Department.INSPECTION:
        return True
    if visit.department is Department.MANAGEMENT:
        return visit.task_state in _DONE or visit.round_of >= ROUND_OF
    return visit.department is Department.HOUSEKEEPING and visit.round_of >= ROUND_OF


class Seen(NamedTuple):
    """A visit as the room saw it."""

    id: str
    entered: datetime
    left: datetime
    card_class: str
    credential: str | None


class Entry(NamedTuple):
    """An opening as a lock remembered it."""

    credential: str
    card_class: str
    at: datetime


class Corrected(NamedTuple):
    """What the audit makes of a room's visits: whose those without a card were, and openings that nobody had seen."""

    known: dict[str, Entry]
    unseen: tuple[Entry, ...]


def reconcile(visits: Sequence[Seen], entries: Sequence[Entry]) -> Corrected:
    """Hold the openings that a lock remembered against the visits of its room.

    The result is the same in whatever order the two came, and however often.
    """
    known: dict[str, Entry] = {}
    unseen: list[Entry] = []
    for entry in sorted(set(entries), key=lambda one: (one.at, one.credential)):
        visit = _visit_of(entry, visits)
        if visit is None:
            if entry.card_class not in GUESTS and not _again(entry, unseen):
                unseen.append(entry)
        elif visit.credential is None and entry.card_class not in GUESTS:
            known.setdefault(visit.id, entry)
    return Corrected(known, tuple(unseen))


def _visit_of(entry: Entry, visits: Sequence[Seen]) -> Seen | None:
    near = [visit for visit in visits if visit.entered - NEAR <= entry.at <= max(visit.left, visit.entered + NEAR)]
    return min(near, key=lambda visit: (abs(visit.entered - entry.at), visit.id), default=None)


def _again(entry: Entry, before: Sequence[Entry]) -> bool:
    """In and out with the cart: one visit."""
    return any(one.credential == entry.credential and entry.at - one.at <= LONGEST for one in before[-3:])


def left_by(entered: datetime, others: Sequence[datetime]) -> datetime | None:
    """When somebody who was seen entering only must have left: the same card came to another room."""
    later = min((at for at in others if at > entered), default=None)
    return later if later is not None and later - entered <= LONGEST else None
