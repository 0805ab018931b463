"""Devices heard and not configured, and changes of the inventory, over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from pms.access.permissions import DEVICES_MANAGE, DEVICES_READ
from pms.kernel.http import Action, Body, Call, Nothing, Page, ReadCall, Routes, View, WriteCall
from pms.onboarding import rules, service
from pms.onboarding.model import InventoryChange
from pms.onboarding.sources import DEVICE_SOURCES, Devices

routes = Routes("onboarding")


class LookAlikeView(View):
    """A profile that a device may have, why, and how much of what it says the profile understands (0 to 1)."""

    profile: str
    why: str
    share: float


class CandidateView(View):
    """A device that is heard and not configured. `room`, `device`: what the naming rules propose."""

    line: str
    address: str
    name: str | None
    vendor: str | None
    model: str | None
    looks_like: list[LookAlikeView]
    room: str | None
    device: str | None
    first_heard: datetime
    last_heard: datetime
    messages: int
    sample: str
    values: dict[str, Any]
    actions: list[Action]


class CandidatesView(View):
    """All of them. `at` null: the edge has never told. `ignored`: left out on request; `dropped`: more than fit."""

    items: list[CandidateView]
    next: str | None = None
    at: datetime | None
    ignored: int
    dropped: int


class ChangeBody(Body):
    """A change: `place` a candidate (device: its new id), `move` a device (no room: a spare), `replace` a device by a
    candidate (it keeps id, room, history and alerts), `remove` it, `ignore` a candidate or `unignore` it."""

    action: Literal["place", "move", "replace", "remove", "ignore", "unignore"]
    device: str | None = Field(None, max_length=64)
    line: str | None = Field(None, max_length=64)
    profile: str | None = Field(None, max_length=255)
    address: str | None = Field(None, max_length=1000)
    room: str | None = Field(None, max_length=20)


class ChangeView(View):
    """A change of the inventory. It ends in exactly one of done, failed, expired, unknown."""

    id: str
    action: str
    device: str | None
    line: str | None
    profile: str | None
    address: str | None
    room: str | None
    room_before: str | None
    state: str
    reason: str | None
    detail: str | None
    undoes: str | None
    by: str
    created_at: datetime
    deadline: datetime
    ended_at: datetime | None
    actions: list[Action]


@routes.read("/api/v1/devices/candidates", permission=DEVICES_READ, response=CandidatesView)
async def candidates(call: ReadCall) -> CandidatesView:
    """Devices that are heard and not configured, with what they look like."""
    return await candidates_view(call)


@routes.read("/api/v1/devices/changes", permission=DEVICES_READ, response=Page[ChangeView])
async def changes(call: ReadCall) -> Page[ChangeView]:
    """The latest changes of the inventory, newest first."""
    return Page[ChangeView](items=change_views(call, await service.latest(call.session, call.property_id)))


@routes.read("/api/v1/devices/changes/{id}", permission=DEVICES_READ, response=ChangeView)
async def change(call: ReadCall) -> ChangeView:
    """One change."""
    return change_view(call, await service.find(call.session, call.property_id, call.path("id")))


@routes.write(
    "POST", "/api/v1/devices/changes", permission=DEVICES_MANAGE, body=ChangeBody, response=ChangeView, status=202
)
async def ask(call: WriteCall) -> ChangeView:
    """Ask for a change of the inventory; look at it for how it ends."""
    wanted = rules.Wanted(**call.body(ChangeBody).model_dump())
    return change_view(call, await service.ask(call.work, wanted, devices_of(call)))


@routes.write(
    "POST",
    "/api/v1/devices/changes/{id}/undo",
    permission=DEVICES_MANAGE,
    body=Nothing,
    response=ChangeView,
    status=202,
)
async def undo(call: WriteCall) -> ChangeView:
    """Ask for what takes a change back."""
    return change_view(call, await service.undo(call.work, call.path("id"), devices_of(call)))


@routes.write(
    "POST",
    "/api/v1/devices/candidates/place",
    permission=DEVICES_MANAGE,
    body=Nothing,
    response=Page[ChangeView],
    status=202,
)
async def place_all(call: WriteCall) -> Page[ChangeView]:
    """Place every candidate for which the naming rules say a room and an id."""
    return Page[ChangeView](items=change_views(call, await service.place_all(call.work, devices_of(call))))


def devices_of(call: Call) -> Devices:
    """Where the configured devices are known."""
    return call.request.config_dict[DEVICE_SOURCES].devices


async def candidates_view(call: ReadCall) -> CandidatesView:
    """The list as this reader sees it, those that place themselves first."""
    found = await service.candidates(call.session, call.property_id)
    if found is None:
        return CandidatesView(items=[], at=None, ignored=0, dropped=0)
    actions = [call.action(name) for name in ("place", "replace", "ignore")] if call.may(DEVICES_MANAGE) else []
    shown = [CandidateView.model_validate({**item, "actions": actions}) for item in found.items]
    shown.sort(key=lambda one: (not (one.room and one.looks_like), not one.looks_like, one.room or "", one.address))
    return CandidatesView(items=shown, at=found.at, ignored=found.ignored, dropped=found.dropped)


def change_views(call: Call, found: Sequence[InventoryChange]) -> list[ChangeView]:
    """Changes as this reader sees them."""
    undone = {one.undoes for one in found if one.undoes and one.state in {"accepted", "done"}}
    return [change_view(call, one, undone=one.id in undone) for one in found]


def change_view(call: Call, found: InventoryChange, *, undone: bool = False) -> ChangeView:
    """A change, and whether this reader may take it back."""
    back = rules.takes_back(service.wanted_of(found), found.room_before)
    may = call.may(DEVICES_MANAGE) and back is not None and found.state == "done" and not undone
    shown = {name: getattr(found, name) for name in ChangeView.model_fields if name != "actions"}
    return ChangeView(**shown, actions=[call.action("undo")] if may else [])
