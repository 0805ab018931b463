"""Signing in and out. Times are of the wall clock: a demonstration's hours pass faster than its people's."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import rules
from pms.access.model import LoginFailure, Membership, Session, User
from pms.access.passwords import Busy, Passwords
from pms.access.permissions import ROLES, USERS_READ
from pms.access.users import token_hash
from pms.kernel.database import Database
from pms.kernel.errors import TooManyAttempts, Unauthenticated
from pms.kernel.events import EventKind
from pms.kernel.http import Principal
from pms.kernel.work import Actor, UnitOfWork

SESSION_STARTED = EventKind("session.started", USERS_READ)
SESSION_ENDED = EventKind("session.ended", USERS_READ)
SESSION_REFUSED = EventKind("session.refused", USERS_READ)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody who signs in shows."""

    username: str
    password: str
    address: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token is told once and never kept."""

    token: str
    principal: Principal
    seconds: int


class Sessions:
    """The sessions of one property: implements `kernel.http.Authenticator`."""

    def __init__(
        self, database: Database, property_id: str, passwords: Passwords, wall: Callable[[], datetime]
    ) -> None:
        self._database = database
        self.property_id = property_id
        self._passwords = passwords
        self.wall = wall

    async def authenticate(self, token: str) -> Principal | None:
        """Whose token this is; None when it is nobody's, has ended, or its person was disabled."""
        now = self.wall()
        async with self._database.read() as session:
            row = await _session_row(session, token_hash(token), now)
        if row is None:
            return None
        found, user, role = row
        if now - found.seen_at >= rules.SEEN_STEP:
            await self._touch(found.token_hash, now)
        return _principal(found, user, role)

    async def sign_in(self, attempt: SignIn, now: datetime) -> SignedIn:
        """A new session with a new token.

        Raises Unauthenticated (`wrong_credentials`: the same for a wrong name, a wrong password and a disabled person)
        and TooManyAttempts.
        """
        username = rules.username_key(attempt.username)[: rules.LONGEST_NAME]
        async with self._database.read() as session:
            wait = await self._wait(session, username, attempt.address)
            user, role = await self._member(session, username)
        if wait > 0:
            raise TooManyAttempts(wait, "too many wrong passwords")
        try:
            right = await self._passwords.verify(user.password_hash if user else None, attempt.password)
        except Busy as error:
            raise TooManyAttempts(2, "too many people sign in at once") from error
        if user is None or not right:
            await self._database.run(
                self._actor(user), now, lambda work: self._refused(work, username, attempt.address)
            )
            raise Unauthenticated("wrong name or password", code="wrong_credentials")
        return await self._database.run(
            self._actor(user), now, lambda work: self._start(work, user, role, attempt.address)
        )

    async def sign_out(self, work: UnitOfWork, principal: Principal) -> None:
        """End this session."""
        await work.session.execute(delete(Session).where(Session.token_hash == principal.session_id))
        work.record(SESSION_ENDED, principal.user_id)

    async def forget_old(self, work: UnitOfWork) -> None:
        """Drop sessions that have ended and failures that are forgiven."""
        now = self.wall()
        await work.session.execute(
            delete(Session).where(
                Session.property_id == self.property_id, (Session.idle_until < now) | (Session.ends_at < now)
            )
        )
        await work.session.execute(
            delete(LoginFailure).where(
                LoginFailure.property_id == self.property_id, LoginFailure.last_at < now - rules.FORGIVEN_AFTER
            )
        )

    def _actor(self, user: User | None) -> Actor:
        return Actor(self.property_id, user.id if user else "visitor")

    async def _wait(self, session: AsyncSession, username: str, address: str) -> float:
        failure = await session.get(LoginFailure, (self.property_id, username, address))
        return rules.remaining_wait(failure.count, failure.last_at, self.wall()) if failure else 0.0

    async def _member(self, session: AsyncSession, username: str) -> tuple[User | None, str]:
        query = (
            select(User, Membership.role)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.property_id == self.property_id, User.username == username, User.disabled_at.is_(None))
        )
        row = (await session.execute(query)).first()
        return (row[0], row[1]) if row else (None, "")

    async def _refused(self, work: UnitOfWork, username: str, address: str) -> None:
        now = self.wall()
        key = {"property_id": self.property_id, "username": username, "address": address}
        await work.insert_once(LoginFailure, **key, count=0, last_at=now)
        failure = await work.session.get_one(LoginFailure, tuple(key.values()), with_for_update=True)
        forgiven = now - failure.last_at > rules.FORGIVEN_AFTER
        failure.count = 1 if forgiven else failure.count + 1
        failure.last_at = now
        work.record(SESSION_REFUSED, work.actor.name, {"failures": failure.count})

    async def _start(self, work: UnitOfWork, user: User, role: str, address: str) -> SignedIn:
        now, token = self.wall(), secrets.token_urlsafe(32)
        row = Session(
            token_hash=token_hash(token),
            property_id=self.property_id,
            user_id=user.id,
            address=address,
            created_at=now,
            seen_at=now,
            idle_until=now + rules.IDLE,
            ends_at=now + rules.LONGEST_SESSION,
        )
        work.session.add(row)
        await work.session.execute(
            delete(LoginFailure).where(
                LoginFailure.property_id == self.property_id,
                LoginFailure.username == user.username,
                LoginFailure.address == address,
            )
        )
        work.record(SESSION_STARTED, user.id)
        return SignedIn(token, _principal(row, user, role), int(rules.LONGEST_SESSION.total_seconds()))

    async def _touch(self, session_id: str, now: datetime) -> None:
        async def touch(work: UnitOfWork) -> None:
            found = await work.session.get(Session, session_id, with_for_update=True)
            if found is not None:
                found.seen_at, found.idle_until = now, now + rules.IDLE

        await self._database.run(Actor.system(self.property_id, "sessions"), now, touch)


async def _session_row(session: AsyncSession, session_id: str, now: datetime) -> tuple[Session, User, str] | None:
    query = (
        select(Session, User, Membership.role)
        .join(User, User.id == Session.user_id)
        .join(Membership, (Membership.user_id == User.id) & (Membership.property_id == Session.property_id))
        .where(
            Session.token_hash == session_id,
            Session.idle_until > now,
            Session.ends_at > now,
            User.disabled_at.is_(None),
        )
    )
    row = (await session.execute(query)).first()
    return (row[0], row[1], row[2]) if row else None


def _principal(session: Session, user: User, role: str) -> Principal:
    return Principal(
        property_id=session.property_id,
        user_id=user.id,
        username=user.username,
        role=role,
        permissions=ROLES.get(role, frozenset()),
        session_id=session.token_hash,
        language=user.language,
    )
