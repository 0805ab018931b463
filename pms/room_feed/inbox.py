"""What the edge said, committed: a batch is one transaction, or, where a message of it is poison, one each."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import cast

import structlog
from sqlalchemy import Table, bindparam, delete, func, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from pms.kernel.database import Database
from pms.kernel.errors import Refusal
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import Envelope
from pms.room_feed import bodies
from pms.room_feed.facts import apply_fact
from pms.room_feed.model import LinkPeer, LinkRejected
from pms.room_feed.sensed import apply_rooms

log = structlog.get_logger()

_PEER = cast(Table, LinkPeer.__table__)
_MOVE = (
    update(_PEER)
    .where(_PEER.c.property_id == bindparam("which"), _PEER.c.epoch == bindparam("of"))
    .values(through=bindparam("now"), rejected=_PEER.c.rejected + bindparam("more"))
    .returning(_PEER.c.ordinal)
)
KEPT_ASIDE = 50
"""How many unusable messages are kept to look at."""


class FeedInbox:
    """The PMS's `Inbox` (see `pms.link.stores`). `rooms` gives the numbers of the house's rooms."""

    def __init__(
        self,
        database: Database,
        property_id: str,
        now: Callable[[], datetime],
        rooms: Callable[[], Awaitable[frozenset[str]]],
    ) -> None:
        self._database = database
        self._actor = Actor.edge(property_id)
        self._now = now
        self._rooms = rooms
        self._ordinals: dict[str, int] = {}
        self.rejected = 0

    async def positions(self) -> dict[str, int]:
        """The edge's epochs, in the order in which they were first heard, and how far each is committed."""
        query = (
            select(LinkPeer.epoch, LinkPeer.ordinal, LinkPeer.through, LinkPeer.rejected)
            .where(LinkPeer.property_id == self._actor.property_id)
            .order_by(LinkPeer.ordinal)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        self._ordinals = {row.epoch: row.ordinal for row in rows}
        self.rejected = sum(row.rejected for row in rows)
        return {row.epoch: row.through for row in rows}

    async def apply(self, envelopes: Sequence[Envelope], through: int) -> None:
        """Commit these messages and the position. Raises when the database did not take them."""
        if not envelopes:
            return
        try:
            await self._commit(envelopes, through)
        except Exception as error:
            if not is_poison(error):
                raise
            log.warning("room_feed.batch_refused", error=str(error)[:300], messages=len(envelopes))
            await self._one_by_one(envelopes)

    async def _one_by_one(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            try:
                await self._commit([envelope], envelope.seq)
            except Exception as error:
                if not is_poison(error):
                    raise
                log.warning("room_feed.message_refused", kind=envelope.kind, seq=envelope.seq, error=str(error)[:300])
                await self._set_aside(envelope, f"refused: {type(error).__name__}")

    async def _set_aside(self, envelope: Envelope, reason: str) -> None:
        async def use_case(work: UnitOfWork) -> None:
            await self._position(work, envelope.epoch, envelope.seq, 1)
            await _keep(work, [bodies.Aside(envelope, reason)])

        await self._database.run(self._actor, self._now(), use_case)
        self.rejected += 1

    async def _commit(self, envelopes: Sequence[Envelope], through: int) -> None:
        batch = bodies.sort(envelopes, await self._rooms())

        async def use_case(work: UnitOfWork) -> int:
            ordinal = await self._position(work, envelopes[0].epoch, through, len(batch.aside))
            if batch.rooms:
                await apply_rooms(work, ordinal, batch.rooms)
            for envelope, body in batch.facts:
                await apply_fact(work, envelope, body)
            if batch.aside:
                await _keep(work, batch.aside)
            return ordinal

        ran = self._database.run(self._actor, self._now(), use_case, brief=not batch.facts)
        self._ordinals[envelopes[0].epoch] = await ran
        self.rejected += len(batch.aside)

    async def _position(self, work: UnitOfWork, epoch: str, through: int, rejected: int) -> int:
        """Move the position of an epoch; its ordinal."""
        if epoch not in self._ordinals:
            await self._meet(work, epoch)
        values = {"which": work.property_id, "of": epoch, "now": through, "more": rejected}
        ordinal: int | None = await work.session.scalar(_MOVE, values)
        if ordinal is None:
            raise LookupError(f"epoch {epoch} is not in the table of peers")
        return ordinal

    async def _meet(self, work: UnitOfWork, epoch: str) -> None:
        last = await work.session.scalar(
            select(func.max(LinkPeer.ordinal)).where(LinkPeer.property_id == work.property_id)
        )
        await work.insert_once(
            LinkPeer,
            property_id=work.property_id,
            epoch=epoch,
            ordinal=(last or 0) + 1,
            through=0,
            rejected=0,
            first_heard=work.now,
        )


def is_poison(error: Exception) -> bool:
    """Whether a message is to blame, so that trying again changes nothing. A database in trouble never is."""
    if isinstance(error, DBAPIError):
        return _of_data(error)
    return isinstance(error, Refusal | StatementError | ValueError | TypeError | LookupError | ArithmeticError)


def _of_data(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if isinstance(error, DataError | IntegrityError) or state[:2] in {"22", "23"}:
        return True
    return isinstance(getattr(error.orig, "__cause__", None), ValueError | TypeError | ArithmeticError)


async def _keep(work: UnitOfWork, aside: Sequence[bodies.Aside]) -> None:
    for item in aside[-KEPT_ASIDE:]:
        content = json.dumps(item.envelope.body, default=str)  # holds any integer, and plain ASCII comes out
        await work.insert_once(
            LinkRejected,
            property_id=work.property_id,
            epoch=item.envelope.epoch,
            seq=item.envelope.seq,
            at=work.now,
            kind=item.envelope.kind.replace("\x00", "")[:80],
            reason=item.reason,
            body=content[: bodies.LONGEST_BODY],
        )
    kept = (
        select(LinkRejected.at)
        .where(LinkRejected.property_id == work.property_id)
        .order_by(LinkRejected.at.desc())
        .offset(KEPT_ASIDE)
        .limit(1)
    )
    oldest = await work.session.scalar(kept)
    if oldest is not None:
        await work.session.execute(
            delete(LinkRejected).where(LinkRejected.property_id == work.property_id, LinkRejected.at <= oldest)
        )
