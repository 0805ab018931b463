"""The ledger as it is kept: finding keys, locking a room's counters, taking numbers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.errors import NotFound
from pms.kernel.work import UnitOfWork
from pms.keys.model import CardJob, CredentialCounter, KeyCard, RoomKeys
from pms.keys.rules import PROGRESS, JobState, KeyType, Life


@dataclass(frozen=True, slots=True)
class Filter:
    """Which keys to list; None is any. `before`: the id of the key a list was left off at."""

    stay: str | None = None
    room: str | None = None
    states: Collection[str] | None = None
    lives: Collection[str] | None = None
    before: str | None = None


def states_of(asked: str | None) -> tuple[str, ...] | None:
    """The job states a filter stands for: `open` those that have not ended."""
    if asked is None:
        return None
    return tuple(state.value for state in PROGRESS) if asked == "open" else (asked,)


async def counters(work: UnitOfWork, room: str) -> RoomKeys:
    """A room's counters, locked until the end of the unit of work: taken before any key of the room is changed."""
    await work.insert_once(RoomKeys, property_id=work.property_id, room=room, last=0, floor=0)
    query = select(RoomKeys).where(RoomKeys.property_id == work.property_id, RoomKeys.room == room)
    return (await work.session.scalars(query.with_for_update().execution_options(populate_existing=True))).one()


async def next_credential(work: UnitOfWork) -> int:
    """The number of the next card of the house."""
    return await skip_credentials(work, 1)


async def skip_credentials(work: UnitOfWork, step: int) -> int:
    """Move the counter of cards on by `step`; the number it is at then."""
    await work.insert_once(CredentialCounter, property_id=work.property_id, last=0)
    taken = await work.session.scalar(
        update(CredentialCounter)
        .where(CredentialCounter.property_id == work.property_id)
        .values(last=CredentialCounter.last + step)
        .returning(CredentialCounter.last)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise LookupError(f"no counter of credentials for {work.property_id}")
    return int(taken)


async def find(session: AsyncSession, property_id: str, key_id: str) -> KeyCard:
    """One key, to look at. Raises NotFound."""
    key = await session.scalar(select(KeyCard).where(KeyCard.property_id == property_id, KeyCard.id == key_id))
    if key is None:
        raise NotFound(f"no key {key_id}")
    return key


async def to_change(work: UnitOfWork, key_id: str) -> tuple[KeyCard, RoomKeys]:
    """One key and its room's counters, locked in the order everybody keeps. Raises NotFound."""
    room = (await find(work.session, work.property_id, key_id)).room
    held = await counters(work, room)
    query = select(KeyCard).where(KeyCard.property_id == work.property_id, KeyCard.id == key_id)
    key = (await work.session.scalars(query.with_for_update().execution_options(populate_existing=True))).one()
    return key, held


async def find_job(session: AsyncSession, property_id: str, job_id: str, *, lock: bool = False) -> CardJob:
    """One job that reads or erases a card; `lock` it to change it. Raises NotFound."""
    query = select(CardJob).where(CardJob.property_id == property_id, CardJob.id == job_id)
    job = await session.scalar(query.with_for_update() if lock else query)
    if job is None:
        raise NotFound(f"no card job {job_id}")
    return job


async def by_credential(session: AsyncSession, property_id: str, credential: int) -> KeyCard | None:
    """The key with this number of the ledger."""
    query = select(KeyCard).where(KeyCard.property_id == property_id, KeyCard.credential == credential)
    found: KeyCard | None = await session.scalar(query)
    return found


async def listing(
    session: AsyncSession, property_id: str, wanted: Filter, limit: int | None = None
) -> Sequence[KeyCard]:
    """Keys, newest first."""
    query = select(KeyCard).where(KeyCard.property_id == property_id)
    for column, value in ((KeyCard.stay_id, wanted.stay), (KeyCard.room, wanted.room)):
        if value is not None:
            query = query.where(column == value)
    for column, values in ((KeyCard.state, wanted.states), (KeyCard.life, wanted.lives)):
        if values is not None:
            query = query.where(column.in_(values))
    if wanted.before is not None:
        query = query.where(KeyCard.id < wanted.before)
    return (await session.scalars(query.order_by(KeyCard.id.desc()).limit(limit))).all()


async def living(work: UnitOfWork, room: str) -> Sequence[KeyCard]:
    """Keys of a room that open or are about to, oldest first, locked; the room's counters must be."""
    query = select(KeyCard).where(
        KeyCard.property_id == work.property_id,
        KeyCard.room == room,
        KeyCard.life.in_((Life.PENDING.value, Life.ACTIVE.value)),
    )
    locked = query.order_by(KeyCard.id).with_for_update().execution_options(populate_existing=True)
    return (await work.session.scalars(locked)).all()


async def unseen(session: AsyncSession, property_id: str, room: str) -> list[str]:
    """Keys of a room that may or may not have been made, and that nobody has taken note of: ids, oldest first."""
    query = select(KeyCard.id).where(
        KeyCard.property_id == property_id,
        KeyCard.room == room,
        KeyCard.state == JobState.UNKNOWN.value,
        KeyCard.life == Life.ACTIVE.value,
        KeyCard.seen_at.is_(None),
    )
    return list(await session.scalars(query.order_by(KeyCard.id)))


def current_sequence(keys: Sequence[KeyCard], stay_id: str) -> int | None:
    """The sequence of the stay's keys in force, None when there is none to duplicate."""
    return max((key.sequence for key in keys if _can_be_copied(key) and key.stay_id == stay_id), default=None)


def _can_be_copied(key: KeyCard) -> bool:
    return key.life == Life.ACTIVE and key.type != KeyType.ONE_SHOT


async def floors(session: AsyncSession, property_id: str, rooms: Collection[str]) -> dict[str, int]:
    """By room number: the lowest sequence that may still open. A room without keys is not in it."""
    query = select(RoomKeys.room, RoomKeys.floor).where(RoomKeys.property_id == property_id, RoomKeys.room.in_(rooms))
    return {row.room: row.floor for row in await session.execute(query)}
