"""Sessions as they are kept: whose token it is, made anew, ended. How one comes in is `sessions.Sessions`."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import places, rules
from pms.access.model import LoginFailure, Membership, Session, SignInChallenge, User
from pms.access.permissions import ROLES, USERS_READ
from pms.access.users import token_hash
from pms.kernel.database import Database
from pms.kernel.events import EventKind
from pms.kernel.http import Principal
from pms.kernel.work import Actor, UnitOfWork

SESSION_STARTED = EventKind("session.started", USERS_READ)
SESSION_ENDED = EventKind("session.ended", USERS_READ)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token is told once and never kept, and so are recovery codes that were made on the way."""

    token: str
    principal: Principal
    seconds: int
    device: str = ""
    recovery_codes: tuple[str, ...] = ()


class SessionStore:
    """The sessions of one property: implements `kernel.http.Authenticator`. `second_factor`: roles that need one."""

    def __init__(
        self, database: Database, property_id: str, wall: Callable[[], datetime], second_factor: tuple[str, ...] = ()
    ) -> None:
        self._database = database
        self.property_id = property_id
        self.wall = wall
        self.second_factor = frozenset(second_factor)

    async def authenticate(self, token: str) -> Principal | None:
        """Whose token this is; None when it is nobody's, has ended, its person was disabled or owes a second factor."""
        now = self.wall()
        async with self._database.read() as session:
            row = await _session_row(session, token_hash(token), now)
        if row is None:
            return None
        found, user, role = row
        if role in self.second_factor and (found.factors or 1) < 2:
            return None
        if now - found.seen_at >= rules.SEEN_STEP:
            await self._touch(found.token_hash, now)
        return _principal(found, user, role)

    async def begin_anew(self, work: UnitOfWork, principal: Principal, factors: int | None = None) -> SignedIn:
        """End every session of a person and go on under a fresh token, with as many factors as before unless told."""
        old = await work.session.get_one(Session, principal.session_id)
        address, before = old.address, old.factors or 1
        await work.session.execute(delete(Session).where(Session.user_id == principal.user_id))
        user = await work.session.get_one(User, principal.user_id)
        token = self.add_session(work, user, address, factors or before)
        work.record(SESSION_STARTED, user.id)
        return self.signed_in(token, user, principal.role)

    async def sign_out(self, work: UnitOfWork, principal: Principal) -> None:
        """End this session."""
        await work.session.execute(delete(Session).where(Session.token_hash == principal.session_id))
        work.record(SESSION_ENDED, principal.user_id)

    async def forget_old(self, work: UnitOfWork) -> None:
        """Drop sessions and challenges that have ended, failures that are forgiven, places long unused."""
        now, mine = self.wall(), self.property_id
        ended = (Session.idle_until < now) | (Session.ends_at < now)
        forgiven = LoginFailure.last_at < now - rules.FORGIVEN_AFTER
        await work.session.execute(delete(Session).where(Session.property_id == mine, ended))
        await work.session.execute(delete(LoginFailure).where(LoginFailure.property_id == mine, forgiven))
        await work.session.execute(
            delete(SignInChallenge).where(SignInChallenge.property_id == mine, SignInChallenge.ends_at < now)
        )
        await places.forget_old(work, now)

    def add_session(self, work: UnitOfWork, user: User, address: str, count: int) -> str:
        """Add a session that begins now, with so many factors; its token."""
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
            factors=count,
        )
        work.session.add(row)
        return token

    def signed_in(
        self, token: str, user: User, role: str, device: str = "", recovery_codes: tuple[str, ...] = ()
    ) -> SignedIn:
        """A session as it is told to who has it."""
        principal = _principal_of(self.property_id, user, role, token_hash(token))
        return SignedIn(token, principal, int(rules.LONGEST_SESSION.total_seconds()), device, recovery_codes)

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
    return _principal_of(session.property_id, user, role, session.token_hash)


def _principal_of(property_id: str, user: User, role: str, session_id: str) -> Principal:
    return Principal(
        property_id=property_id,
        user_id=user.id,
        username=user.username,
        role=role,
        permissions=ROLES.get(role, frozenset()),
        session_id=session_id,
        language=user.language,
    )
