"""What a room is told (signals) and what follows (effects). Past-tense facts in, small frozen dataclasses out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devices.model import Command, DeviceEvent, Reading, Value


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What the PMS says of a room. No personal data."""

    room: str
    rented: bool
    stay: str | None = None
    arrival: datetime | None = None
    departure: datetime | None = None
    guests: int = 0
    due_out: bool = False
    maintenance: bool = False  # it raises nothing meanwhile


@dataclass(frozen=True, slots=True)
class Override:
    """Set by hand; wins until `until` or until withdrawn (`value` None)."""

    room: str
    answer: str  # occupancy | request
    value: str | None
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class DeviceHeard:
    """A device (or the line it hangs on) went silent or came back. `cause` is the line id when the line is why."""

    device: str
    online: bool
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went by."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The house, or somebody at a desk, ordered a point of a device: no hand in the room set what it says then."""

    device: str
    point: str
    value: Value


Signal = Reading | DeviceEvent | RoomFacts | Override | DeviceHeard | Ordered | Tick


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why: a code, when, and its parameters; each reader gets it in their own language."""

    code: str
    at: datetime
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """The room's sensed state has a new version to publish."""

    room: str


@dataclass(frozen=True, slots=True)
class ConditionRaised:
    """A fault is there. `key` is stable (kind:device or kind:room), so that the same fault is one alert."""

    key: str
    kind: str
    room: str | None
    device: str | None
    priority: str  # critical | high | medium | low
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionCleared:
    """The fault is gone. `evidence`: where it is not that nothing shows any more (`device_removed`, `maintenance`)."""

    key: str
    kind: str
    room: str | None
    device: str | None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessHappened:
    """A card or code was used at the door. `late`: the lock remembered it, and it happened at `at`."""

    room: str
    device: str
    result: str  # granted | denied
    credential_class: str
    credential: str | None = None
    reason: str | None = None
    at: datetime | None = None  # None: now
    late: bool = False


@dataclass(frozen=True, slots=True)
class CleaningStarted:
    """An attendant is at work. `spell` identifies this cleaning in both messages."""

    room: str
    spell: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CleaningEnded:
    """The attendant has left. `outcome`: cleaned (long enough to be one) or visit."""

    room: str
    spell: str
    by: str | None
    started: datetime
    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class StaffVisit:
    """Staff were in the room, and have left. `by`: the class of the card, `unknown` without one.

    `moved`: somebody was heard; `guests`: guests were in too, or may have been; `request`: what the room asked for when
    they came; `spell`: the cleaning that was seen meanwhile; `others`: who came in to them, by card.
    """

    room: str
    visit: str
    by: str
    credential: str | None
    entered: datetime
    left: datetime
    moved: bool = False
    guests: bool = False
    request: str = "none"
    spell: str | None = None
    others: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class SendCommand:
    """An order the room's own logic gives."""

    command: Command


Effect = (
    RoomChanged
    | ConditionRaised
    | ConditionCleared
    | AccessHappened
    | CleaningStarted
    | CleaningEnded
    | StaffVisit
    | SendCommand
)
