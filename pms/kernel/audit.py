"""The audit trail is the feed itself: checking that nothing of it was changed, taken out or put in.

An event with its content is checked in full. A redacted one is checked by its links, and against the `audit.redacted`
event that covers it: how many it took and the digest of what is left. One that none covers is a finding.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.events import GENESIS, Event, FeedHead, events_after
from pms.kernel.redaction import REDACTED, remains

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Covered:
    """Redacted events and what covers them: the class, the offset of its `audit.redacted`, up to where, how many."""

    name: str
    by: int
    through: int
    count: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many events were checked, how many of them are redacted and what covers these; and the first one that is not
    as it was left (None: all well)."""

    property_id: str
    events: int
    broken_at: int | None = None
    cause: str | None = None
    redacted: int = 0
    covered: tuple[Covered, ...] = ()


async def verify(session: AsyncSession, property_id: str) -> Verdict:
    """Check the hash chain of a property from its first event to its head."""
    chain = _Chain(await _covers(session, property_id))
    while batch := await events_after(session, property_id, chain.offset, limit=BATCH):
        for event in batch:
            if cause := chain.take(event):
                return chain.verdict(property_id, event.offset, cause)
    head = await session.get(FeedHead, property_id)
    if (head.offset, head.hash) != (chain.offset, chain.previous) if head else chain.offset:
        return chain.verdict(property_id, chain.offset, "head_differs")
    if wrong := next((cover for cover in chain.covers if not cover.right()), None):
        return chain.verdict(property_id, wrong.by, "redaction_differs")
    return chain.verdict(property_id)


@dataclass(slots=True)
class _Cover:
    """One `audit.redacted` event, and what was seen of the events it speaks of."""

    by: int
    name: str
    kinds: frozenset[str]
    after: int
    through: int
    count: int
    digest: str
    seen: int = 0
    total: Any = field(default_factory=hashlib.sha256)

    @classmethod
    def of(cls, event: Event) -> "_Cover":
        """As the event says. What it does not say covers nothing: it is not one of ours, and found out by its hash."""
        told = event.payload if isinstance(event.payload, dict) else {}
        after, through, count = (_number(told.get(name)) for name in ("after", "through", "count"))
        kinds = frozenset(str(kind) for kind in told.get("kinds") or ())
        return cls(event.offset, str(told.get("class")), kinds, after, through, count, str(told.get("digest")))

    def covers(self, event: Event) -> bool:
        """Whether it speaks of this event."""
        return self.after < event.offset <= self.through < self.by and event.kind in self.kinds

    def take(self, event: Event) -> None:
        """Count this one in."""
        self.seen += 1
        self.total.update(remains({column.name: getattr(event, column.name) for column in event.__table__.columns}))

    def right(self) -> bool:
        """Whether just those were found that it speaks of, as it left them."""
        return self.seen == self.count and self.total.hexdigest() == self.digest


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


class _Chain:
    def __init__(self, covers: Sequence[_Cover]) -> None:
        self.covers = covers
        self.offset, self.previous = 0, GENESIS
        self.redacted = 0
        self._by_kind: dict[str, list[_Cover]] = {}
        for cover in sorted(covers, key=lambda one: one.through):
            for kind in cover.kinds:
                self._by_kind.setdefault(kind, []).append(cover)

    def take(self, event: Event) -> str | None:
        """The next event; what is wrong with it."""
        if event.offset != self.offset + 1:
            return "gap"
        if event.previous_hash != self.previous:
            return "previous_hash_differs"
        if cause := self._redacted(event) if event.redacted else _content(event):
            return cause
        self.offset, self.previous = event.offset, event.hash
        return None

    def verdict(self, property_id: str, broken_at: int | None = None, cause: str | None = None) -> Verdict:
        """What was found so far."""
        seen = tuple(Covered(one.name, one.by, one.through, one.seen) for one in self.covers if one.seen)
        return Verdict(property_id, self.offset, broken_at, cause, self.redacted, seen)

    def _redacted(self, event: Event) -> str | None:
        if event.payload or event.salt is not None:
            return "content_differs"
        cover = self._cover_of(event)
        if cover is None:
            return "redaction_not_covered"
        cover.take(event)
        self.redacted += 1
        return None

    def _cover_of(self, event: Event) -> _Cover | None:
        known = self._by_kind.get(event.kind, [])
        at = bisect_left(known, event.offset, key=lambda one: one.through)  # those of a kind follow each other
        return known[at] if at < len(known) and known[at].covers(event) else None


def _content(event: Event) -> str | None:
    return None if event.computed_hash() == event.hash else "content_differs"


async def _covers(session: AsyncSession, property_id: str) -> list[_Cover]:
    offset, found = 0, list[_Cover]()
    while batch := await events_after(session, property_id, offset, kinds=(REDACTED.name,), limit=BATCH):
        found += [_Cover.of(event) for event in batch]
        offset = batch[-1].offset
    return found
