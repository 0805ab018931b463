"""Faults of the machine the books are on: shown as parts of the house's health, and raised as alerts like a room's."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from pms.kernel.database import Database
from pms.kernel.errors import StorageFailed
from pms.kernel.health import Health, PartState
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import ConditionBody, EvidenceItem
from pms.maintenance.service import take_condition

log = structlog.get_logger()

LOOK_S = 10.0
MEGABYTE = 1_000_000
CALM = 1.2
"""The disk is well again with so much more free than the limit, so that the alert does not come and go."""


@dataclass(frozen=True, slots=True)
class PartNews:
    """How a part is. `fault`: the evidence code of an alert of `kind`, None when there is nothing to raise."""

    part: str
    kind: str
    state: PartState
    code: str | None = None
    detail: str = ""
    fault: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


class Upkeep:
    """`await say(news)` as often as you like: an alert is raised and cleared once."""

    def __init__(self, database: Database, property_id: str, health: Health, now: Callable[[], datetime]) -> None:
        self._database = database
        self._actor = Actor.system(property_id, "upkeep")
        self._health = health
        self._now = now
        self._told: dict[str, str | None] = {}

    async def say(self, news: PartNews) -> None:
        """Report the part; tell maintenance where its fault has changed. What cannot be stored now is said again."""
        self._health.report(news.part, news.state, code=news.code, detail=news.detail, figures=news.figures)
        if news.kind in self._told and self._told[news.kind] == news.fault:
            return
        body = self._condition(news)
        try:
            await self._database.run(self._actor, self._now(), lambda work: _take(work, body))
        except StorageFailed as error:
            log.debug("upkeep.not_stored", part=news.part, error=str(error)[:200])  # the database's own part says so
            return
        self._told[news.kind] = news.fault

    def _condition(self, news: PartNews) -> ConditionBody:
        now = self._now()
        evidence = [EvidenceItem(code=news.fault, at=now, params=dict(news.figures))] if news.fault else []
        return ConditionBody(
            key=f"{news.kind}:pms",
            kind=news.kind,
            state="raised" if news.fault else "cleared",
            priority="high",
            at=now,
            evidence=evidence,
        )


async def _take(work: UnitOfWork, body: ConditionBody) -> None:
    await take_condition(work, body)


class DiskWatch:
    """The disk of a data folder whose edge is elsewhere (an edge on the same machine looks by itself)."""

    def __init__(self, upkeep: Upkeep, data: Path, limit_mb: int) -> None:
        self._upkeep = upkeep
        self._data = data
        self._limit = limit_mb * MEGABYTE
        self._low = False

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look(shutil.disk_usage(self._data).free)
            await asyncio.sleep(LOOK_S)

    async def look(self, free: int) -> None:
        """Little space is said before there is none; `free` in bytes."""
        self._low = free < self._limit * (CALM if self._low else 1)
        code = "disk_low" if self._low else None
        figures = {"free_mb": free // MEGABYTE, "limit_mb": self._limit // MEGABYTE}
        detail = f"{free // MEGABYTE} MB free"
        state: PartState = "degraded" if self._low else "ok"
        await self._upkeep.say(PartNews("disk", "disk_low", state, code, detail, code, figures))
