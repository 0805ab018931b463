"""Alerts over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from pms.access.permissions import ALERTS_READ, ALERTS_WORK
from pms.kernel.http import Body, Nothing, Page, ReadCall, Reply, Routes, WriteCall
from pms.kernel.http.models import PageQuery, decode_cursor, encode_cursor
from pms.maintenance import service
from pms.maintenance.model import Alert
from pms.maintenance.reading import Aside
from pms.maintenance.rules import OPEN, AlertState
from pms.maintenance.views import AlertView as AlertView
from pms.maintenance.views import views as views

routes = Routes("maintenance")


Filter = Literal[
    "open",
    "new",
    "acknowledged",
    "shelved",
    "cleared_unacknowledged",
    "resolved",
    "suppressed",
    "out_of_service",
    "all",
]


class AlertQuery(PageQuery):
    """`?room=&state=`: without a state (or `open`) the open ones."""

    room: str | None = Field(None, max_length=20)
    state: Filter = "open"


class ShelveBody(Body):
    """For how long nobody wants to see it, and why."""

    reason: str = Field(min_length=1, max_length=500)
    minutes: int = Field(ge=1, le=7 * 24 * 60)


class TakeOutBody(Body):
    """Why it is out of service: what is being done about it."""

    reason: str = Field(min_length=1, max_length=500)


class ResolveBody(Body):
    """What was done about it."""

    note: str = Field("", max_length=2000)


class NoteBody(Body):
    """Something to remember."""

    text: str = Field(min_length=1, max_length=2000)


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
        aside=aside_of(query.state),
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


@routes.write(
    "POST", "/api/v1/alerts/{id}/out-of-service", permission=ALERTS_WORK, body=TakeOutBody, response=AlertView
)
async def out_of_service(call: WriteCall) -> Reply:
    """Take it out of service while somebody works on it."""
    await _check(call)
    return await _reply(call, await service.take_out(call.work, call.path("id"), call.body(TakeOutBody).reason))


@routes.write("POST", "/api/v1/alerts/{id}/in-service", permission=ALERTS_WORK, body=Nothing, response=AlertView)
async def in_service(call: WriteCall) -> Reply:
    """Bring it back into service."""
    await _check(call)
    return await _reply(call, await service.bring_back(call.work, call.path("id")))


@routes.write("POST", "/api/v1/alerts/{id}/note", permission=ALERTS_WORK, body=NoteBody, response=AlertView)
async def note(call: WriteCall) -> Reply:
    """Write something down about it."""
    return await _reply(call, await service.note(call.work, call.path("id"), call.body(NoteBody).text))


def states_of(asked: str) -> list[str]:
    """The states a filter stands for."""
    if asked in {"open", "suppressed", "out_of_service"}:
        return [state.value for state in OPEN]
    return [state.value for state in AlertState] if asked == "all" else [asked]


def aside_of(asked: str) -> Aside:
    """Whether a filter asks for what is suppressed or out of service."""
    if asked in {"all", "resolved"}:
        return "any"
    return "suppressed" if asked == "suppressed" else "out_of_service" if asked == "out_of_service" else ""


async def _check(call: WriteCall) -> None:
    found = await service.find(call.work.session, call.property_id, call.path("id"), lock=True)
    call.check_version(found.version)


async def _reply(call: WriteCall, changed: Alert) -> Reply:
    await call.work.session.flush()
    return Reply((await views(call, call.work.session, [changed]))[0], version=changed.version)
