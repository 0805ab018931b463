"""Tables of guests. What is personal is encrypted; `name_index` finds equal names without storing them."""

from datetime import datetime
from functools import partial

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.crypto import EncryptedText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Key, PropertyId


class Guest(Base):
    """Somebody who stays, or will."""

    __tablename__ = "guest"
    __table_args__ = (Index("ix_guest_name_index", "property_id", "name_index"),)

    id: Mapped[Key] = mapped_column(default=partial(new_id, "guest"))
    property_id: Mapped[PropertyId]
    name: Mapped[str] = mapped_column(EncryptedText)
    name_index: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    email: Mapped[str | None] = mapped_column(EncryptedText)
    language: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime]
