"""`Idempotency-Key`: a change that is sent twice happens once and is answered twice the same."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from aiohttp import web
from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.crypto import UNREADABLE, EncryptedText
from pms.kernel.errors import Conflict, Malformed
from pms.kernel.tables import Base
from pms.kernel.work import UnitOfWork

LONGEST_KEY = 200


class IdempotencyKey(Base):
    """A key a client has used, what it asked for, and the answer (encrypted: it may hold personal data)."""

    __tablename__ = "idempotency_key"

    property_id: Mapped[str] = mapped_column(String(64), ForeignKey("property.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    route: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    etag: Mapped[str | None] = mapped_column(String(40))
    response: Mapped[str | None] = mapped_column(EncryptedText)
    created_at: Mapped[datetime]


class Claim(NamedTuple):
    """One use of a key."""

    user_id: str
    key: str
    route: str
    request_hash: str


class Rendered(NamedTuple):
    """An answer as bytes."""

    status: int
    body: bytes
    etag: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def claim_of(request: web.Request, user_id: str, content: bytes) -> Claim | None:
    """The key of a request, None without one. Raises Malformed for a key that is too long or empty."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Malformed(f"an Idempotency-Key has 1 to {LONGEST_KEY} characters", code="bad_idempotency_key")
    route = f"{request.method} {request.rel_url}"[:200]
    asked = hashlib.sha256(f"{request.method} {request.rel_url}\n".encode() + content).hexdigest()
    return Claim(user_id, key, route, asked)


async def replay(work: UnitOfWork, claim: Claim) -> Rendered | None:
    """Claim the key, or give back what was answered to it before.

    Raises Conflict (`idempotency_key_reused`) when the key was used for another request.
    """
    new = await work.insert_once(
        IdempotencyKey,
        property_id=work.property_id,
        **claim._asdict(),
        created_at=work.now,
    )
    if new:
        return None
    row = (await work.session.scalars(select(IdempotencyKey).where(*_is(work, claim)))).one()
    if row.request_hash != claim.request_hash:
        raise Conflict("this Idempotency-Key was used for another request", code="idempotency_key_reused")
    if row.response == UNREADABLE:
        raise Conflict("the answer to this Idempotency-Key can no longer be read", code="idempotency_key_reused")
    return Rendered(row.status or 200, (row.response or "").encode(), row.etag, (("Idempotency-Replayed", "true"),))


async def keep(work: UnitOfWork, claim: Claim, rendered: Rendered) -> None:
    """Remember the answer, in the same transaction as what it answers."""
    await work.session.execute(
        update(IdempotencyKey)
        .where(*_is(work, claim))
        .values(status=rendered.status, response=rendered.body.decode(), etag=rendered.etag)
    )


def _is(work: UnitOfWork, claim: Claim):  # type: ignore[no-untyped-def]
    return (
        IdempotencyKey.property_id == work.property_id,
        IdempotencyKey.user_id == claim.user_id,
        IdempotencyKey.key == claim.key,
    )
