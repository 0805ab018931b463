"""Tables of the property."""

from datetime import date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import CheckConstraint, String, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, Name, PropertyId
from pms.property.rules import HOUSEKEEPING, REQUESTS, SELLABILITY


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Property(Base):
    """The house. `business_date` is moved by the service alone."""

    __tablename__ = "property"

    id: Mapped[Key]
    name: Mapped[Name]
    time_zone: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    day_starts: Mapped[time] = mapped_column(Time)
    business_date: Mapped[date]
    timers: Mapped[dict[str, float]] = mapped_column(JsonText)
    key_settings: Mapped[dict[str, Any] | None] = mapped_column(JsonText)  # None: the defaults of `pms.keys`
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Floor(Base):
    """A floor; `position` from the bottom up."""

    __tablename__ = "floor"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    code: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[Name]
    position: Mapped[int]


class RoomType(Base):
    """What is sold."""

    __tablename__ = "room_type"
    __table_args__ = (CheckConstraint("capacity >= 1", name="capacity"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    code: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[Name]
    capacity: Mapped[int]


class Room(Base):
    """A room and what the house believes of it. Several independent answers, never one list (see `rules`).

    `version` counts the changes people and departments make here; what the room's devices say has its own.
    """

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("property_id", "number"),
        _one_of("front_office", ("vacant", "occupied")),
        _one_of("housekeeping", HOUSEKEEPING),
        _one_of("sellability", SELLABILITY),
        _one_of("request", REQUESTS),
        _one_of("occupancy_set", ("vacant", "occupied")),
        CheckConstraint("housekeeping_source IN ('detected', 'manual')", name="housekeeping_source"),
        CheckConstraint("(front_office = 'occupied') = (stay_id IS NOT NULL)", name="stay"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "room"))
    property_id: Mapped[PropertyId]
    number: Mapped[str] = mapped_column(String(20))
    type_code: Mapped[Code]
    floor_code: Mapped[Code]
    position: Mapped[int]
    front_office: Mapped[Code] = mapped_column(default="vacant")
    stay_id: Mapped[str | None] = mapped_column(String(64))
    housekeeping: Mapped[Code] = mapped_column(default="clean")
    housekeeping_source: Mapped[Code] = mapped_column(default="manual")
    housekeeping_by: Mapped[str | None] = mapped_column(String(120))
    housekeeping_at: Mapped[datetime]
    sellability: Mapped[Code] = mapped_column(default="sellable")
    sellability_reason: Mapped[str | None] = mapped_column(String(200))
    sellability_until: Mapped[date | None]
    request: Mapped[str | None] = mapped_column(String(40))
    occupancy_set: Mapped[str | None] = mapped_column(String(40))
    occupancy_until: Mapped[datetime | None]
    occupancy_by: Mapped[str | None] = mapped_column(String(120))
    occupancy_at: Mapped[datetime | None]
    maintenance_reason: Mapped[str | None] = mapped_column(String(200))  # None: nobody works on it
    maintenance_since: Mapped[datetime | None]
    maintenance_until: Mapped[datetime | None]
    maintenance_by: Mapped[str | None] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(default=1)
