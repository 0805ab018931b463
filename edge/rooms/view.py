"""The room's state as it is told: the shape of the link's up/room body."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from devices.model import Quality
from edge.rooms.attended import Attended
from edge.rooms.cells import SENSING, Cell, Cells
from edge.rooms.climate import Climate
from edge.rooms.conditions import Conditions
from edge.rooms.manual import Manual, ManualAnswer
from edge.rooms.question import Phase, Question
from edge.rooms.signals import Evidence
from edge.rooms.visits import Visit

MOST_EVIDENCE = 8


class Answer(NamedTuple):
    """Whether somebody is in, as it is told: by hand, else detected."""

    value: str
    confidence: float
    since: datetime | None
    fresh_until: datetime | None
    stale: bool
    source: str
    quiet_since: datetime | None = None  # detected vacant: the last sign of life


class Showing:
    """What there is to show of one room."""

    __slots__ = ("_cells", "_climate", "_conditions", "_manual", "_people")

    def __init__(
        self, people: Attended, cells: Cells, climate: Climate, conditions: Conditions, manual: Manual
    ) -> None:
        self._people = people
        self._cells = cells
        self._climate = climate
        self._conditions = conditions
        self._manual = manual

    def body(self, now: datetime, checked_out: datetime | None) -> dict[str, Any]:
        """The link's up/room body, without the room's own number and version (instants as datetime)."""
        people, cells, manual = self._people, self._cells, self._manual.answers
        cleaning = people.cleaning.state
        around = Around(people.occupancy.question, cells, checked_out, people.visits.visit, manual.get("occupancy"))
        return {
            "at": now,
            "occupancy": occupancy(around, self.answer(now)),
            "cleaning": {"phase": cleaning.phase, "by": cleaning.by, "since": cleaning.since},
            "request": request(cells, manual.get("request")),
            "door": point(cells, "door"),
            "lock": point(cells, "lock"),
            "climate": self._climate.view(),
            "conditions": self._conditions.kinds(),
        }

    def answer(self, now: datetime) -> Answer:
        """Whether somebody is in."""
        occupancy, manual = self._people.occupancy, self._manual.answers.get("occupancy")
        until = _fresh_until(self._cells)
        if manual is not None:
            return Answer(manual.value, 1.0, manual.at, until, stale=False, source="manual")
        old = stale(occupancy.question, self._cells)
        confidence = round(occupancy.confidence(now) * (0.5 if old else 1.0), 2)
        question = occupancy.question
        quiet = question.quiet_since if question.phase is Phase.VACANT else None
        return Answer(question.answer, confidence, question.since, until, old, "detected", quiet)


@dataclass(frozen=True, slots=True)
class Around:
    """What bears on the occupancy besides the question itself."""

    question: Question
    cells: Cells
    checked_out: datetime | None
    visit: Visit | None
    manual: ManualAnswer | None


def sensed(cell: Cell | None, cells: Cells, unknown: str) -> dict[str, Any]:
    """A point with its age; `unknown` where nothing (good) is known of it."""
    if cell is None or (cell.value is None and cell.heard is None):
        return {"value": unknown, "since": None, "heard": None, "fresh_until": None, "stale": False}
    return {
        "value": cell.text() or unknown,
        "since": cell.changed,
        "heard": cell.heard,
        "fresh_until": cell.fresh_until(),
        "stale": not cell.live or cells.away(cell),
    }


def point(cells: Cells, name: str) -> dict[str, Any]:
    """The first cell of a point that was heard, unknown when none was."""
    return sensed(_first(cells, name), cells, "unknown")


def request(cells: Cells, manual: ManualAnswer | None) -> dict[str, Any]:
    """Do not disturb, make up room, or none, and who says so; a panel that went bad keeps its last word, stale."""
    value, source, cell = _asked(cells, manual)
    if manual is not None:
        return {"value": value, "since": manual.at, "heard": manual.at, "fresh_until": None, "stale": False} | {
            "source": source
        }
    body = sensed(cell, cells, value) | {"value": value}
    body["stale"] |= cell is not None and cell.quality is Quality.BAD
    return body | {"source": source if body["heard"] is not None else None}


def _asked(cells: Cells, manual: ManualAnswer | None) -> tuple[str, str, Cell | None]:
    """What is asked, by whom, and the cell that tells it.

    Who has bolted the door does not want to be disturbed, unless the panel says what they want.
    """
    if manual is not None:
        return manual.value, "manual", None
    cell, bolt = _first(cells, "request"), _first(cells, "bolt")
    if bolt is not None and bolt.value is True and bolt.quality is not Quality.BAD and _asks_nothing(cell):
        return "dnd", "lock", bolt
    return cell.value if cell is not None and isinstance(cell.value, str) else "none", "panel", cell


def _asks_nothing(cell: Cell | None) -> bool:
    return cell is None or cell.value in {None, "none"}


def _first(cells: Cells, name: str) -> Cell | None:
    known = cells.of(name)
    return next((cell for cell in known if cell.heard is not None), known[0] if known else None)


def occupancy(around: Around, answer: Answer) -> dict[str, Any]:
    """The answer, by hand or detected, with its evidence."""
    told = answer._asdict()
    del told["quiet_since"]
    return told | {
        "heard": _heard(around.cells),
        "until": around.manual.until if around.manual is not None else None,
        "evidence": [{"code": item.code, "at": item.at, "params": item.params} for item in _evidence(around)],
        "detected": around.question.answer if around.manual is not None else None,
    }


def _witnesses(cells: Cells) -> list[Cell]:
    return [cell for cell in (*cells.of("door"), *cells.sensing()) if cell.heard is not None]


def _heard(cells: Cells) -> datetime | None:
    return max((cell.heard for cell in _witnesses(cells) if cell.heard is not None), default=None)


def _fresh_until(cells: Cells) -> datetime | None:
    untils = [cell.fresh_until() for cell in _witnesses(cells)]
    return min((until for until in untils if until is not None), default=None)


def stale(question: Question, cells: Cells) -> bool:
    """An answer is stale when a witness is away, or when none has been heard since the restart."""
    if question.phase is Phase.UNKNOWN and question.since is None:
        return False
    witnesses = _witnesses(cells)
    return any(cells.away(cell) for cell in witnesses) or not any(cell.live for cell in witnesses)


def _keycard(cells: Cells) -> Cell | None:
    known = (cell for cell in cells.of("keycard", "occupancy_input") if cell.live and not cells.away(cell))
    return next((cell for cell in known if isinstance(cell.value, bool)), None)


def _evidence(around: Around) -> list[Evidence]:
    cells, question = around.cells, around.question
    reasons = [_latest(item, question) for item in question.evidence]
    card = _keycard(cells)
    if card is not None and card.changed is not None:
        reasons.append(Evidence("keycard_in" if card.value is True else "keycard_out", card.changed))
    if around.visit is not None:
        reasons.append(Evidence("staff_entered", around.visit.entered, {"class": around.visit.by}))
    if around.checked_out is not None:
        reasons.append(Evidence("checked_out", around.checked_out))
    seeing = {cell.device for cell in (*cells.of("door"), *cells.sensing(), *cells.of(*SENSING))}
    reasons += [
        Evidence("sensor_silent", absence.at, {"device": device})
        for device, absence in cells.offline.items()
        if device in seeing
    ]
    if around.manual is not None:
        reasons.append(Evidence("override", around.manual.at, {"by": around.manual.by}))
    return sorted(reasons, key=lambda item: item.at)[-MOST_EVIDENCE:]


def _latest(item: Evidence, question: Question) -> Evidence:
    """Motion goes on being seen after it decided."""
    if item.code != "motion_seen" or question.phase is not Phase.LATCHED or question.last_activity is None:
        return item
    return Evidence(item.code, max(item.at, question.last_activity), item.params)
