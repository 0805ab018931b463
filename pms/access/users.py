"""Use cases of people: made, listed, disabled, given a new password."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import rules
from pms.access.model import Invitation, LoginFailure, Membership, Session, SignInChallenge, User
from pms.access.permissions import ROLES, USERS_READ
from pms.kernel.errors import Conflict, FieldError, Invalid, NotFound
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork

USER_ADDED = EventKind("user.added", USERS_READ)
USER_DISABLED = EventKind("user.disabled", USERS_READ)
USER_ENABLED = EventKind("user.enabled", USERS_READ)
USER_PASSWORD = EventKind("user.password", USERS_READ)
USER_INVITED = EventKind("user.invited", USERS_READ)

INVITED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as a member of a property."""

    user: User
    role: str


def token_hash(token: str) -> str:
    """What is kept of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_person(username: str, role: str, password: str | None) -> None:
    """Raise Invalid unless a person may be made like this; None skips the password (a demonstration's)."""
    errors = rules.username_errors(username)
    if role not in ROLES:
        errors.append(FieldError("role", "unknown", f"one of {', '.join(ROLES)}"))
    if password is not None:
        errors += rules.password_errors(username, password)
    if errors:
        raise Invalid(errors)


async def add(work: UnitOfWork, username: str, role: str, password_hash: str) -> User:
    """Make a person. Raises Conflict when the name is taken."""
    user = User(username=rules.username_key(username), password_hash=password_hash, created_at=work.now)
    if await work.session.scalar(select(User.id).where(User.username == user.username)):
        raise Conflict(f"there is a user {user.username} already", code="username_taken")
    work.session.add(user)
    await work.session.flush()
    work.session.add(Membership(property_id=work.property_id, user_id=user.id, role=role))
    work.record(USER_ADDED, user.id, {"role": role})
    return user


async def people(session: AsyncSession, property_id: str) -> list[Person]:
    """Everybody of a property, by name."""
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.property_id == property_id)
        .order_by(User.username)
    )
    return [Person(user, role) for user, role in await session.execute(query)]


async def count(session: AsyncSession, property_id: str) -> int:
    """How many people a property has."""
    query = select(func.count()).select_from(Membership).where(Membership.property_id == property_id)
    return await session.scalar(query) or 0


async def find(session: AsyncSession, property_id: str, *, username: str = "", user_id: str = "") -> Person:
    """One person by name or id. Raises NotFound."""
    by = User.id == user_id if user_id else User.username == rules.username_key(username)
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.property_id == property_id, by)
    )
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound(f"no user {user_id or username}")
    return Person(row[0], row[1])


async def disable(work: UnitOfWork, person: Person) -> None:
    """Bar a person: every session ends with this transaction. Raises Conflict for the last manager."""
    if person.user.disabled_at is not None:
        return
    if person.role == "manager" and await _other_managers(work, person) == 0:
        raise Conflict("the last manager stays", code="last_manager")
    person.user.disabled_at = work.now
    await end_sessions(work, person.user.id)
    work.record(USER_DISABLED, person.user.id)


def enable(work: UnitOfWork, person: Person) -> None:
    """Let a person in again."""
    if person.user.disabled_at is not None:
        person.user.disabled_at = None
        work.record(USER_ENABLED, person.user.id)


async def set_password(work: UnitOfWork, person: Person, password_hash: str, *, end_sessions_too: bool = True) -> None:
    """Give a new password: every session ends, every wait is forgiven."""
    person.user.password_hash = password_hash
    if end_sessions_too:
        await end_sessions(work, person.user.id)
    await work.session.execute(
        delete(LoginFailure).where(
            LoginFailure.property_id == work.property_id, LoginFailure.username == person.user.username
        )
    )
    work.record(USER_PASSWORD, person.user.id)


async def end_sessions(work: UnitOfWork, user_id: str) -> None:
    """Sign a person out everywhere, also where only the code was missing."""
    await work.session.execute(delete(Session).where(Session.user_id == user_id))
    await work.session.execute(delete(SignInChallenge).where(SignInChallenge.user_id == user_id))


async def invite(work: UnitOfWork, role: str, now: datetime, made_by: str | None = None) -> str:
    """A fresh one-time token that makes a person of `role`.

    Without `made_by` it is the empty house's own: earlier ones of that kind stop working, and so does this one once
    there is a manager.
    """
    if role not in ROLES:
        raise Invalid([FieldError("role", "unknown", f"one of {', '.join(ROLES)}")])
    token = secrets.token_urlsafe(24)
    mine = Invitation.property_id == work.property_id
    outdated = Invitation.ends_at <= now
    replaced = (Invitation.role == role) & Invitation.made_by.is_(None) if made_by is None else outdated
    await work.session.execute(delete(Invitation).where(mine, replaced | outdated))
    work.session.add(
        Invitation(
            token_hash=token_hash(token),
            property_id=work.property_id,
            role=role,
            ends_at=now + INVITED_FOR,
            made_by=made_by,
        )
    )
    if made_by is not None:
        work.record(USER_INVITED, role)
    return token


async def invitation(session: AsyncSession, property_id: str, token: str, now: datetime) -> Invitation:
    """The invitation of a token. Raises NotFound when it was used, replaced or is too old."""
    query = select(Invitation).where(Invitation.property_id == property_id, Invitation.token_hash == token_hash(token))
    found = await session.scalar(query)
    if found is None or found.ends_at <= now or not await _still_good(session, found):
        raise NotFound("this link was used already or is too old", code="invitation_unknown")
    return found


async def accept(work: UnitOfWork, token: str, now: datetime) -> str:
    """Use an invitation up; the role it gives. Raises NotFound when it was used, replaced or is too old."""
    found = await invitation(work.session, work.property_id, token, now)
    used = delete(Invitation).where(Invitation.token_hash == found.token_hash)
    # whoever deletes the row has it: two at the same moment cannot both
    if cast("CursorResult[object]", await work.session.execute(used)).rowcount != 1:
        raise NotFound("this link was used already or is too old", code="invitation_unknown")
    return found.role


async def _still_good(session: AsyncSession, found: Invitation) -> bool:
    """The empty house's own link ends as soon as there is a manager."""
    return found.made_by is not None or not await has_manager(session, found.property_id)


async def has_manager(session: AsyncSession, property_id: str) -> bool:
    """Whether a property has a manager, barred or not."""
    query = select(Membership.user_id).where(Membership.property_id == property_id, Membership.role == "manager")
    return (await session.scalars(query.limit(1))).first() is not None


async def _other_managers(work: UnitOfWork, person: Person) -> int:
    query = (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.property_id == work.property_id,
            Membership.role == "manager",
            User.disabled_at.is_(None),
            User.id != person.user.id,
        )
        .with_for_update()
    )
    return len((await work.session.scalars(query)).all())
