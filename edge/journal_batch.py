"""What one commit of the journal stores, and why none can be made."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from edge.journal_energy import HistoryRow, store_days, store_history, store_plans
from edge.journal_keys import KeyStep, store_steps
from edge.journal_onboarding import ChangeStep, store_changes
from edge.journal_outbox import store_facts
from edge.journal_rows import (
    COMMAND,
    MESSAGE,
    REJECTED,
    ROOM,
    UNCOVERED,
    MessageRow,
    RoomSnapshot,
    StoredCommand,
    command_row,
    insert,
    message_row,
    rejected_rows,
    store_condition,
)
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


def store_batch(connection: sqlite3.Connection, batch: Batch, boot: int) -> int:
    """Inside the writer's transaction; how many older messages for the PMS had to go for those of the batch."""
    insert(connection, MESSAGE, batch.messages)
    insert(connection, REJECTED, batch.rejected)
    insert(connection, ROOM, [(room, *state) for room, state in batch.rooms.items()])
    given_up = store_facts(connection, batch.facts, boot)
    insert(connection, COMMAND, [command_row(command) for command in batch.commands])
    store_steps(connection, batch.key_steps)
    store_changes(connection, batch.change_steps)
    store_plans(connection, batch.plans)
    store_days(connection, batch.days)
    store_history(connection, batch.history)
    if batch.uncovered is not None:
        connection.execute(UNCOVERED, (str(batch.uncovered),))
    for key, body in batch.conditions.items():
        store_condition(connection, key, body)
    return given_up
