"""How long alerts are kept that nobody has to act on any more: resolved, and the fault itself gone."""

from datetime import datetime

from sqlalchemy import delete, func, select

from pms.kernel.redaction import Redaction
from pms.kernel.retention import Purge
from pms.kernel.work import UnitOfWork
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.rules import AlertState
from pms.maintenance.service import EVENTS, RAISED

_KINDS = tuple(sorted({kind.name for kind in (RAISED, *EVENTS.values())}))

REDACTIONS = (Redaction("alerts", _KINDS, frozenset({"actor"})),)


async def forget(work: UnitOfWork, before: datetime, limit: int) -> int:
    """Delete alerts that ended before an instant, with their notes; how many alerts."""
    ended = func.coalesce(Alert.resolved_at, Alert.cleared_at, Alert.last_raised_at)
    query = select(Alert.id).where(
        Alert.property_id == work.property_id,
        Alert.state == AlertState.RESOLVED.value,
        Alert.present.is_(False),
        ended < before,
    )
    found = list(await work.session.scalars(query.limit(limit).with_for_update(skip_locked=True)))
    for table, column in ((AlertNote, AlertNote.alert_id), (Alert, Alert.id)):
        gone = delete(table).where(column.in_(found)).execution_options(synchronize_session=False)
        await work.session.execute(gone)
    return len(found)


PURGES = (Purge("alerts", Alert.__tablename__, forget),)
