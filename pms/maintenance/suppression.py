"""One alert a cause: what follows from a line that is down or from a power cut is kept and told to nobody."""

from collections.abc import Sequence

from sqlalchemy import select

from pms.access.permissions import ALERTS_READ
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork
from pms.link.messages import ConditionBody, EvidenceItem
from pms.maintenance.catalog import CHILDREN, PARENTS
from pms.maintenance.model import Alert
from pms.maintenance.rules import FEW, OPEN, TOGETHER, Whereabouts, common_cause, covers
from pms.property.service import all_rooms

SUPPRESSED = EventKind("alert.suppressed", ALERTS_READ)
UNSUPPRESSED = EventKind("alert.unsuppressed", ALERTS_READ)
GROUP = "many_offline"
_OPEN = [state.value for state in OPEN]


async def after_raise(work: UnitOfWork, alert: Alert) -> ConditionBody | None:
    """What the rise of a fault does to others, or others to it; a common cause to be raised, where one shows."""
    if alert.kind in PARENTS:
        await _cover(work, alert)
    if alert.kind not in CHILDREN:
        return None
    floors = await _floors(work)
    where = _where(alert, floors)
    parent = next((one.key for one in await _standing(work, PARENTS) if covers(one.key, where)), None)
    if parent is not None:
        _suppress(work, alert, parent)
        return None
    return await _group(work, alert, floors) if alert.kind == "device_offline" else None


async def after_clear(work: UnitOfWork, alert: Alert) -> ConditionBody | None:
    """What the end of a fault does to others; a common cause to be cleared, where it no longer holds."""
    if alert.kind in PARENTS:
        for child in await _children(work, alert.key):
            child.suppressed_by = None
            work.record(UNSUPPRESSED, child.id, {"kind": child.kind, "room": child.room, "by": alert.key})
    parent, alert.suppressed_by = alert.suppressed_by, None
    if parent is None or not parent.startswith(f"{GROUP}:"):
        return None
    left = [child for child in await _children(work, parent) if child.present and child.id != alert.id]
    if len(left) >= FEW:
        return None
    return ConditionBody(key=parent, kind=GROUP, state="cleared", at=work.now)


async def _cover(work: UnitOfWork, parent: Alert) -> None:
    floors = await _floors(work)
    for child in await _standing(work, CHILDREN | {GROUP}):
        if child.id != parent.id and child.suppressed_by is None and covers(parent.key, _where(child, floors)):
            _suppress(work, child, parent.key)


async def _group(work: UnitOfWork, newest: Alert, floors: dict[str, str]) -> ConditionBody | None:
    since = newest.last_raised_at - TOGETHER
    silent = [one for one in await _standing(work, {newest.kind}) if one.last_raised_at >= since]
    key = common_cause([_where(one, floors) for one in silent], _where(newest, floors))
    if key is None:
        return None
    _, what, name = key.split(":", 2)
    evidence = EvidenceItem(
        code="devices_silent", at=newest.last_raised_at, params={"count": len(silent), "what": what, "name": name}
    )
    room = name if what == "room" else None
    return ConditionBody(
        key=key, kind=GROUP, state="raised", room=room, priority="high", at=newest.last_raised_at, evidence=[evidence]
    )


async def _standing(work: UnitOfWork, kinds: frozenset[str] | set[str]) -> Sequence[Alert]:
    """The faults of these kinds that are there."""
    query = select(Alert).where(
        Alert.property_id == work.property_id,
        Alert.kind.in_(sorted(kinds)),
        Alert.present.is_(True),
        Alert.state.in_(_OPEN),
    )
    return (await work.session.scalars(query.order_by(Alert.raised_at, Alert.id))).all()


async def _children(work: UnitOfWork, parent: str) -> Sequence[Alert]:
    query = select(Alert).where(Alert.property_id == work.property_id, Alert.suppressed_by == parent)
    return (await work.session.scalars(query.with_for_update())).all()


def _suppress(work: UnitOfWork, child: Alert, parent: str) -> None:
    child.suppressed_by = parent
    work.record(SUPPRESSED, child.id, {"kind": child.kind, "room": child.room, "by": parent})


async def _floors(work: UnitOfWork) -> dict[str, str]:
    return {room.number: room.floor_code for room in await all_rooms(work.session, work.property_id)}


def _where(alert: Alert, floors: dict[str, str]) -> Whereabouts:
    return Whereabouts(alert.line, alert.room, floors.get(alert.room or ""))
