"""The second factor, one's own account and one-time links over HTTP."""

from datetime import datetime

from aiohttp import web
from pydantic import ConfigDict, Field

from pms.access import account, users
from pms.access.api import NewSessionView, UserView, user_view, welcome
from pms.access.permissions import USERS_CHANGE
from pms.access.rules import LONGEST_PASSWORD
from pms.access.wiring import SESSIONS
from pms.kernel.http import PUBLIC, SIGNED_IN, Body, Call, Nothing, Page, Reply, Routes, View, WriteCall
from pms.kernel.http.security import is_secure
from pms.kernel.work import UnitOfWork

routes = Routes("account")


class Challenge(Body):
    """A sign-in that waits for its code."""

    challenge: str = Field(max_length=100)


class Answer(Challenge):
    """The code of the authenticator app, or a recovery code."""

    code: str = Field(max_length=64)


class Code(Body):
    """A code of the authenticator app, or a recovery code."""

    code: str = Field(max_length=64)


class OwnPassword(Body):
    """The present password, as typed."""

    model_config = ConfigDict(str_strip_whitespace=False)

    password: str = Field(max_length=LONGEST_PASSWORD)


class PasswordChange(Body):
    """The present password and the new one, as typed."""

    model_config = ConfigDict(str_strip_whitespace=False)

    current: str = Field(max_length=LONGEST_PASSWORD)
    new: str = Field(max_length=LONGEST_PASSWORD)


class InvitationBody(Body):
    """What the invited person will be."""

    role: str = Field(max_length=40)


class NewFactorView(View):
    """What an authenticator app is told; its first code answers the challenge."""

    challenge: str
    secret: str
    uri: str


class RecoveryCodesView(View):
    """New recovery codes: told once."""

    recovery_codes: list[str]


class SessionItem(View):
    """A session of one's own."""

    id: str
    address: str
    created_at: datetime
    seen_at: datetime
    current: bool


class InvitationView(View):
    """A one-time link, told once."""

    role: str
    url: str
    ends_at: datetime


@routes.own("POST", "/api/v1/session/second-factor", permission=PUBLIC, body=Answer, response=NewSessionView)
async def answer(call: Call) -> web.StreamResponse:
    """Show the second factor: the sign-in that waited for it is done."""
    told = call.body(Answer)
    shown = account.arriving(call, code=told.code)
    return welcome(call, await call.request.config_dict[SESSIONS].answer(told.challenge, shown, call.now))


@routes.own(
    "POST", "/api/v1/session/second-factor/enrolment", permission=PUBLIC, body=Challenge, response=NewFactorView
)
async def enrolment(call: Call) -> NewFactorView:
    """The new secret of a sign-in that needs a second factor first; its first code goes to the path above."""
    return _new_factor(await account.new_factor(call, call.body(Challenge).challenge))


@routes.own("PUT", "/api/v1/account/password", permission=SIGNED_IN, body=PasswordChange, response=NewSessionView)
async def change_password(call: Call) -> web.StreamResponse:
    """Change one's own password: every session ends, this one goes on under a fresh token."""
    told = call.body(PasswordChange)
    return welcome(call, await account.change_password(call, told.current, told.new))


@routes.own("POST", "/api/v1/account/second-factor", permission=SIGNED_IN, body=OwnPassword, response=NewFactorView)
async def begin_factor(call: Call) -> NewFactorView:
    """Begin to set up one's own second factor, or to replace it."""
    return _new_factor(await account.begin_factor(call, call.body(OwnPassword).password))


@routes.own("PUT", "/api/v1/account/second-factor", permission=SIGNED_IN, body=Answer, response=NewSessionView)
async def confirm_factor(call: Call) -> web.StreamResponse:
    """Confirm it with its first code: other sessions end, this one goes on under a fresh token."""
    told = call.body(Answer)
    return welcome(call, await account.confirm_factor(call, told.challenge, told.code))


@routes.own("DELETE", "/api/v1/account/second-factor", permission=SIGNED_IN, body=Code, response=NewSessionView)
async def remove_factor(call: Call) -> web.StreamResponse:
    """Do without, where the role may."""
    return welcome(call, await account.remove_factor(call, call.body(Code).code))


@routes.own("POST", "/api/v1/account/recovery-codes", permission=SIGNED_IN, body=Code, response=RecoveryCodesView)
async def renew_codes(call: Call) -> RecoveryCodesView:
    """Ten new recovery codes; the earlier ones are worth nothing."""
    return RecoveryCodesView(recovery_codes=list(await account.renew_codes(call, call.body(Code).code)))


@routes.own("GET", "/api/v1/account/sessions", permission=SIGNED_IN, response=Page[SessionItem])
async def sessions(call: Call) -> Page[SessionItem]:
    """Where one is signed in."""
    found = await account.open_sessions(call)
    names = ("id", "address", "created_at", "seen_at", "current")
    items = [SessionItem(**{name: getattr(one, name) for name in names}) for one in found]
    return Page[SessionItem](items=items)


@routes.own("DELETE", "/api/v1/account/sessions", permission=SIGNED_IN)
async def end_others(call: Call) -> web.StreamResponse:
    """Sign out everywhere else."""
    await account.end_other_sessions(call)
    return web.Response(status=204)


@routes.own("DELETE", "/api/v1/account/sessions/{id}", permission=SIGNED_IN)
async def end_one(call: Call) -> web.StreamResponse:
    """Sign out somewhere."""
    await account.end_session(call, call.path("id"))
    return web.Response(status=204)


@routes.write(
    "POST", "/api/v1/users/{id}/second-factor/reset", permission=USERS_CHANGE, body=Nothing, response=UserView
)
async def reset_factor(call: WriteCall) -> UserView:
    """Take a person's second factor away (the phone is lost): their sessions end at once."""
    return user_view(await account.take_factor(call.work, call.principal, call.path("id")), ())


@routes.own("POST", "/api/v1/users/invitations", permission=USERS_CHANGE, body=InvitationBody, response=InvitationView)
async def invite(call: Call) -> Reply:
    """Make a one-time link with which a person chooses name and password; it ends after 24 hours."""
    role = call.body(InvitationBody).role
    return Reply(await make_invitation(call, role), status=201)


async def make_invitation(call: Call, role: str) -> InvitationView:
    """A link for a person of `role`. Raises Invalid."""
    wall = call.request.config_dict[SESSIONS].wall()

    async def make(work: UnitOfWork) -> str:
        return await users.invite(work, role, wall, made_by=work.actor.name)

    token = await call.context.database.run(call.principal.actor, call.now, make)
    base = call.context.reach.public_url.rstrip("/") or _origin(call)
    return InvitationView(role=role, url=f"{base}/invitation?token={token}", ends_at=wall + users.INVITED_FOR)


def _origin(call: Call) -> str:
    return f"{'https' if is_secure(call.request) else 'http'}://{call.request.host}"


def _new_factor(made: account.NewFactor) -> NewFactorView:
    return NewFactorView(challenge=made.challenge, secret=made.secret, uri=made.uri)
