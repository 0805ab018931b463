"""The encoders of the house, from the edge's latest account of itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pms.keys.sources import Encoder
from pms.room_feed.model import EdgeSystem

_STATES = frozenset({"up", "down", "starting"})


async def encoders_of(session: AsyncSession, property_id: str) -> Sequence[Encoder]:
    """Every encoder the edge has told of, by id. A state nobody knows counts as unknown."""
    edge = await session.get(EdgeSystem, property_id)
    told = edge.body.get("encoders") or () if edge else ()
    found = [_encoder(one, edge.heard) for one in told if isinstance(one.get("id"), str)] if edge else []
    return sorted(found, key=lambda one: one.id)


def _encoder(told: dict[str, Any], heard: datetime) -> Encoder:
    state, waiting = told.get("state"), told.get("waiting")
    return Encoder(
        id=told["id"],
        line=str(told.get("line") or ""),
        state=state if state in _STATES else "unknown",
        code=told.get("code"),
        firmware=told.get("firmware"),
        busy=bool(told.get("busy")),
        waiting=waiting if isinstance(waiting, int) else 0,
        since=_instant(told.get("since")),
        heard=heard,
    )


def _instant(told: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
