"""Whether the other end's clock says something else than ours. Pure."""

from collections import deque
from datetime import datetime, timedelta

SAMPLES = 10
APART = timedelta(seconds=1)
"""What arrives at once after a pause was held up together: it counts once."""


class Skew:
    """From the instants that messages carry (`at`, when they were sent) and those at which they arrived.

    A message that was long on its way looks like a clock that is behind, and one from before our clock was set like
    any other: so nothing is said until many in a row agree, and then the least that all of them show.
    """

    def __init__(self) -> None:
        self._ahead: deque[float] = deque(maxlen=SAMPLES)
        self._last: datetime | None = None

    def take(self, at: datetime, now: datetime) -> None:
        """A message that was sent at `at` has arrived `now`."""
        if at.tzinfo is None or (self._last is not None and abs(now - self._last) < APART):
            return
        self._last = now
        self._ahead.append((at - now).total_seconds())

    @property
    def seconds(self) -> float | None:
        """How far the other clock is ahead of ours (behind: negative); None: not enough was heard yet."""
        if len(self._ahead) < SAMPLES:
            return None
        return min(self._ahead, key=abs)
