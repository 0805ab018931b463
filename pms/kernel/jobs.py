"""Things done now and then, by hotel time. Each is idempotent: what it does follows from the tables alone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from pms.kernel.database import Database
from pms.kernel.work import Actor, UnitOfWork

log = structlog.get_logger()

TICK_S = 0.5
"""Real seconds between two looks at the clock."""

UseCase = Callable[[UnitOfWork], Awaitable[object]]


@dataclass
class _Job:
    name: str
    period: timedelta
    use_case: UseCase
    due: datetime | None = None
    failing: bool = False


class Jobs:
    """Runs use cases of one property every so often. `run()` until cancelled."""

    def __init__(self, database: Database, property_id: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._property_id = property_id
        self._now = now
        self._jobs: list[_Job] = []
        self.failed = 0

    def every(self, period: timedelta, name: str, use_case: UseCase) -> None:
        """Run `use_case` in its own unit of work at the start and then every `period` of hotel time."""
        self._jobs.append(_Job(name, period, use_case))

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        while True:
            await self.run_due()
            await asyncio.sleep(TICK_S)

    async def run_due(self) -> None:
        """Run what is due now. A job that fails is tried again at its next time."""
        for job in self._jobs:
            now = self._now()
            if job.due is not None and job.due - job.period <= now < job.due:
                continue
            job.due = now + job.period
            await self._attempt(job, now)

    async def _attempt(self, job: _Job, now: datetime) -> None:
        try:
            await self._database.run(Actor.system(self._property_id, job.name), now, job.use_case)
        except Exception as error:  # noqa: BLE001 - one job must not stop the others: said once, counted
            self.failed += 1
            say = log.debug if job.failing else log.warning
            say("job_failed", job=job.name, error=repr(error))
            job.failing = True
        else:
            if job.failing:
                log.info("job_recovered", job=job.name)
            job.failing = False
