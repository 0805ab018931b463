"""Tables of key cards: the counters of a room, the ledger of keys, and the jobs that read or erase a card."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId
from pms.keys.rules import JobState, KeyType, Life

_OWN_SEQUENCE = text("type IN ('new', 'replace')")


def _one_of(column: str, values: type[JobState] | type[KeyType] | type[Life]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value.value) for value in values)})", name=column)


class RoomKeys(Base):
    """The counter of a room's key sequences, and the lowest one that may still open. Both only rise.

    Whoever changes a key of the room locks this row first.
    """

    __tablename__ = "room_keys"
    __table_args__ = (CheckConstraint("floor <= last + 1", name="floor"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
    floor: Mapped[int] = mapped_column(BigInteger)


class CredentialCounter(Base):
    """The number of the last card in the ledger of the house."""

    __tablename__ = "credential_counter"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class _Job:
    """What every job at an encoder has. `step` is how far it came; `card` a keyed hash of the card's serial."""

    encoder: Mapped[str] = mapped_column(String(120))
    state: Mapped[Code]
    step: Mapped[Code]
    reason: Mapped[str | None] = mapped_column(String(120))
    by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    card: Mapped[str | None] = mapped_column(String(64))
    card_kind: Mapped[str | None] = mapped_column(String(40))


class KeyCard(_Job, Base):
    """A key of a stay: the job that makes it, what the card carries, and what became of it. Never deleted."""

    __tablename__ = "key_card"
    __table_args__ = (
        _one_of("type", KeyType),
        _one_of("state", JobState),
        _one_of("life", Life),
        UniqueConstraint("property_id", "credential"),
        Index(
            "uq_key_card_sequence",
            "property_id",
            "room",
            "sequence",
            unique=True,
            sqlite_where=_OWN_SEQUENCE,
            postgresql_where=_OWN_SEQUENCE,
        ),
        Index("ix_key_card_room", "property_id", "room", "id"),
        Index("ix_key_card_stay", "property_id", "stay_id", "id"),
        Index("ix_key_card_state", "property_id", "state"),
        Index("ix_key_card_life", "property_id", "life"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "key"))
    property_id: Mapped[PropertyId]
    stay_id: Mapped[str] = mapped_column(String(64), ForeignKey("reservation.id"))
    room: Mapped[str] = mapped_column(String(20))
    type: Mapped[Code]
    sequence: Mapped[int] = mapped_column(BigInteger)
    credential: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    life: Mapped[Code] = mapped_column(default=Life.PENDING.value)
    life_reason: Mapped[str | None] = mapped_column(String(40))
    life_ended_at: Mapped[datetime | None]
    life_ended_by: Mapped[str | None] = mapped_column(String(120))
    first_used_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]  # when somebody took note that it is unknown whether this card was made
    seen_by: Mapped[str | None] = mapped_column(String(120))


class CardJob(_Job, Base):
    """A card to be read or erased. `found`: what it said (`FoundCardBody` as JSON)."""

    __tablename__ = "card_job"
    __table_args__ = (
        _one_of("state", JobState),
        CheckConstraint("task IN ('read', 'erase')", name="task"),
        Index("ix_card_job_state", "property_id", "state"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "card"))
    property_id: Mapped[PropertyId]
    task: Mapped[Code]
    found: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
