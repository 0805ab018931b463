"""The second factor: made, asked for, taken back. Every function works inside the unit of work it is given."""

import secrets
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.access import totp
from pms.access.model import RecoveryCode, SecondFactor, SignInChallenge
from pms.access.permissions import USERS_READ
from pms.access.users import end_sessions, token_hash
from pms.kernel.crypto import UNREADABLE, Keyring
from pms.kernel.errors import Unauthenticated
from pms.kernel.events import EventKind
from pms.kernel.work import UnitOfWork

FACTOR_SET = EventKind("second_factor.set", USERS_READ)
FACTOR_REMOVED = EventKind("second_factor.removed", USERS_READ)
RECOVERY_USED = EventKind("second_factor.recovery_used", USERS_READ)
RECOVERY_RENEWED = EventKind("second_factor.recovery_renewed", USERS_READ)

CHALLENGE_FOR = timedelta(minutes=10)
CHALLENGE_FAILURES = 5
"""After so many wrong codes the sign-in begins anew, with the password."""


class SecondFactorRequired(Unauthenticated):
    """The password was right; the code is missing. `enrol`: there is no second factor yet, it has to be made first."""

    code = "second_factor_required"

    def __init__(self, challenge: str, *, enrol: bool) -> None:
        self.challenge = challenge
        self.enrol = enrol
        self.members = {"challenge": challenge, "expires_in": int(CHALLENGE_FOR.total_seconds())}
        code = "second_factor_enrolment_required" if enrol else type(self).code
        super().__init__("show your second factor" if not enrol else "set up your second factor first", code=code)


async def has_factor(session: AsyncSession, property_id: str, user_id: str) -> bool:
    """Whether a person has a second factor."""
    return await session.get(SecondFactor, (property_id, user_id)) is not None


async def holders(session: AsyncSession, property_id: str) -> frozenset[str]:
    """The ids of everybody who has one."""
    query = select(SecondFactor.user_id).where(SecondFactor.property_id == property_id)
    return frozenset((await session.scalars(query)).all())


async def codes_left(session: AsyncSession, property_id: str, user_id: str) -> int:
    """How many recovery codes are unused."""
    query = select(func.count()).select_from(RecoveryCode).where(*_codes_of(property_id, user_id))
    return await session.scalar(query) or 0


async def open_challenge(work: UnitOfWork, user_id: str, wall: datetime, *, enrol: bool) -> str:
    """A token that stands for a password that was right, for some minutes. With `enrol` it holds a new secret."""
    token = secrets.token_urlsafe(32)
    row = SignInChallenge(
        token_hash=token_hash(token),
        property_id=work.property_id,
        user_id=user_id,
        secret=totp.new_secret() if enrol else None,
        failures=0,
        ends_at=wall + CHALLENGE_FOR,
    )
    work.session.add(row)
    return token


async def find_challenge(session: AsyncSession, property_id: str, token: str, wall: datetime) -> SignInChallenge:
    """The challenge of a token. Raises Unauthenticated (`challenge_unknown`): it was used, failed or is too old."""
    found = await session.get(SignInChallenge, token_hash(token))
    if found is None or found.property_id != property_id or found.ends_at <= wall:
        raise Unauthenticated("sign in again", code="challenge_unknown")
    return found


async def answer(work: UnitOfWork, keyring: Keyring, token: str, code: str, wall: datetime) -> tuple[str, ...] | None:
    """Answer a challenge: None when the code is wrong, else the recovery codes that were made, as a rule none.

    Raises Unauthenticated (`challenge_unknown`).
    """
    challenge = await find_challenge(work.session, work.property_id, token, wall)
    made: tuple[str, ...] | None = None
    if challenge.secret is not None:
        made = await _enrol(work, keyring, challenge, code, wall)
    elif await check(work, keyring, challenge.user_id, code, wall):
        made = ()
    if made is None:
        challenge.failures += 1
    if made is not None or challenge.failures >= CHALLENGE_FAILURES:
        await work.session.delete(challenge)
    return made


async def check(work: UnitOfWork, keyring: Keyring, user_id: str, code: str, wall: datetime) -> bool:
    """Whether a code of the app or a recovery code is right; it is used up. Without a second factor none is."""
    key = (work.property_id, user_id)
    factor = await work.session.get(SecondFactor, key, with_for_update=True)
    if factor is None:
        return False
    if totp.is_recovery_code(code):
        return await _use_recovery_code(work, keyring, user_id, code)
    if factor.secret == UNREADABLE:
        return False
    step = totp.matching_step(factor.secret, code, wall.timestamp(), factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    return True


async def renew_recovery_codes(work: UnitOfWork, keyring: Keyring, user_id: str) -> tuple[str, ...]:
    """Ten new recovery codes; earlier ones are worth nothing."""
    await work.session.execute(delete(RecoveryCode).where(*_codes_of(work.property_id, user_id)))
    made = totp.new_recovery_codes()
    for code in made:
        digest = _digest(keyring, code)
        work.session.add(RecoveryCode(property_id=work.property_id, user_id=user_id, digest=digest))
    return made


async def remove(work: UnitOfWork, user_id: str, *, end_sessions_too: bool = True) -> None:
    """Take the second factor away: every session ends; who needs one makes a new one at the next sign-in."""
    factor = await work.session.get(SecondFactor, (work.property_id, user_id), with_for_update=True)
    await work.session.execute(delete(RecoveryCode).where(*_codes_of(work.property_id, user_id)))
    if end_sessions_too:
        await end_sessions(work, user_id)
    if factor is not None:
        await work.session.delete(factor)
        work.record(FACTOR_REMOVED, user_id)


async def _enrol(
    work: UnitOfWork, keyring: Keyring, challenge: SignInChallenge, code: str, wall: datetime
) -> tuple[str, ...] | None:
    secret = str(challenge.secret)
    step = totp.matching_step(secret, code, wall.timestamp()) if secret != UNREADABLE else None
    if step is None:
        return None
    await work.session.merge(
        SecondFactor(
            property_id=work.property_id, user_id=challenge.user_id, secret=secret, last_step=step, created_at=work.now
        )
    )
    work.record(FACTOR_SET, challenge.user_id)
    return await renew_recovery_codes(work, keyring, challenge.user_id)


async def _use_recovery_code(work: UnitOfWork, keyring: Keyring, user_id: str, code: str) -> bool:
    used = delete(RecoveryCode).where(
        *_codes_of(work.property_id, user_id), RecoveryCode.digest == _digest(keyring, code)
    )
    if cast("CursorResult[object]", await work.session.execute(used)).rowcount == 0:
        return False
    work.record(RECOVERY_USED, user_id, {"left": await codes_left(work.session, work.property_id, user_id)})
    return True


def _digest(keyring: Keyring, code: str) -> str:
    return keyring.blind_index("recovery " + totp.tidy(code))


def _codes_of(property_id: str, user_id: str):  # type: ignore[no-untyped-def]
    return RecoveryCode.property_id == property_id, RecoveryCode.user_id == user_id
