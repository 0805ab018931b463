"""What people do about their own access: coming in, password, second factor, sessions. For API and pages alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from pms.access import factors, totp, users
from pms.access.model import Session
from pms.access.rules import password_errors
from pms.access.session_store import SESSION_ENDED, SignedIn
from pms.access.sessions import SignIn
from pms.access.wiring import PASSWORDS, SESSIONS
from pms.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from pms.kernel.http import Call, Principal
from pms.kernel.http.security import address_of, kept
from pms.kernel.work import Actor, UnitOfWork

DEVICE_COOKIE = "innkeeper_device"
SHOWN_ID = 16
"""Characters of a session's hash that name it to its owner: enough to tell them apart, of no use to anybody else."""


@dataclass(frozen=True, slots=True)
class NewFactor:
    """What an authenticator app is told, and the challenge that its first code answers."""

    challenge: str
    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of somebody's sessions."""

    id: str
    address: str
    created_at: datetime
    seen_at: datetime
    current: bool


def arriving(call: Call, username: str = "", password: str = "", code: str = "", *, browser: bool = False) -> SignIn:
    """What somebody shows, with where they come from."""
    device = kept(call.request, DEVICE_COOKIE)[:100]
    return SignIn(username, password, address_of(call.request), code, device, remember=browser)


async def accept(call: Call, token: str, shown: SignIn) -> SignedIn:
    """Use a one-time link: makes the person and signs in. Raises Invalid, NotFound, Conflict, SecondFactorRequired."""
    users.check_person(shown.username, "manager", shown.password)
    sessions = call.request.config_dict[SESSIONS]
    async with call.context.database.read() as session:  # a guess at a link costs no hashing
        await users.invitation(session, call.property_id, token, sessions.wall())
    password_hash = await call.request.config_dict[PASSWORDS].hash(shown.password)

    async def make(work: UnitOfWork) -> None:
        role = await users.accept(work, token, sessions.wall())
        await users.add(work, shown.username, role, password_hash)

    await call.context.database.run(Actor(call.property_id, "visitor"), call.now, make)
    return await sessions.sign_in(shown, call.now)


async def add_person(call: Call, username: str, role: str, password: str) -> users.Person:
    """Make somebody with a password. Raises Invalid, Conflict."""
    users.check_person(username, role, password)
    password_hash = await call.request.config_dict[PASSWORDS].hash(password)

    async def add(work: UnitOfWork) -> users.Person:
        return users.Person(await users.add(work, username, role, password_hash), role)

    return await call.context.database.run(call.principal.actor, call.now, add)


async def give_password(call: Call, user_id: str, password: str) -> users.Person:
    """Give somebody else a new password; their sessions end. Raises NotFound, Invalid, Conflict (`own_access`)."""
    refuse_own(call.principal, user_id)
    async with call.context.database.read() as session:
        person = await users.find(session, call.property_id, user_id=user_id)
    if errors := password_errors(person.user.username, password):
        raise Invalid(errors)
    password_hash = await call.request.config_dict[PASSWORDS].hash(password)

    async def give(work: UnitOfWork) -> users.Person:
        found = await users.find(work.session, work.property_id, user_id=user_id)
        await users.set_password(work, found, password_hash)
        return found

    return await call.context.database.run(call.principal.actor, call.now, give)


async def take_factor(work: UnitOfWork, principal: Principal, user_id: str) -> users.Person:
    """Take somebody else's second factor away; their sessions end. Raises NotFound, Conflict (`own_access`)."""
    refuse_own(principal, user_id)
    person = await users.find(work.session, work.property_id, user_id=user_id)
    await factors.remove(work, user_id)
    return person


def refuse_own(principal: Principal, user_id: str) -> None:
    """One's own password and second factor are changed by showing them: a session alone, stolen, is not enough."""
    if user_id == principal.user_id:
        raise Conflict("change your own access under My account", code="own_access")


async def change_password(call: Call, current: str, new: str) -> SignedIn:
    """A new password of one's own: every session ends, this one goes on under a fresh token.

    Raises Unauthenticated (the present one is wrong), Invalid, TooManyAttempts.
    """
    sessions = call.request.config_dict[SESSIONS]
    if errors := password_errors(call.principal.username, new):
        raise Invalid(errors)
    await sessions.confirm_password(call.principal, current, call.now)
    password_hash = await call.request.config_dict[PASSWORDS].hash(new)

    async def change(work: UnitOfWork) -> SignedIn:
        person = await users.find(work.session, call.property_id, user_id=call.principal.user_id)
        signed_in = await sessions.begin_anew(work, call.principal)
        await users.set_password(work, person, password_hash, end_sessions_too=False)
        return signed_in

    return await call.context.database.run(call.principal.actor, call.now, change)


async def begin_factor(call: Call, password: str) -> NewFactor:
    """Begin to set up one's own second factor (or to replace it). Raises Unauthenticated, TooManyAttempts."""
    sessions = call.request.config_dict[SESSIONS]
    await sessions.confirm_password(call.principal, password, call.now)

    async def begin(work: UnitOfWork) -> str:
        return await factors.open_challenge(work, call.principal.user_id, sessions.wall(), enrol=True)

    token = await call.context.database.run(call.principal.actor, call.now, begin)
    return await new_factor(call, token)


async def new_factor(call: Call, challenge: str) -> NewFactor:
    """What the app is told. Raises Unauthenticated (`challenge_unknown`) unless the challenge makes a second factor."""
    sessions = call.request.config_dict[SESSIONS]
    async with call.context.database.read() as session:
        found = await factors.find_challenge(session, call.property_id, challenge, sessions.wall())
        person = await users.find(session, call.property_id, user_id=found.user_id)
    if found.secret is None:
        raise Unauthenticated("sign in again", code="challenge_unknown")
    issuer = call.context.name or "Innkeeper"
    return NewFactor(challenge, found.secret, totp.uri(found.secret, person.user.username, issuer))


async def confirm_factor(call: Call, challenge: str, code: str) -> SignedIn:
    """Show the first code: the second factor holds from here on, other sessions end.

    Raises Unauthenticated (`wrong_code`, `challenge_unknown`), TooManyAttempts.
    """
    sessions = call.request.config_dict[SESSIONS]
    async with call.context.database.read() as session:
        found = await factors.find_challenge(session, call.property_id, challenge, sessions.wall())
    if found.user_id != call.principal.user_id:
        raise Unauthenticated("sign in again", code="challenge_unknown")
    return await sessions.answer(challenge, arriving(call, code=code), call.now)


async def renew_codes(call: Call, code: str) -> tuple[str, ...]:
    """Ten new recovery codes for a code of the app. Raises Unauthenticated (`wrong_code`), TooManyAttempts."""
    keyring = call.context.database.keyring

    async def renew(work: UnitOfWork) -> tuple[str, ...]:
        work.record(factors.RECOVERY_RENEWED, call.principal.user_id)
        return await factors.renew_recovery_codes(work, keyring, call.principal.user_id)

    return await call.request.config_dict[SESSIONS].with_own_code(call.principal, code, call.now, renew)


async def remove_factor(call: Call, code: str) -> SignedIn:
    """Do without. Raises Conflict where the role needs one, Unauthenticated (`wrong_code`), TooManyAttempts."""
    sessions = call.request.config_dict[SESSIONS]
    if call.principal.role in sessions.second_factor:
        raise Conflict("your role needs a second factor", code="second_factor_needed")

    async def remove(work: UnitOfWork) -> SignedIn:
        signed_in = await sessions.begin_anew(work, call.principal, factors=1)
        await factors.remove(work, call.principal.user_id, end_sessions_too=False)
        return signed_in

    return await sessions.with_own_code(call.principal, code, call.now, remove)


async def open_sessions(call: Call) -> Sequence[OpenSession]:
    """Where this person is signed in, this one first."""
    now = call.request.config_dict[SESSIONS].wall()
    query = (
        select(Session)
        .where(
            Session.property_id == call.property_id,
            Session.user_id == call.principal.user_id,
            Session.idle_until > now,
            Session.ends_at > now,
        )
        .order_by(Session.seen_at.desc())
    )
    async with call.context.database.read() as session:
        rows = (await session.scalars(query)).all()
    mine = call.principal.session_id
    found = [
        OpenSession(row.token_hash[:SHOWN_ID], row.address, row.created_at, row.seen_at, row.token_hash == mine)
        for row in rows
    ]
    return sorted(found, key=lambda one: not one.current)


async def end_session(call: Call, shown_id: str) -> None:
    """Sign this person out somewhere. Raises NotFound."""
    if len(shown_id) != SHOWN_ID or not shown_id.isalnum():
        raise NotFound("no such session")
    await _end(call, Session.token_hash.startswith(shown_id, autoescape=True), must=True)


async def end_other_sessions(call: Call) -> None:
    """Sign this person out everywhere else."""
    await _end(call, Session.token_hash != call.principal.session_id, must=False)


async def _end(call: Call, which: object, *, must: bool) -> None:
    async def end(work: UnitOfWork) -> None:
        mine = (Session.property_id == work.property_id, Session.user_id == call.principal.user_id, which)
        found = (await work.session.scalars(select(Session.token_hash).where(*mine))).all()  # type: ignore[arg-type]
        if must and not found:
            raise NotFound("no such session")
        await work.session.execute(delete(Session).where(Session.token_hash.in_(found)))
        for _ in found:
            work.record(SESSION_ENDED, call.principal.user_id)

    await call.context.database.run(call.principal.actor, call.now, end)
