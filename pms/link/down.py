"""What the PMS tells the edge: the bodies below `down/`."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from pms.link.messages import Message


class PropertyBody(Message):
    """down/property: what the edge must know of the house."""

    id: str
    name: str
    time_zone: str
    rooms: list[dict[str, Any]]  # {"number", "type", "floor"}
    timers: dict[str, float] = Field(default_factory=dict)
    setbacks: bool | None = None  # the hotel's own switch; None: as the edge is configured


class RoomFactsBody(Message):
    """down/room_facts: what the front desk believes of a room, and what was set by hand."""

    room: str
    rented: bool
    stay: str | None = None
    arrival: date | None = None
    departure: date | None = None
    guests: int = 0
    due_out: bool = False
    maintenance: bool = False  # people work on it: the room raises nothing meanwhile
    occupancy_override: dict[str, Any] | None = None  # {"value", "until", "by"}
    setbacks: bool | None = None  # False: this room's climate is left alone
    expected: datetime | None = None  # when somebody is to find the room warm
    key_floor: int = 0  # the lowest sequence of the room's key cards that may still open; locks on a line are told


class CommandBody(Message):
    """down/command: an order to a device of a room."""

    id: str
    room: str | None
    device: str | None  # None: the room's device that has the point
    point: str
    value: Any
    deadline: datetime
    by: str
