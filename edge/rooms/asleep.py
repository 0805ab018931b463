"""Sensors that notice nothing of people who come in by card: how likely is it that they still work? Pure.

The longest a sensor is silent over entries differs: one that sees the door notices nearly every entry, one in the
bathroom every other. So each is judged by its own past: a run of `n` entries unnoticed is suspicious when it would be
improbable for a sensor that misses entries as often as this one did (a beta distribution, so that little is concluded
from a short past). The one that notices most entries is taken to see the door, and is expected to from the start.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

MEMORY = 0.97
"""What is left of the past with each entry: some thirty count, a sensor that was moved is known after a week."""
SEES_THE_DOOR = (1.0, 8.0)
ELSEWHERE = (1.0, 1.0)
"""What is believed before there is a past: (missed, noticed). Elsewhere: nothing."""
RARE, RARER = 1e-3, 1e-6
"""A working sensor's run: of the one that sees the door one in a thousand; of others, which have runs all the time."""


@dataclass(slots=True)
class Record:
    """One sensor's past: entries it noticed at once, noticed before the next one, and missed; and the present run."""

    at_once: float = 0.0
    noticed: float = 0.0
    missed: float = 0.0
    run: int = 0


@dataclass(slots=True)
class AsleepState:
    """What a restart must keep, by device."""

    records: dict[str, Record] = field(default_factory=dict)

    def entry(self, device: str) -> int:
        """Somebody came in; returns over how many entries the sensor has been silent, this one counted."""
        record = self.records.setdefault(device, Record())
        record.at_once, record.noticed, record.missed = (
            MEMORY * value for value in (record.at_once, record.noticed, record.missed)
        )
        record.run += 1
        return record.run

    def felt(self, device: str, *, at_once: bool) -> None:
        """The sensor noticed somebody; `at_once`: who has just come in."""
        record = self.records.get(device)
        if record is None or not record.run:
            return
        record.noticed += 1
        record.at_once += at_once
        record.missed += record.run - 1
        record.run = 0

    def forget(self, device: str) -> None:
        """It is another sensor from now on, or none."""
        self.records.pop(device, None)

    def suspicious(self, device: str, sensors: Iterable[str]) -> bool:
        """Is the run of one of these sensors of the room too long to be chance?"""
        record = self.records[device]
        others = (self.records.get(other, Record()).at_once for other in sensors if other != device)
        leads = record.at_once > max(others, default=-1.0)
        missed, noticed = SEES_THE_DOOR if leads else ELSEWHERE
        likely = chance(record.run, missed + record.missed, noticed + record.noticed)
        return likely < (RARE if leads else RARER)


def chance(run: int, missed: float, noticed: float) -> float:
    """Of `run` entries missed in a row by a sensor that has missed and noticed so many."""
    likely = 1.0
    for step in range(run):
        likely *= (missed + step) / (missed + noticed + step)
    return likely
