"""Sessions and people over HTTP."""

from collections.abc import Collection
from datetime import datetime

from aiohttp import web
from pydantic import ConfigDict, Field

from pms.access import factors, users
from pms.access.account import accept, add_person, arriving, give_password
from pms.access.model import User
from pms.access.permissions import CATALOGUE, ROLES, USERS_CHANGE, USERS_READ
from pms.access.rules import LONGEST_PASSWORD
from pms.access.session_store import SignedIn
from pms.access.wiring import PASSWORDS as PASSWORDS
from pms.access.wiring import SESSIONS as SESSIONS
from pms.kernel.errors import FieldError, Invalid
from pms.kernel.http import PUBLIC, SIGNED_IN, Body, Call, Page, Principal, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.calls import LANGUAGE_COOKIE
from pms.kernel.http.security import drop_cookie, is_secure, set_cookie

routes = Routes("access")


class _AsTyped(Body):
    """A password is taken as it was typed, blanks and all."""

    model_config = ConfigDict(str_strip_whitespace=False)


class Credentials(_AsTyped):
    """Name and password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=LONGEST_PASSWORD)


class SignInBody(Credentials):
    """Name and password; programs may send the code of the second factor along."""

    code: str = Field("", max_length=64)


class Acceptance(Credentials):
    """A one-time link and what its person chooses."""

    token: str = Field(max_length=100)


class NewUser(Credentials):
    """A person to be made."""

    role: str


class NewPassword(_AsTyped):
    """A new password."""

    password: str = Field(max_length=LONGEST_PASSWORD)


class LanguageChoice(Body):
    """A language we have."""

    language: str = Field(max_length=20)


class SessionView(View):
    """Who is signed in."""

    user: str
    username: str
    role: str
    permissions: list[str]
    language: str
    property: str


class NewSessionView(SessionView):
    """Who is signed in now, with the token for programs; browsers have their cookie.

    `recovery_codes` are told once, when a second factor was made with this sign-in.
    """

    token: str
    recovery_codes: list[str]


class UserView(View):
    """A person."""

    id: str
    username: str
    role: str
    language: str | None
    disabled: bool
    second_factor: bool
    created_at: datetime


class RoleView(View):
    """A role and what it may do."""

    role: str
    permissions: list[str]


@routes.own("POST", "/api/v1/session", permission=PUBLIC, body=SignInBody, response=NewSessionView)
async def sign_in(call: Call) -> web.StreamResponse:
    """Sign in: a token, and a cookie for browsers.

    401 `second_factor_required`, with a `challenge` for `/api/v1/session/second-factor`, when a code is due;
    `second_factor_enrolment_required` when the role needs a second factor that is not set up yet.
    """
    told = call.body(SignInBody)
    attempt = arriving(call, told.username, told.password, told.code)
    return welcome(call, await call.request.config_dict[SESSIONS].sign_in(attempt, call.now))


@routes.own("POST", "/api/v1/first-manager", permission=PUBLIC, body=Acceptance, response=NewSessionView)
async def first_manager(call: Call) -> web.StreamResponse:
    """Use a one-time link: makes the person and signs in."""
    told = call.body(Acceptance)
    return welcome(call, await accept(call, told.token, arriving(call, told.username, told.password)))


@routes.read("/api/v1/session", permission=SIGNED_IN, response=SessionView)
async def who_am_i(call: ReadCall) -> SessionView:
    """Who is signed in, what the role permits, and the language."""
    return SessionView(**_identity(call, call.principal))


@routes.own("DELETE", "/api/v1/session", permission=SIGNED_IN)
async def sign_out(call: Call) -> web.StreamResponse:
    """Sign out: the token is worth nothing from here on."""
    sessions = call.request.config_dict[SESSIONS]
    async with call.context.database.work(call.principal.actor, call.now) as work:
        await sessions.sign_out(work, call.principal)
    response = web.Response(status=204)
    drop_cookie(call.request, response)
    return response


@routes.own("PUT", "/api/v1/session/language", permission=PUBLIC, body=LanguageChoice)
async def choose_language(call: Call) -> web.StreamResponse:
    """Choose the language of the pages: remembered for the person, and in a cookie for the sign-in page."""
    language = call.body(LanguageChoice).language
    if language not in call.context.translator.languages:
        known = ", ".join(call.context.translator.languages)
        raise Invalid([FieldError("language", "unknown", f"one of {known}")])
    if call.visitor is not None:
        async with call.context.database.work(call.visitor.actor, call.now) as work:
            (await work.session.get_one(User, call.visitor.user_id)).language = language
    response = web.Response(status=204)
    secure = is_secure(call.request)
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=31536000, path="/", samesite="Lax", secure=secure)
    return response


@routes.read("/api/v1/roles", permission=USERS_READ, response=Page[RoleView])
async def roles(_call: ReadCall) -> Page[RoleView]:
    """The roles and what each may do."""
    items = [RoleView(role=role, permissions=sorted(permissions & CATALOGUE)) for role, permissions in ROLES.items()]
    return Page[RoleView](items=items)


@routes.read("/api/v1/users", permission=USERS_READ, response=Page[UserView])
async def list_users(call: ReadCall) -> Page[UserView]:
    """Everybody who may sign in, and who may no longer."""
    found = await users.people(call.session, call.property_id)
    with_factor = await factors.holders(call.session, call.property_id)
    return Page[UserView](items=[user_view(person, with_factor) for person in found])


@routes.own("POST", "/api/v1/users", permission=USERS_CHANGE, body=NewUser, response=UserView)
async def add_user(call: Call) -> Reply:
    """Make a person."""
    new = call.body(NewUser)
    return Reply(user_view(await add_person(call, new.username, new.role, new.password), ()), status=201)


@routes.write("POST", "/api/v1/users/{id}/disable", permission=USERS_CHANGE, response=UserView)
async def disable_user(call: WriteCall) -> UserView:
    """Bar a person: their sessions end at once."""
    person = await users.find(call.work.session, call.property_id, user_id=call.path("id"))
    await users.disable(call.work, person)
    return user_view(person, await factors.holders(call.work.session, call.property_id))


@routes.write("POST", "/api/v1/users/{id}/enable", permission=USERS_CHANGE, response=UserView)
async def enable_user(call: WriteCall) -> UserView:
    """Let a person in again."""
    person = await users.find(call.work.session, call.property_id, user_id=call.path("id"))
    users.enable(call.work, person)
    return user_view(person, await factors.holders(call.work.session, call.property_id))


@routes.own("POST", "/api/v1/users/{id}/password", permission=USERS_CHANGE, body=NewPassword, response=UserView)
async def reset_password(call: Call) -> UserView:
    """Give a person a new password: their sessions end, their waits are forgiven."""
    person = await give_password(call, call.path("id"), call.body(NewPassword).password)
    async with call.context.database.read() as session:
        return user_view(person, await factors.holders(session, call.property_id))


def welcome(call: Call, signed_in: SignedIn) -> web.Response:
    """The answer to whoever has come in."""
    codes = list(signed_in.recovery_codes)
    view = NewSessionView(token=signed_in.token, recovery_codes=codes, **_identity(call, signed_in.principal))
    response = web.Response(status=200, text=view.model_dump_json(), content_type="application/json")
    set_cookie(call.request, response, signed_in.token, signed_in.seconds)
    return response


def _identity(call: Call, principal: Principal) -> dict[str, object]:
    return {
        "user": principal.user_id,
        "username": principal.username,
        "role": principal.role,
        "permissions": sorted(principal.permissions),
        "language": call.context.translator.negotiate(principal.language, call.language),
        "property": principal.property_id,
    }


def user_view(person: users.Person, with_factor: Collection[str]) -> UserView:
    """A person as the API shows them."""
    return UserView(
        id=person.user.id,
        username=person.user.username,
        role=person.role,
        language=person.user.language,
        disabled=person.user.disabled_at is not None,
        second_factor=person.user.id in with_factor,
        created_at=person.user.created_at,
    )
