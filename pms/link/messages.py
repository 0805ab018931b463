"""What edge and PMS tell each other (design section 3, the table of kinds). JSON on the wire, never retained, QoS 1.

Topics: `innkeeper/<property>/up/<kind>` (edge to PMS) and `innkeeper/<property>/down/<kind>`. No personal data crosses.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Base of every body: immutable, unknown keys are ignored so that two releases can talk."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Envelope(Message):
    """What travels: `seq` counts from 1 within `epoch`; a new epoch begins when a database is created or restored.

    `after` is the sequence of the message that must have been applied before this one; 0 when everything earlier has
    been acknowledged. Acknowledgements, greetings and up/system carry seq 0: they are neither stored by the sender nor
    acknowledged, and only the latest counts. `boot` is the run of the sender in which it happened (0: not told): within
    one, `seq` of a kind is the order of what happened, whatever the clock said. `historical`: it waited (the link was
    down) and tells the past: true for the record, no news of this minute.
    """

    kind: str
    property: str
    epoch: str
    seq: int
    after: int = 0
    at: datetime
    boot: int = 0
    historical: bool = False
    body: dict[str, Any]


class Ack(Message):
    """The receiver has committed every message of `epoch` up to and including `through`."""

    epoch: str
    through: int


class Hello(Message):
    """Said at each connection: what this end has committed of the other's `epoch` (None: it never heard of one)."""

    epoch: str | None = None
    through: int = 0


class EvidenceItem(Message):
    """One reason, as a code with parameters."""

    code: str
    at: datetime
    params: dict[str, Any] = {}


class Sensed(Message):
    """A sensed value with its age: `fresh_until` None means that it does not grow stale."""

    value: Any = None
    source: str | None = None  # of a request: panel, lock, manual
    since: datetime | None = None
    heard: datetime | None = None
    fresh_until: datetime | None = None
    stale: bool = False


class SensedOccupancy(Message):
    """Occupancy as shown; when set by hand, `detected` keeps what the sensors say."""

    value: Literal["unknown", "vacant", "occupied"] = "unknown"
    confidence: float = 0.0
    since: datetime | None = None
    heard: datetime | None = None
    fresh_until: datetime | None = None
    stale: bool = False
    source: Literal["detected", "manual"] = "detected"
    until: datetime | None = None
    evidence: list[EvidenceItem] = []
    detected: str | None = None


class SensedCleaning(Message):
    """Cleaning phase; `by` is the credential of the attendant where the lock told it."""

    phase: Literal["none", "in_progress", "done"] = "none"
    by: str | None = None
    since: datetime | None = None


class SensedClimate(Message):
    """Climate of a room; every value may be unknown."""

    temperature_c: float | None = None
    setpoint_c: float | None = None
    mode: str | None = None
    humidity: float | None = None
    co2: float | None = None
    heard: datetime | None = None
    fresh_until: datetime | None = None


class SensedEnergy(Message):
    """What is done with the climate of a room now, and why. `guest_c`: what comes back; `wanted_c`: what is set
    meanwhile; `reached`: the device has said so; `still`: ventilation is off."""

    phase: Literal["comfort", "setback", "deep", "window"] = "comfort"
    since: datetime | None = None
    why: EvidenceItem | None = None
    guest_c: float | None = None
    wanted_c: float | None = None
    reached: bool = False
    still: bool = False


class RoomBody(Message):
    """up/room: the whole sensed state of a room. Applied twice or late, the result is the same (`version`)."""

    room: str
    version: int
    at: datetime
    occupancy: SensedOccupancy = SensedOccupancy()
    cleaning: SensedCleaning = SensedCleaning()
    request: Sensed = Sensed(value="none")
    door: Sensed = Sensed(value="unknown")
    lock: Sensed = Sensed(value="unknown")
    climate: SensedClimate = SensedClimate()
    conditions: list[str] = []  # kinds now present in the room
    energy: SensedEnergy | None = None  # None: nothing is known of setbacks here


class AccessBody(Message):
    """up/access: a lock event. `late`: the lock remembered it and told it afterwards."""

    room: str
    device: str
    at: datetime
    result: str
    credential_class: str
    credential: str | None = None
    reason: str | None = None
    late: bool = False


class Colleague(Message):
    """Somebody who came in to a visit that went on already."""

    by: str
    credential: str | None = None
    at: datetime


class VisitBody(Message):
    """up/visit: staff were in a room and have left. `by`: the class of the card, `unknown` without one; `guests`:
    guests were in too, or may have been; `request`: what the room asked for; `spell`: the cleaning that was seen."""

    room: str
    visit: str
    by: str
    credential: str | None = None
    entered: datetime
    left: datetime
    moved: bool = False
    guests: bool = False
    request: str = "none"
    spell: str | None = None
    others: list[Colleague] = []


class CleaningBody(Message):
    """up/cleaning: a cleaning spell started, or ended with its outcome."""

    room: str
    spell: str
    phase: Literal["started", "ended"]
    by: str | None = None
    at: datetime
    started: datetime | None = None
    outcome: str | None = None  # cleaned | visit


class ConditionBody(Message):
    """up/condition: a fault is there or gone. The PMS keeps what people do about it."""

    key: str
    kind: str
    state: Literal["raised", "cleared"]
    room: str | None = None
    device: str | None = None
    line: str | None = None  # what the device hangs on: a fault of the line is the cause of many of its devices'
    priority: str = "medium"
    at: datetime
    evidence: list[EvidenceItem] = []


class CommandResultBody(Message):
    """up/command_result: how far a command is (accepted, sent, acknowledged), or how it (or a change of the inventory)
    ended. `detail`: what is wrong, for a person."""

    id: str
    state: str
    at: datetime
    reason: str | None = None
    detail: str | None = None  # more of why, as the edge says it: which file, which line of it


class OrderBody(Message):
    """up/order: an order that the edge gives by itself; how it fares is told as of any other. `why`: a code."""

    id: str
    room: str
    device: str
    point: str
    value: Any
    deadline: datetime
    at: datetime
    by: str
    why: str


class EnergyBody(Message):
    """up/energy: what a room's setbacks came to on a day of the hotel's calendar so far; the latest is the one.

    Seconds by what the room was; `degree_s`, `drift_s`: kelvin times seconds (see `edge.rooms.energy_count`).
    """

    room: str
    day: date
    at: datetime
    occupied_s: float = 0
    vacant_s: float = 0
    unknown_s: float = 0
    setback_s: float = 0
    deep_s: float = 0
    window_s: float = 0
    still_s: float = 0
    degree_s: float = 0
    drift_s: float = 0
    orders: int = 0


class DeviceBody(Message):
    """up/device: a device of the inventory, first heard, silent or back."""

    device: str
    room: str | None
    line: str
    profile: str
    online: bool | None
    heard: datetime | None
    battery: float | None = None


class SystemBody(Message):
    """up/system: the edge's health, each part with its state and cause; mergeable.

    `parts` items: {"part": "broker"|"journal"|"line:<id>"|"encoder:<id>"|"card_key"|"clock"|"disk",
    "state": "ok"|"degraded"|"down", "detail": str, "since": datetime, "code": str|None}.
    `encoders`: {"id", "line", "state": "up"|"down", "code": str|None, "firmware": str|None, "busy": bool,
    "waiting": int, "since": datetime}.
    `devices`: {"id", "room", "line", "profile", "online", "heard", "battery", "rejected", "commands"}; `commands`: what
    can be ordered of it {"point", "kind": "number"|"boolean"|"choice", "choices", "minimum", "maximum", "unit"}.
    `rejected`: the last few messages nobody understood {"at", "source", "device", "reason", "detail", "payload"}.
    `counters`: messages, readings, commits, duplicates, rejected, by name. `ready`: all subscriptions acknowledged.
    `retention`: {"days": days by class as they really are, "removed": rows by class since the start, "swept": datetime
    of the last time everything was looked at, or None}.
    """

    at: datetime
    ready: bool
    parts: list[dict[str, Any]] = []
    encoders: list[dict[str, Any]] = []
    devices: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    counters: dict[str, float] = {}
    retention: dict[str, Any] = {}
