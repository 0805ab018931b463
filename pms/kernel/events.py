"""The one feed: what happened, in commit order, per property, without gaps, chained by hash.

Pages, webhooks, reactions between departments and the audit trail all read it. No personal data: identifiers and
codes only. What is past its period is redacted (`kernel.redaction`): the row and its place in the chain stay.
"""

import asyncio
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, false, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText, canonical
from pms.kernel.tables import Base, Code

GENESIS = "0" * 64
"""The hash before the first event of a property."""


class EventKind(NamedTuple):
    """A kind of event, declared once by its department: `ROOM_SENSED = EventKind("room.sensed", "rooms.read")`.

    `permission` is what a reader of the feed must hold to see it.
    """

    name: str
    permission: str


class Event(Base):
    """Something that happened. Append-only; `offset` counts from 1 within the property, in commit order.

    A redacted one has lost its payload and its salt, and for some kinds also subject or actor (then ""): its own hash
    can no longer be computed, and without the salt nobody can try out what it said.
    """

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_kind", "property_id", "kind", "offset"),)

    property_id: Mapped[str] = mapped_column(String(64), ForeignKey("property.id"), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[Code]
    subject: Mapped[str] = mapped_column(String(120))
    permission: Mapped[Code]
    actor: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    payload: Mapped[dict[str, Any]] = mapped_column(JsonText)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(32))  # None: written before there were salts, or redacted
    redacted: Mapped[bool] = mapped_column(Boolean, server_default=false())

    def computed_hash(self) -> str:
        """What its hash must be."""
        return chained_hash({column.name: getattr(self, column.name) for column in self.__table__.columns})


def chained_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the previous hash and the canonical JSON of everything else of an event's row."""
    content = {
        "property": row["property_id"],
        "offset": row["offset"],
        "kind": row["kind"],
        "subject": row["subject"],
        "permission": row["permission"],
        "actor": row["actor"],
        "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "payload": row["payload"],
    }
    if row["salt"] is not None:
        content["salt"] = row["salt"]
    return hashlib.sha256(row["previous_hash"].encode() + canonical(content)).hexdigest()


class FeedHead(Base):
    """The last offset and hash of a property. Locked by whoever is about to commit, and only then."""

    __tablename__ = "feed_head"

    property_id: Mapped[str] = mapped_column(String(64), ForeignKey("property.id"), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


async def head(session: AsyncSession, property_id: str) -> int:
    """The offset of the newest event, 0 when there is none."""
    return await session.scalar(select(FeedHead.offset).where(FeedHead.property_id == property_id)) or 0


async def events_after(
    session: AsyncSession, property_id: str, offset: int, *, kinds: Collection[str] | None = None, limit: int = 200
) -> Sequence[Event]:
    """The next events past `offset`, oldest first, at most `limit`.

    With `kinds`: only those, and none that is redacted, because there is nothing left to act on.
    """
    query = select(Event).where(Event.property_id == property_id, Event.offset > offset)
    if kinds is not None:
        query = query.where(Event.kind.in_(kinds), Event.redacted.is_(False))
    return (await session.scalars(query.order_by(Event.offset).limit(limit))).all()


class Listeners:
    """Wakes the readers of this process after a commit. A hint only: readers also look by themselves now and then."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, Collection[str] | None] = {}

    @contextmanager
    def listening(self, kinds: Collection[str] | None = None) -> Iterator[asyncio.Event]:
        """A flag that is set by each commit with events (of these kinds, when given); the listener clears it."""
        flag = asyncio.Event()
        self._waiting[flag] = kinds
        try:
            yield flag
        finally:
            del self._waiting[flag]

    @staticmethod
    async def wait(flag: asyncio.Event, seconds: float) -> None:
        """Until the flag is set, or `seconds` have passed. (`asyncio.wait_for` may swallow a cancellation.)"""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await flag.wait()

    def wake(self, kinds: Collection[str] | None = None) -> None:
        """Events of these kinds were committed; None: of any."""
        for flag, wanted in self._waiting.items():
            if kinds is None or wanted is None or not set(wanted).isdisjoint(kinds):
                flag.set()
