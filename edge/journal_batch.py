"""What one commit of the journal stores, and why none can be made."""

from dataclasses import dataclass, field

from edge.journal_energy import HistoryRow
from edge.journal_keys import KeyStep
from edge.journal_onboarding import ChangeStep
from edge.journal_rows import RoomSnapshot, StoredCommand
from gateway.ports import LineMessage


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing is committed now. `code`: disk_full or disk_error."""

    code: str
    detail: str


@dataclass(slots=True)
class Batch:
    """What one commit stores. `facts`: (kind, key, JSON) for the PMS; a condition with body None is gone.

    `uncovered`: the first message that is in no room's snapshot yet, 0 when all are; None: as it was.
    """

    messages: list[LineMessage] = field(default_factory=list)
    facts: list[tuple[str, str, bytes]] = field(default_factory=list)
    rooms: dict[str, RoomSnapshot] = field(default_factory=dict)
    conditions: dict[str, bytes | None] = field(default_factory=dict)
    commands: list[StoredCommand] = field(default_factory=list)
    key_steps: list[KeyStep] = field(default_factory=list)
    change_steps: list[ChangeStep] = field(default_factory=list)
    plans: dict[str, bytes] = field(default_factory=dict)  # of setbacks, by room
    days: dict[tuple[str, str], bytes] = field(default_factory=dict)  # what was counted, by room and day
    history: list[HistoryRow] = field(default_factory=list)
    uncovered: int | None = None
