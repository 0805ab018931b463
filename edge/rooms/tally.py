"""What is counted in a room: how often, and how long the silence lasted."""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import log

EDGES = tuple(22.5 * float(2**step) for step in range(12))
"""Seconds at which a silence is counted as longer, each twice the one before: 22.5 s to 12.8 h."""
STEP = log(2)
MOST = 128
"""Counts are halved there, so that a room goes on learning."""


@dataclass(slots=True)
class Share:
    """How often something happened, of the times it could."""

    yes: float = 0
    no: float = 0

    def count(self, *, yes: bool, weight: float = 1) -> None:
        """Once more, or as much of it as `weight` says. What is old fades: guests change."""
        if self.yes + self.no >= MOST:
            self.yes, self.no = self.yes / 2, self.no / 2
        if yes:
            self.yes += weight
        else:
            self.no += weight

    def mean(self, yes: float, no: float) -> float:
        """The share, with so many of either taken as seen before."""
        return (yes + self.yes) / (yes + no + self.yes + self.no)


@dataclass(slots=True)
class Silences:
    """How many silences lasted longer than each of EDGES."""

    count: float = 0
    longer: list[float] = field(default_factory=list)  # empty until there is one

    def add(self, seconds: float) -> None:
        """One more."""
        if self.count >= MOST:
            self.halve()
        self.count += 1
        self.longer = self.longer or [0.0] * len(EDGES)
        for at in range(bisect_right(EDGES, seconds)):
            self.longer[at] += 1

    def halve(self) -> None:
        """What is old fades."""
        self.count /= 2
        self.longer = [longer / 2 for longer in self.longer]

    def beyond(self, seconds: float) -> float:
        """How many lasted longer than that; between two edges by the logarithm of the time."""
        if not self.longer:
            return 0
        at = bisect_right(EDGES, seconds)
        if at == 0:
            return self.count - (self.count - self.longer[0]) * seconds / EDGES[0]
        if at == len(EDGES):
            return self.longer[-1]
        before, after = self.longer[at - 1], self.longer[at]
        return before - (before - after) * log(seconds / EDGES[at - 1]) / STEP
