"""The hotel's clock: UTC instants that move with the monotonic clock, faster than life when a demo asks for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """`now()` never jumps by itself: it is anchored to the wall clock once and moved by the monotonic clock.

    `speed` is hotel seconds per real second (1.0 in a real hotel). `drift()` says how far the wall clock has moved away
    from it, `resync()` anchors anew: the caller decides when, and says so.
    """

    def __init__(
        self,
        speed: float = 1.0,
        start: datetime | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._speed = speed
        self._anchor = start or wall()
        self._anchored_at = monotonic()

    @property
    def speed(self) -> float:
        """Hotel seconds per real second."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        self._anchor, self._anchored_at = self.now(), self._monotonic()
        self._speed = value

    def now(self) -> datetime:
        """The hotel's present instant, UTC."""
        return self._anchor + timedelta(seconds=(self._monotonic() - self._anchored_at) * self._speed)

    def real(self, seconds: float) -> float:
        """How many real seconds `seconds` of hotel time take at the present speed."""
        return seconds / self._speed

    def drift(self) -> float:
        """Seconds by which the wall clock is ahead of this clock; meaningful only at speed 1."""
        return (self._wall() - self.now()).total_seconds()

    def resync(self) -> None:
        """Take the wall clock's time from here on."""
        self._anchor, self._anchored_at = self._wall(), self._monotonic()
