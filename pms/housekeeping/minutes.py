"""Who was how long in which room, from the visits of a day. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from pms.housekeeping.rules import MINUTES, TaskType
from pms.housekeeping.visit_model import StaffCard, StaffVisit
from pms.housekeeping.visit_rules import VisitKind

WORK = frozenset({VisitKind.CLEANING.value, VisitKind.TURNDOWN.value, VisitKind.INSPECTION.value})


@dataclass(frozen=True, slots=True)
class Line:
    """One visit. `minutes` None: nobody knows when they left; `at_most`: the card's next door says so."""

    visit: str
    room: str
    kind: str
    kind_source: str
    entered: datetime
    left: datetime | None
    minutes: float | None
    planned: int | None
    at_most: bool
    card: str | None
    card_class: str
    from_audit: bool
    guests: bool
    not_to_be_disturbed: bool


@dataclass
class Attendant:
    """One person's day, or one card's; nobody's: visits without a card."""

    user_id: str | None
    card: str | None
    department: str | None
    lines: list[Line] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """In rooms, of the visits of which it is known."""
        return sum(line.minutes or 0.0 for line in self.lines)

    @property
    def rooms(self) -> int:
        """Rooms cleaned."""
        return len({line.room for line in self.lines if line.kind == VisitKind.CLEANING})

    @property
    def planned(self) -> int:
        """Minutes that were planned for what was cleaned or turned down."""
        return sum(line.planned or 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class TypeFigure:
    """A type of task: how many, the median of the actual minutes, the planned ones."""

    type: str
    count: int
    median: float
    planned: int


def by_attendant(visits: Iterable[StaffVisit], cards: Mapping[str, StaffCard]) -> list[Attendant]:
    """The day by person (a person with two cards is one), then by card, nobody's at the end."""
    found: dict[tuple[str, str], Attendant] = {}
    for visit in visits:
        card = cards.get(visit.card or "")
        user, number = (card.user_id if card else None), visit.card
        key = ("user", user) if user else ("card", number) if number else ("nobody", "")
        department = card.department if card else None
        one = found.setdefault(key, Attendant(user, number, department))
        one.lines.append(line_of(visit))
    rank = {"user": 0, "card": 1, "nobody": 2}
    return [found[key] for key in sorted(found, key=lambda key: (rank[key[0]], key[1]))]


def line_of(visit: StaffVisit) -> Line:
    """One visit as a line."""
    took = None if visit.left_at is None else (visit.left_at - visit.entered_at).total_seconds() / 60
    return Line(
        visit=visit.visit,
        room=visit.room,
        kind=visit.kind,
        kind_source=visit.kind_source,
        entered=visit.entered_at,
        left=visit.left_at,
        minutes=None if took is None else round(took, 1),
        planned=_planned(visit),
        at_most=visit.estimated,
        card=visit.card,
        card_class=visit.known_class,
        from_audit=visit.source == "audit" or (visit.credential is None and visit.audit_credential is not None),
        guests=bool(visit.facts.get("guests")),
        not_to_be_disturbed=visit.facts.get("request") == "dnd",
    )


def by_type(lines: Sequence[tuple[str, float]]) -> list[TypeFigure]:
    """What each type of task took: (type, minutes) of every cleaning of which both are known."""
    found: dict[str, list[float]] = {}
    for kind, minutes in lines:
        found.setdefault(kind, []).append(minutes)
    return [
        TypeFigure(kind, len(took), round(median(took), 1), MINUTES[TaskType(kind)])
        for kind, took in sorted(found.items())
    ]


def typed(visits: Iterable[StaffVisit]) -> list[tuple[str, float]]:
    """The cleanings among visits with their task's type and minutes; estimates are left out."""
    return [
        (str(visit.facts["task_type"]), (visit.left_at - visit.entered_at).total_seconds() / 60)
        for visit in visits
        if visit.kind in {VisitKind.CLEANING, VisitKind.TURNDOWN}
        and visit.left_at is not None
        and not visit.estimated
        and visit.facts.get("task_type")
    ]


def _planned(visit: StaffVisit) -> int | None:
    kind: str = visit.facts.get("task_type") or ""
    if visit.kind == VisitKind.TURNDOWN:
        kind = TaskType.TURNDOWN.value
    counts = visit.kind in {VisitKind.CLEANING, VisitKind.TURNDOWN} and kind != ""
    return MINUTES[TaskType(kind)] if counts else None
