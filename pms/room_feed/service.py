"""The running room feed: the link's PMS end with its outbox, its inbox, and what it says of its own health."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import event as orm_events
from sqlalchemy import select

from pms.kernel.database import Database
from pms.kernel.events import Event
from pms.kernel.health import Health, Part, PartState
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import Reactions
from pms.kernel.work import UnitOfWork
from pms.link.link import Link, LinkStatus
from pms.link.transport import LinkSettings
from pms.property.model import Room
from pms.room_feed import commands, telling
from pms.room_feed.inbox import FeedInbox
from pms.room_feed.model import EdgeSystem
from pms.room_feed.outbox import FeedOutbox
from pms.room_feed.rules import SILENT_AFTER

LOOK_S = 1.0
START_S = 5.0
"""Real seconds after the start in which an edge that was not heard yet is no trouble."""
ROOMS_KNOWN_FOR_S = 10.0
CLOCKS_DIFFER_S = 5.0
"""More than a message ever takes; keys and alarms are judged by the minute."""
_STATES = frozenset({"ok", "degraded", "down", "starting"})


class RoomFeed:
    """`register` it with the reactions and jobs of the house, then give `run` a task.

    Reports the parts `link` (the broker session), `edge` (the peer is heard and has its subscriptions), `edge/...` and
    `clock` (ours and the edge's say the same time).
    """

    def __init__(
        self, database: Database, property_id: str, settings: LinkSettings, now: Callable[[], datetime], health: Health
    ) -> None:
        self._database = database
        self._property_id = property_id
        self._health = health
        self._started = now()
        self._outbox = FeedOutbox(database, property_id, now, telling.everything)
        self._inbox = FeedInbox(database, property_id, now, self._rooms)
        self._link = Link("down", property_id, settings, (self._outbox, self._inbox), now)
        self._known: frozenset[str] = frozenset()
        self._known_at = 0.0
        self._heard: tuple[datetime | None, float] = (None, 0.0)
        self._settled = time.monotonic() + START_S

    def register(self, reactions: Reactions, jobs: Jobs) -> None:
        """Follow what happens in the house, and look now and then at what time has changed."""
        reactions.on("room_feed.tell", telling.KINDS, self._on_event)
        jobs.every(timedelta(minutes=1), "room_feed.unanswered", commands.give_up)

    async def run(self) -> None:
        """Keep the link until cancelled."""
        await self._outbox.open()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run(), name="room-feed-link")
            tasks.create_task(self._watch(), name="room-feed-health")

    def wake(self) -> None:
        """There may be something new in the outbox."""
        self._link.wake()

    def status(self) -> LinkStatus:
        """How the link is."""
        return self._link.status()

    @property
    def rejected(self) -> int:
        """Messages of the edge that could not be used, ever."""
        return self._inbox.rejected

    async def _on_event(self, work: UnitOfWork, event: Event) -> None:
        await telling.on_event(work, event)
        session = work.session.sync_session
        orm_events.listen(session, "after_commit", lambda _session: self._link.wake(), once=True)

    async def _rooms(self) -> frozenset[str]:
        """The numbers of the house's rooms, read again now and then: they change when somebody edits the house."""
        if not self._known or time.monotonic() - self._known_at > ROOMS_KNOWN_FOR_S:
            async with self._database.read() as session:
                numbers = await session.scalars(select(Room.number).where(Room.property_id == self._property_id))
                self._known = frozenset(numbers)
            self._known_at = time.monotonic()
        return self._known

    async def _watch(self) -> None:
        while True:
            await self._report()
            await asyncio.sleep(LOOK_S)

    async def _report(self) -> None:
        status = self._link.status()
        if status.peer_heard is None and time.monotonic() < self._settled:
            return  # still starting: no trouble yet
        self._report_link(status)
        self._report_clock(status.peer_ahead)
        silent_for = self._silent_for(status.peer_heard)
        account = await self._account()
        if silent_for is None or silent_for > SILENT_AFTER.total_seconds() or not status.connected:
            detail = "" if silent_for is None else f"{silent_for:.0f} s"
            self._health.report("edge", "down", code="edge_silent", detail=detail)
            self._health.replace("edge", ())
            return
        ready = bool(account.get("ready"))
        self._health.report("edge", "ok" if ready else "starting", code=None if ready else "not_ready")
        self._health.replace("edge", [self._part(part) for part in account.get("parts", ()) if part.get("part")])

    def _report_link(self, status: LinkStatus) -> None:
        if not status.connected:
            self._health.report("link", "down", code="link_down", detail=status.cause)
        elif status.failing:
            self._health.report("link", "degraded", code="not_stored", detail=status.failing[:200])
        else:
            self._health.report("link", "ok")

    def clock_trouble(self) -> str | None:
        """The code for clocks that differ, if they do: then nobody knows what is old."""
        ahead = self._link.status().peer_ahead
        return "clocks_differ" if ahead is not None and abs(ahead) > CLOCKS_DIFFER_S else None

    def _report_clock(self, ahead: float | None) -> None:
        if ahead is None:
            return
        if self.clock_trouble() is None:
            self._health.report("clock", "ok")
        else:
            self._health.report("clock", "degraded", code="clocks_differ", detail=f"{ahead:+.0f} s")

    def _silent_for(self, heard: datetime | None) -> float | None:
        """Real seconds since the edge was last heard: hotel time may run faster than life."""
        if heard is None:
            return None
        if heard != self._heard[0]:
            self._heard = (heard, time.monotonic())
        return time.monotonic() - self._heard[1]

    async def _account(self) -> dict[str, Any]:
        """What the edge said of itself since we started: an older account says nothing of now."""
        async with self._database.read() as session:
            row = await session.get(EdgeSystem, self._property_id)
            return row.body if row and row.heard >= self._started else {}

    def _part(self, told: dict[str, Any]) -> Part:
        state: PartState = told["state"] if told.get("state") in _STATES else "degraded"
        since, code = told.get("since"), told.get("code")
        at = datetime.fromisoformat(since) if isinstance(since, str) and _is_instant(since) else self._started
        figures = told.get("figures")
        detail, known = str(told.get("detail") or ""), figures if isinstance(figures, dict) else {}
        return Part(f"edge/{told['part']}", state, at, str(code) if code else None, detail, known)


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


ROOM_FEED: web.AppKey[RoomFeed] = web.AppKey("room_feed", RoomFeed)
