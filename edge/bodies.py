"""From what the rooms' logic says to what the link carries, and back. Pure."""

from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import orjson

from devices.model import CommandResult
from edge.rooms.signals import (
    AccessHappened,
    CleaningEnded,
    CleaningStarted,
    ConditionCleared,
    ConditionRaised,
    Effect,
    Override,
    RoomFacts,
    StaffVisit,
)
from pms.link.down import RoomFactsBody


class Fact(NamedTuple):
    """A message for the PMS: its kind, what it is about, its JSON."""

    kind: str
    key: str
    body: bytes


def fact(kind: str, key: str, body: dict[str, Any]) -> Fact:
    """A fact with its body encoded."""
    return Fact(kind, key, orjson.dumps(body))


def of_effect(effect: Effect, at: datetime, line: str | None = None) -> Fact | None:
    """The fact an effect is for the PMS; None for those that are none (a state to publish, a command to send).

    `line`: what the device of a fault hangs on.
    """
    match effect:
        case AccessHappened():
            return fact("access", effect.room, _fields(effect, at=effect.at or at))
        case CleaningStarted():
            return fact("cleaning", effect.room, _fields(effect, phase="started"))
        case CleaningEnded():
            return fact("cleaning", effect.room, _fields(effect, phase="ended"))
        case StaffVisit():
            return fact("visit", effect.room, _fields(effect))
        case ConditionRaised():
            return fact("condition", effect.key, _fields(effect, state="raised", at=at, line=line))
        case ConditionCleared():
            return fact("condition", effect.key, _fields(effect, state="cleared", at=at))
        case _:
            return None


def of_result(result: CommandResult) -> Fact:
    """How a command ended."""
    return fact("command_result", result.id, _fields(result))


def room_facts(body: RoomFactsBody) -> RoomFacts:
    """What the front desk believes of a room, as the room takes it."""
    return RoomFacts(
        room=body.room,
        rented=body.rented,
        stay=body.stay,
        arrival=_midnight(body.arrival),
        departure=_midnight(body.departure),
        guests=body.guests,
        due_out=body.due_out,
        maintenance=body.maintenance,
    )


def override(body: RoomFactsBody) -> Override:
    """What was set by hand; value None: nothing, or withdrawn."""
    by_hand = body.occupancy_override or {}
    until = by_hand.get("until")
    return Override(
        room=body.room,
        answer="occupancy",
        value=by_hand.get("value"),
        until=_instant(until) if until else None,
        by=str(by_hand.get("by") or ""),
    )


def _instant(text: object) -> datetime:
    at = datetime.fromisoformat(str(text))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _fields(record: object, **more: Any) -> dict[str, Any]:
    names = record.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: getattr(record, name) for name in names} | more
