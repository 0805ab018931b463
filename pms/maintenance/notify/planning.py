"""From what happened to what is to be sent: written down in the transaction that read the event, sent later."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from pms.access.permissions import ALERTS_READ
from pms.kernel.events import Event, EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.maintenance.model import Alert
from pms.maintenance.notify import rules
from pms.maintenance.notify.model import Contact, EscalationStep, Notification, Shift
from pms.maintenance.notify.rules import Duty, Next
from pms.maintenance.reactions import UP
from pms.maintenance.rules import OPEN, Action, AlertState
from pms.maintenance.service import EVENTS
from pms.property.service import the_property

ESCALATED = EventKind("alert.escalated", ALERTS_READ)
TOLD = UP | {EVENTS[Action.RETURN].name}
WEBHOOK_EVENTS = TOLD | {
    EVENTS[what].name for what in (Action.ACKNOWLEDGE, Action.CLEAR, Action.RESOLVE, Action.SHELVE)
}
WEBHOOK_EVENTS |= {ESCALATED.name}
SEEN = TOLD | {EVENTS[Action.BRING_BACK].name}
"""Events with which an alert comes before people's eyes."""
STALE = timedelta(days=1)
"""What happened longer ago is no news: a way to people that is new does not begin with the past."""
RAISED, ESCALATION, DIGEST = "raised", "escalated", "digest"


async def people_of_event(work: UnitOfWork, event: Event) -> None:
    """Tell those on duty of an alert that has come up."""
    alert = await work.session.get(Alert, event.subject)
    if alert is None or work.now - event.at > STALE or not _to_be_told(alert) or _chatters(alert):
        return
    zone = ZoneInfo((await the_property(work.session, work.property_id)).time_zone)
    duty = rules.on_duty(await roster(work), work.now.astimezone(zone))
    historical = event.payload.get("historical") is True
    telling = Telling(RAISED, str(event.offset), rules.due_at(alert.priority, work.now, historical=historical))
    await _tell(work, await _contacts(work, duty), alert, telling)


class WebhookPlan:
    """Tells other systems of everything that happens to alerts: a reaction that writes a call of each webhook down."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    async def __call__(self, work: UnitOfWork, event: Event) -> None:
        """Take an event of the feed."""
        if work.now - event.at > STALE:
            return
        told = {"event": event.offset, "kind": event.kind, "alert": event.subject, "at": event.at.isoformat()}
        for number, url in enumerate(self._urls):
            await work.insert_once(
                Notification,
                **_row(work, f"webhook:{number}:{event.offset}", work.now),
                reason=event.kind,
                priority=str(event.payload.get("priority", "medium")),
                alerts=[event.subject],
                event=told | {"data": event.payload},
                channel="webhook",
                target=url,
            )


async def escalate(work: UnitOfWork) -> int:
    """Tell the next on the list of alerts nobody has acknowledged for too long; how many were told."""
    listed = select(EscalationStep).where(EscalationStep.property_id == work.property_id)
    steps = [Next(row.contact_id, row.minutes) for row in await work.session.scalars(listed)]
    if not steps:
        return 0
    query = select(Alert).where(
        Alert.property_id == work.property_id,
        Alert.state == AlertState.NEW.value,
        Alert.suppressed_by.is_(None),
        Alert.out_of_service_at.is_(None),
        Alert.escalated < len(steps),
    )
    told = 0
    for alert in (await work.session.scalars(query.with_for_update(skip_locked=True))).all():
        if not rules.due_steps(steps, work.now - alert.last_raised_at, alert.escalated):
            continue
        due = rules.due_steps(steps, work.now - await _seen(work, alert), alert.escalated)
        if not due:
            continue
        contacts = await _contacts(work, [step.contact for step in due])
        once = f"{alert.count}:{alert.escalated + len(due)}"
        alert.escalated += len(due)
        await _tell(work, contacts, alert, Telling(ESCALATION, once, work.now))
        work.record(ESCALATED, alert.id, {"kind": alert.kind, "priority": alert.priority, "step": alert.escalated})
        told += len(contacts)
    return told


async def _seen(work: UnitOfWork, alert: Alert) -> datetime:
    """Since when it can be acknowledged: it may have waited for the link, behind another fault or on a shelf."""
    same = (Event.property_id == work.property_id, Event.kind.in_(SEEN), Event.subject == alert.id)
    shown = await work.session.scalar(select(func.max(Event.at)).where(*same))
    return alert.last_raised_at if shown is None else max(alert.last_raised_at, shown)


async def roster(work: UnitOfWork) -> list[Duty]:
    """The shifts of the week."""
    query = select(Shift).where(Shift.property_id == work.property_id)
    return [Duty(row.contact_id, row.weekdays, row.starts, row.ends) for row in await work.session.scalars(query)]


def _to_be_told(alert: Alert) -> bool:
    hidden = alert.suppressed_by is not None or alert.out_of_service_at is not None
    return alert.state in OPEN and alert.state != AlertState.SHELVED and alert.present and not hidden


def _chatters(alert: Alert) -> bool:
    often = alert.count >= rules.CHATTERING and alert.last_raised_at - alert.raised_at <= rules.FLOOD_WITHIN
    return often and alert.priority != "critical"


class Telling(NamedTuple):
    """Why somebody is told, when at the earliest, and what tells this message from others."""

    reason: str
    once: str
    due: datetime


async def _tell(work: UnitOfWork, contacts: Iterable[Contact], alert: Alert, telling: Telling) -> None:
    for contact in contacts:
        if not rules.wants(contact.priority, alert.priority):
            continue
        if alert.priority != "critical" and await _flooded(work, contact):
            await _into_digest(work, contact, alert)
            continue
        await work.insert_once(
            Notification,
            **_row(work, f"{telling.reason}:{alert.id}:{telling.once}:{contact.id}", telling.due),
            **_to(contact),
            reason=telling.reason,
            priority=alert.priority,
            alerts=[alert.id],
        )


async def _into_digest(work: UnitOfWork, contact: Contact, alert: Alert) -> None:
    """One message with all of them at the next slot."""
    due = rules.digest_slot(work.now)
    once = f"{DIGEST}:{contact.id}:{due.isoformat()}"
    more = {"reason": DIGEST, "priority": alert.priority, "alerts": [alert.id]}
    if await work.insert_once(Notification, **_row(work, once, due), **_to(contact), **more):
        return
    same = (Notification.property_id == work.property_id, Notification.once == once)
    gathered = await work.session.scalar(select(Notification.alerts).where(*same).with_for_update())
    alerts = list(dict.fromkeys([*(gathered or []), alert.id]))
    change = update(Notification).where(*same).values(alerts=alerts)
    await work.session.execute(change.execution_options(synchronize_session=False))


async def _flooded(work: UnitOfWork, contact: Contact) -> bool:
    """Whether this person got (or is about to get) so many messages lately that more would be read by nobody."""
    query = select(func.count()).where(
        Notification.property_id == work.property_id,
        Notification.contact_id == contact.id,
        Notification.created_at > work.now - rules.FLOOD_WITHIN,
        Notification.state != "dropped",
    )
    return (await work.session.scalar(query) or 0) >= rules.FLOOD


async def _contacts(work: UnitOfWork, ids: Sequence[str]) -> list[Contact]:
    query = select(Contact).where(Contact.property_id == work.property_id, Contact.id.in_(ids))
    return list(await work.session.scalars(query.order_by(Contact.id)))


def _row(work: UnitOfWork, once: str, due: datetime) -> dict[str, object]:
    waiting = {"state": "waiting", "attempts": 0, "created_at": work.now, "due_at": due}
    return {"id": new_id("notice"), "property_id": work.property_id, "once": once, **waiting}


def _to(contact: Contact) -> dict[str, object]:
    return {"contact_id": contact.id, "channel": contact.channel, "target": contact.address}
