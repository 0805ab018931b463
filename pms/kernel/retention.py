"""Deleting rows that are past their period, so many at a time. A department declares its `Purge`s beside its tables."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, inspect, select, tuple_

from pms.kernel.tables import Base
from pms.kernel.work import UnitOfWork

Step = Callable[[UnitOfWork, datetime, int], Awaitable[int]]
"""Deletes what is from before an instant, at most so many; how many it deleted. Called until that is 0."""


@dataclass(frozen=True, slots=True)
class Purge:
    """Rows of one table that belong to a class of data (`pms.link.retention`)."""

    name: str
    table: str
    step: Step


def purge(name: str, table: type[Base], old: Callable[[datetime], Sequence[ColumnElement[bool]]]) -> Purge:
    """A purge of the rows of `table` for which all of `old(before)` holds."""

    async def step(work: UnitOfWork, before: datetime, limit: int) -> int:
        return await delete_some(work, table, old(before), limit)

    return Purge(name, table.__tablename__, step)


async def delete_some(work: UnitOfWork, table: type[Base], where: Sequence[ColumnElement[bool]], limit: int) -> int:
    """Delete rows of this property, at most `limit`; how many. Rows somebody is working on are left for later."""
    keys = inspect(table).primary_key
    mine = table.__table__.c.property_id == work.property_id
    chosen = select(*keys).where(mine, *where).limit(limit).with_for_update(skip_locked=True)
    found = [tuple(row) for row in await work.session.execute(chosen)]
    if found:
        gone = delete(table).where(tuple_(*keys).in_(found)).execution_options(synchronize_session=False)
        await work.session.execute(gone)
    return len(found)
