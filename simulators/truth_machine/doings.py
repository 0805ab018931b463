"""What people do in a room, as plain values: times are seconds since the simulated hotel began."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from simulators.truth import Role

DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3_600.0, 60.0


class Deed(StrEnum):
    """What somebody does."""

    COME = "come"  # through the door
    GO = "go"
    KNOCK = "knock"  # the door is opened from inside, and nobody passes
    SLEEP = "sleep"
    WAKE = "wake"
    BOLT = "bolt"  # the last one to bed turns it, if everybody is in
    REQUEST = "request"  # `value`: none, dnd, mur
    CLEAN = "clean"  # an attendant begins
    CLEANED = "cleaned"
    WINDOW = "window"  # `value`: open or closed
    CHECK_IN = "check_in"  # `who` is the party, `value` the stay
    DUE_OUT = "due_out"
    CHECK_OUT = "check_out"


@dataclass(frozen=True, slots=True)
class Doing:
    """One deed at one door. `key` is the credential class that the lock tells; None: no card."""

    at: float
    deed: Deed
    who: tuple[str, ...] = ()
    role: Role = Role.GUEST
    key: str | None = None
    open_s: float = 4.0  # how long the door stands open
    value: str = ""
    sure: bool = False  # an injected fault: its messages are not lost


@dataclass(frozen=True, slots=True)
class Calendar:
    """Between instants and seconds."""

    begin: datetime

    def seconds(self, at: datetime) -> float:
        """Since the beginning."""
        return (at - self.begin).total_seconds()

    def instant(self, at: float) -> datetime:
        """The other way round, UTC."""
        return self.begin + timedelta(seconds=at)


def hour_of(at: float) -> float:
    """The hour of the day; the hotel begins at midnight."""
    return at % DAY_S / HOUR_S
