"""Keeps on disk which devices were heard when, once a minute and at the end: so a restart makes no silence."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from edge.journal import Journal
from edge.sqlite_writer import DiskError
from gateway.health import Memory

log = structlog.get_logger()

ROUND_SECONDS = 60.0


class Sightings:
    """Give `run()` a task. `memories`: what is to be kept now."""

    def __init__(self, journal: Journal, memories: Callable[[], Mapping[str, Memory]]) -> None:
        self._journal = journal
        self._memories = memories

    async def run(self) -> None:
        """Keep until cancelled, then once more."""
        try:
            while True:
                await asyncio.sleep(ROUND_SECONDS)
                await self.keep()
        finally:
            await self.keep()

    async def keep(self) -> None:
        """Write them down; what the disk does not take now it takes a minute later."""
        try:
            await self._journal.keep_devices(self._memories())
        except DiskError as error:
            log.debug("devices.not_kept", error=str(error))
