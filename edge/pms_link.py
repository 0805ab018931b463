"""The edge's end of the link: facts from the journal's outbox in their order, rooms when they have changed.

A room is put into the outbox only when the link can send it, and only one state of a room is on its way at a time: what
changes in it meanwhile, fifty times perhaps, is one message once that is acknowledged. So the PMS sets the pace.
What waited while the PMS was away follows the alarms and the rooms as they are now, BACKLOG_STEP messages at a time:
the next ones when the PMS has committed those.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
import structlog
from pydantic import ValidationError

from edge.bodies import Fact
from edge.hub import Hub
from edge.journal import Journal
from edge.journal_keys import StoredKeyJob
from edge.journal_onboarding import StoredChange
from edge.journal_rows import StoredCommand, Told
from edge.key_jobs import KeyJobs
from edge.orders import Orders
from edge.recovery import learn
from pms.link.down import CommandBody, PropertyBody, RoomFactsBody
from pms.link.inventory_messages import InventoryChangeBody
from pms.link.key_messages import KeyCancelBody, KeyJobBody
from pms.link.kinds import DOWN
from pms.link.messages import Envelope
from pms.link.stores import OutboxRow

log = structlog.get_logger()

BACKLOG_STEP = 100
BUSY_ABOVE = 100
"""Uncommitted messages above which the lines come first."""
BUSY_REST_SECONDS = 1.0
"""From one round of room states to the next while the lines come first."""


class EdgeOutbox:
    """The `Outbox` of the edge over the journal and the rooms."""

    def __init__(self, journal: Journal, hub: Hub, wake: Callable[[], None]) -> None:
        self._journal = journal
        self._hub = hub
        self._wake = wake
        self._rounds: deque[tuple[int, frozenset[str]]] = deque()  # rooms sent together, up to this sequence
        self._on_the_way: set[str] = set()
        self._unread = True
        self._rest_until = 0.0
        self._backlog_through = 0  # the last of those that waited and are on their way
        self._backlog_left = False

    @property
    def epoch(self) -> str:
        """The journal's."""
        return self._journal.epoch

    def committed(self, facts: bool) -> None:
        """The hub has committed: rooms have changed; with `facts` there is something new in the outbox."""
        self._unread = self._unread or facts
        self._wake()

    async def pending(self, after: int, limit: int) -> Sequence[OutboxRow]:
        """Facts first come first; then the rooms that changed and are not on their way."""
        fresh = self._fresh(limit)
        if not fresh and not self._unread:
            return []
        self._unread = False
        try:
            found = await self._journal.pending(after, limit, fresh, 0 if self._backlog_through else BACKLOG_STEP)
        except Exception:
            self._again(fresh)
            raise
        self._unread, self._backlog_left = len(found.rows) == limit, found.waiting
        if found.moved:
            self._backlog_through = found.rows[-1].seq
        if fresh:
            rooms = frozenset(item.key for item in fresh)
            self._rounds.append((found.last, rooms))
            self._on_the_way |= rooms
        return found.rows

    async def acknowledged(self, through: int) -> None:
        """The PMS has them."""
        while self._rounds and self._rounds[0][0] <= through:
            self._on_the_way -= self._rounds.popleft()[1]
        if 0 < self._backlog_through <= through:
            self._backlog_through = 0
            self._unread = self._unread or self._backlog_left
        self._journal.acknowledged(through)

    async def peer_is_new(self) -> None:
        """The PMS knows nothing of us: all rooms, all standing faults."""
        log.info("link.new_peer")
        self._hub.publish_again()

    def _fresh(self, limit: int) -> list[Fact]:
        """States made now of what has changed; in a flood rarely, and at once when it is over.

        Nothing has to wake us after a rest: what is uncommitted will be committed, and the hub says so if rooms wait.
        """
        started = time.monotonic()
        if self._hub.uncommitted > BUSY_ABOVE and started < self._rest_until:
            return []
        chosen = [number for number in self._hub.dirty if number not in self._on_the_way][:limit]
        now = self._hub.clock.now()
        fresh = []
        for number in chosen:
            del self._hub.dirty[number]
            if number in self._hub.house.rooms:
                fresh.append(Fact("room", number, orjson.dumps(self._hub.view(number, now))))
        if fresh:
            self._rest_until = started + BUSY_REST_SECONDS
        return fresh

    def _again(self, fresh: Sequence[Fact]) -> None:
        self._unread = True
        for item in fresh:
            self._hub.dirty[item.key] = None


@dataclass(frozen=True, slots=True)
class Takers:
    """Who takes up what the PMS tells, once it is stored."""

    orders: Orders
    keys: KeyJobs
    property_changed: Callable[[PropertyBody], None]
    facts_changed: Callable[[RoomFactsBody], None] = lambda _body: None
    inventory_changed: Callable[[StoredChange], None] = lambda _change: None


Body = PropertyBody | RoomFactsBody | CommandBody | KeyJobBody | KeyCancelBody | InventoryChangeBody


class EdgeInbox:
    """The `Inbox` of the edge: what the PMS tells is stored with its position, then taken up."""

    def __init__(self, journal: Journal, hub: Hub, takers: Takers) -> None:
        self._journal = journal
        self._hub = hub
        self._takers = takers

    async def positions(self) -> dict[str, int]:
        """From the journal."""
        return dict(self._journal.loaded.peers)

    async def apply(self, envelopes: Sequence[Envelope], through: int) -> None:
        """Store and take up. What cannot be used is counted and said."""
        usable = [(envelope, body) for envelope in envelopes if (body := self._body(envelope)) is not None]
        told = _told(usable)
        new = set(await self._journal.heard(envelopes[0].epoch, through, told))
        for _, body in usable:
            self._take_up(body)
        for job in told.key_jobs:
            if job.id in new:
                new.discard(job.id)
                self._takers.keys.begin(job)
        for job_id in told.cancels:
            self._takers.keys.cancel(job_id)
        for change in told.changes:
            if change.id in new:
                new.discard(change.id)
                self._takers.inventory_changed(change)
        for command in told.commands:
            if command.id in new:
                new.discard(command.id)
                self._takers.orders.send(command)
            else:
                await self._takers.orders.again(command.id)

    def _take_up(self, body: Body) -> None:
        if isinstance(body, PropertyBody):
            self._takers.property_changed(body)
        elif isinstance(body, RoomFactsBody):
            learn(self._hub, body)
            self._takers.facts_changed(body)

    def _body(self, envelope: Envelope) -> Body | None:
        model = DOWN.get(envelope.kind)
        try:
            body = model.model_validate(envelope.body) if model else None
        except ValidationError as error:
            body = None
            log.warning("link.body_unusable", kind=envelope.kind, seq=envelope.seq, error=str(error)[:200])
        if isinstance(body, Body):
            return body
        self._hub.counters["link_unusable"] += 1
        return None


def _told(usable: Sequence[tuple[Envelope, Body]]) -> Told:
    """What is to be stored of it."""
    facts: list[Fact] = []
    commands: list[StoredCommand] = []
    jobs: list[StoredKeyJob] = []
    cancels: list[str] = []
    changes: list[StoredChange] = []
    for envelope, body in usable:
        raw = orjson.dumps(envelope.body)
        if isinstance(body, CommandBody):
            commands.append(StoredCommand(body.id, "accepted", raw, body.deadline.isoformat()))
        elif isinstance(body, KeyJobBody):
            jobs.append(StoredKeyJob(body.id, "accepted", raw, body.deadline.isoformat()))
        elif isinstance(body, InventoryChangeBody):
            changes.append(StoredChange(body.id, "accepted", raw, body.deadline.isoformat()))
        elif isinstance(body, KeyCancelBody):
            cancels.append(body.id)
        else:
            facts.append(Fact(envelope.kind, _key(body), raw))
    return Told(_latest(facts), commands, jobs, cancels, changes)


def _key(body: PropertyBody | RoomFactsBody) -> str:
    return body.room if isinstance(body, RoomFactsBody) else ""


def _latest(facts: Sequence[Fact]) -> list[Fact]:
    """One statement stores a row once: of several about the same thing the last one."""
    return list({(item.kind, item.key): item for item in facts}.values())
