"""Orders to rooms, devices, and the health of the house over HTTP."""

from datetime import datetime
from typing import Any

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr
from sqlalchemy import select

from pms.access.permissions import DEVICES_READ, LOCKS_OPERATE, ROOMS_COMMAND, ROOMS_READ, SYSTEM_READ
from pms.kernel.errors import Forbidden, Refusal
from pms.kernel.health import Part
from pms.kernel.http import Action as ActionView
from pms.kernel.http import Body, Call, Page, ReadCall, Reply, Routes, View, WriteCall
from pms.property.model import Room
from pms.property.service import find_room
from pms.room_feed import commands
from pms.room_feed.command_rules import LOCK
from pms.room_feed.command_views import CommandView, ControlView, command_views, control_views
from pms.room_feed.devices import known_devices, takers_of
from pms.room_feed.model import EdgeSystem, LinkRejected
from pms.room_feed.service import ROOM_FEED

routes = Routes("room_feed")

SHOWN_REJECTED = 20


class CommandBody(Body):
    """An order: `setpoint` 19.5, `mode` "eco", `fan` "low", `relay` true, `lock` "locked"."""

    point: str = Field(max_length=40)
    value: StrictBool | StrictInt | StrictFloat | StrictStr
    device: str | None = Field(None, max_length=120)
    within_s: int = Field(commands.DEFAULT_S, ge=1, le=commands.LONGEST_S)


class DeviceQuery(Body):
    """`?room=`."""

    room: str | None = Field(None, max_length=20)


class DeviceView(View):
    """A device of the house. `online` null: nobody knows. `rejected`: how much of what it said was not understood."""

    id: str
    room: str | None
    line: str
    profile: str
    online: bool | None
    heard: datetime | None
    age_s: int | None
    battery: float | None
    rejected: int


class PartView(View):
    """A part of the house: how it is, since when, and why."""

    part: str
    state: str
    since: datetime
    code: str | None
    detail: str
    figures: dict[str, Any]


class LinkView(View):
    """The link between the house and its rooms."""

    connected: bool
    heard_at: datetime | None
    unacknowledged: int
    waiting: int
    resent: int
    duplicates: int
    applied: int
    rejected: int


class RejectedView(View):
    """A message that could not be used, to look at."""

    at: datetime | None
    source: str
    reason: str
    device: str | None
    detail: str
    payload: str


class SystemView(View):
    """The health of the house, the edge's own account in it."""

    version: str
    state: str
    ready: bool
    edge_heard_at: datetime | None
    parts: list[PartView]
    link: LinkView | None
    counters: dict[str, float]
    rejected: list[RejectedView]


def _refused(call: WriteCall, refusal: Refusal) -> None:
    """Whoever wanted to move a lock and was not let stands in the audit trail."""
    commands.refused(call.work, _order(call), refusal.code)


@routes.write(
    "POST",
    "/api/v1/rooms/{number}/commands",
    permission=ROOMS_COMMAND,
    body=CommandBody,
    response=CommandView,
    status=202,
    refused=_refused,
)
async def order(call: WriteCall) -> CommandView:
    """Give an order to a device of a room (`lock` needs `locks.operate`); look at the job for how it ends."""
    wanted = _order(call)
    if wanted.point == LOCK and not call.may(LOCKS_OPERATE):
        raise Forbidden(f"needs {LOCKS_OPERATE}")
    return (await command_views(call, call.work.session, [await commands.order(call.work, wanted)]))[0]


def _order(call: WriteCall) -> commands.Order:
    asked = call.body(CommandBody)
    return commands.Order(call.path("number"), asked.point, asked.value, asked.device, asked.within_s)


@routes.read("/api/v1/rooms/{number}/commands", permission=ROOMS_READ, response=Page[CommandView])
async def orders(call: ReadCall) -> Page[CommandView]:
    """A room's latest orders, newest first."""
    found = await commands.jobs_of(call.session, call.property_id, call.path("number"))
    return Page[CommandView](items=await command_views(call, call.session, found))


@routes.read("/api/v1/rooms/{number}/controls", permission=ROOMS_READ, response=Page[ControlView])
async def controls(call: ReadCall) -> Page[ControlView]:
    """What can be ordered in a room: which point of which device, and which values it takes."""
    found = await find_room(call.session, call.property_id, call.path("number"))
    known = await takers_of(call.session, call.property_id, found.number)
    return Page[ControlView](items=control_views(call, known or ()))


@routes.read("/api/v1/commands/{id}", permission=ROOMS_READ, response=CommandView)
async def job(call: ReadCall) -> CommandView:
    """One order."""
    found = await commands.find_job(call.session, call.property_id, call.path("id"))
    return (await command_views(call, call.session, [found]))[0]


@routes.read("/api/v1/devices", permission=DEVICES_READ, response=Page[DeviceView], query=DeviceQuery)
async def devices(call: ReadCall) -> Page[DeviceView]:
    """Every device the edge has told of, by id."""
    known = await known_devices(call.session, call.property_id)
    room = call.query(DeviceQuery).room
    shown = [_device(call, one) for one in known.values() if room is None or one.get("room") == room]
    return Page[DeviceView](items=sorted(shown, key=lambda one: one.id))


@routes.read("/api/v1/system", permission=SYSTEM_READ, response=SystemView)
async def system(call: ReadCall) -> Reply:
    """The health of the house: parts, link, counters, what nobody understood."""
    edge = await call.session.get(EdgeSystem, call.property_id)
    body = edge.body if edge else {}
    health = call.context.health
    view = SystemView(
        version=call.context.version,
        state=health.state,
        ready=health.ready,
        edge_heard_at=edge.heard if edge else None,
        parts=[_part(part) for part in health.parts()],
        link=_link(call),
        counters=body.get("counters") or {},
        rejected=[_rejected(item) for item in body.get("rejected") or ()] + await _set_aside(call),
    )
    return Reply(view)


def _part(part: Part) -> PartView:
    return PartView(
        part=part.name,
        state=part.state,
        since=part.since,
        code=part.code,
        detail=part.detail,
        figures=dict(part.figures),
    )


def room_actions(call: Call, _room: Room) -> list[ActionView]:
    """What can be ordered in a room: part of the room's own actions."""
    return [call.action("command")] if call.may(ROOMS_COMMAND) else []


def _device(call: Call, told: dict[str, Any]) -> DeviceView:
    heard = told.get("heard")
    at = datetime.fromisoformat(heard) if isinstance(heard, str) else heard
    rejected = told.get("rejected") or 0
    return DeviceView(
        id=told["id"],
        room=told.get("room") or None,
        line=told.get("line") or "",
        profile=told.get("profile") or "",
        online=told.get("online"),
        heard=at,
        age_s=max(0, int((call.now - at).total_seconds())) if at else None,
        battery=told.get("battery"),
        rejected=sum(rejected.values()) if isinstance(rejected, dict) else rejected,
    )


def _link(call: Call) -> LinkView | None:
    feed = call.request.config_dict.get(ROOM_FEED)
    if feed is None:
        return None
    status = feed.status()
    return LinkView(
        connected=status.connected,
        heard_at=status.peer_heard,
        unacknowledged=status.unacknowledged,
        waiting=status.waiting,
        resent=status.resent,
        duplicates=status.duplicates,
        applied=status.applied,
        rejected=status.rejected + feed.rejected,
    )


def _rejected(told: dict[str, Any]) -> RejectedView:
    return RejectedView(
        at=told.get("at"),
        source=str(told.get("source") or ""),
        reason=str(told.get("reason") or ""),
        device=told.get("device"),
        detail=str(told.get("detail") or ""),
        payload=str(told.get("payload") or ""),
    )


async def _set_aside(call: ReadCall) -> list[RejectedView]:
    """Messages of the edge that this end could not use."""
    query = select(LinkRejected).where(LinkRejected.property_id == call.property_id)
    rows = await call.session.scalars(query.order_by(LinkRejected.at.desc()).limit(SHOWN_REJECTED))
    return [
        RejectedView(at=row.at, source=f"up/{row.kind}", reason=row.reason, device=None, detail="", payload=row.body)
        for row in rows
    ]
