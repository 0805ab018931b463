"""Tables of housekeeping: tasks, and the cleanings that the rooms detected."""

from datetime import date, datetime
from functools import partial

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pms.housekeeping.rules import OPEN, TaskState, TaskType
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId

_STATES = ", ".join(f"'{state.value}'" for state in TaskState)
_TYPES = ", ".join(f"'{kind.value}'" for kind in TaskType)
_OPEN = text("state IN ({})".format(", ".join(f"'{state.value}'" for state in sorted(OPEN))))


class Task(Base):
    """A cleaning that is due, under way, or was done. A room has at most one open task."""

    __tablename__ = "housekeeping_task"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(f"type IN ({_TYPES})", name="type"),
        CheckConstraint("source IN ('manual', 'detected')", name="source"),
        Index(
            "uq_housekeeping_task_open", "property_id", "room", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        Index("ix_housekeeping_task_state", "property_id", "state"),
        Index("ix_housekeeping_task_room", "property_id", "room"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "task"))
    property_id: Mapped[PropertyId]
    room: Mapped[str] = mapped_column(String(20))
    type: Mapped[Code]
    state: Mapped[Code]
    business_date: Mapped[date]
    source: Mapped[Code]  # who last moved it: a person or the room's devices
    assignee: Mapped[str | None] = mapped_column(String(64))
    confirmed: Mapped[str | None] = mapped_column(String(20))  # what was proposed: by hand, or by the rule
    spell: Mapped[str | None] = mapped_column(String(120))  # the detected cleaning that began the work
    minutes: Mapped[int] = mapped_column(Integer)
    credits: Mapped[int] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(Text)
    reopened: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    inspected_at: Mapped[datetime | None]
    inspected_by: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name and type


class CleaningSpell(Base):
    """A time an attendant spent in a room, as its devices saw it. `by` is the credential the lock told."""

    __tablename__ = "cleaning_spell"
    __table_args__ = (Index("ix_cleaning_spell_room", "property_id", "room", "started_at"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    spell: Mapped[str] = mapped_column(String(120), primary_key=True)
    room: Mapped[str] = mapped_column(String(20))
    by: Mapped[str | None] = mapped_column(String(120))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    task_id: Mapped[str | None] = mapped_column(String(64))
