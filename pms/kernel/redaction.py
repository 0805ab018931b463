"""What is past its period leaves the feed, and the chain stays whole: payloads go, hashes and links remain.

Each step is one transaction: so many rows of a class lose their content and are marked, and an event `audit.redacted`
says which class, which offsets, how many, and the digest of what is left of them. `kernel.audit` checks all of it.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import canonical
from pms.kernel.events import Event, EventKind
from pms.kernel.tables import Base, PropertyId
from pms.kernel.work import UnitOfWork

REDACTED = EventKind("audit.redacted", "audit.read")
NEVER = frozenset({REDACTED.name, "retention.done"})
"""Kinds that prove a redaction are never redacted themselves."""

FAR_AHEAD = timedelta(days=1)
_KEPT = ("offset", "kind", "subject", "permission", "actor", "previous_hash", "hash")


@dataclass(frozen=True, slots=True)
class Redaction:
    """What of the feed belongs to a class of data. `fields`: `subject` or `actor` where these say something of people.

    A department declares it beside its tables.
    """

    name: str
    kinds: tuple[str, ...]
    fields: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if NEVER & set(self.kinds) or self.fields - {"subject", "actor"}:
            raise ValueError(f"{self.name} redacts what has to stay")


class RedactionCursor(Base):
    """How far a class has been redacted. Moves in the transaction of what it did; locked by who is at it."""

    __tablename__ = "redaction_cursor"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)


class Redacted(NamedTuple):
    """How many rows a step took. `blocked`: the next event claims to be of a time to come, so nobody knows its age."""

    rows: int
    blocked: bool = False


async def redact(redaction: Redaction, work: UnitOfWork, before: datetime, limit: int) -> Redacted:
    """Redact the next events of a class that are from before an instant, at most `limit`. Call it until none is."""
    cursor = await _cursor(work, redaction.name)
    rows = await _next(work, redaction.kinds, cursor.offset, limit)
    old = list(_leading(rows, before))
    if not old:
        return Redacted(0, bool(rows) and rows[0].at > work.now + FAR_AHEAD)
    after, through = cursor.offset, old[-1].offset
    emptied: dict[str, Any] = {"payload": {}, "salt": None, "redacted": True} | dict.fromkeys(redaction.fields, "")
    await work.session.execute(
        update(Event)
        .where(Event.property_id == work.property_id, Event.offset.in_([event.offset for event in old]))
        .values(**emptied)
        .execution_options(synchronize_session=False)
    )
    cursor.offset = through
    remains = [{name: emptied.get(name, getattr(event, name)) for name in (*_KEPT, "at")} for event in old]
    work.record(
        REDACTED,
        redaction.name,
        {
            "class": redaction.name,
            "kinds": sorted(redaction.kinds),
            "after": after,
            "through": through,
            "count": len(old),
            "digest": digest(remains),
        },
    )
    return Redacted(len(old))


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over what is left of redacted events, in their order."""
    total = hashlib.sha256()
    for row in rows:
        total.update(remains(row))
    return total.hexdigest()


def remains(row: Mapping[str, Any]) -> bytes:
    """What is left of one redacted event, in one spelling."""
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return canonical([*(row[name] for name in _KEPT), at])


def _leading(rows: Iterable[Event], before: datetime) -> Iterable[Event]:
    for event in rows:
        if event.at >= before:
            return
        yield event


async def _cursor(work: UnitOfWork, name: str) -> RedactionCursor:
    await work.insert_once(RedactionCursor, property_id=work.property_id, name=name, offset=0)
    return await work.session.get_one(RedactionCursor, (work.property_id, name), with_for_update=True)


async def _next(work: UnitOfWork, kinds: Collection[str], after: int, limit: int) -> Sequence[Event]:
    query = select(Event).where(
        Event.property_id == work.property_id, Event.offset > after, Event.kind.in_(kinds), Event.redacted.is_(False)
    )
    return (await work.session.scalars(query.order_by(Event.offset).limit(limit))).all()
