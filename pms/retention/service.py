"""The nightly run: each class in small transactions, taken up again where it was left, said when it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import structlog

from pms.access.permissions import AUDIT_READ
from pms.kernel.database import Database
from pms.kernel.errors import StorageFailed
from pms.kernel.events import EventKind
from pms.kernel.health import Health
from pms.kernel.redaction import Redacted, redact
from pms.kernel.work import Actor, UnitOfWork
from pms.link.retention import Periods
from pms.retention import registry
from pms.retention.model import RetentionRun
from pms.retention.rules import added, before, next_night

log = structlog.get_logger()

T = TypeVar("T")

DONE = EventKind("retention.done", AUDIT_READ)
"""A run has ended: `removed` by class, `trouble` a code or null."""

PART = "retention"
LOOK_S = 20.0
BATCH = 500
PAUSE_S = 0.02
"""Between two steps, so that a desk that works at night is not kept waiting."""


class Step(NamedTuple):
    """One kind of thing that is removed."""

    name: str
    what: str
    run: Callable[[UnitOfWork, datetime, int], Awaitable[Redacted]]


@dataclass(frozen=True)
class House:
    """What a run needs to know of the house. `hold` says why nothing may be removed now (a code), or None."""

    property_id: str
    zone: ZoneInfo
    now: Callable[[], datetime]
    periods: Periods
    hold: Callable[[], str | None] = lambda: None


class Retention:
    """`run()` until cancelled; the part `retention` says how it goes."""

    def __init__(self, database: Database, house: House, health: Health) -> None:
        self._database = database
        self._house = house
        self._health = health
        self._actor = Actor.system(house.property_id, PART)

    async def run(self) -> None:
        """Look now and then whether a run is due. One that was missed, or cut short, is made up."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> bool:
        """Run if it is due; whether it was."""
        state = await self._do(self._state)
        if self._house.now() < state.due_at:
            self._report(state.trouble)
            return False
        if held := self._house.hold():
            self._report(held)
            return False
        await self._run(state.due_at)
        return True

    async def _run(self, due: datetime) -> None:
        now, troubles = self._house.now(), list[str]()
        for step in steps():
            try:
                blocked = await self._remove(step, before(step.name, self._house.periods, now))
            except StorageFailed:
                raise  # nothing else will go either: begun anew by who runs us
            except Exception as error:
                log.exception("retention.failed", name=step.name, what=step.what, error=repr(error))
                troubles.append("retention_failed")
            else:
                troubles += ["time_to_come"] if blocked else []
        trouble = min(troubles, default=None)
        await self._do(lambda work: self._finish(work, due, trouble))
        self._report(trouble)

    async def _remove(self, step: Step, limit: datetime) -> bool:
        """Step by step until nothing is left; whether something there cannot be dated."""
        while True:
            done = await self._do(lambda work: self._step(work, step, limit))
            if done.rows == 0:
                return done.blocked
            await asyncio.sleep(PAUSE_S)

    async def _step(self, work: UnitOfWork, step: Step, limit: datetime) -> Redacted:
        done = await step.run(work, limit, BATCH)
        if done.rows:
            state = await self._state(work)
            state.removing = added(state.removing, step.name, done.rows)
        return done

    async def _finish(self, work: UnitOfWork, due: datetime, trouble: str | None) -> None:
        state = await self._state(work)
        if state.due_at != due:
            return  # another process has ended this run
        state.removed, state.removing = state.removing, {}
        state.finished_at, state.trouble = work.now, trouble
        state.due_at = next_night(work.now, self._house.zone)
        work.record(DONE, PART, {"removed": state.removed, "trouble": trouble})
        log.info("retention.done", removed=state.removed, trouble=trouble)

    async def _state(self, work: UnitOfWork) -> RetentionRun:
        due = next_night(work.now, self._house.zone)
        first = {"due_at": due, "removing": {}, "removed": {}}
        await work.insert_once(RetentionRun, property_id=work.property_id, **first)
        return await work.session.get_one(RetentionRun, work.property_id, with_for_update=True)

    async def _do(self, use_case: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        return await self._database.run(self._actor, self._house.now(), use_case)

    def _report(self, trouble: str | None) -> None:
        self._health.report(PART, "degraded" if trouble else "ok", code=trouble)


def steps() -> Iterator[Step]:
    """Everything that is removed, in its order: rows first, then what the feed says of them."""
    for purge in registry.PURGES:
        yield Step(purge.name, purge.table, _counted(purge.step))
    for redaction in registry.REDACTIONS:
        yield Step(redaction.name, "event", partial(redact, redaction))


def _counted(
    step: Callable[[UnitOfWork, datetime, int], Awaitable[int]],
) -> Callable[[UnitOfWork, datetime, int], Awaitable[Redacted]]:
    async def run(work: UnitOfWork, limit: datetime, most: int) -> Redacted:
        return Redacted(await step(work, limit, most))

    return run
