"""What nobody tells the edge: a clock that jumps or differs, a disk that fills up, the summer time that begins."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from devices.clock import Clock
from edge.clock_correction import ClockDoubt, Correction
from edge.hub import Hub
from edge.rooms.signals import Evidence
from edge.sqlite_writer import DiskError

log = structlog.get_logger()

ROUND_SECONDS = 1.0
JUMP_SECONDS = 2.0
SLOW_DRIFT_SECONDS = 0.5
CLOCK_CALM_ROUNDS = 600
DISK_ROUNDS = 10
TIDY_ROUNDS = 60
CLOCK, PEER_CLOCK, DISK = "clock_wrong:clock", "clock_wrong:pms", "disk_low:disk"
DIFFERS_SECONDS, AGREES_SECONDS = 30.0, 15.0
"""Between the clocks of edge and PMS: a key card is made by the one and judged by doors that follow the other."""
MEGABYTE = 1_000_000


class Watch:
    """Looks once a second. `minutely`: what follows the calendar."""

    def __init__(
        self, hub: Hub, data: Path, disk_low_mb: int, minutely: Callable[[], None], *, follow_wall: bool = True
    ) -> None:
        self.peer_ahead: Callable[[], float | None] = lambda: None
        self._hub = hub
        self._clock: Clock = hub.clock
        self._data = data
        self._limit = disk_low_mb * MEGABYTE
        self._minutely = minutely
        self._follow_wall = follow_wall
        self._drift = 0.0
        self._calm = 0
        journal = hub.journal
        self._doubt = ClockDoubt(journal.boot, self._clock.now(), journal.loaded.last_heard if follow_wall else None)
        self._wrong: Correction | None = None
        self.clock_jumped = CLOCK in hub.conditions  # as the last run left it
        self.clock_differs = PEER_CLOCK in hub.conditions
        self.disk_low = DISK in hub.conditions
        self.free_bytes = 0
        journal.disk_low = self.disk_low

    @property
    def clock_is_wrong(self) -> bool:
        """It is behind what was heard last and was not set yet, or the PMS's is another: no deadline can be kept."""
        return self._doubt.open or self.clock_differs

    async def run(self) -> None:
        """Look until cancelled."""
        rounds = 0
        self.look_at_start()
        while True:
            self.look_at_clock()
            await self.correct()
            self.look_at_peer(self.peer_ahead())
            if rounds % DISK_ROUNDS == 0:
                self.look_at_disk(shutil.disk_usage(self._data).free)
                if self._hub.journal.trouble is not None and not self._hub.uncommitted:
                    await self._hub.journal.probe()
            if rounds % TIDY_ROUNDS == 0:
                self._minutely()
                await self._tidy()
            rounds += 1
            await asyncio.sleep(ROUND_SECONDS)

    def look_at_start(self) -> None:
        """A clock that is behind what was heard last is wrong until it is set."""
        if not self._doubt.open:
            return
        behind = round(self._doubt.behind.total_seconds(), 1)
        log.warning("clock.behind", seconds=behind)
        self._clock_is_wrong(-behind, self._doubt.last_heard or self._clock.now())

    async def correct(self) -> None:
        """Put right what was told before the clock was set. A disk that does not take it now is asked again."""
        if self._wrong is None or self._hub.journal.trouble is not None:
            return
        try:
            await self._hub.stored()
            messages = await self._hub.journal.correct(self._wrong)
        except DiskError as error:
            log.debug("clock.not_corrected", error=str(error))
            return
        log.info("clock.corrected", messages=messages, seconds=round(self._wrong.by.total_seconds(), 1))
        self._wrong = None

    def look_at_clock(self) -> None:
        """A wall clock that moved by itself is said, and followed; slow drift is followed only."""
        if not self._follow_wall:
            return
        drift = self._clock.drift()
        jump = drift - self._drift
        self._drift = drift
        if abs(jump) > JUMP_SECONDS:
            before = self._clock.now()
            self._follow()
            log.warning("clock.jumped", seconds=round(jump, 1))
            self._clock_is_wrong(jump, before)
            if wrong := self._doubt.clock_set(before, jump):
                self._wrong = wrong
                self._hub.correct(wrong)
            return
        if abs(drift) > SLOW_DRIFT_SECONDS:
            self._follow()
        self._calm += not self._doubt.open
        if self.clock_jumped and self._calm >= CLOCK_CALM_ROUNDS:
            self.clock_jumped = False
            self._hub.clear_condition(CLOCK)

    def look_at_peer(self, ahead: float | None) -> None:
        """The PMS's clock against ours, in seconds; None: it was not heard lately, which says nothing."""
        if not self._follow_wall or ahead is None:
            return
        if not self.clock_differs and abs(ahead) >= DIFFERS_SECONDS:
            self.clock_differs = True
            log.warning("clock.differs", pms_ahead_seconds=round(ahead, 1))
            evidence = Evidence("clock_differs", self._clock.now(), {"seconds": round(ahead, 1)})
            self._hub.raise_condition(PEER_CLOCK, "high", evidence)
        elif self.clock_differs and abs(ahead) < AGREES_SECONDS:
            self.clock_differs = False
            self._hub.clear_condition(PEER_CLOCK)

    def look_at_disk(self, free: int) -> None:
        """Little space is said before there is none, and the journal takes no more of it; `free` in bytes."""
        self.free_bytes = free
        if not self.disk_low and free < self._limit:
            self.disk_low = self._hub.journal.disk_low = True
            params = {"free_mb": free // MEGABYTE, "limit_mb": self._limit // MEGABYTE}
            self._hub.raise_condition(DISK, "high", Evidence("disk_low", self._clock.now(), params))
        elif self.disk_low and free > self._limit * 1.2:
            self.disk_low = self._hub.journal.disk_low = False
            self._hub.clear_condition(DISK)

    def _clock_is_wrong(self, seconds: float, before: datetime) -> None:
        params = {"seconds": round(seconds, 1), "before": before.isoformat()}
        self._hub.raise_condition(CLOCK, "high", Evidence("clock_jumped", self._clock.now(), params))
        self.clock_jumped, self._calm = True, 0

    def _follow(self) -> None:
        self._clock.resync()
        self._drift = 0.0

    async def _tidy(self) -> None:
        if self.clock_jumped or self.clock_differs:
            return  # nobody knows what is old
        try:
            await self._hub.journal.tidy(self._clock.now())
        except DiskError as error:
            log.debug("journal.not_tidied", error=str(error))
