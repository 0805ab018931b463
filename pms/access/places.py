"""From where a person signs in: a browser that keeps our cookie, or an address that was seen before."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access.model import KnownPlace
from pms.access.pacing import Source
from pms.access.users import token_hash
from pms.kernel.http.reach import counted_as
from pms.kernel.work import UnitOfWork

REMEMBERED = timedelta(days=90)
"""A place is known for so long after the last sign-in from it."""


async def source(
    session: AsyncSession, property_id: str, user_id: str | None, address: str, device: str, wall: datetime
) -> Source:
    """Where an attempt comes from, as its failures are counted.

    A known device has a count of its own: whoever sits behind the same address cannot use it up.
    """
    counted = counted_as(address)
    if user_id is None:
        return Source(counted, counted, known=False)
    wanted = [_device(device), counted] if device else [counted]
    query = select(KnownPlace.place).where(
        KnownPlace.property_id == property_id,
        KnownPlace.user_id == user_id,
        KnownPlace.place.in_(wanted),
        KnownPlace.seen_at > wall - REMEMBERED,
    )
    known = set((await session.scalars(query)).all())
    key = wanted[0] if wanted[0] in known else counted
    return Source(key, counted, known=bool(known))


async def remember(work: UnitOfWork, user_id: str, address: str, device: str, wall: datetime) -> None:
    """This person came in from here."""
    for place in {counted_as(address), *([_device(device)] if device else [])} - {""}:
        key = {"property_id": work.property_id, "user_id": user_id, "place": place}
        if not await work.insert_once(KnownPlace, **key, seen_at=wall):
            (await work.session.get_one(KnownPlace, tuple(key.values()))).seen_at = wall


async def forget_old(work: UnitOfWork, wall: datetime) -> None:
    """Drop places nobody came from for long."""
    await work.session.execute(
        delete(KnownPlace).where(KnownPlace.property_id == work.property_id, KnownPlace.seen_at < wall - REMEMBERED)
    )


def new_device() -> str:
    """What a browser keeps to be known again."""
    return secrets.token_urlsafe(24)


def _device(device: str) -> str:
    return f"device:{token_hash(device)}"
