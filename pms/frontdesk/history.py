"""What happened in a room lately, from the event feed, as codes with parameters."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from pms.kernel.events import Event, head
from pms.kernel.http import ReadCall

SHOWN = 20
LOOKED_AT = 20_000
"""How far back the feed is searched: a room's last events are near its end."""


class Entry(NamedTuple):
    """A line of the history: `code` under `event.`, its parameters, and whether a person did it."""

    at: datetime
    code: str
    params: dict[str, Any]
    by_hand: bool


async def history_of(call: ReadCall, number: str) -> list[Entry]:
    """The latest of a room, newest first, as far as this reader may know it."""
    oldest = await head(call.session, call.property_id) - LOOKED_AT
    query = (
        select(Event)
        .where(Event.property_id == call.property_id, Event.offset > oldest, Event.subject == number)
        .where(Event.redacted.is_(False))
        .order_by(Event.offset.desc())
        .limit(SHOWN * 4)
    )
    events = (await call.session.scalars(query)).all()
    entries = [_entry(event) for event in events if call.may(event.permission)]
    return [entry for entry in entries if entry is not None][:SHOWN]


def _entry(event: Event) -> Entry | None:
    told = _TOLD.get(event.kind, _nothing)(event.payload)
    if told is None:
        return None
    return Entry(event.at, told[0], told[1], event.actor.startswith("user_"))


_Told = tuple[str, dict[str, Any]] | None


def _nothing(_payload: Mapping[str, Any]) -> _Told:
    return None


def _sensed(payload: Mapping[str, Any]) -> _Told:
    changed = payload.get("changed", ())
    if "occupancy" in changed:
        return "sensed", {"presence": payload.get("occupancy")}
    if "cleaning" in changed and payload.get("cleaning") != "none":
        return "cleaning", {"cleaning": payload.get("cleaning")}
    if "request" in changed:
        return "request", {"request": payload.get("request") or "none"}
    return None


def _occupancy_set(payload: Mapping[str, Any]) -> _Told:
    value = payload.get("value")
    return ("occupancy_set", {"presence": value}) if value else ("occupancy_withdrawn", {})


def _maintenance(payload: Mapping[str, Any]) -> _Told:
    return ("maintenance_begun" if payload.get("on") else "maintenance_ended"), {}


def _access(payload: Mapping[str, Any]) -> _Told:
    return f"access_{payload.get('result')}", {"credential_class": payload.get("credential_class")}


_TOLD: dict[str, Callable[[Mapping[str, Any]], _Told]] = {
    "room.sensed": _sensed,
    "room.occupancy_set": _occupancy_set,
    "room.access": _access,
    "room.maintenance": _maintenance,
    "room.front_office": lambda payload: ("front_office", {"front_office": payload.get("front_office")}),
    "room.housekeeping": lambda payload: ("housekeeping", {"housekeeping_state": payload.get("state")}),
    "room.sellability": lambda payload: ("sellability", {"sellability": payload.get("state")}),
    "room.request": lambda payload: ("request", {"request": payload.get("value") or "none"}),
}
"""Events that say something to a person, as a code and its parameters; each parameter is a code under its own name."""
