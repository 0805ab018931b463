"""Does the clock of a lock run right? Told by the times it gives its events. Pure.

An event that waited in the lock is late and says nothing of its clock; such events come in a burst and their lateness
differs. A clock that is wrong is wrong by the same amount at every event.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

ENOUGH = 3
APART = timedelta(minutes=1)
SAME = timedelta(minutes=1)


@dataclass(slots=True)
class Offset:
    """The lock's clock against ours, at an event: positive is ahead."""

    heard: datetime
    seconds: float


def noted(offsets: list[Offset], device_time: datetime, heard: datetime) -> list[Offset]:
    """The last offsets with one more; of a burst only the last counts."""
    kept = offsets[:-1] if offsets and heard - offsets[-1].heard < APART else offsets
    return [*kept, Offset(heard, (device_time - heard).total_seconds())][-ENOUGH:]


def wrong_by(offsets: list[Offset]) -> float | None:
    """Seconds the clock is ahead (or, negative, behind); None: not known."""
    if len(offsets) < ENOUGH:
        return None
    seconds = [offset.seconds for offset in offsets]
    return seconds[-1] if max(seconds) - min(seconds) <= SAME.total_seconds() else None
