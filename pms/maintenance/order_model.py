"""Tables of work orders."""

from datetime import datetime
from functools import partial

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId
from pms.maintenance.order_rules import OrderState, Proposal

_STATES = ", ".join(f"'{state.value}'" for state in OrderState)
_PROPOSALS = ", ".join(f"'{one.value}'" for one in Proposal)
_UNFINISHED = text("state <> 'done' AND alert_id IS NOT NULL")


class WorkOrder(Base):
    """Something to be repaired. At most one unfinished order an alert."""

    __tablename__ = "work_order"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(f"proposal IN ({_PROPOSALS})", name="proposal"),
        Index(
            "uq_work_order_alert",
            "property_id",
            "alert_id",
            unique=True,
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index("ix_work_order_state", "property_id", "state", "created_at"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "work"))
    property_id: Mapped[PropertyId]
    room: Mapped[str | None] = mapped_column(String(20))
    device: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str | None] = mapped_column(String(40))  # of the fault; None: written by hand
    title: Mapped[str] = mapped_column(Text)  # in a person's words; "" where the kind says it
    state: Mapped[Code]
    blocked_reason: Mapped[str | None] = mapped_column(Text)
    proposal: Mapped[Code]
    alert_id: Mapped[str | None] = mapped_column(String(64))
    worker: Mapped[str | None] = mapped_column(String(120))  # who began it
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name and type


class WorkOrderNote(Base):
    """A line of an order's history."""

    __tablename__ = "work_order_note"
    __table_args__ = (Index("ix_work_order_note_order", "order_id", "at"),)

    id: Mapped[Key] = mapped_column(default=partial(new_id, "note"))
    property_id: Mapped[PropertyId]
    order_id: Mapped[str] = mapped_column(String(64), ForeignKey("work_order.id"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(120))
    action: Mapped[Code]
    text: Mapped[str] = mapped_column(Text)
