"""Of which class a message is, and up to when each class is kept. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from devices.model import Fact, Reading
from edge.retention_points import CLIMATE, PRESENCE
from pms.link.retention import CLASSES, DEFAULTS, Periods, period


class MessageClass(IntEnum):
    """What a message tells, as the journal stores it. The greater is the more sensitive and wins. Never renumbered."""

    OTHER = 0  # also what nobody could decode, and what an older release stored
    CLIMATE = 1
    LOCKS = 2
    PRESENCE = 3


NAMES: Mapping[MessageClass, str] = {one: f"edge_{one.name.lower()}" for one in MessageClass}
"""The keys of `[retention]`."""

OF_POINT: Mapping[str, int] = {
    **dict.fromkeys(
        (
            *("door", "window", "motion", "presence", "bed", "contact", "keycard", "occupancy_input"),
            *("bolt", "request", "sound", "doorbell"),
            *PRESENCE,
        ),
        int(MessageClass.PRESENCE),
    ),
    **dict.fromkeys(("lock", "key_sequence", "record"), int(MessageClass.LOCKS)),
    **dict.fromkeys(
        (
            *("temperature", "temperature_remote", "humidity", "co2", "voc", "pressure", "lux"),
            *("setpoint", "mode", "fan", "valve", "heating_output", "cooling_output", "relay"),
            *("power", "energy", "voltage", "current", "frequency"),
            *CLIMATE,
        ),
        int(MessageClass.CLIMATE),
    ),
}
"""By point; a point that is not here says nothing of people or climate."""

OF_EVENT: Mapping[str, int] = {
    **dict.fromkeys(("egress", "button"), int(MessageClass.PRESENCE)),
    **dict.fromkeys(("access", "forced", "tamper"), int(MessageClass.LOCKS)),
}
"""By kind of event."""

_HIGHEST = int(max(MessageClass))


def class_of(facts: Iterable[Fact]) -> int:
    """The class of a message from what it said. Called for every message: kept short."""
    highest = 0
    for fact in facts:
        found = OF_POINT.get(fact.point, 0) if type(fact) is Reading else OF_EVENT.get(fact.kind, 0)  # type: ignore[union-attr]
        if found > highest:
            highest = found
            if found == _HIGHEST:
                break
    return highest


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """How much of what was heard is kept to look at: at most so many messages, none longer than `days`, and each class
    no longer than its period. What is in no room's state yet, and what the PMS has not had, is never deleted. At the
    cap (messages, or megabytes in use) the oldest telemetry goes, alarms and locks never (`edge.journal_space`).
    """

    messages: int = 500_000
    days: float = 30.0
    periods: Periods = field(default_factory=lambda: DEFAULTS)
    megabytes: float = 2000.0

    def kept(self, name: str) -> timedelta:
        """How long a class is really kept."""
        return min(period(name, self.periods), timedelta(days=self.days))

    def shown(self) -> dict[str, float]:
        """Days by class of the edge, as they really are."""
        return {one.name: self.kept(one.name) / timedelta(days=1) for one in CLASSES.values() if one.place == "edge"}

    def oldest(self, now: datetime) -> dict[MessageClass, datetime]:
        """By class: what was received before is to go."""
        return {one: now - self.kept(name) for one, name in NAMES.items()}
