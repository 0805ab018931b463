"""What a restart must keep of a room, as one value."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from devices.model import Quality, Value
from edge.rooms.asleep import AsleepState
from edge.rooms.belief_state import BeliefState
from edge.rooms.cells import Absence, Cell
from edge.rooms.cleaning import CleaningState
from edge.rooms.conditions import ConditionsState
from edge.rooms.gaps import GapsState
from edge.rooms.intrusion import IntrusionState
from edge.rooms.lessons import Lessons
from edge.rooms.manual import ManualAnswer
from edge.rooms.packing import pack
from edge.rooms.question import Phase, Question
from edge.rooms.signals import RoomFacts
from edge.rooms.silence import FORCED
from edge.rooms.uncarded import UncardedState
from edge.rooms.visits import Visit
from edge.rooms.wear import WearState

FORMAT = 2
READABLE = frozenset({1, 2})
"""1: before a room learned; its answer stands, what it knows of itself begins anew."""


@dataclass(slots=True)
class CellState:
    """The last value of a point."""

    device: str
    point: str
    value: Value = None
    quality: Quality = Quality.GOOD
    heard: datetime | None = None
    changed: datetime | None = None
    bad: int = 0
    ordered: tuple[Value, ...] = ()

    @classmethod
    def of(cls, cell: Cell) -> "CellState":
        """What of a cell outlives the process."""
        return cls(cell.device, cell.point, cell.value, cell.quality, cell.heard, cell.changed, cell.bad, cell.ordered)

    def fill(self, cell: Cell) -> None:
        """Give a cell its last value back, not live."""
        cell.value, cell.quality, cell.heard = self.value, self.quality, self.heard
        cell.changed, cell.bad, cell.ordered = self.changed, self.bad, self.ordered
        cell.live = cell.calm = cell.lapsed = False


@dataclass(slots=True)
class RoomState:
    """The whole room."""

    format: int
    version: int
    now: datetime | None
    question: Question
    before: Question
    cleaning: CleaningState
    conditions: ConditionsState
    visit: Visit | None = None
    cells: list[CellState] = field(default_factory=list)
    offline: dict[str, Absence] = field(default_factory=dict)
    asleep: AsleepState = field(default_factory=AsleepState)
    last_entry: datetime | None = None
    facts: RoomFacts | None = None
    checked_out: datetime | None = None
    manual: dict[str, ManualAnswer] = field(default_factory=dict)
    uncarded: UncardedState = field(default_factory=UncardedState)
    wear: WearState = field(default_factory=WearState)
    intrusion: IntrusionState = field(default_factory=IntrusionState)
    gaps: GapsState = field(default_factory=GapsState)
    belief: BeliefState | None = None
    belief_before: BeliefState | None = None


class PackedLessons:
    """What a room learned, packed: anew only when it has learned something since. Kept as text, a fifth of the size."""

    __slots__ = ("_revision", "_text")

    def __init__(self) -> None:
        self._revision = -1
        self._text = ""

    def of(self, lessons: Lessons) -> dict[str, Any]:
        """As plain JSON values."""
        if lessons.revision != self._revision:
            self._text, self._revision = orjson.dumps(pack(lessons)).decode(), lessons.revision
        packed: dict[str, Any] = orjson.loads(self._text)
        return packed


def belief_of(question: Question) -> BeliefState:
    """What the answer of a room that kept no belief says of it."""
    door, felt = question.last_door, question.last_activity
    at = question.quiet_since or door or felt or question.since
    match question.phase:
        case Phase.LATCHED:
            return BeliefState(0.0, "felt", felt or at)
        case Phase.VACANT:
            return BeliefState(FORCED, "door", at, edge=door or at)
        case Phase.CHECKING:
            return BeliefState(at=at, kind="door", edge=door or at)
    return BeliefState()
