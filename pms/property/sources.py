"""What higher floors know of rooms, handed in by `pms.app`: this department may not import them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.http import Call
from pms.kernel.http.models import Action
from pms.property.model import Room

SensedStates = dict[str, tuple[datetime, dict[str, Any]]]
"""By room number: when the edge made it, and `pms.link.messages.RoomBody` as JSON."""

Sensed = Callable[[AsyncSession, str, Sequence[str] | None], Awaitable[SensedStates]]
Discrepancies = Callable[[AsyncSession, str, str | None], Awaitable[dict[str, dict[str, Any]]]]
MoreActions = Callable[[Call, Room], Sequence[Action]]


async def _nothing_sensed(_session: AsyncSession, _property_id: str, _rooms: Sequence[str] | None) -> SensedStates:
    return {}


async def _no_discrepancies(_session: AsyncSession, _property_id: str, _room: str | None) -> dict[str, dict[str, Any]]:
    return {}


@dataclass
class RoomSources:
    """`sensed`: the latest from the rooms; `discrepancies`: where desk and sensors disagree, by room (or of one
    room); `actions`: what other departments offer to do with a room."""

    sensed: Sensed = _nothing_sensed
    discrepancies: Discrepancies = _no_discrepancies
    actions: list[MoreActions] = field(default_factory=list)


ROOM_SOURCES: web.AppKey[RoomSources] = web.AppKey("room_sources", RoomSources)
