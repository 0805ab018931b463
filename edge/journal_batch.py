"""What one commit of the journal stores, and why none can be made."""

from dataclasses import dataclass, field
from typing import Any

from edge.journal_energy import HistoryRow
from edge.journal_keys import KeyStep
from edge.journal_onboarding import ChangeStep
from edge.journal_rows import MessageRow, RoomSnapshot, StoredCommand, message_row, rejected_rows
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

    messages: list[MessageRow] = field(default_factory=list)
    rejected: list[tuple[Any, ...]] = field(default_factory=list)  # what of them could not be understood
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

    def take(self, message: LineMessage, boot: int) -> None:
        """A message of this run; what was read out of it is not kept: it would be half of a flood."""
        self.messages.append(message_row(message, boot))
        if message.decoded.rejected:
            self.rejected += rejected_rows(message)
