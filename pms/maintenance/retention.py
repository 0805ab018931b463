"""How long alerts are kept that nobody has to act on any more: resolved, and the fault itself gone."""

from datetime import datetime

from sqlalchemy import delete, func, select

from pms.kernel.redaction import Redaction
from pms.kernel.retention import Purge, purge
from pms.kernel.work import UnitOfWork
from pms.maintenance import orders, suppression
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.notify import people, planning
from pms.maintenance.notify.model import Notification
from pms.maintenance.order_model import WorkOrder, WorkOrderNote
from pms.maintenance.order_rules import OrderState
from pms.maintenance.rules import AlertState
from pms.maintenance.service import EVENTS, RAISED

_ALL = (
    *(RAISED, *EVENTS.values(), suppression.SUPPRESSED, suppression.UNSUPPRESSED, planning.ESCALATED),
    *(orders.OPENED, *orders.EVENTS.values(), people.CONTACT_ADDED, people.CONTACT_REMOVED),
    *(people.ROSTER_CHANGED, people.ESCALATION_CHANGED, people.SENT_AGAIN),
)
_KINDS = tuple(sorted({kind.name for kind in _ALL}))

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


async def forget_orders(work: UnitOfWork, before: datetime, limit: int) -> int:
    """Delete work orders that were done before an instant, with their notes; how many."""
    query = select(WorkOrder.id).where(
        WorkOrder.property_id == work.property_id, WorkOrder.state == OrderState.DONE.value, WorkOrder.done_at < before
    )
    found = list(await work.session.scalars(query.limit(limit).with_for_update(skip_locked=True)))
    for table, column in ((WorkOrderNote, WorkOrderNote.order_id), (WorkOrder, WorkOrder.id)):
        gone = delete(table).where(column.in_(found)).execution_options(synchronize_session=False)
        await work.session.execute(gone)
    return len(found)


PURGES = (
    Purge("alerts", Alert.__tablename__, forget),
    Purge("alerts", WorkOrder.__tablename__, forget_orders),
    purge(
        "alerts",
        Notification,
        lambda before: [Notification.created_at < before, Notification.state.in_(("sent", "dropped"))],
    ),
)
