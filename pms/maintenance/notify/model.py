"""Tables of notifications: who can be told, when they are on duty, who comes next, what is to be sent."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.crypto import EncryptedText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId


class Contact(Base):
    """Somebody who can be told: a name for the list, a channel (email, or an adapter's name) and an address on it."""

    __tablename__ = "contact"
    __table_args__ = (CheckConstraint("priority IN ('critical', 'high', 'medium', 'low')", name="priority"),)

    id: Mapped[Key] = mapped_column(default=partial(new_id, "contact"))
    property_id: Mapped[PropertyId]
    name: Mapped[str] = mapped_column(EncryptedText)
    channel: Mapped[Code]
    address: Mapped[str] = mapped_column(EncryptedText)
    language: Mapped[str] = mapped_column(String(20))
    priority: Mapped[Code]  # told of this and what is more urgent
    created_at: Mapped[datetime]


class Shift(Base):
    """When somebody is on duty, each week: minutes of the hotel's day; an end before the start is after midnight."""

    __tablename__ = "duty_shift"

    id: Mapped[Key] = mapped_column(default=partial(new_id, "shift"))
    property_id: Mapped[PropertyId]
    contact_id: Mapped[str] = mapped_column(String(64), ForeignKey("contact.id", ondelete="CASCADE"))
    weekdays: Mapped[str] = mapped_column(String(7))  # digits 1 (Monday) to 7
    starts: Mapped[int] = mapped_column(Integer)
    ends: Mapped[int] = mapped_column(Integer)


class EscalationStep(Base):
    """Who is told when nobody has acknowledged an alert for so long."""

    __tablename__ = "escalation_step"
    __table_args__ = (UniqueConstraint("property_id", "minutes", "contact_id"),)

    id: Mapped[Key] = mapped_column(default=partial(new_id, "step"))
    property_id: Mapped[PropertyId]
    contact_id: Mapped[str] = mapped_column(String(64), ForeignKey("contact.id", ondelete="CASCADE"))
    minutes: Mapped[int] = mapped_column(Integer)


class Notification(Base):
    """A message to be sent. `once` names what it tells whom, so that the same is not written down twice."""

    __tablename__ = "notification"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'dead', 'dropped')", name="state"),
        UniqueConstraint("property_id", "once"),
        Index("ix_notification_due", "property_id", "state", "due_at"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "notice"))
    property_id: Mapped[PropertyId]
    once: Mapped[str] = mapped_column(String(300))
    reason: Mapped[Code]
    priority: Mapped[Code]
    alerts: Mapped[list[str]] = mapped_column(JsonText)
    event: Mapped[dict[str, Any] | None] = mapped_column(JsonText)  # for a webhook: what happened
    contact_id: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[Code]
    target: Mapped[str] = mapped_column(EncryptedText)
    state: Mapped[Code]
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
