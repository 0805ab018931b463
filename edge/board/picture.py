"""What the board shows, at one instant: made from what the edge holds in memory, so that it needs nobody else."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from edge.broker import Broker
from edge.hub import Hub
from edge.rooms.room import Room
from pms.link.link import LinkStatus

PRIORITIES = ("critical", "high", "medium", "low")
SILENT_AFTER = timedelta(seconds=15)
"""The PMS gives a sign of life each three seconds."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom the board asks. `house`: the hotel's name and time zone; `owed`: messages kept for the PMS."""

    hub: Hub
    broker: Broker
    link: Callable[[], LinkStatus]
    owed: Callable[[], int]
    house: Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RoomTile:
    """A room. Words are codes; `age`: since the room was heard, None: never; `since`: how long the answer holds."""

    number: str
    occupancy: str
    since: timedelta | None
    age: timedelta | None
    stale: bool
    manual: bool
    door: str
    cleaning: str
    request: str
    priority: str | None  # the gravest fault that stands in it


@dataclass(frozen=True, slots=True)
class Alarm:
    """A fault that stands. `where`: the room; None: the house itself. `what`: the device or line it is about."""

    kind: str
    priority: str
    where: str | None
    what: str | None
    age: timedelta


@dataclass(frozen=True, slots=True)
class Reach:
    """The way to the PMS. `since`: when it was heard last; None: not since the start, which was `age` ago."""

    up: bool
    since: datetime | None
    age: timedelta
    owed: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it. `troubles`: codes of what keeps the edge itself from working."""

    house: str
    now: datetime  # on the hotel's wall clock
    pms: Reach
    troubles: tuple[str, ...]
    alarms: tuple[Alarm, ...]
    rooms: tuple[RoomTile, ...]


def taken(sources: Sources) -> Picture:
    """The picture now."""
    now = sources.hub.clock.now()
    name, zone = sources.house()
    wall = ZoneInfo(zone)
    alarms = tuple(_alarms(sources.hub, now))
    gravest: dict[str, str] = {}
    for alarm in reversed(alarms):
        if alarm.where is not None:
            gravest[alarm.where] = alarm.priority
    rooms = sources.hub.house.rooms
    numbers = sorted((number for number in rooms if number), key=_natural)
    return Picture(
        house=name,
        now=now.astimezone(wall),
        pms=_reach(sources.link(), sources.owed(), now, wall),
        troubles=tuple(_troubles(sources)),
        alarms=alarms,
        rooms=tuple(_tile(rooms[number], gravest.get(number), now) for number in numbers),
    )


def _tile(room: Room, priority: str | None, now: datetime) -> RoomTile:
    view = room.view(now)
    occupancy, door = view["occupancy"], view["door"]
    return RoomTile(
        number=room.number,
        occupancy=occupancy["value"],
        since=_ago(occupancy["since"], now),
        age=_ago(occupancy["heard"], now),
        stale=occupancy["stale"],
        manual=occupancy["source"] == "manual",
        door="unknown" if door["stale"] else door["value"],
        cleaning=view["cleaning"]["phase"],
        request=view["request"]["value"],
        priority=priority,
    )


def _alarms(hub: Hub, now: datetime) -> Iterable[Alarm]:
    """The gravest first, of those the newest."""
    found = [_alarm(orjson.loads(said.body), said.key, now) for said in hub.conditions.facts()]
    return sorted(found, key=lambda alarm: (_rank(alarm.priority), alarm.age))


def _alarm(body: dict[str, Any], key: str, now: datetime) -> Alarm:
    subject = body.get("device") or (key.partition(":")[2] if body["kind"] == "line_down" else None)
    at = datetime.fromisoformat(str(body["at"]))
    return Alarm(body["kind"], body["priority"], body.get("room") or None, subject, max(now - at, timedelta()))


def _rank(priority: str) -> int:
    return PRIORITIES.index(priority) if priority in PRIORITIES else len(PRIORITIES)


def _reach(link: LinkStatus, owed: int, now: datetime, wall: ZoneInfo) -> Reach:
    heard = link.peer_heard
    age = max(now - (heard or link.since), timedelta())
    up = link.connected and heard is not None and age < SILENT_AFTER
    return Reach(up, heard.astimezone(wall) if heard else None, age, owed)


def _troubles(sources: Sources) -> Iterable[str]:
    if not sources.broker.status.up:
        yield "broker"
    if sources.hub.journal.trouble is not None:
        yield sources.hub.journal.trouble.code


def _ago(at: datetime | None, now: datetime) -> timedelta | None:
    return None if at is None else max(now - at, timedelta())


def _natural(number: str) -> list[tuple[int, int, str]]:
    """Room 9 stands before room 10, and A2 among its like."""
    parts = re.findall(r"\d+|\D+", number)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
