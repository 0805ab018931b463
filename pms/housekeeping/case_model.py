"""Tables of cases: where desk and room disagree, what the guest asked for, how many people were counted."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pms.housekeeping.case_rules import PRESENT, CaseKind, CaseState
from pms.kernel.columns import JsonText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId

_STATES = ", ".join(f"'{state.value}'" for state in CaseState)
_KINDS = ", ".join(f"'{kind.value}'" for kind in CaseKind)
_PRESENT = text("state IN ({})".format(", ".join(f"'{state.value}'" for state in sorted(PRESENT))))


class RoomCase(Base):
    """A case. One of a kind at a time in a room; it opens and closes by itself, and people may deal with it."""

    __tablename__ = "room_case"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        Index(
            "uq_room_case_present",
            "property_id",
            "room",
            "kind",
            unique=True,
            sqlite_where=_PRESENT,
            postgresql_where=_PRESENT,
        ),
        Index("ix_room_case_state", "property_id", "state", "opened_at"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "case"))
    property_id: Mapped[PropertyId]
    room: Mapped[str] = mapped_column(String(20))
    kind: Mapped[Code]
    state: Mapped[Code]
    stay: Mapped[str | None] = mapped_column(String(64))
    since: Mapped[datetime]  # since when it has been so
    opened_at: Mapped[datetime]
    gone_since: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    dismissed_by: Mapped[str | None] = mapped_column(String(64))
    dismissed_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name and type


class GuestSign(Base):
    """What a room asks for now and since when, whoever says so: panel, lock, desk or app."""

    __tablename__ = "guest_sign"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[Code]
    source: Mapped[Code]
    since: Mapped[datetime]


class PersonCount(Base):
    """How many people somebody counted in a room."""

    __tablename__ = "person_count"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    persons: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(120))
