"""Alerts to look at."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.errors import NotFound
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.rules import OPEN

Aside = Literal["", "suppressed", "out_of_service", "any"]
_ASIDE: dict[Aside, tuple[ColumnElement[bool], ...]] = {
    "": (Alert.suppressed_by.is_(None), Alert.out_of_service_at.is_(None)),
    "suppressed": (Alert.suppressed_by.is_not(None),),
    "out_of_service": (Alert.out_of_service_at.is_not(None),),
    "any": (),
}


async def find(session: AsyncSession, property_id: str, alert_id: str, *, lock: bool = False) -> Alert:
    """One alert; `lock` it to change it. Raises NotFound."""
    query = select(Alert).where(Alert.property_id == property_id, Alert.id == alert_id)
    alert = await session.scalar(query.with_for_update() if lock else query)
    if alert is None:
        raise NotFound(f"no alert {alert_id}")
    return alert


async def listing(
    session: AsyncSession,
    property_id: str,
    *,
    room: str | None = None,
    states: Collection[str] = (),
    aside: Aside = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 500,
) -> Sequence[Alert]:
    """Alerts, newest first: the open ones unless states are named; `before` (raised_at, id) to go on from.

    Those that are suppressed or out of service are left out: `aside` asks for one of these alone, or for all.
    """
    shown = states or [state.value for state in OPEN]
    query = select(Alert).where(Alert.property_id == property_id, Alert.state.in_(shown), *_ASIDE[aside])
    if room is not None:
        query = query.where(Alert.room == room)
    if before is not None:
        query = query.where(tuple_(Alert.raised_at, Alert.id) < tuple_(*before))
    return (await session.scalars(query.order_by(Alert.raised_at.desc(), Alert.id.desc()).limit(limit))).all()


async def notes(session: AsyncSession, property_id: str, alert_ids: Collection[str]) -> dict[str, list[AlertNote]]:
    """The history of these alerts by id, oldest line first."""
    query = select(AlertNote).where(AlertNote.property_id == property_id, AlertNote.alert_id.in_(alert_ids))
    found: dict[str, list[AlertNote]] = {}
    for line in await session.scalars(query.order_by(AlertNote.at, AlertNote.id)):
        found.setdefault(line.alert_id, []).append(line)
    return found
