"""The base of every table. Names of constraints follow one convention, which migrations rely on."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import Date, ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from pms.kernel.columns import UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Key = Annotated[str, mapped_column(String(64), primary_key=True)]
"""`id: Mapped[Key] = mapped_column(default=partial(new_id, "stay"))`: what `new_id` makes."""

Reference = Annotated[str, mapped_column(String(64))]
"""A column that holds another row's id; add `mapped_column(ForeignKey("room.id"))` where it stands below."""

PropertyId = Annotated[str, mapped_column(String(64), ForeignKey("property.id"))]
"""`property_id: Mapped[PropertyId]`: every table has it, every query asks for it."""

Code = Annotated[str, mapped_column(String(40))]
"""A word of a fixed vocabulary: a state, a kind, a reason."""

Name = Annotated[str, mapped_column(String(200))]
"""A short text that is not personal."""


class Base(DeclarativeBase):
    """Every table of the house. Add a CHECK for each state column, a UNIQUE for each thing that must be there once."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, date: Date}
