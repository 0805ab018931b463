"""Use cases of guests."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.guests.model import Guest
from pms.guests.rules import cleaned_name
from pms.kernel.crypto import Keyring
from pms.kernel.errors import FieldError, Invalid
from pms.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class NewGuest:
    """What is asked of a guest at the desk. Only the name must be there."""

    name: str
    phone: str | None = None
    email: str | None = None
    language: str | None = None


async def register(work: UnitOfWork, keyring: Keyring, guest: NewGuest) -> Guest:
    """Write a guest down. Nothing personal goes into an event. Raises Invalid when the name is empty."""
    name = cleaned_name(guest.name)
    if not name:
        raise Invalid([FieldError("guest.name", "required", "a guest needs a name")])
    row = Guest(
        property_id=work.property_id,
        name=name,
        name_index=keyring.blind_index(name),
        phone=guest.phone,
        email=guest.email,
        language=guest.language,
        created_at=work.now,
    )
    work.session.add(row)
    await work.session.flush()
    return row


async def names(session: AsyncSession, property_id: str, ids: Collection[str]) -> dict[str, str]:
    """The names of these guests by id."""
    if not ids:
        return {}
    rows = await session.execute(
        select(Guest.id, Guest.name).where(Guest.property_id == property_id, Guest.id.in_(ids))
    )
    return {row.id: row.name for row in rows}
