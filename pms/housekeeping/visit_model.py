"""Tables of visits: who of the staff was in which room, what locks remembered afterwards, whose card is whose."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pms.housekeeping.visit_rules import Department, VisitKind
from pms.kernel.columns import JsonText
from pms.kernel.tables import Base, Code, PropertyId

_KINDS = ", ".join(f"'{kind.value}'" for kind in VisitKind)
_DEPARTMENTS = ", ".join(f"'{one.value}'" for one in Department)


class StaffVisit(Base):
    """A visit. `source`: `sensed` by the room, or known from a lock's `audit` alone. `audit_…`: what the lock's memory
    added to a visit whose card was not heard. `left_at` None: nobody knows; `estimated`: from the card's next door."""

    __tablename__ = "staff_visit"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("kind_source IN ('rule', 'manual')", name="kind_source"),
        CheckConstraint("source IN ('sensed', 'audit')", name="source"),
        Index("ix_staff_visit_entered", "property_id", "entered_at"),
        Index("ix_staff_visit_room", "property_id", "room", "entered_at"),
        Index("ix_staff_visit_credential", "property_id", "credential", "entered_at"),
    )

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    visit: Mapped[str] = mapped_column(String(160), primary_key=True)
    room: Mapped[str] = mapped_column(String(20))
    source: Mapped[Code]
    card_class: Mapped[Code]
    credential: Mapped[str | None] = mapped_column(String(120))
    audit_class: Mapped[str | None] = mapped_column(String(40))
    audit_credential: Mapped[str | None] = mapped_column(String(120))
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    estimated: Mapped[bool] = mapped_column(Boolean, default=False)
    kind: Mapped[Code]
    kind_source: Mapped[Code] = mapped_column(default="rule")
    facts: Mapped[dict[str, Any]] = mapped_column(JsonText)  # what was known when it ended: moved, guests, request ...
    spell: Mapped[str | None] = mapped_column(String(120))
    task_id: Mapped[str | None] = mapped_column(String(64))

    @property
    def card(self) -> str | None:
        """The credential, by whatever way it became known."""
        return self.credential or self.audit_credential

    @property
    def known_class(self) -> str:
        """The class of the card."""
        return self.audit_class or self.card_class


class LockAudit(Base):
    """An opening that a lock remembered and told afterwards. The key makes it one, however often it is read out."""

    __tablename__ = "lock_audit"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    credential: Mapped[str] = mapped_column(String(120), primary_key=True)
    card_class: Mapped[Code]
    told_at: Mapped[datetime]


class StaffCard(Base):
    """Whose a card is: the department, and the person where it is one's own."""

    __tablename__ = "staff_card"
    __table_args__ = (CheckConstraint(f"department IN ({_DEPARTMENTS})", name="department"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    credential: Mapped[str] = mapped_column(String(120), primary_key=True)
    department: Mapped[Code]
    user_id: Mapped[str | None] = mapped_column(String(64))
