"""Hours pass: the clock runs fast for a while and then goes on as before.

Only as fast as the machine can follow: at 300 hotel seconds a second a fifth of a second between a door and the rules
is a minute, and a room would rightly wonder. So the speed follows how late the event loop's own timers are.
"""

import asyncio
from datetime import datetime, timedelta

from devices.clock import Clock
from simulators.timers import Timers

FASTEST = 300.0
FIRST = 30.0
"""The speed it begins with: what happened just before is still on its way through broker and rules."""
SLOWEST = 1.0
LATEST_S = 2.0
"""Hotel seconds by which things may be late."""
LOOK_S = 0.02
"""Real seconds between two looks at how late the loop is."""


class FastForward:
    """One fast forward at a time; `run()` ends when the hours have passed or `stop()` was called."""

    def __init__(self, clock: Clock, timers: Timers) -> None:
        self._clock = clock
        self._timers = timers
        self._task: asyncio.Task[None] | None = None
        self._fastest = FASTEST
        self._began: datetime | None = None
        self._target: datetime | None = None
        self._before = clock.speed

    @property
    def active(self) -> bool:
        """Is the clock running fast now?"""
        return self._task is not None

    @property
    def progress(self) -> float:
        """The share of the hours that has passed, 0 to 1; 1 when no fast forward is on."""
        if self._began is None or self._target is None:
            return 1.0
        share = (self._clock.now() - self._began) / (self._target - self._began)
        return min(max(share, 0.0), 1.0)

    @property
    def until(self) -> datetime | None:
        """Where it will stop."""
        return self._target

    def start(self, hours: float, speed: float = FASTEST) -> None:
        """Let so many hours pass. One that is under way is prolonged."""
        if self._task is not None and self._target is not None:
            self._target += timedelta(hours=hours)
            return
        self._before = self._clock.speed
        self._began = self._clock.now()
        self._target = self._began + timedelta(hours=hours)
        self._fastest = max(speed, self._before)
        self._clock.speed = max(self._before, min(FIRST, self._fastest))
        self._timers.wake()
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._over)

    def set_speed(self, speed: float) -> None:
        """The clock's ordinary speed from now on (while hours pass: from then on)."""
        self._before = speed
        if self._task is None:
            self._clock.speed = speed

    async def stop(self) -> None:
        """Back to the ordinary speed now."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        reached = asyncio.create_task(self._reached())
        try:
            while not reached.done():
                self._clock.speed = adapted(self._clock.speed, await _lateness(), (self._before, self._fastest))
        finally:
            reached.cancel()

    async def _reached(self) -> None:
        while self._target is not None and self._clock.now() < self._target:
            await self._timers.until(self._target)

    def _over(self, _task: "asyncio.Task[None]") -> None:
        self._clock.speed = self._before
        self._task = self._began = self._target = None


def adapted(speed: float, late: float, limits: tuple[float, float]) -> float:
    """The next speed, when the loop was `late` real seconds: half as fast at once, faster only little by little."""
    slowest, fastest = limits
    wanted = speed / 2 if late * speed > LATEST_S else speed * 1.05
    return min(max(wanted, slowest), fastest)


async def _lateness() -> float:
    """Real seconds by which the loop woke us too late."""
    loop = asyncio.get_running_loop()
    due = loop.time() + LOOK_S
    await asyncio.sleep(LOOK_S)
    return loop.time() - due
