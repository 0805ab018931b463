"""What setbacks are decided from, and what is remembered of them. Values only."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from devices.model import Value
from edge.rooms.signals import Evidence


class Phase(StrEnum):
    """What is done with the climate of a room."""

    COMFORT = "comfort"  # nothing: as the guest, or somebody for them, has set it
    SETBACK = "setback"  # rented, nobody in
    DEEP = "deep"  # not rented, nobody in
    WINDOW = "window"  # a window is open


class Doubt(StrEnum):
    """How far the answer of the sensors can be believed."""

    NONE = "none"
    UNHEARD = "unheard"  # nothing heard since the start, or too little: nothing new is taken back, what was stays
    AWAY = "away"  # a sensor is missing: the guest's setting comes back


@dataclass(frozen=True, slots=True)
class Control:
    """A point that takes orders: `setpoint`, `mode`, or the `relay` of a ventilation.

    `value`: what the device says now; None: not known, so that nothing is ordered. `mode`: of the same device.
    """

    device: str
    point: str
    value: Value
    low: float | None = None
    high: float | None = None
    mode: str | None = None

    @property
    def key(self) -> str:
        """Its name among the controls of the room."""
        return f"{self.device}/{self.point}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a room now.

    `since`: of the occupancy. `rented` None: nobody has told. `window` None: no contact, or not known.
    `off`: a code of why the room is left alone (`switched_off`, `opted_out`, `maintenance`).
    """

    occupancy: str
    since: datetime | None
    doubt: Doubt
    rented: bool | None
    stay: str | None = None
    window: bool | None = None
    expected: datetime | None = None
    off: str | None = None
    controls: tuple[Control, ...] = ()
    temperature: float | None = None
    quiet_since: datetime | None = None  # the last sign of life, where the room is vacant


@dataclass(frozen=True, slots=True)
class Held:
    """A control that was taken back. `guest`: what comes back; `wanted`: what it is to be meanwhile; `aimed`: what was
    asked of it, where it goes only so far; `reached`: it said that it is there; `back`: it is being given back;
    `was`: what it said when that was asked; `sent`: orders that may still arrive, the last one last."""

    guest: Value
    wanted: Value
    aimed: Value
    reached: bool = False
    back: bool = False
    tries: int = 0
    asked: datetime | None = None
    was: Value = None
    sent: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is remembered of a room; a restart keeps it whole. `by_hand`: since when somebody's own counts."""

    phase: Phase = Phase.COMFORT
    since: datetime | None = None
    why: Evidence | None = None
    still: bool = False  # ventilation is off
    held: dict[str, Held] = field(default_factory=dict)
    by_hand: datetime | None = None
    window_since: datetime | None = None
    told: bool | None = None  # rented, as told last
    stay: str | None = None
    let_since: datetime | None = None  # when it was let, while nobody has been in since
    orders: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """To be given now."""

    device: str
    point: str
    value: Value
    lowers: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows."""

    plan: Plan
    orders: tuple[Order, ...] = ()
