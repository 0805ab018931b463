"""Use cases of contacts, roster and escalation list. Changes are events; no name or address is in them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import NOTIFICATIONS_CHANGE
from pms.kernel.errors import Conflict, FieldError, Invalid, NotFound
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.maintenance.catalog import PRIORITIES
from pms.maintenance.notify.model import Contact, EscalationStep, Notification, Shift

CONTACT_ADDED = EventKind("contact.added", NOTIFICATIONS_CHANGE)
CONTACT_REMOVED = EventKind("contact.removed", NOTIFICATIONS_CHANGE)
ROSTER_CHANGED = EventKind("roster.changed", NOTIFICATIONS_CHANGE)
ESCALATION_CHANGED = EventKind("escalation.changed", NOTIFICATIONS_CHANGE)
SENT_AGAIN = EventKind("notification.sent_again", NOTIFICATIONS_CHANGE)
Row = TypeVar("Row", Shift, EscalationStep, Notification)
DAY_MINUTES = 24 * 60
LONGEST_WAIT = 7 * DAY_MINUTES


@dataclass(frozen=True, slots=True)
class NewContact:
    """Somebody to be told."""

    name: str
    channel: str
    address: str
    language: str
    priority: str


async def add_contact(work: UnitOfWork, new: NewContact, channels: Collection[str]) -> Contact:
    """Note somebody down. Raises Invalid for a channel there is not or an address that cannot be one."""
    errors = []
    if new.channel not in channels:
        errors.append(FieldError("channel", "unknown", f"one of {', '.join(sorted(channels)) or 'none'}"))
    if new.channel == "email" and not _is_mail(new.address):
        errors.append(FieldError("address", "not_an_address", "is no e-mail address"))
    if new.priority not in PRIORITIES:
        errors.append(FieldError("priority", "unknown", f"one of {', '.join(PRIORITIES)}"))
    if errors:
        raise Invalid(errors)
    contact = Contact(id=new_id("contact"), property_id=work.property_id, created_at=work.now)
    contact.name, contact.channel, contact.address = new.name, new.channel, new.address
    contact.language, contact.priority = new.language, new.priority
    work.session.add(contact)
    work.record(CONTACT_ADDED, contact.id, {"channel": contact.channel})
    return contact


async def remove_contact(work: UnitOfWork, contact_id: str) -> None:
    """Forget somebody, their shifts and their place on the list; what waits for them is dropped. Raises NotFound."""
    contact = await find(work.session, work.property_id, contact_id)
    for table in (Shift, EscalationStep):
        await work.session.execute(delete(table).where(table.contact_id == contact.id))
    waiting = select(Notification).where(Notification.contact_id == contact.id, Notification.state == "waiting")
    for one in await work.session.scalars(waiting.with_for_update()):
        one.state = "dropped"
    await work.session.delete(contact)
    work.record(CONTACT_REMOVED, contact_id)


async def add_shift(work: UnitOfWork, contact_id: str, weekdays: str, times: tuple[int, int]) -> Shift:
    """Somebody is on duty each week. Raises Invalid, NotFound."""
    starts, ends = times
    days = "".join(sorted(set(weekdays)))
    if not days or not set(days) <= set("1234567"):
        raise Invalid([FieldError("weekdays", "unknown", "digits from 1 (Monday) to 7")])
    if not (0 <= starts < DAY_MINUTES and 0 <= ends <= DAY_MINUTES):
        raise Invalid([FieldError("starts", "out_of_range", "times of a day")])
    await find(work.session, work.property_id, contact_id)
    shift = Shift(id=new_id("shift"), property_id=work.property_id, contact_id=contact_id)
    shift.weekdays, shift.starts, shift.ends = days, starts, ends
    work.session.add(shift)
    work.record(ROSTER_CHANGED, contact_id, {"weekdays": days, "starts": starts, "ends": ends})
    return shift


async def remove_shift(work: UnitOfWork, shift_id: str) -> None:
    """Take a shift off the roster. Raises NotFound."""
    shift = await _mine(work, Shift, shift_id)
    work.record(ROSTER_CHANGED, shift.contact_id, {"removed": True})
    await work.session.delete(shift)


async def add_step(work: UnitOfWork, contact_id: str, minutes: int) -> EscalationStep:
    """Somebody is told of what nobody has acknowledged for `minutes`. Raises Conflict, Invalid, NotFound."""
    if not 1 <= minutes <= LONGEST_WAIT:
        raise Invalid([FieldError("minutes", "out_of_range", "between a minute and a week")])
    await find(work.session, work.property_id, contact_id)
    step = EscalationStep(id=new_id("step"), property_id=work.property_id, contact_id=contact_id, minutes=minutes)
    same = select(EscalationStep.id).where(
        EscalationStep.property_id == work.property_id,
        EscalationStep.contact_id == contact_id,
        EscalationStep.minutes == minutes,
    )
    if await work.session.scalar(same):
        raise Conflict("this step is on the list", code="step_exists")
    work.session.add(step)
    work.record(ESCALATION_CHANGED, contact_id, {"minutes": minutes})
    return step


async def remove_step(work: UnitOfWork, step_id: str) -> None:
    """Take a step off the list. Raises NotFound."""
    step = await _mine(work, EscalationStep, step_id)
    work.record(ESCALATION_CHANGED, step.contact_id, {"removed": True})
    await work.session.delete(step)


async def test(work: UnitOfWork, contact_id: str) -> Notification:
    """Write a test message to somebody. Raises NotFound."""
    contact = await find(work.session, work.property_id, contact_id)
    one = Notification(
        id=new_id("notice"),
        property_id=work.property_id,
        once=f"test:{new_id('test')}",
        reason="test",
        priority="low",
        alerts=[],
        contact_id=contact.id,
        channel=contact.channel,
        target=contact.address,
        state="waiting",
        attempts=0,
        created_at=work.now,
        due_at=work.now,
    )
    work.session.add(one)
    await work.session.flush()
    return one


async def send_again(work: UnitOfWork, notification_id: str) -> Notification:
    """Try a message anew that was given up. Raises Conflict for one that was not, NotFound."""
    one = await _mine(work, Notification, notification_id)
    if one.state != "dead":
        raise Conflict("it was not given up", code="not_given_up")
    one.state, one.attempts, one.due_at, one.error = "waiting", 0, work.now, None
    work.record(SENT_AGAIN, one.id, {"channel": one.channel})
    return one


async def find(session: AsyncSession, property_id: str, contact_id: str) -> Contact:
    """Somebody. Raises NotFound."""
    query = select(Contact).where(Contact.property_id == property_id, Contact.id == contact_id)
    found = await session.scalar(query)
    if found is None:
        raise NotFound(f"no contact {contact_id}")
    return found


async def contacts(session: AsyncSession, property_id: str) -> Sequence[Contact]:
    """Everybody, as they were added."""
    query = select(Contact).where(Contact.property_id == property_id)
    return (await session.scalars(query.order_by(Contact.created_at, Contact.id))).all()


async def shifts(session: AsyncSession, property_id: str) -> Sequence[Shift]:
    """The roster."""
    query = select(Shift).where(Shift.property_id == property_id)
    return (await session.scalars(query.order_by(Shift.weekdays, Shift.starts, Shift.id))).all()


async def steps(session: AsyncSession, property_id: str) -> Sequence[EscalationStep]:
    """The escalation list in its order."""
    query = select(EscalationStep).where(EscalationStep.property_id == property_id)
    return (await session.scalars(query.order_by(EscalationStep.minutes, EscalationStep.contact_id))).all()


async def messages(session: AsyncSession, property_id: str, state: str = "", limit: int = 50) -> Sequence[Notification]:
    """Messages, newest first; of one state when asked."""
    query = select(Notification).where(Notification.property_id == property_id)
    if state:
        query = query.where(Notification.state == state)
    newest = query.order_by(Notification.created_at.desc(), Notification.id.desc())
    return (await session.scalars(newest.limit(limit))).all()


async def _mine(work: UnitOfWork, table: type[Row], row_id: str) -> Row:
    found: Row | None = await work.session.get(table, row_id, with_for_update=True)
    if found is None or found.property_id != work.property_id:
        raise NotFound(f"no {table.__tablename__} {row_id}")
    return found


def _is_mail(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    plain = all(sign.isprintable() and not sign.isspace() for sign in text)
    return bool(local and at and domain) and plain and "@" not in local
