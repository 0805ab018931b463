"""What a restart must keep of a room, as one value."""

from dataclasses import dataclass, field
from datetime import datetime

from devices.model import Quality, Value
from edge.rooms.asleep import AsleepState
from edge.rooms.cells import Absence, Cell
from edge.rooms.cleaning import CleaningState
from edge.rooms.conditions import ConditionsState
from edge.rooms.intrusion import IntrusionState
from edge.rooms.occupancy import Question
from edge.rooms.signals import RoomFacts
from edge.rooms.uncarded import UncardedState
from edge.rooms.view import ManualAnswer
from edge.rooms.visits import Visit
from edge.rooms.wear import WearState

FORMAT = 1


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

    @classmethod
    def of(cls, cell: Cell) -> "CellState":
        """What of a cell outlives the process."""
        return cls(cell.device, cell.point, cell.value, cell.quality, cell.heard, cell.changed, cell.bad)

    def fill(self, cell: Cell) -> None:
        """Give a cell its last value back, not live."""
        cell.value, cell.quality, cell.heard = self.value, self.quality, self.heard
        cell.changed, cell.bad = self.changed, self.bad
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
