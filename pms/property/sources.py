"""What higher floors know of rooms, handed in by `pms.app`: this department may not import them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
Discrepancy = Callable[[str, dict[str, Any] | None, datetime], dict[str, Any] | None]
MoreActions = Callable[[Call, Room], Sequence[Action]]


async def _nothing_sensed(_session: AsyncSession, _property_id: str, _rooms: Sequence[str] | None) -> SensedStates:
    return {}


def _no_discrepancy(_front_office: str, _body: Mapping[str, Any] | None, _now: datetime) -> dict[str, Any] | None:
    return None


@dataclass
class RoomSources:
    """`sensed`: the latest from the rooms; `discrepancy`: where desk and sensors disagree; `actions`: what other
    departments offer to do with a room."""

    sensed: Sensed = _nothing_sensed
    discrepancy: Discrepancy = _no_discrepancy
    actions: list[MoreActions] = field(default_factory=list)


ROOM_SOURCES: web.AppKey[RoomSources] = web.AppKey("room_sources", RoomSources)
