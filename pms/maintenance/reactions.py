"""What follows for maintenance from what happened: an order for a fault, its end with the fault."""

from sqlalchemy import select

from pms.kernel.events import Event
from pms.kernel.reactions import Reactions
from pms.kernel.work import UnitOfWork
from pms.maintenance import encoders, orders
from pms.maintenance.catalog import NEEDS_WORK
from pms.maintenance.model import Alert
from pms.maintenance.rules import OPEN, Action, AlertState
from pms.maintenance.service import EVENTS, RAISED
from pms.maintenance.suppression import UNSUPPRESSED

UP = frozenset({RAISED.name, EVENTS[Action.RAISE_AGAIN].name, UNSUPPRESSED.name})
"""Events with which a fault comes to be seen."""
DOWN = frozenset({EVENTS[Action.CLEAR].name, EVENTS[Action.RESOLVE].name})


def register(reactions: Reactions) -> None:
    """Follow the feed."""
    reactions.on("maintenance.orders", UP | DOWN, on_alert)
    reactions.on("maintenance.encoders", encoders.KINDS, encoders.on_job)


async def on_alert(work: UnitOfWork, event: Event) -> None:
    """A fault that needs work gets an order; its end is the order's, where nobody has begun."""
    query = select(Alert).where(Alert.property_id == work.property_id, Alert.id == event.subject)
    alert = await work.session.scalar(query)
    if alert is None:
        return
    if event.kind in UP:
        seen = alert.present and alert.suppressed_by is None and alert.state in OPEN
        if seen and alert.kind in NEEDS_WORK and alert.state != AlertState.SHELVED:
            await orders.open_for(work, alert)
    elif not alert.present:
        await orders.end_with(work, alert)
    elif alert.state == AlertState.RESOLVED:
        await orders.resolved_with(work, alert)
