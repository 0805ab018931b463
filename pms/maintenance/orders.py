"""Use cases of work orders: opened by a fault or by hand, worked on, done; what they mean for the room."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.permissions import ALERTS_READ
from pms.kernel.errors import Conflict, FieldError, Invalid, NotFound, Reason
from pms.kernel.events import EventKind
from pms.kernel.ids import new_id
from pms.kernel.work import UnitOfWork
from pms.maintenance import service
from pms.maintenance.catalog import BLOCKS
from pms.maintenance.model import Alert
from pms.maintenance.order_model import WorkOrder, WorkOrderNote
from pms.maintenance.order_rules import UNFINISHED, OrderState, Proposal, Step, after, refusals
from pms.maintenance.rules import OPEN, AlertState
from pms.property import service as house

OPENED = EventKind("work.opened", ALERTS_READ)
EVENTS = {
    Step.START: EventKind("work.started", ALERTS_READ),
    Step.BLOCK: EventKind("work.blocked", ALERTS_READ),
    Step.DONE: EventKind("work.done", ALERTS_READ),
    Step.REOPEN: EventKind("work.reopened", ALERTS_READ),
    Step.NOTE: EventKind("work.noted", ALERTS_READ),
    Step.ACCEPT: EventKind("work.room_taken", ALERTS_READ),
    Step.DECLINE: EventKind("work.room_kept", ALERTS_READ),
}
_UNFINISHED = [state.value for state in UNFINISHED]


async def open_by_hand(work: UnitOfWork, title: str, room: str | None, device: str | None) -> WorkOrder:
    """Somebody writes an order. Raises Invalid without a title, NotFound for a room there is not."""
    if not title.strip():
        raise Invalid([FieldError("title", "required", "say what is to be done")])
    if room is not None:
        await house.find_room(work.session, work.property_id, room)
    return await _new(work, WorkOrder(title=title.strip(), room=room, device=device, proposal=Proposal.NONE.value))


async def open_for(work: UnitOfWork, alert: Alert) -> WorkOrder:
    """The order of an alert: the unfinished one, the last one reopened when the fault is the same, or a new one."""
    last = await of_alert(work.session, work.property_id, alert.id, lock=True)
    if last is not None:
        if OrderState(last.state) is OrderState.DONE:
            _move(work, last, Step.REOPEN, "")
        return last
    proposes = alert.kind in BLOCKS and alert.room is not None
    order = WorkOrder(
        title="",
        room=alert.room,
        device=alert.device,
        kind=alert.kind,
        alert_id=alert.id,
        proposal=(Proposal.OPEN if proposes else Proposal.NONE).value,
    )
    return await _new(work, order)


async def step(work: UnitOfWork, order_id: str, what: Step, text: str = "") -> WorkOrder:
    """Make a step with an order. Raises Conflict, Invalid (a reason or a note is missing), NotFound."""
    order = await find(work.session, work.property_id, order_id, lock=True)
    codes = refusals(what, OrderState(order.state), Proposal(order.proposal))
    if codes:
        raise Conflict(f"cannot {what.value} this order", reasons=[Reason(code) for code in codes])
    if what in {Step.BLOCK, Step.NOTE} and not text.strip():
        raise Invalid([FieldError("text", "required", "say why")])
    if what is Step.ACCEPT:
        await _take_room(work, order)
    _move(work, order, what, text)
    if what is Step.DONE:
        await _finish(work, order)
    elif what is Step.START and order.alert_id is not None:
        await _seen(work, order.alert_id)
    return order


async def end_with(work: UnitOfWork, alert: Alert) -> None:
    """Its fault has gone by itself: an order nobody has begun is done, one in somebody's hands stays there."""
    order = await of_alert(work.session, work.property_id, alert.id, lock=True)
    if order is None or OrderState(order.state) is not OrderState.OPEN:
        return
    _move(work, order, Step.DONE, "")
    await _give_room_back(work, order)


async def resolved_with(work: UnitOfWork, alert: Alert) -> None:
    """Somebody has resolved the alert: its order is done, whoever had it."""
    order = await of_alert(work.session, work.property_id, alert.id, lock=True)
    if order is not None and OrderState(order.state) in UNFINISHED:
        _move(work, order, Step.DONE, "")
        await _give_room_back(work, order)


async def find(session: AsyncSession, property_id: str, order_id: str, *, lock: bool = False) -> WorkOrder:
    """One order. Raises NotFound."""
    query = select(WorkOrder).where(WorkOrder.property_id == property_id, WorkOrder.id == order_id)
    found = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(f"no work order {order_id}")
    return found


async def of_alert(session: AsyncSession, property_id: str, alert_id: str, *, lock: bool = False) -> WorkOrder | None:
    """The last order of an alert."""
    query = select(WorkOrder).where(WorkOrder.property_id == property_id, WorkOrder.alert_id == alert_id)
    query = query.order_by(WorkOrder.created_at.desc(), WorkOrder.id.desc()).limit(1)
    found: WorkOrder | None = await session.scalar(query.with_for_update() if lock else query)
    return found


async def of_alerts(session: AsyncSession, property_id: str, alert_ids: Collection[str]) -> dict[str, WorkOrder]:
    """The unfinished orders of these alerts, by alert."""
    query = select(WorkOrder).where(
        WorkOrder.property_id == property_id, WorkOrder.alert_id.in_(alert_ids), WorkOrder.state.in_(_UNFINISHED)
    )
    return {one.alert_id: one for one in await session.scalars(query) if one.alert_id is not None}


async def listing(
    session: AsyncSession, property_id: str, states: Collection[str] = (), room: str | None = None, limit: int = 200
) -> Sequence[WorkOrder]:
    """Orders, newest first: the unfinished ones unless states are named."""
    query = select(WorkOrder).where(WorkOrder.property_id == property_id, WorkOrder.state.in_(states or _UNFINISHED))
    if room is not None:
        query = query.where(WorkOrder.room == room)
    return (await session.scalars(query.order_by(WorkOrder.created_at.desc(), WorkOrder.id.desc()).limit(limit))).all()


async def notes(session: AsyncSession, property_id: str, ids: Collection[str]) -> dict[str, list[WorkOrderNote]]:
    """The history of these orders by id, oldest line first."""
    query = select(WorkOrderNote).where(WorkOrderNote.property_id == property_id, WorkOrderNote.order_id.in_(ids))
    found: dict[str, list[WorkOrderNote]] = {}
    for line in await session.scalars(query.order_by(WorkOrderNote.at, WorkOrderNote.id)):
        found.setdefault(line.order_id, []).append(line)
    return found


async def unfinished(session: AsyncSession, property_id: str) -> int:
    """How many orders are not done."""
    query = select(func.count()).select_from(WorkOrder)
    query = query.where(WorkOrder.property_id == property_id, WorkOrder.state.in_(_UNFINISHED))
    return await session.scalar(query) or 0


async def _new(work: UnitOfWork, order: WorkOrder) -> WorkOrder:
    order.id, order.property_id, order.state = new_id("work"), work.property_id, OrderState.OPEN.value
    order.created_at, order.created_by, order.reopened = work.now, work.actor.name, 0
    work.session.add(order)
    await work.session.flush()
    work.record(OPENED, order.id, _payload(order))
    return order


async def _take_room(work: UnitOfWork, order: WorkOrder) -> None:
    assert order.room is not None  # noqa: S101 - only an order of a room proposes this
    room = await house.room_to_change(work, order.room)
    if room.sellability == "sellable":
        house.set_sellability(work, room, "out_of_service", _reason(order), None)


async def _give_room_back(work: UnitOfWork, order: WorkOrder) -> None:
    """Only a room that this order took, and that nobody has set otherwise since."""
    if order.room is None or order.proposal != Proposal.ACCEPTED:
        return
    room = await house.room_to_change(work, order.room)
    if (room.sellability, room.sellability_reason) == ("out_of_service", _reason(order)):
        house.set_sellability(work, room, "sellable", None, None)


async def _finish(work: UnitOfWork, order: WorkOrder) -> None:
    """The work is done: the room is back, and so is the alert, which is resolved unless the fault is still there."""
    await _give_room_back(work, order)
    if order.alert_id is None:
        return
    alert = await service.find(work.session, work.property_id, order.alert_id, lock=True)
    if alert.state in OPEN and not alert.present:
        await service.resolve(work, alert.id)
    elif alert.state in OPEN and alert.out_of_service_at is not None:
        await service.bring_back(work, alert.id)
    await _seen(work, alert.id)


async def _seen(work: UnitOfWork, alert_id: str) -> None:
    """Whoever works on it has seen it."""
    alert = await service.find(work.session, work.property_id, alert_id, lock=True)
    if AlertState(alert.state) is AlertState.NEW:
        await service.acknowledge(work, alert.id)


def _move(work: UnitOfWork, order: WorkOrder, what: Step, text: str) -> None:
    target = after(what, OrderState(order.state)) or OrderState(order.state)
    order.state = target.value
    order.blocked_reason = text.strip() if what is Step.BLOCK else order.blocked_reason
    if what in {Step.ACCEPT, Step.DECLINE}:
        order.proposal = (Proposal.ACCEPTED if what is Step.ACCEPT else Proposal.DECLINED).value
    if what is Step.START:
        order.worker, order.blocked_reason = work.actor.name, None
        order.started_at = order.started_at or work.now
    elif what is Step.DONE:
        order.done_at, order.blocked_reason = work.now, None
    elif what is Step.REOPEN:
        order.done_at, order.reopened = None, order.reopened + 1
        order.proposal = (Proposal.NONE if order.proposal == Proposal.NONE else Proposal.OPEN).value
    line = WorkOrderNote(property_id=work.property_id, order_id=order.id, at=work.now, by=work.actor.name)
    line.action, line.text = what.value, text.strip()
    work.session.add(line)
    work.record(EVENTS[what], order.id, _payload(order))


def _reason(order: WorkOrder) -> str:
    """How a room knows the order that took it."""
    return f"work order {order.id}"


def _payload(order: WorkOrder) -> dict[str, object]:
    return {
        "room": order.room,
        "device": order.device,
        "kind": order.kind,
        "state": order.state,
        "alert": order.alert_id,
    }
