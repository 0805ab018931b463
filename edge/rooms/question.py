"""Is a guest in the room? The answer as it is shown, and kept over a restart."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge.rooms.signals import Evidence


class Phase(StrEnum):
    """Where the question stands; checking and latched both count as occupied."""

    UNKNOWN = "unknown"
    VACANT = "vacant"
    CHECKING = "checking"  # the door moved; who is inside is open
    LATCHED = "latched"  # somebody was felt inside


@dataclass(slots=True)
class Question:
    """All that is shown of it; a restart keeps it whole."""

    phase: Phase = Phase.UNKNOWN
    since: datetime | None = None  # of the shown answer
    last_door: datetime | None = None
    quiet_since: datetime | None = None  # nobody listened before, or somebody was heard
    was_latched: bool = False  # somebody was known to be inside before the door moved
    unseen: bool = False  # the door moved while nobody listened
    last_activity: datetime | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def answer(self) -> str:
        """unknown, vacant or occupied."""
        return "occupied" if self.phase in (Phase.CHECKING, Phase.LATCHED) else str(self.phase)
