"""Tasks that run as long as the service: one that fails is said, counted and begun anew; none is left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog

from pms.kernel.health import Health

log = structlog.get_logger()

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STOP_S = 2.0
"""Asked to end again after this long: a cancellation may have been lost on the way."""


class Background:
    """`async with Background(health) as background: background.start("jobs", jobs.run)`."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pending = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=STOP_S)
            if pending:
                log.warning("background_slow_to_stop", parts=sorted(task.get_name() for task in pending))

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run()` until the end; its health is the part `name`."""
        self._tasks.append(asyncio.create_task(self._keep(name, run), name=name))

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE_S
        while True:
            self._health.report(name, "ok")
            try:
                await run()
            except Exception as error:  # the edge of a loop that must survive: said, shown, begun anew
                log.exception("background_failed", part=name)
                self._health.report(name, "degraded", code="failed", detail=repr(error)[:200])
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
