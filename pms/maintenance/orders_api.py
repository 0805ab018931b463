"""Work orders over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import users
from pms.access.permissions import ALERTS_READ, ALERTS_WORK, ROOMS_SELLABILITY
from pms.kernel.errors import Conflict, Forbidden, Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.calls import Call
from pms.maintenance import orders, service
from pms.maintenance.order_model import WorkOrder, WorkOrderNote
from pms.maintenance.order_rules import OrderState, Proposal, Step, refusals
from pms.maintenance.views import NoteView

routes = Routes("work_orders")

PATH = "/api/v1/work-orders"


class OrderQuery(Body):
    """`?state=&room=`: without a state, the unfinished ones."""

    state: Literal["unfinished", "open", "in_progress", "blocked", "done", "all"] = "unfinished"
    room: str | None = Field(None, max_length=20)


class OrderBody(Body):
    """An order written by hand, or (with `alert`) for an alert that has none."""

    title: str = Field("", max_length=500)
    room: str | None = Field(None, max_length=20)
    device: str | None = Field(None, max_length=120)
    alert: str | None = Field(None, max_length=64)


class TextBody(Body):
    """Why, or what there is to say."""

    text: str = Field("", max_length=2000)


class OrderView(View):
    """A work order. `proposal`: whether the room should be out of service until it is done."""

    id: str
    room: str | None
    device: str | None
    kind: str | None
    title: str
    state: str
    blocked_reason: str | None
    proposal: str
    alert: str | None
    worker: str | None
    created_at: datetime
    created_by: str
    started_at: datetime | None
    done_at: datetime | None
    reopened: int
    notes: list[NoteView]
    version: int
    actions: list[ActionView]


@routes.read(PATH, permission=ALERTS_READ, response=Page[OrderView], query=OrderQuery)
async def work_orders(call: ReadCall) -> Page[OrderView]:
    """Work orders, newest first."""
    query = call.query(OrderQuery)
    found = await orders.listing(call.session, call.property_id, states_of(query.state), query.room)
    return Page[OrderView](items=await views(call, call.session, found))


@routes.read(PATH + "/{id}", permission=ALERTS_READ, response=OrderView)
async def work_order(call: ReadCall) -> Reply:
    """One order with its history."""
    found = await orders.find(call.session, call.property_id, call.path("id"))
    return Reply((await views(call, call.session, [found]))[0], version=found.version)


@routes.write("POST", PATH, permission=ALERTS_WORK, body=OrderBody, response=OrderView, status=201)
async def open_order(call: WriteCall) -> Reply:
    """Write an order."""
    asked = call.body(OrderBody)
    if asked.alert is None:
        made = await orders.open_by_hand(call.work, asked.title, asked.room, asked.device)
    else:
        alert = await service.find(call.work.session, call.property_id, asked.alert, lock=True)
        last = await orders.of_alert(call.work.session, call.property_id, alert.id)
        if last is not None and last.state != OrderState.DONE:
            raise Conflict("there is an order for this alert", reasons=[Reason("order_exists")])
        made = await orders.open_for(call.work, alert)
    return await _reply(call, made, status=201)


@routes.write("POST", PATH + "/{id}/start", permission=ALERTS_WORK, body=Nothing, response=OrderView)
async def start(call: WriteCall) -> Reply:
    """Begin, or go on."""
    return await _step(call, Step.START)


@routes.write("POST", PATH + "/{id}/block", permission=ALERTS_WORK, body=TextBody, response=OrderView)
async def block(call: WriteCall) -> Reply:
    """Say why it cannot go on."""
    return await _step(call, Step.BLOCK, call.body(TextBody).text)


@routes.write("POST", PATH + "/{id}/done", permission=ALERTS_WORK, body=TextBody, response=OrderView)
async def done(call: WriteCall) -> Reply:
    """The work is done."""
    return await _step(call, Step.DONE, call.body(TextBody).text)


@routes.write("POST", PATH + "/{id}/reopen", permission=ALERTS_WORK, body=TextBody, response=OrderView)
async def reopen(call: WriteCall) -> Reply:
    """It was not done after all."""
    return await _step(call, Step.REOPEN, call.body(TextBody).text)


@routes.write("POST", PATH + "/{id}/note", permission=ALERTS_WORK, body=TextBody, response=OrderView)
async def note(call: WriteCall) -> Reply:
    """Write something down about it."""
    return await _step(call, Step.NOTE, call.body(TextBody).text)


@routes.write("POST", PATH + "/{id}/accept", permission=ALERTS_WORK, body=Nothing, response=OrderView)
async def accept(call: WriteCall) -> Reply:
    """Take the room out of service until the work is done."""
    if not call.may(ROOMS_SELLABILITY):
        raise Forbidden(f"needs {ROOMS_SELLABILITY}")
    return await _step(call, Step.ACCEPT)


@routes.write("POST", PATH + "/{id}/decline", permission=ALERTS_WORK, body=Nothing, response=OrderView)
async def decline(call: WriteCall) -> Reply:
    """Leave the room in service."""
    return await _step(call, Step.DECLINE)


def states_of(asked: str) -> list[str]:
    """The states a filter stands for."""
    if asked == "unfinished":
        return []
    return [state.value for state in OrderState] if asked == "all" else [asked]


async def views(call: Call, session: AsyncSession, found: Sequence[WorkOrder]) -> list[OrderView]:
    """Orders as this reader sees them."""
    people = {person.user.id: person.user.username for person in await users.people(session, call.property_id)}
    history = await orders.notes(session, call.property_id, [one.id for one in found])
    return [_view(call, one, history.get(one.id, []), people) for one in found]


def _view(call: Call, found: WorkOrder, history: Sequence[WorkOrderNote], people: dict[str, str]) -> OrderView:
    lines = [
        NoteView(at=line.at, by=people.get(line.by, line.by), action=line.action, text=line.text) for line in history
    ]
    return OrderView(
        id=found.id,
        room=found.room,
        device=found.device,
        kind=found.kind,
        title=found.title or call.text(f"kind.{found.kind}"),
        state=found.state,
        blocked_reason=found.blocked_reason,
        proposal=found.proposal,
        alert=found.alert_id,
        worker=people.get(found.worker, found.worker) if found.worker else None,
        created_at=found.created_at,
        created_by=people.get(found.created_by, found.created_by),
        started_at=found.started_at,
        done_at=found.done_at,
        reopened=found.reopened,
        notes=lines,
        version=found.version,
        actions=_actions(call, found),
    )


def _actions(call: Call, found: WorkOrder) -> list[ActionView]:
    if not call.may(ALERTS_WORK):
        return []
    state, proposal = OrderState(found.state), Proposal(found.proposal)
    against = {what: [Reason(code) for code in refusals(what, state, proposal)] for what in Step}
    return [call.action(what.value, reasons) for what, reasons in against.items()]


async def _step(call: WriteCall, what: Step, text: str = "") -> Reply:
    found = await orders.find(call.work.session, call.property_id, call.path("id"), lock=True)
    call.check_version(found.version)
    return await _reply(call, await orders.step(call.work, found.id, what, text))


async def _reply(call: WriteCall, changed: WorkOrder, status: int = 200) -> Reply:
    await call.work.session.flush()
    return Reply((await views(call, call.work.session, [changed]))[0], status=status, version=changed.version)
