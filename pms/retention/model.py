"""The table of retention: the run that is due, and what the last one did."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.tables import Base, PropertyId


class RetentionRun(Base):
    """When the next run is due; what the one under way has removed so far (`removing`, so that a kill forgets nothing);
    when the last one ended, what it removed and what troubled it. Counts are by class: rows deleted, events redacted.
    """

    __tablename__ = "retention_run"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    removing: Mapped[dict[str, int]] = mapped_column(JsonText)
    finished_at: Mapped[datetime | None]
    removed: Mapped[dict[str, int]] = mapped_column(JsonText)
    trouble: Mapped[str | None] = mapped_column(String(40))
