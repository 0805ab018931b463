"""Token buckets by key, bounded in memory: so many at once, then so many a second. Time is a value."""

from collections import OrderedDict
from collections.abc import Hashable

MOST_KEYS = 20_000
"""Keys that are remembered; the one unused for longest is forgotten, which gives it a full bucket."""


class Buckets:
    """`burst` may be taken at once, `rate` a second come back. A rate of 0: never limited."""

    def __init__(self, rate: float, burst: float, most: int = MOST_KEYS) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until `key` may take one; 0 when it may now."""
        return self._wait(self._tokens(key, now)) if self._rate else 0.0

    def take(self, key: Hashable, now: float) -> float:
        """Take one: 0 when it was there, else the seconds to wait, and nothing is taken. `now` in seconds."""
        if not self._rate:
            return 0.0
        tokens = self._tokens(key, now)
        wait = self._wait(tokens)
        self._put(key, tokens if wait else tokens - 1, now)
        return wait

    def give_back(self, key: Hashable, now: float) -> None:
        """Return one that was taken."""
        if self._rate:
            self._put(key, min(self._burst, self._tokens(key, now) + 1), now)

    def _tokens(self, key: Hashable, now: float) -> float:
        tokens, at = self._left.get(key, (self._burst, now))
        return min(self._burst, tokens + max(0.0, now - at) * self._rate)

    def _wait(self, tokens: float) -> float:
        # a bucket that is a hair short of one is full enough: the caller waited for what it was told
        return 0.0 if tokens > 1 - 1e-6 else (1 - tokens) / self._rate

    def _put(self, key: Hashable, tokens: float, now: float) -> None:
        self._left[key] = (tokens, now)
        self._left.move_to_end(key)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
