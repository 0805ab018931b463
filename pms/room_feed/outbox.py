"""What the edge has yet to be told: kept in the database, in commit order, until the edge has committed it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from pms.kernel.columns import canonical
from pms.kernel.database import Database
from pms.kernel.ids import new_id
from pms.kernel.work import Actor, UnitOfWork
from pms.keys.results import after_restore
from pms.link.messages import Message
from pms.link.stores import OutboxRow
from pms.onboarding import service as onboarding
from pms.room_feed.model import CommandJob, LinkHead, LinkOutbox

SYSTEM = "room_feed"


async def say(work: UnitOfWork, kind: str, body: Message, merge_key: str | None = None) -> int:
    """Put a message for the edge into the outbox; its sequence. An unsent one of the same `merge_key` is replaced."""
    seq = await work.session.scalar(
        update(LinkHead)
        .where(LinkHead.property_id == work.property_id)
        .values(last=LinkHead.last + 1)
        .returning(LinkHead.last)
        .execution_options(synchronize_session=False)
    )
    if seq is None:
        raise LookupError(f"the link of {work.property_id} was never opened")
    if merge_key is not None:
        await work.session.execute(
            delete(LinkOutbox)
            .where(LinkOutbox.property_id == work.property_id, LinkOutbox.merge_key == merge_key)
            .execution_options(synchronize_session=False)
        )
    row: dict[str, Any] = {
        "property_id": work.property_id,
        "seq": seq,
        "kind": kind,
        "merge_key": merge_key,
        "body": canonical(body.model_dump(mode="json")).decode(),
        "at": work.now,
    }
    await work.session.execute(insert(LinkOutbox).values(**row))
    return int(seq)


async def ensure_head(work: UnitOfWork) -> LinkHead:
    """The link's own row, made at the first start with a fresh epoch; locked."""
    await work.insert_once(LinkHead, property_id=work.property_id, epoch=new_id("epoch"), last=0)
    query = select(LinkHead).where(LinkHead.property_id == work.property_id).with_for_update()
    return (await work.session.scalars(query)).one()


async def renew_epoch(work: UnitOfWork) -> str:
    """Begin a new epoch: to be called once after a database was restored.

    Facts are said anew when the edge greets us. Orders are not: whether they were carried out is not known any more.
    """
    head = await ensure_head(work)
    await work.session.execute(delete(LinkOutbox).where(LinkOutbox.property_id == work.property_id))
    await work.session.execute(
        update(CommandJob)
        .where(CommandJob.property_id == work.property_id, CommandJob.state.in_(("accepted", "sent")))
        .values(state="unknown", reason="restored", ended_at=work.now)
    )
    await after_restore(work)
    await onboarding.after_restore(work)
    head.epoch = new_id("epoch")
    await work.session.flush()
    return head.epoch


class FeedOutbox:
    """The PMS's `Outbox` (see `pms.link.stores`). `facts` says every mergeable thing again, for a peer that is new."""

    def __init__(
        self,
        database: Database,
        property_id: str,
        now: Callable[[], datetime],
        facts: Callable[[UnitOfWork], Awaitable[None]],
    ) -> None:
        self._database = database
        self._actor = Actor.system(property_id, SYSTEM)
        self._now = now
        self._facts = facts
        self._epoch: str | None = None

    async def open(self) -> None:
        """Read our epoch; make one at the first start."""
        self._epoch = await self._database.run(self._actor, self._now(), self._read_epoch)

    @property
    def epoch(self) -> str:
        """Of this database. Raises RuntimeError before `open`."""
        if self._epoch is None:
            raise RuntimeError("the outbox was not opened")
        return self._epoch

    async def pending(self, after: int, limit: int) -> Sequence[OutboxRow]:
        """Rows with a sequence above `after`, lowest first."""
        query = (
            select(LinkOutbox.seq, LinkOutbox.kind, LinkOutbox.body)
            .where(LinkOutbox.property_id == self._actor.property_id, LinkOutbox.seq > after)
            .order_by(LinkOutbox.seq)
            .limit(limit)
        )
        async with self._database.read() as session:
            rows = await session.execute(query)
            return [OutboxRow(row.seq, row.kind, row.body.encode()) for row in rows]

    async def acknowledged(self, through: int) -> None:
        """The edge has committed everything up to `through`."""

        async def forget(work: UnitOfWork) -> None:
            await work.session.execute(
                delete(LinkOutbox).where(LinkOutbox.property_id == work.property_id, LinkOutbox.seq <= through)
            )

        await self._database.run(self._actor, self._now(), forget)

    async def peer_is_new(self) -> None:
        """The edge does not know our state: say it all again."""
        await self._database.run(self._actor, self._now(), self._facts)

    async def _read_epoch(self, work: UnitOfWork) -> str:
        return (await ensure_head(work)).epoch
