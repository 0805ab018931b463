"""Tables of energy: who said what about setbacks, and what they came to."""

from datetime import date, datetime

from sqlalchemy import Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.tables import Base, PropertyId

HOUSE = ""
"""The room under which the hotel's own switch is kept."""


class EnergySetting(Base):
    """Of a room, or of the hotel (room ""). `allowed` None: nobody has said anything, the configuration counts.

    `expected`: when somebody is to find the room as comfortable as it was.
    """

    __tablename__ = "energy_setting"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    allowed: Mapped[bool | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    expected: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class EnergyDay(Base):
    """What a room's setbacks came to on a day of the hotel's calendar, as the edge measured it. Seconds, and kelvin
    times seconds (`pms.link.messages.EnergyBody`)."""

    __tablename__ = "energy_day"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    occupied_s: Mapped[float] = mapped_column(Float)
    vacant_s: Mapped[float] = mapped_column(Float)
    unknown_s: Mapped[float] = mapped_column(Float)
    setback_s: Mapped[float] = mapped_column(Float)
    deep_s: Mapped[float] = mapped_column(Float)
    window_s: Mapped[float] = mapped_column(Float)
    still_s: Mapped[float] = mapped_column(Float)
    degree_s: Mapped[float] = mapped_column(Float)
    drift_s: Mapped[float] = mapped_column(Float)
    orders: Mapped[int] = mapped_column(Integer)
