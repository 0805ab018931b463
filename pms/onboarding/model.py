"""Tables of onboarding: what the edge hears and nobody configured, and the changes that were asked for."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId
from pms.onboarding.rules import ACTIONS, STATES


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class DeviceCandidates(Base):
    """The edge's latest list of devices it hears and does not know (`Candidate` as JSON, each)."""

    __tablename__ = "device_candidates"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    ignored: Mapped[int] = mapped_column(Integer)
    dropped: Mapped[int] = mapped_column(Integer)


class InventoryChange(Base):
    """A change of `devices.toml` that somebody asked for, until it has ended in exactly one way.

    `room_before`: of a device that is moved. `undoes`: the change that this one takes back.
    """

    __tablename__ = "inventory_change"
    __table_args__ = (
        _one_of("action", ACTIONS),
        _one_of("state", STATES),
        Index("ix_inventory_change_created", "property_id", "created_at"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "change"))
    property_id: Mapped[PropertyId]
    action: Mapped[Code]
    device: Mapped[str | None] = mapped_column(String(64))
    line: Mapped[str | None] = mapped_column(String(64))
    profile: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(1000))
    room: Mapped[str | None] = mapped_column(String(20))
    room_before: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[Code]
    reason: Mapped[str | None] = mapped_column(String(120))
    detail: Mapped[str | None] = mapped_column(Text)
    undoes: Mapped[str | None] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]
