"""Use cases of alerts: a condition comes and goes, people answer it. Every transition is an event."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ALERTS_READ
from pms.kernel.errors import Conflict, FieldError, Invalid, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.link.messages import ConditionBody
from pms.maintenance import suppression
from pms.maintenance.catalog import priority_of
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.reading import find as find
from pms.maintenance.reading import listing as listing
from pms.maintenance.reading import notes as notes
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
    Action.TAKE_OUT: EventKind("alert.out_of_service", ALERTS_READ),
    Action.BRING_BACK: EventKind("alert.in_service", ALERTS_READ),
    Action.CLEAR: EventKind("alert.cleared", ALERTS_READ),
    Action.RAISE_AGAIN: EventKind("alert.raised_again", ALERTS_READ),
    Action.RETURN: EventKind("alert.returned", ALERTS_READ),
    Action.LAPSE: EventKind("alert.resolved", ALERTS_READ),
}
RAISED = EventKind("alert.raised", ALERTS_READ)


async def take_condition(work: UnitOfWork, condition: ConditionBody, *, historical: bool = False) -> None:
    """Apply what the edge says of a fault. Said twice, it is still one alert.

    `historical`: it waited while the link was down, and its events are marked so.
    """
    follows: ConditionBody | None = condition
    while follows is not None:  # a common cause, and then its end, at most
        follows = await (_raise if follows.state == "raised" else _clear)(work, follows, historical)


async def _raise(work: UnitOfWork, condition: ConditionBody, historical: bool) -> ConditionBody | None:
    alert = await _last_of_key(work.session, work.property_id, condition.key)
    if alert is None or not _continues(alert, condition):
        alert = _new_alert(work, condition, historical)
    elif alert.present and alert.state in OPEN:
        return None
    else:
        _raise_again(work, alert, condition, historical)
    await work.session.flush()
    return await suppression.after_raise(work, alert)


def _raise_again(work: UnitOfWork, alert: Alert, condition: ConditionBody, historical: bool) -> None:
    alert.present, alert.cleared_at, alert.resolved_at = True, None, None
    alert.count += 1
    alert.escalated, alert.line = 0, condition.line
    alert.last_raised_at = condition.at
    alert.evidence = [item.model_dump(mode="json") for item in condition.evidence]
    _move(work, alert, Action.RAISE_AGAIN, historical=historical)


def _continues(alert: Alert, condition: ConditionBody) -> bool:
    if alert.state in OPEN:
        return True
    return same_fault(alert.cleared_at, condition.at, resolved_by_hand=alert.resolved_by is not None)


def _new_alert(work: UnitOfWork, condition: ConditionBody, historical: bool) -> Alert:
    alert = Alert(
        id=new_id("alert"),
        property_id=work.property_id,
        key=condition.key,
        kind=condition.kind,
        room=condition.room or None,
        device=condition.device,
        line=condition.line,
        priority=priority_of(condition.kind, condition.priority),
        state=AlertState.NEW.value,
        present=True,
        count=1,
        raised_at=condition.at,
        last_raised_at=condition.at,
        evidence=[item.model_dump(mode="json") for item in condition.evidence],
    )
    work.session.add(alert)
    _record(work, alert, RAISED, historical=historical)
    return alert


async def _clear(work: UnitOfWork, condition: ConditionBody, historical: bool) -> ConditionBody | None:
    alert = await _last_of_key(work.session, work.property_id, condition.key)
    if alert is None or not alert.present:
        return None
    alert.present, alert.cleared_at = False, condition.at
    if alert.state in OPEN:  # else somebody had called it resolved before it was
        _move(work, alert, Action.CLEAR, historical=historical)
        if alert.suppressed_by is not None and alert.state == AlertState.CLEARED_UNACKNOWLEDGED:
            alert.state = AlertState.RESOLVED.value  # nobody was told of it
        if alert.state == AlertState.RESOLVED:
            alert.resolved_at = condition.at
    return await suppression.after_clear(work, alert)


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


async def take_out(work: UnitOfWork, alert_id: str, reason: str) -> Alert:
    """Take it out of service while somebody works on it, without an end. Raises Conflict, Invalid, NotFound."""
    alert = await _to_act_on(work, alert_id, Action.TAKE_OUT)
    alert.out_of_service_reason = _required(reason, "reason")
    alert.out_of_service_by, alert.out_of_service_at = work.actor.name, work.now
    _act(work, alert, Action.TAKE_OUT, reason)
    return alert


async def bring_back(work: UnitOfWork, alert_id: str) -> Alert:
    """Bring it back into service. Raises Conflict, NotFound."""
    alert = await _to_act_on(work, alert_id, Action.BRING_BACK)
    _in_service(alert)
    _act(work, alert, Action.BRING_BACK, "")
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


async def _last_of_key(session: AsyncSession, property_id: str, key: str) -> Alert | None:
    query = select(Alert).where(Alert.property_id == property_id, Alert.key == key)
    newest = query.order_by(Alert.last_raised_at.desc(), Alert.id.desc()).limit(1).with_for_update()
    found: Alert | None = await session.scalar(newest)
    return found


async def _to_act_on(work: UnitOfWork, alert_id: str, action: Action) -> Alert:
    alert = await find(work.session, work.property_id, alert_id, lock=True)
    codes = refusals(action, AlertState(alert.state), alert.kind, out=alert.out_of_service_at is not None)
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


def _move(work: UnitOfWork, alert: Alert, action: Action, *, historical: bool = False) -> None:
    target = after(action, AlertState(alert.state))
    if target is None:
        return
    if target is not AlertState.SHELVED and alert.shelved_until is not None:
        alert.shelved_until, alert.shelved_reason = None, None
    alert.state = target.value
    if target is AlertState.RESOLVED:
        _in_service(alert)
    _record(work, alert, EVENTS[action], historical=historical)


def _in_service(alert: Alert) -> None:
    alert.out_of_service_by = alert.out_of_service_at = alert.out_of_service_reason = None


def _record(work: UnitOfWork, alert: Alert, kind: EventKind, *, historical: bool) -> None:
    payload: dict[str, Any] = {
        "kind": alert.kind,
        "room": alert.room,
        "device": alert.device,
        "priority": alert.priority,
        "state": alert.state,
        "present": alert.present,
        "count": alert.count,
    }
    if historical:
        payload |= {"historical": True, "happened_at": (alert.cleared_at or alert.last_raised_at).isoformat()}
    work.record(kind, alert.id, payload)


def _required(text: str, field: str) -> str:
    if not text.strip():
        raise Invalid([FieldError(field, "required", "say why")])
    return text.strip()
