"""Sends what is written down, at least once: claimed before it is sent, so that two processes do not both send it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.database import Database
from pms.kernel.health import Health
from pms.kernel.i18n import Translator
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import ConditionBody, EvidenceItem
from pms.maintenance.model import Alert
from pms.maintenance.notify import rules
from pms.maintenance.notify.channels import TIMEOUT_S, Channel, Channels, DeliveryFailed, Notice
from pms.maintenance.notify.model import Contact, Notification
from pms.maintenance.notify.wording import Wording
from pms.maintenance.rules import AlertState
from pms.maintenance.service import take_condition

log = structlog.get_logger()

LOOK_S = 1.0
AT_ONCE = 10
LEASE = timedelta(seconds=4 * TIMEOUT_S)
FAULT = "notification_failed"


@dataclass(frozen=True, slots=True)
class Sender:
    """The house as its messages name it."""

    property_id: str
    name: str
    zone: ZoneInfo
    translator: Translator
    page_url: str
    now: Callable[[], datetime]


class Delivery:
    """`run()` until cancelled."""

    def __init__(self, database: Database, sender: Sender, channels: Channels, health: Health) -> None:
        self._database = database
        self._sender = sender
        self._channels = channels
        self._health = health
        self._actor = Actor.system(sender.property_id, "notifications")

    async def run(self) -> None:
        """Send what is due."""
        while True:
            while await self.send_due():
                pass
            await self._report()
            await asyncio.sleep(LOOK_S)

    async def send_due(self) -> int:
        """Send some of what is due; how many there were."""
        claimed = await self._database.run(self._actor, self._sender.now(), claim)
        await asyncio.gather(*(self._send(one) for one in claimed))
        return len(claimed)

    async def _send(self, one: Notification) -> None:
        notice = await self._notice(one)
        if notice is None:
            await self._note(one, "dropped", None)
            return
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                await self._channel(one.channel).send(notice)
        except Exception as error:  # noqa: BLE001 - an adapter may raise anything: kept, shown, tried again
            log.warning("notification.not_sent", channel=one.channel, attempts=one.attempts, error=repr(error)[:200])
            await self._note(one, "waiting", repr(error)[:500])
        else:
            await self._note(one, "sent", None)

    def _channel(self, name: str) -> Channel:
        found = self._channels.by_name.get(name)
        if found is None:
            raise DeliveryFailed(f"channel {name} is not configured")
        return found

    async def _notice(self, one: Notification) -> Notice | None:
        """The message; None where there is nothing left to tell."""
        at = self._sender.now().isoformat(timespec="seconds")
        if one.event is not None:
            return Notice(one.id, one.reason, one.target, "", "", at, dict(one.event))
        async with self._database.read() as session:
            contact = await session.get(Contact, one.contact_id)
            alerts = await _still_to_tell(session, one)
        if contact is None or (not alerts and one.reason != "test"):
            return None
        house = self._sender
        wording = Wording(house.translator, contact.language, house.zone, house.name, house.page_url)
        subject, text = wording.subject(one.reason, alerts), wording.text(one.reason, alerts)
        return Notice(one.id, one.reason, one.target, subject, text, at, {})

    async def _note(self, one: Notification, state: str, error: str | None) -> None:
        async def use_case(work: UnitOfWork) -> None:
            row = await work.session.get(Notification, one.id, with_for_update=True)
            if row is None or row.state != "waiting":
                return
            row.state, row.error = state, error
            pause = rules.pause_after(row.attempts)
            if state == "sent":
                row.sent_at = work.now
            elif state == "waiting" and pause is None:
                row.state = "dead"
            elif state == "waiting" and pause is not None:
                row.due_at = work.now + pause
            if row.state in {"sent", "dead"}:
                await take_condition(work, _fault(row, work.now))

        await self._database.run(self._actor, self._sender.now(), use_case)

    async def _report(self) -> None:
        async with self._database.read() as session:
            dead = await count(session, self._sender.property_id, "dead")
        code = "notifications_given_up" if dead else None
        self._health.report("notifications", "degraded" if dead else "ok", code=code, detail=str(dead) if dead else "")


async def claim(work: UnitOfWork) -> Sequence[Notification]:
    """Take what is due; it is due again after a while unless it is noted as sent."""
    query = select(Notification).where(
        Notification.property_id == work.property_id,
        Notification.state == "waiting",
        Notification.due_at <= work.now,
    )
    query = query.order_by(Notification.due_at, Notification.id).limit(AT_ONCE).with_for_update(skip_locked=True)
    found = (await work.session.scalars(query)).all()
    for one in found:
        one.attempts += 1
        one.due_at = work.now + LEASE  # a process that dies now has not sent it: it is due again then
    await work.session.flush()
    return found


async def _still_to_tell(session: AsyncSession, one: Notification) -> list[Alert]:
    """The alerts of a message that nobody has dealt with meanwhile."""
    found = list(await session.scalars(select(Alert).where(Alert.id.in_(one.alerts)).order_by(Alert.raised_at)))
    return [
        alert
        for alert in found
        if (alert.state == AlertState.NEW or _gone_unseen(alert, one))
        and alert.suppressed_by is None
        and alert.out_of_service_at is None
    ]


def _gone_unseen(alert: Alert, one: Notification) -> bool:
    """An urgent one that stood when the message was written down, and cleared before anybody saw it."""
    urgent = alert.priority in rules.AT_ONCE and alert.state == AlertState.CLEARED_UNACKNOWLEDGED
    return urgent and alert.cleared_at is not None and alert.cleared_at >= one.created_at


def _fault(row: Notification, now: datetime) -> ConditionBody:
    """A message that was given up is a fault itself; the next that arrives by the same way ends it."""
    evidence = [EvidenceItem(code="not_delivered", at=now, params={"attempts": row.attempts, "channel": row.channel})]
    return ConditionBody(
        key=f"{FAULT}:{row.channel}",
        kind=FAULT,
        state="raised" if row.state == "dead" else "cleared",
        at=now,
        priority="high",
        evidence=evidence,
    )


async def count(session: AsyncSession, property_id: str, state: str) -> int:
    """How many messages are in a state."""
    query = select(func.count()).where(Notification.property_id == property_id, Notification.state == state)
    return await session.scalar(query) or 0
