"""How keys end: replaced, with the stay, by hand, by use, by time. What has ended stays ended, also at the lock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from pms.kernel.work import UnitOfWork
from pms.keys import events, ledger
from pms.keys.model import KeyCard, RoomKeys
from pms.keys.rules import CANCELLABLE, LIFE, Life

REPLACED, USED, EXPIRED, OVERWRITTEN, ERASED, LOST = "replaced", "used", "expired", "overwritten", "erased", "lost"


def end(work: UnitOfWork, key: KeyCard, reason: str, at: datetime | None = None) -> None:
    """End a key, whose room's counters are locked, now or `at`; nothing happens to one that has ended or never was."""
    if Life.ENDED not in LIFE[Life(key.life)]:
        return
    key.life, key.life_reason = Life.ENDED.value, reason
    key.life_ended_at, key.life_ended_by = at or work.now, work.actor.name
    events.changed(work, key)
    if key.state in CANCELLABLE:  # whoever gave it up need not put a card on the encoder any more
        work.record(events.KEY_CANCEL_ASKED, key.id, {"room": key.room, "encoder": key.encoder})


def raise_floor(work: UnitOfWork, held: RoomKeys, floor: int) -> None:
    """Let nothing below `floor` open any more; the edge tells the locks."""
    if floor > held.floor:
        held.floor = floor
        work.record(events.KEY_FLOOR, held.room, {"floor": floor})


async def end_below(work: UnitOfWork, held: RoomKeys, floor: int, reason: str) -> None:
    """Raise the floor, and end every key of the room that is below it."""
    raise_floor(work, held, floor)
    for key in await ledger.living(work, held.room):
        if key.sequence < held.floor:
            end(work, key, reason)


@dataclass(frozen=True, slots=True)
class Left:
    """A stay that has left `room` (None: every room it had) at an instant, and the reason the ledger gives."""

    stay: str
    at: datetime
    reason: str
    room: str | None = None


async def end_of_stay(work: UnitOfWork, left: Left) -> int:
    """End the keys a stay had by then; how many. Who was given one since, the next guest, has a higher sequence."""
    query = select(KeyCard.room, func.max(KeyCard.sequence)).where(
        KeyCard.property_id == work.property_id,
        KeyCard.stay_id == left.stay,
        KeyCard.created_at <= left.at,
    )
    if left.room is not None:
        query = query.where(KeyCard.room == left.room)
    ended = 0
    for room, highest in (await work.session.execute(query.group_by(KeyCard.room).order_by(KeyCard.room))).all():
        held = await ledger.counters(work, room)
        raise_floor(work, held, highest + 1)
        living = await ledger.living(work, room)
        over = [key for key in living if key.stay_id == left.stay and key.sequence < held.floor]
        _end_all(work, over, left.reason)
        ended += len(over)
    return ended


async def end_expired(work: UnitOfWork) -> int:
    """End the keys whose window is over: the lock refuses them by its own clock; how many."""
    query = select(KeyCard.room).where(
        KeyCard.property_id == work.property_id,
        KeyCard.life == Life.ACTIVE.value,
        KeyCard.valid_until <= work.now,
    )
    ended = 0
    for room in sorted(set(await work.session.scalars(query))):
        await ledger.counters(work, room)
        living = await ledger.living(work, room)
        over = [key for key in living if key.life == Life.ACTIVE and key.valid_until <= work.now]
        _end_all(work, over, EXPIRED)
        ended += len(over)
    return ended


async def end_on_card(work: UnitOfWork, serial: str, reason: str, but: KeyCard | None = None) -> None:
    """The physical card with this serial carries something else now: the keys that were on it are gone."""
    query = select(KeyCard.id, KeyCard.room).where(
        KeyCard.property_id == work.property_id, KeyCard.card == serial, KeyCard.life == Life.ACTIVE.value
    )
    for row in (await work.session.execute(query.order_by(KeyCard.room))).all():
        if but is None or row.id != but.id:
            key, _ = await ledger.to_change(work, row.id)
            end(work, key, reason)


def _end_all(work: UnitOfWork, keys: Iterable[KeyCard], reason: str) -> None:
    for key in keys:
        end(work, key, reason)
