"""Tables of reservations. A night of a room has one owner, and the database itself sees to it."""

from datetime import date, datetime
from functools import partial

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId
from pms.reservations.rules import ReservationState

_STATES = ", ".join(f"'{state.value}'" for state in ReservationState)


class Reservation(Base):
    """A room promised for nights; from check-in on it is called a stay. `version` counts its changes."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("departure > arrival OR state = 'checked_out'", name="dates"),
        CheckConstraint("guests >= 1", name="guests"),
        Index("ix_reservation_room_state", "property_id", "room", "state"),
        Index("ix_reservation_state", "property_id", "state", "arrival"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "stay"))
    property_id: Mapped[PropertyId]
    state: Mapped[Code]
    room: Mapped[str] = mapped_column(String(20))
    arrival: Mapped[date]
    departure: Mapped[date]
    guests: Mapped[int] = mapped_column(Integer)
    guest_id: Mapped[str] = mapped_column(String(64), ForeignKey("guest.id"))
    walk_in: Mapped[bool] = mapped_column(default=False)
    override_reason: Mapped[str | None] = mapped_column(Text)  # why a room that was not ready was given away
    created_at: Mapped[datetime]
    checked_in_at: Mapped[datetime | None]
    checked_out_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name and type


class RoomNight(Base):
    """A night of a room, owned by one reservation. The primary key is the guard against double booking."""

    __tablename__ = "room_night"
    __table_args__ = (Index("ix_room_night_reservation", "reservation_id"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    reservation_id: Mapped[str] = mapped_column(String(64), ForeignKey("reservation.id"))
