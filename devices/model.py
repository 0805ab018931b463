"""The words for devices: device, point, reading, event, command (design section 2)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

Value = float | int | bool | str | None
"""What a point can hold. None: the device said that it does not know."""


class Quality(StrEnum):
    """How far a reading may be believed."""

    GOOD = "good"
    STALE = "stale"  # true once, of unknown or too great an age (a retained message, a silent device)
    BAD = "bad"  # the device says itself that the value is not available, or it is absurd


class Power(StrEnum):
    """Where a device gets its power from: a battery device is heard, a mains device can be asked."""

    MAINS = "mains"
    BATTERY = "battery"


class CredentialClass(StrEnum):
    """Who a card or code belongs to, as the lock reports it (reference locks-and-encoders section 3)."""

    GUEST = "guest"
    HOUSEKEEPING = "housekeeping"
    ENGINEERING = "engineering"
    MASTER = "master"
    EMERGENCY = "emergency"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Device:
    """A thing with an address on a line, of one profile, placed in one room (or none: a corridor, a spare).

    `sees`: "room", or "entry" where a sensor sees the way in only, so that its silence says nothing of the rest.
    """

    id: str
    line: str
    profile: str
    address: str
    room: str | None = None
    sees: str = "room"


class Reading(NamedTuple):
    """One value of one point. A named tuple and not a dataclass: it is made for every value that arrives.

    Values by point: `door` "open"|"closed"; `motion` `presence` `bed` `contact` `window` `keycard` `leak` `smoke`
    `sos` `tamper` `bolt` `relay` `battery_low` `occupancy_input` bool; `lock` "locked"|"unlocked"|"not_fully_locked"|
    "jammed"; `request` "none"|"dnd"|"mur"; `mode` "off"|"vent"|"heat"|"cool"|"auto"|"eco"; `fan` "off"|"low"|"medium"|
    "high"|"auto";
    `temperature` `setpoint` degC; `humidity` %; `co2` ppm; `lux` lx; `power` W; `energy` kWh; `voltage` V; `current` A;
    `battery` %; `link_quality` 0-255; `key_sequence` the lowest sequence of a key card that a lock opens to;
    `message_number` counts a device's messages or presses, `record` a lock's records: each number is told once;
    `online` bool (what the device or its bridge says of its availability).
    """

    device: str
    room: str | None
    point: str
    value: Value
    quality: Quality
    device_time: datetime | None  # as the device tells it, UTC; None when it has no clock
    received: datetime  # UTC
    sequence: int  # of the wire message on its line
    retained: bool = False  # a retained message is a state of unknown age and never an event


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something that happened at a device and has no duration.

    Kinds and params: `access` {"result": "granted"|"denied", "credential_class": CredentialClass,
    "credential": str|None, "reason": str|None}, where a card of ours is "card:<number in the ledger>";
    `egress` {} (opened from inside);
    `sos` {}; `tamper` {}; `forced` {}; `button` {"name": str}.
    """

    device: str
    room: str | None
    kind: str
    params: dict[str, Any]
    device_time: datetime | None
    received: datetime
    sequence: int


Fact = Reading | DeviceEvent


@dataclass(frozen=True, slots=True)
class Rejected:
    """A wire message, or a part of it, that could not be understood: counted by device and reason, the last kept."""

    source: str  # topic, or "unit 3 holding 40009"
    reason: str  # a code: unknown_topic, not_json, wrong_type, absurd_value, too_large, too_deep, exception_2 ...
    device: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """A device's own word on a command, where its family has one (Shelly: the response to the request)."""

    device: str
    command: str
    accepted: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one wire message said. Both lists may be filled: the good half of a half-good message counts."""

    facts: tuple[Fact, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    answers: tuple[CommandAnswer, ...] = ()


class LineState(StrEnum):
    """A line's own account of itself."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class LineStatus:
    """A change of a line's state, with the cause as a code and its detail for a person to read."""

    line: str
    state: LineState
    at: datetime
    cause: str | None = None  # connect_refused, timeout, closed, no_such_port, permission, credentials ...
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """An order to a device. Never sent after its deadline, never repeated when its outcome is unknown."""

    id: str
    device: str
    point: str  # setpoint, mode, relay, lock
    value: Value
    deadline: datetime
    by: str = "system"
    room: str | None = None


class CommandState(StrEnum):
    """A command ends in exactly one of the last four. Done: what was ordered was read back, or was reported."""

    ACCEPTED = "accepted"  # stored at the edge
    SENT = "sent"  # handed to the wire; on disk before that
    ACKNOWLEDGED = "acknowledged"  # the device took it, or the broker that stands before it
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended, or how far it is: `reason` is a code of `COMMAND_REASONS` when it did not end well."""

    id: str
    state: CommandState
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PointSpec:
    """One point of a profile: its unit, how long a value stays fresh, what is plausible, where it is on the wire."""

    name: str
    unit: str = ""
    freshness_s: float | None = None  # None: holds until the next value (a door contact without heartbeat)
    minimum: float | None = None
    maximum: float | None = None
    writable: bool = False
    wire: dict[str, Any] = field(default_factory=dict)  # dialect specific: property, JSON path, register ...


@dataclass(frozen=True, slots=True)
class Profile:
    """A device model, as data (`devices/profiles/*.toml`). `id` is `<dialect>/<name>`, or a bare name for Modbus."""

    id: str
    dialect: str  # zigbee2mqtt tasmota shelly mapped modbus ...
    label: str
    points: dict[str, PointSpec]
    power: Power = Power.MAINS
    offline_after_s: float | None = None  # silence after which it is offline; None: silence says nothing
    battery_critical: float | None = None  # percent; at or under it low_battery is raised at the first reading
    wire: dict[str, Any] = field(default_factory=dict)
