"""How far the other end's clock is from ours, from the times it writes on what it says. Pure.

A message takes time, and after an outage a broker hands over old ones: a delay only ever makes the other clock look
slower. So of the differences of the last while the one with the least delay is the truest.
"""

from collections import deque
from datetime import datetime

WINDOW_S = 30.0
ENOUGH = 3
"""Signs of life come every few seconds; a verdict needs more than one of them."""


class ClockDifference:
    """`take` for each fresh message (real seconds from a monotonic clock), `seconds` for the verdict."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()
        self._began: tuple[datetime, float] | None = None

    def take(self, theirs: datetime, ours: datetime, monotonic: float) -> None:
        """The other end wrote `theirs`; it arrived when our clock said `ours`."""
        self._began = self._began or (ours, monotonic)
        self._seen.append((monotonic, (theirs - ours).total_seconds()))
        while self._seen[0][0] < monotonic - WINDOW_S:
            self._seen.popleft()

    def seconds(self) -> float | None:
        """By how much the other clock is ahead of ours (negative: behind); None: too little was heard."""
        return max(ahead for _, ahead in self._seen) if len(self._seen) >= ENOUGH else None

    def speed(self, now: datetime, monotonic: float) -> float:
        """How fast our own clock runs: in a demonstration hotel time passes faster than life."""
        if self._began is None or monotonic - self._began[1] < 1:
            return 1.0
        began, at = self._began
        return max(1.0, (now - began).total_seconds() / (monotonic - at))
