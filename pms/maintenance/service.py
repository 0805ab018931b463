"""Use cases of alerts: a condition comes and goes, people answer it. Every transition is an event."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ALERTS_READ
from pms.kernel.errors import Conflict, FieldError, Invalid, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.link.messages import ConditionBody
from pms.maintenance.catalog import priority_of
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.rules import (
    LONGEST_SHELF,
    OPEN,
    Action,
    AlertState,
    after,
    refusals,
    same_fault,
    shelf_end,
)

EVENTS: dict[Action, EventKind] = {
    Action.ACKNOWLEDGE: EventKind("alert.acknowledged", ALERTS_READ),
    Action.SHELVE: EventKind("alert.shelved", ALERTS_READ),
    Action.RESOLVE: EventKind("alert.resolved", ALERTS_READ),
    Action.NOTE: EventKind("alert.noted", ALERTS_READ),
    Action.CLEAR: EventKind("alert.cleared", ALERTS_READ),
    Action.RAISE_AGAIN: EventKind("alert.raised_again", ALERTS_READ),
    Action.RETURN: EventKind("alert.returned", ALERTS_READ),
    Action.LAPSE: EventKind("alert.resolved", ALERTS_READ),
}
RAISED = EventKind("alert.raised", ALERTS_READ)


async def take_condition(work: UnitOfWork, condition: ConditionBody) -> None:
    """Apply what the edge says of a fault. Said twice, it is still one alert."""
    if condition.state == "raised":
        await _raise(work, condition)
    else:
        await _clear(work, condition)


async def _raise(work: UnitOfWork, condition: ConditionBody) -> None:
    alert = await _last_of_key(work.session, work.property_id, condition.key)
    if alert is None or not _continues(alert, condition):
        _new_alert(work, condition)
        await work.session.flush()
        return
    if alert.present and alert.state in OPEN:
        return
    alert.present, alert.cleared_at, alert.resolved_at = True, None, None
    alert.count += 1
    alert.last_raised_at = condition.at
    alert.evidence = [item.model_dump(mode="json") for item in condition.evidence]
    _move(work, alert, Action.RAISE_AGAIN)


def _continues(alert: Alert, condition: ConditionBody) -> bool:
    if alert.state in OPEN:
        return True
    return same_fault(alert.cleared_at, condition.at, resolved_by_hand=alert.resolved_by is not None)


def _new_alert(work: UnitOfWork, condition: ConditionBody) -> None:
    alert = Alert(
        id=new_id("alert"),
        property_id=work.property_id,
        key=condition.key,
        kind=condition.kind,
        room=condition.room or None,
        device=condition.device,
        priority=priority_of(condition.kind, condition.priority),
        state=AlertState.NEW.value,
        present=True,
        count=1,
        raised_at=condition.at,
        last_raised_at=condition.at,
        evidence=[item.model_dump(mode="json") for item in condition.evidence],
    )
    work.session.add(alert)
    _record(work, alert, RAISED)


async def _clear(work: UnitOfWork, condition: ConditionBody) -> None:
    alert = await _last_of_key(work.session, work.property_id, condition.key)
    if alert is None or not alert.present:
        return
    alert.present, alert.cleared_at = False, condition.at
    if alert.state not in OPEN:
        return  # somebody had called it resolved before it was
    _move(work, alert, Action.CLEAR)
    if alert.state == AlertState.RESOLVED:
        alert.resolved_at = condition.at


async def acknowledge(work: UnitOfWork, alert_id: str) -> Alert:
    """Somebody has seen it. Raises Conflict where it cannot be acknowledged, NotFound."""
    alert = await _to_act_on(work, alert_id, Action.ACKNOWLEDGE)
    alert.acknowledged_by, alert.acknowledged_at = work.actor.name, work.now
    if after(Action.ACKNOWLEDGE, AlertState(alert.state)) is AlertState.RESOLVED:
        alert.resolved_at = work.now  # it had cleared by itself: nothing is left to do
    _act(work, alert, Action.ACKNOWLEDGE, "")
    return alert


async def shelve(work: UnitOfWork, alert_id: str, reason: str, minutes: int) -> Alert:
    """Put it out of sight for `minutes`; it comes back by itself. Raises Conflict, Invalid, NotFound."""
    if not 0 < minutes <= LONGEST_SHELF.total_seconds() / 60:
        raise Invalid([FieldError("minutes", "out_of_range", "between 1 minute and 7 days")])
    alert = await _to_act_on(work, alert_id, Action.SHELVE)
    alert.shelved_until, alert.shelved_reason = work.now + timedelta(minutes=minutes), _required(reason, "reason")
    _act(work, alert, Action.SHELVE, reason)
    return alert


async def resolve(work: UnitOfWork, alert_id: str, text: str = "") -> Alert:
    """Somebody says that it is dealt with, even where the condition is still there. Raises Conflict, NotFound."""
    alert = await _to_act_on(work, alert_id, Action.RESOLVE)
    alert.resolved_by, alert.resolved_at = work.actor.name, work.now
    _act(work, alert, Action.RESOLVE, text)
    return alert


async def note(work: UnitOfWork, alert_id: str, text: str) -> Alert:
    """Write something down about it. Raises Invalid when there is nothing to write, NotFound."""
    alert = await _to_act_on(work, alert_id, Action.NOTE)
    _act(work, alert, Action.NOTE, _required(text, "text"))
    return alert


async def end_shelves(work: UnitOfWork) -> int:
    """Bring back the alerts whose shelf time is over (or let those go whose fault has gone); how many."""
    due = await work.session.scalars(
        select(Alert)
        .where(
            Alert.property_id == work.property_id,
            Alert.state == AlertState.SHELVED.value,
            Alert.shelved_until <= work.now,
        )
        .with_for_update(skip_locked=True)
    )
    ended = 0
    for alert in due.all():
        action = shelf_end(work.now, alert.shelved_until, alert.present)
        if action is None:
            continue
        if action is Action.LAPSE:
            alert.resolved_at = work.now
        alert.shelved_until, alert.shelved_reason = None, None
        _move(work, alert, action)
        ended += 1
    return ended


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
    before: tuple[datetime, str] | None = None,
    limit: int = 500,
) -> Sequence[Alert]:
    """Alerts, newest first: the open ones unless states are named; `before` (raised_at, id) to go on from."""
    shown = states or [state.value for state in OPEN]
    query = select(Alert).where(Alert.property_id == property_id, Alert.state.in_(shown))
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


async def _last_of_key(session: AsyncSession, property_id: str, key: str) -> Alert | None:
    query = select(Alert).where(Alert.property_id == property_id, Alert.key == key)
    newest = query.order_by(Alert.last_raised_at.desc(), Alert.id.desc()).limit(1).with_for_update()
    found: Alert | None = await session.scalar(newest)
    return found


async def _to_act_on(work: UnitOfWork, alert_id: str, action: Action) -> Alert:
    alert = await find(work.session, work.property_id, alert_id, lock=True)
    codes = refusals(action, AlertState(alert.state), alert.kind)
    if codes:
        raise Conflict(f"cannot {action.value} this alert", reasons=[Reason(code) for code in codes])
    return alert


def _act(work: UnitOfWork, alert: Alert, action: Action, text: str) -> None:
    _move(work, alert, action)
    work.session.add(
        AlertNote(
            property_id=work.property_id,
            alert_id=alert.id,
            at=work.now,
            by=work.actor.name,
            action=action.value,
            text=text.strip(),
        )
    )


def _move(work: UnitOfWork, alert: Alert, action: Action) -> None:
    target = after(action, AlertState(alert.state))
    if target is None:
        return
    if target is not AlertState.SHELVED and alert.shelved_until is not None:
        alert.shelved_until, alert.shelved_reason = None, None
    alert.state = target.value
    _record(work, alert, EVENTS[action])


def _record(work: UnitOfWork, alert: Alert, kind: EventKind) -> None:
    payload = {
        "kind": alert.kind,
        "room": alert.room,
        "device": alert.device,
        "priority": alert.priority,
        "state": alert.state,
        "present": alert.present,
        "count": alert.count,
    }
    work.record(kind, alert.id, payload)


def _required(text: str, field: str) -> str:
    if not text.strip():
        raise Invalid([FieldError(field, "required", "say why")])
    return text.strip()
