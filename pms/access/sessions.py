"""Signing in. Times are of the wall clock: a demonstration's hours pass faster than its people's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import factors, places, rules
from pms.access.factors import SecondFactorRequired
from pms.access.model import LoginFailure, Membership, User
from pms.access.pacing import Pacing, Slowed, Source
from pms.access.passwords import Busy, Passwords
from pms.access.permissions import USERS_READ
from pms.access.session_store import SESSION_STARTED, SessionStore, SignedIn
from pms.access.users import end_sessions
from pms.kernel.database import Database
from pms.kernel.errors import TooManyAttempts, Unauthenticated
from pms.kernel.events import EventKind
from pms.kernel.http import Principal
from pms.kernel.work import Actor, UnitOfWork

T = TypeVar("T")

log = structlog.get_logger()

SESSION_REFUSED = EventKind("session.refused", USERS_READ)
SIGN_IN_ATTACKED = EventKind("sign_in.attacked", USERS_READ)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody who signs in shows. `remember`: a browser, which may keep a cookie to be known again."""

    username: str
    password: str
    address: str
    code: str = ""
    device: str = ""
    remember: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt of somebody whom the books know, or do not."""

    told: SignIn
    user: User | None
    role: str
    source: Source


class Sessions(SessionStore):
    """How people come in: with a password, with a code where one is due, each guess counted."""

    def __init__(
        self,
        database: Database,
        property_id: str,
        passwords: Passwords,
        wall: Callable[[], datetime],
        second_factor: tuple[str, ...] = (),
    ) -> None:
        super().__init__(database, property_id, wall, second_factor)
        self._passwords = passwords
        self.pacing = Pacing()

    async def sign_in(self, told: SignIn, now: datetime) -> SignedIn:
        """A new session with a new token.

        Raises Unauthenticated (`wrong_credentials`: the same for a wrong name, a wrong password and a disabled person;
        `wrong_code`), SecondFactorRequired and TooManyAttempts.
        """
        attempt = await self._attempt(told)
        await self._guard(attempt, lambda: self.pacing.enter(_name(told), attempt.source, self._seconds()), now)
        if not await self._password_is_right(attempt) or attempt.user is None:
            await self._failed(attempt, now)
            raise Unauthenticated("wrong name or password", code="wrong_credentials")
        self.pacing.right(_name(told), attempt.source, self._seconds())
        async with self._database.read() as session:
            enrolled = await factors.has_factor(session, self.property_id, attempt.user.id)
        if not enrolled and attempt.role not in self.second_factor:
            return await self._database.run(self._actor(attempt.user), now, lambda work: self._start(work, attempt, 1))
        if enrolled and told.code:
            return await self._with_code(attempt, now)
        raise await self._challenge(attempt.user, now, enrol=not enrolled)

    async def is_open(self, challenge: str) -> bool:
        """Whether a sign-in still waits for its code."""
        try:
            async with self._database.read() as session:
                await factors.find_challenge(session, self.property_id, challenge, self.wall())
        except Unauthenticated:
            return False
        return True

    async def answer(self, challenge: str, told: SignIn, now: datetime) -> SignedIn:
        """Finish a sign-in: `told` holds the code; name and password were shown before.

        Raises Unauthenticated (`wrong_code`, `challenge_unknown`) and TooManyAttempts.
        """
        async with self._database.read() as session:
            found = await factors.find_challenge(session, self.property_id, challenge, self.wall())
            user = await session.get_one(User, found.user_id)
        named = SignIn(user.username, "", told.address, told.code, told.device, told.remember)
        return await self._with_code(await self._attempt(named), now, challenge)

    async def confirm_password(self, principal: Principal, password: str, now: datetime) -> None:
        """Somebody who is signed in shows the password again. Raises Unauthenticated, TooManyAttempts."""
        attempt = await self._of_session(principal, password)
        await self._guard(attempt, lambda: None, now)
        if not await self._password_is_right(attempt):
            await self._failed(attempt, now)
            raise Unauthenticated("wrong password", code="wrong_credentials")

    async def with_own_code(
        self, principal: Principal, code: str, now: datetime, then: Callable[[UnitOfWork], Awaitable[T]]
    ) -> T:
        """Do something that a person who is signed in must show a code for.

        Raises Unauthenticated (`wrong_code`), TooManyAttempts.
        """
        attempt = await self._of_session(principal)
        await self._guard(attempt, lambda: None, now)

        async def check(work: UnitOfWork) -> T | None:
            if await factors.check(work, self._database.keyring, principal.user_id, code, self.wall()):
                return await then(work)
            await self._refused(work, attempt)
            return None

        done = await self._database.run(principal.actor, now, check)
        if done is None:
            raise Unauthenticated("this code is wrong, too old or was used already", code="wrong_code")
        return done

    async def _of_session(self, principal: Principal, password: str = "") -> _Attempt:
        """Guesses from within a session are counted for it alone."""
        told = SignIn(principal.username, password, f"session:{principal.session_id[:40]}")
        found = await self._attempt(told)
        return _Attempt(told, found.user, found.role, Source(told.address, told.address, known=True))

    async def _attempt(self, told: SignIn) -> _Attempt:
        async with self._database.read() as session:
            user, role = await _member(session, self.property_id, _name(told))
            user_id = user.id if user else None
            found = await places.source(session, self.property_id, user_id, told.address, told.device, self.wall())
        return _Attempt(told, user, role, found)

    async def _guard(self, attempt: _Attempt, enter: Callable[[], None], now: datetime) -> None:
        """Refuse at once who has to wait."""
        async with self._database.read() as session:
            wait = await self._wait(session, attempt)
        if wait > 0:
            raise TooManyAttempts(wait, "too many wrong passwords")
        try:
            enter()
        except Slowed as slowed:
            await self._say_attack(slowed.scope, attempt, now)
            raise

    async def _password_is_right(self, attempt: _Attempt) -> bool:
        user = attempt.user
        try:
            return await self._passwords.verify(user.password_hash if user else None, attempt.told.password)
        except Busy as error:
            raise TooManyAttempts(2, "too many people sign in at once") from error

    async def _with_code(self, attempt: _Attempt, now: datetime, challenge: str = "") -> SignedIn:
        user = attempt.user
        if user is None:
            raise Unauthenticated("sign in again", code="challenge_unknown")
        await self._guard(attempt, lambda: self.pacing.enter_code(user.id, attempt.source, self._seconds()), now)

        async def check(work: UnitOfWork) -> SignedIn | None:
            made: tuple[str, ...] | None = ()
            if challenge:
                made = await factors.answer(work, self._database.keyring, challenge, attempt.told.code, self.wall())
            elif not await factors.check(work, self._database.keyring, user.id, attempt.told.code, self.wall()):
                made = None
            if made is None:
                await self._refused(work, attempt)
                return None
            if made:  # a new second factor: what was open without it ends
                await end_sessions(work, user.id)
            return await self._start(work, attempt, 2, made)

        signed_in = await self._database.run(self._actor(user), now, check)
        if signed_in is None:
            raise Unauthenticated("this code is wrong, too old or was used already", code="wrong_code")
        self.pacing.right_code(user.id, attempt.source, self._seconds())
        return signed_in

    async def _challenge(self, user: User, now: datetime, *, enrol: bool) -> SecondFactorRequired:
        async def begin(work: UnitOfWork) -> str:
            return await factors.open_challenge(work, user.id, self.wall(), enrol=enrol)

        return SecondFactorRequired(await self._database.run(self._actor(user), now, begin), enrol=enrol)

    def _seconds(self) -> float:
        return self.wall().timestamp()

    def _actor(self, user: User | None) -> Actor:
        return Actor(self.property_id, user.id if user else "visitor")

    async def _wait(self, session: AsyncSession, attempt: _Attempt) -> float:
        failure = await session.get(LoginFailure, (self.property_id, _name(attempt.told), attempt.source.key))
        return rules.remaining_wait(failure.count, failure.last_at, self.wall()) if failure else 0.0

    async def _failed(self, attempt: _Attempt, now: datetime) -> None:
        await self._database.run(self._actor(attempt.user), now, lambda work: self._refused(work, attempt))

    async def _refused(self, work: UnitOfWork, attempt: _Attempt) -> None:
        now = self.wall()
        key = {"property_id": self.property_id, "username": _name(attempt.told), "address": attempt.source.key}
        await work.insert_once(LoginFailure, **key, count=0, last_at=now)
        failure = await work.session.get_one(LoginFailure, tuple(key.values()), with_for_update=True)
        forgiven = now - failure.last_at > rules.FORGIVEN_AFTER
        failure.count = 1 if forgiven else failure.count + 1
        failure.last_at = now
        work.record(SESSION_REFUSED, work.actor.name, {"failures": failure.count})

    async def _start(
        self, work: UnitOfWork, attempt: _Attempt, count: int, recovery_codes: tuple[str, ...] = ()
    ) -> SignedIn:
        # guesses made at the same moment have been counted meanwhile: a right one among too many is refused as well
        wait = await self._wait(work.session, attempt)
        if wait > 0 or attempt.user is None:
            raise TooManyAttempts(wait, "too many wrong passwords")
        user, told = attempt.user, attempt.told
        await work.session.execute(
            delete(LoginFailure).where(
                LoginFailure.property_id == self.property_id,
                LoginFailure.username == user.username,
                LoginFailure.address == attempt.source.key,
            )
        )
        device = (told.device or places.new_device()) if told.remember else ""
        await places.remember(work, user.id, told.address, device, self.wall())
        token = self.add_session(work, user, told.address, count)
        work.record(SESSION_STARTED, user.id)
        return self.signed_in(token, user, attempt.role, device, recovery_codes)

    async def _say_attack(self, scope: str, attempt: _Attempt, now: datetime) -> None:
        if not self.pacing.to_say(scope, self._seconds()):
            return
        log.warning("sign_in_attacked", scope=scope, address=attempt.source.address)
        subject = attempt.user.id if attempt.user and scope in {"name", "code"} else scope

        async def say(work: UnitOfWork) -> None:
            work.record(SIGN_IN_ATTACKED, subject, {"scope": scope})

        await self._database.run(Actor.system(self.property_id, "door"), now, say)


def _name(told: SignIn) -> str:
    """What is looked up and counted: nothing that a database or a log would stumble over."""
    name = rules.username_key(told.username)[: rules.LONGEST_NAME]
    return name if name.isprintable() else name.encode("unicode_escape").decode()[: rules.LONGEST_NAME]


async def _member(session: AsyncSession, property_id: str, username: str) -> tuple[User | None, str]:
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.property_id == property_id, User.username == username, User.disabled_at.is_(None))
    )
    row = (await session.execute(query)).first()
    return (row[0], row[1]) if row else (None, "")
