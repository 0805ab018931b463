"""Commits what was taken up since the last commit, and acknowledges it then; tries for ever while the disk is full."""

import asyncio
import time
from collections.abc import Callable, Collection

import structlog

from edge.intake import Intake
from edge.journal import Journal
from edge.journal_batch import Batch
from edge.sqlite_writer import DiskError

log = structlog.get_logger()

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.1, 5.0
Committed = Callable[[Batch, Collection[str], float], None]
"""Called with what is on disk and acknowledged, the rooms that changed, and how long it took in seconds."""


class Commits:
    """Give `run()` a task, and call `wake()` when there is something to commit."""

    def __init__(self, journal: Journal, intake: Intake, committed: Committed) -> None:
        self._journal = journal
        self._intake = intake
        self._committed = committed
        self._writing = 0
        self._work = asyncio.Event()
        self.wake = self._work.set

    @property
    def waiting(self) -> int:
        """Messages taken and not yet acknowledged."""
        return self._writing + len(self._intake.acknowledge)

    async def run(self) -> None:
        """Commit until cancelled. Raises DiskError when nobody knows what the disk holds."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._intake.anything():
                await self._commit()

    async def _commit(self) -> None:
        batch, acknowledge, changed = self._intake.close()
        self._writing = len(acknowledge)
        delay, began = FIRST_RETRY_SECONDS, time.perf_counter()
        while True:
            try:
                await self._journal.commit(batch)
                break
            except DiskError as error:
                if error.fatal:
                    raise
                await asyncio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY_SECONDS)
        self._writing, took = 0, time.perf_counter() - began
        for acknowledged in acknowledge:
            acknowledged()
        self._committed(batch, changed, took)

    async def finish(self) -> None:
        """What is left, and every room's state."""
        try:
            while self._intake.anything() or self._intake.unsaved:
                batch, acknowledge, _ = self._intake.close(everything=True)
                await self._journal.commit(batch)
                for acknowledged in acknowledge:
                    acknowledged()
        except DiskError as error:
            log.warning("commits.not_finished", error=str(error))
