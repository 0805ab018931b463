"""Waiting in hotel time: one heap, one task, whatever the clock's speed is and however it changes."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from devices.clock import Clock

LONGEST_NAP_S = 0.25
"""Real seconds after which a change of the clock's speed that nobody told of (`wake`) has taken effect."""


class Timer:
    """One call in the future."""

    __slots__ = ("call", "when")

    def __init__(self, when: datetime, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """The call will not be made."""
        self.call = None


class Timers:
    """Calls and sleeps by the hotel's clock. `run()` must be running for them to come true."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[datetime, int, Timer]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call `call` in `seconds` of hotel time."""
        return self.at(self.clock.now() + timedelta(seconds=seconds), call)

    def at(self, when: datetime, call: Callable[[], None]) -> Timer:
        """Call `call` at the instant `when`, at once when it is past."""
        timer = Timer(when, call)
        heapq.heappush(self._heap, (when, next(self._order), timer))
        if self._heap[0][2] is timer:
            self._wake.set()
        return timer

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of hotel time."""
        await self.until(self.clock.now() + timedelta(seconds=seconds))

    async def until(self, when: datetime) -> None:
        """Return at the instant `when`."""
        reached = asyncio.get_running_loop().create_future()
        timer = self.at(when, lambda: None if reached.done() else reached.set_result(None))
        try:
            await reached
        finally:
            timer.cancel()

    def wake(self) -> None:
        """The clock's speed has changed: see at once what is due, and how long the next nap is."""
        self._wake.set()

    async def run(self) -> None:
        """Make the calls that are due, until cancelled."""
        while True:
            self._wake.clear()
            self._make_due_calls()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._nap()):
                    await self._wake.wait()

    def _make_due_calls(self) -> None:
        now = self.clock.now()
        while self._heap and self._heap[0][0] <= now:
            call = heapq.heappop(self._heap)[2].call
            if call is not None:
                call()

    def _nap(self) -> float:
        if not self._heap:
            return LONGEST_NAP_S
        wait = self.clock.real((self._heap[0][0] - self.clock.now()).total_seconds())
        return min(max(wait, 0.0), LONGEST_NAP_S)
