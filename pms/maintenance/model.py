"""Tables of maintenance: alerts and what people wrote and did about them."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId
from pms.maintenance.rules import AlertState

_STATES = ", ".join(f"'{state.value}'" for state in AlertState)
_OPEN = text("state <> 'resolved'")


class Alert(Base):
    """A condition of a room or device, and what people do about it. One open alert a condition (`key`)."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("priority IN ('critical', 'high', 'medium', 'low')", name="priority"),
        Index("uq_alert_open", "property_id", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_alert_state", "property_id", "state", "raised_at"),
        Index("ix_alert_room", "property_id", "room"),
        Index("ix_alert_suppressed_by", "property_id", "suppressed_by"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "alert"))
    property_id: Mapped[PropertyId]
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[Code]
    room: Mapped[str | None] = mapped_column(String(20))
    device: Mapped[str | None] = mapped_column(String(120))
    priority: Mapped[Code]
    state: Mapped[Code]
    present: Mapped[bool]  # whether the condition itself is still there
    count: Mapped[int] = mapped_column(Integer)
    raised_at: Mapped[datetime]  # the first time
    last_raised_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    shelved_until: Mapped[datetime | None]
    shelved_reason: Mapped[str | None] = mapped_column(Text)
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    acknowledged_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(64))  # None: it cleared by itself
    resolved_at: Mapped[datetime | None]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    line: Mapped[str | None] = mapped_column(String(120))  # what the device hangs on
    suppressed_by: Mapped[str | None] = mapped_column(String(200))  # the key of the fault this one follows from
    out_of_service_by: Mapped[str | None] = mapped_column(String(120))
    out_of_service_at: Mapped[datetime | None]
    out_of_service_reason: Mapped[str | None] = mapped_column(Text)
    escalated: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # steps of the list told so far
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name and type


class AlertNote(Base):
    """A line of an alert's history: who did what, when, and what they wrote."""

    __tablename__ = "alert_note"
    __table_args__ = (Index("ix_alert_note_alert", "alert_id", "at"),)

    id: Mapped[Key] = mapped_column(default=partial(new_id, "note"))
    property_id: Mapped[PropertyId]
    alert_id: Mapped[str] = mapped_column(String(64), ForeignKey("alert.id"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(120))
    action: Mapped[Code]
    text: Mapped[str] = mapped_column(Text)
