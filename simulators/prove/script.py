"""What happens when: a script of faults from a seed. Pure: the same seed and length give the same script."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

FIRST_S = 2.0
"""Seconds in which everybody speaks before the first fault."""


class Kind(StrEnum):
    """What can go wrong."""

    EDGE_KILLED = "edge_killed"  # kill -9 in the middle of a flood, then started again
    KILLED_UNCOMMITTED = "edge_killed_uncommitted"  # kill -9 while the disk takes nothing: all it holds is unsaved
    KILLED_UNHEARD = "edge_killed_unheard"  # kill -9 when all is saved and the broker has not heard that yet
    BROKER_KILLED = "broker_killed"  # kill -9 of the edge's own broker
    PMS_AWAY = "pms_away"  # kill -9 of the PMS, started again later
    PMS_SLOW = "pms_slow"  # it stands still and goes on
    DISK_FULL = "disk_full"  # no file of the edge may grow, nothing can be written
    CLOCK_JUMP = "clock_jump"  # the edge starts with a clock that is an hour behind, which is set later
    UNIT_DEAD = "unit_dead"
    UNIT_SLOW = "unit_slow"
    UNIT_LATE = "unit_late"
    UNIT_GARBLED = "unit_garbled"
    UNIT_LYING = "unit_lying"
    DUPLICATED = "messages_duplicated"
    REORDERED = "messages_reordered"
    RETAINED = "message_retained"
    REPLAYED = "messages_replayed"


HOUSE = (
    *(Kind.EDGE_KILLED, Kind.KILLED_UNCOMMITTED, Kind.KILLED_UNHEARD, Kind.BROKER_KILLED),
    *(Kind.PMS_AWAY, Kind.DISK_FULL, Kind.CLOCK_JUMP, Kind.PMS_SLOW),
)
"""One after the other, never two at once: else nobody could say whose loss it was."""
UNITS = (Kind.UNIT_DEAD, Kind.UNIT_LATE, Kind.UNIT_GARBLED, Kind.UNIT_SLOW, Kind.UNIT_LYING)
MESSAGES = (Kind.DUPLICATED, Kind.REORDERED, Kind.RETAINED, Kind.REPLAYED)
TRACKS = (HOUSE, UNITS, MESSAGES)

LASTS: dict[Kind, tuple[float, float]] = {
    Kind.EDGE_KILLED: (0.2, 0.8),  # of flood before the kill
    Kind.KILLED_UNCOMMITTED: (0.2, 0.5),
    Kind.KILLED_UNHEARD: (0.2, 0.5),
    Kind.BROKER_KILLED: (0.0, 0.5),
    Kind.PMS_AWAY: (1.0, 4.0),
    Kind.PMS_SLOW: (1.0, 2.5),
    Kind.DISK_FULL: (1.5, 3.0),
    Kind.CLOCK_JUMP: (2.0, 3.0),
    **dict.fromkeys(UNITS, (3.0, 6.0)),
    **dict.fromkeys(MESSAGES, (0.0, 0.0)),
}
"""Seconds, from and to."""
PAUSES: dict[Kind, float] = {**dict.fromkeys(HOUSE, 1.0), **dict.fromkeys(UNITS, 1.0), **dict.fromkeys(MESSAGES, 1.5)}
"""Seconds until the next of the same track, at least; at most twice as long."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: when it begins (seconds after the start, at the earliest), how long it lasts, whom of many it meets."""

    at: float
    kind: Kind
    lasts: float
    whom: int


def script(seed: int, seconds: float, kinds: Sequence[Kind] = tuple(Kind)) -> tuple[tuple[Fault, ...], ...]:
    """The faults of each track in their order, those of `kinds` only. A track's first round has every kind once."""
    return tuple(
        _track(random.Random(f"{seed}/{number}"), seconds, track, kinds) for number, track in enumerate(TRACKS)
    )


def _track(chance: random.Random, seconds: float, track: Sequence[Kind], kinds: Sequence[Kind]) -> tuple[Fault, ...]:
    at, round_ = FIRST_S, [kind for kind in track if kind in kinds]
    made: list[Fault] = []
    while round_:
        chance.shuffle(round_)
        for kind in round_:
            fault = Fault(round(at, 2), kind, round(chance.uniform(*LASTS[kind]), 2), chance.randrange(1_000))
            if at + fault.lasts > seconds:
                return tuple(made)
            made.append(fault)
            at += fault.lasts + PAUSES[kind] * chance.uniform(1, 2)
    return ()
