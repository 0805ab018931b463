"""Alerts over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import users
from pms.access.permissions import ALERTS_READ, ALERTS_WORK
from pms.kernel.errors import Reason
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Call, Nothing, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.models import PageQuery, decode_cursor, encode_cursor
from pms.maintenance import service
from pms.maintenance.catalog import kind_of
from pms.maintenance.model import Alert, AlertNote
from pms.maintenance.rules import BY_HAND, OPEN, AlertState, refusals

routes = Routes("maintenance")


class AlertQuery(PageQuery):
    """`?room=&state=`: without a state (or `open`) the open ones."""

    room: str | None = Field(None, max_length=20)
    state: Literal["open", "new", "acknowledged", "shelved", "cleared_unacknowledged", "resolved", "all"] = "open"


class ShelveBody(Body):
    """For how long nobody wants to see it, and why."""

    reason: str = Field(min_length=1, max_length=500)
    minutes: int = Field(ge=1, le=7 * 24 * 60)


class ResolveBody(Body):
    """What was done about it."""

    note: str = Field("", max_length=2000)


class NoteBody(Body):
    """Something to remember."""

    text: str = Field(min_length=1, max_length=2000)


class CodeView(View):
    """A code, and what it means in the reader's language."""

    code: str
    text: str


class EvidenceView(View):
    """One reason, as a code and as a sentence."""

    code: str
    at: datetime
    params: dict[str, Any]
    text: str


class NoteView(View):
    """A line of an alert's history; `action` note is one that only says something."""

    at: datetime
    by: str
    action: str
    text: str


class AlertView(View):
    """An alert. `present`: the fault itself is still there, whatever people have done about it."""

    id: str
    kind: str
    room: str | None
    device: str | None
    priority: str
    state: str
    present: bool
    count: int
    raised_at: datetime
    last_raised_at: datetime
    cleared_at: datetime | None
    cause: CodeView
    consequence: CodeView
    response: CodeView
    evidence: list[EvidenceView]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    shelved_until: datetime | None
    shelved_reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    notes: list[NoteView]
    version: int
    actions: list[ActionView]


@routes.read("/api/v1/alerts", permission=ALERTS_READ, response=Page[AlertView], query=AlertQuery)
async def alerts(call: ReadCall) -> Page[AlertView]:
    """Alerts, newest first."""
    query = call.query(AlertQuery)
    position = decode_cursor(call.property_id, query.cursor) if query.cursor else None
    found = await service.listing(
        call.session,
        call.property_id,
        room=query.room,
        states=states_of(query.state),
        before=(datetime.fromisoformat(position[0]), position[1]) if position else None,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    last = [shown[-1].raised_at.isoformat(), shown[-1].id] if len(found) > query.limit else None
    more = encode_cursor(call.property_id, last) if last else None
    return Page[AlertView](items=await views(call, call.session, shown), next=more)


@routes.read("/api/v1/alerts/{id}", permission=ALERTS_READ, response=AlertView)
async def alert(call: ReadCall) -> Reply:
    """One alert with its history."""
    found = await service.find(call.session, call.property_id, call.path("id"))
    return Reply((await views(call, call.session, [found]))[0], version=found.version)


@routes.write("POST", "/api/v1/alerts/{id}/acknowledge", permission=ALERTS_WORK, body=Nothing, response=AlertView)
async def acknowledge(call: WriteCall) -> Reply:
    """Say that you have seen it and take care of it."""
    await _check(call)
    return await _reply(call, await service.acknowledge(call.work, call.path("id")))


@routes.write("POST", "/api/v1/alerts/{id}/shelve", permission=ALERTS_WORK, body=ShelveBody, response=AlertView)
async def shelve(call: WriteCall) -> Reply:
    """Put it aside for a time; it comes back by itself."""
    await _check(call)
    asked = call.body(ShelveBody)
    return await _reply(call, await service.shelve(call.work, call.path("id"), asked.reason, asked.minutes))


@routes.write("POST", "/api/v1/alerts/{id}/resolve", permission=ALERTS_WORK, body=ResolveBody, response=AlertView)
async def resolve(call: WriteCall) -> Reply:
    """Say that it is dealt with."""
    await _check(call)
    return await _reply(call, await service.resolve(call.work, call.path("id"), call.body(ResolveBody).note))


@routes.write("POST", "/api/v1/alerts/{id}/note", permission=ALERTS_WORK, body=NoteBody, response=AlertView)
async def note(call: WriteCall) -> Reply:
    """Write something down about it."""
    return await _reply(call, await service.note(call.work, call.path("id"), call.body(NoteBody).text))


def states_of(asked: str) -> list[str]:
    """The states a filter stands for."""
    if asked == "open":
        return [state.value for state in OPEN]
    return [state.value for state in AlertState] if asked == "all" else [asked]


async def views(call: Call, session: AsyncSession, found: Sequence[Alert]) -> list[AlertView]:
    """Alerts as this reader sees them."""
    people = {person.user.id: person.user.username for person in await users.people(session, call.property_id)}
    history = await service.notes(session, call.property_id, [one.id for one in found])
    return [_view(call, one, history.get(one.id, []), people) for one in found]


def _view(call: Call, found: Alert, history: Sequence[AlertNote], people: dict[str, str]) -> AlertView:
    kind = kind_of(found.kind)
    return AlertView(
        id=found.id,
        kind=found.kind,
        room=found.room,
        device=found.device,
        priority=found.priority,
        state=found.state,
        present=found.present,
        count=found.count,
        raised_at=found.raised_at,
        last_raised_at=found.last_raised_at,
        cleared_at=found.cleared_at,
        cause=CodeView(code=kind.cause, text=call.text(f"cause.{kind.cause}")),
        consequence=CodeView(code=kind.consequence, text=call.text(f"consequence.{kind.consequence}")),
        response=CodeView(code=kind.response, text=call.text(f"response.{kind.response}")),
        evidence=[_evidence(call, item) for item in found.evidence],
        acknowledged_by=_name(people, found.acknowledged_by),
        acknowledged_at=found.acknowledged_at,
        shelved_until=found.shelved_until,
        shelved_reason=found.shelved_reason,
        resolved_by=_name(people, found.resolved_by),
        resolved_at=found.resolved_at,
        notes=[
            NoteView(at=line.at, by=_name(people, line.by) or line.by, action=line.action, text=line.text)
            for line in history
        ],
        version=found.version,
        actions=_actions(call, found),
    )


def _actions(call: Call, found: Alert) -> list[ActionView]:
    if not call.may(ALERTS_WORK):
        return []
    state = AlertState(found.state)
    against = {what: [Reason(code) for code in refusals(what, state, found.kind)] for what in BY_HAND}
    return [call.action(what.value, reasons) for what, reasons in against.items()]


def _evidence(call: Call, item: dict[str, Any]) -> EvidenceView:
    text = call.context.translator.evidence(call.language, item, call.context.zone)
    return EvidenceView(code=item["code"], at=item["at"], params=item.get("params", {}), text=text)


def _name(people: dict[str, str], who: str | None) -> str | None:
    return people.get(who, who) if who else None


async def _check(call: WriteCall) -> None:
    found = await service.find(call.work.session, call.property_id, call.path("id"), lock=True)
    call.check_version(found.version)


async def _reply(call: WriteCall, changed: Alert) -> Reply:
    await call.work.session.flush()
    return Reply((await views(call, call.work.session, [changed]))[0], version=changed.version)
