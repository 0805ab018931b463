"""Tables of the front desk: who moved from which room to which."""

from datetime import datetime
from functools import partial

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Key, PropertyId


class StayMove(Base):
    """A room move of a stay, and why: the reason is people's own words, so it is not in the event."""

    __tablename__ = "stay_move"
    __table_args__ = (Index("ix_stay_move_stay", "property_id", "stay_id", "at"),)

    id: Mapped[Key] = mapped_column(default=partial(new_id, "move"))
    property_id: Mapped[PropertyId]
    stay_id: Mapped[str] = mapped_column(String(64), ForeignKey("reservation.id"))
    from_room: Mapped[str] = mapped_column(String(20))
    to_room: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str | None] = mapped_column(Text)
