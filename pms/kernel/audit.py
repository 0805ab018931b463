"""The audit trail is the feed itself: checking that nothing of it was changed, taken out or put in."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.events import GENESIS, Event, FeedHead, events_after

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many events were checked, and the first one that is not as it was written (None: all well)."""

    property_id: str
    events: int
    broken_at: int | None = None
    cause: str | None = None


async def verify(session: AsyncSession, property_id: str) -> Verdict:
    """Recompute the hash chain of a property from its first event to its head."""
    offset, previous = 0, GENESIS
    while batch := await events_after(session, property_id, offset, limit=BATCH):
        for event in batch:
            if cause := _fault(event, offset, previous):
                return Verdict(property_id, offset, event.offset, cause)
            offset, previous = event.offset, event.hash
    head = await session.get(FeedHead, property_id)
    if (head.offset, head.hash) != (offset, previous) if head else offset:
        return Verdict(property_id, offset, offset, "head_differs")
    return Verdict(property_id, offset)


def _fault(event: Event, offset: int, previous: str) -> str | None:
    if event.offset != offset + 1:
        return "gap"
    if event.previous_hash != previous:
        return "previous_hash_differs"
    return None if event.computed_hash() == event.hash else "content_differs"
