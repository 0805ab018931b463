"""Sessions and people over HTTP."""

from datetime import datetime

from aiohttp import web
from pydantic import ConfigDict, Field

from pms.access import users
from pms.access.model import User
from pms.access.passwords import Passwords
from pms.access.permissions import CATALOGUE, ROLES, USERS_CHANGE, USERS_READ
from pms.access.rules import LONGEST_PASSWORD, password_errors
from pms.access.sessions import Sessions, SignedIn, SignIn
from pms.kernel.errors import FieldError, Invalid
from pms.kernel.http import PUBLIC, SIGNED_IN, Body, Call, Page, Principal, ReadCall, Reply, Routes, View, WriteCall
from pms.kernel.http.calls import LANGUAGE_COOKIE
from pms.kernel.http.security import address_of, drop_cookie, is_secure, set_cookie
from pms.kernel.work import Actor, UnitOfWork

routes = Routes("access")

SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions", Sessions)
PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords", Passwords)


class _AsTyped(Body):
    """A password is taken as it was typed, blanks and all."""

    model_config = ConfigDict(str_strip_whitespace=False)


class Credentials(_AsTyped):
    """Name and password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=LONGEST_PASSWORD)


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
    """Who is signed in now, with the token for programs; browsers have their cookie."""

    token: str


class UserView(View):
    """A person."""

    id: str
    username: str
    role: str
    language: str | None
    disabled: bool
    created_at: datetime


class RoleView(View):
    """A role and what it may do."""

    role: str
    permissions: list[str]


@routes.own("POST", "/api/v1/session", permission=PUBLIC, body=Credentials, response=NewSessionView)
async def sign_in(call: Call) -> web.StreamResponse:
    """Sign in: a token, and a cookie for browsers."""
    credentials = call.body(Credentials)
    attempt = SignIn(credentials.username, credentials.password, address_of(call.request))
    return _welcome(call, await call.request.config_dict[SESSIONS].sign_in(attempt, call.now))


@routes.own("POST", "/api/v1/first-manager", permission=PUBLIC, body=Acceptance, response=NewSessionView)
async def first_manager(call: Call) -> web.StreamResponse:
    """Use a one-time link: makes the person and signs in."""
    acceptance = call.body(Acceptance)
    users.check_person(acceptance.username, "manager", acceptance.password)
    sessions = call.request.config_dict[SESSIONS]
    password_hash = await call.request.config_dict[PASSWORDS].hash(acceptance.password)

    async def make(work: UnitOfWork) -> None:
        role = await users.accept(work, acceptance.token, sessions.wall())
        await users.add(work, acceptance.username, role, password_hash)

    await call.context.database.run(_visitor(call), call.now, make)
    attempt = SignIn(acceptance.username, acceptance.password, address_of(call.request))
    return _welcome(call, await sessions.sign_in(attempt, call.now))


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
    return Page[UserView](items=[_user_view(person) for person in found])


@routes.own("POST", "/api/v1/users", permission=USERS_CHANGE, body=NewUser, response=UserView)
async def add_user(call: Call) -> Reply:
    """Make a person."""
    new = call.body(NewUser)
    users.check_person(new.username, new.role, new.password)
    password_hash = await call.request.config_dict[PASSWORDS].hash(new.password)

    async def make(work: UnitOfWork) -> UserView:
        user = await users.add(work, new.username, new.role, password_hash)
        return _user_view(users.Person(user, new.role))

    return Reply(await call.context.database.run(call.principal.actor, call.now, make), status=201)


@routes.write("POST", "/api/v1/users/{id}/disable", permission=USERS_CHANGE, response=UserView)
async def disable_user(call: WriteCall) -> UserView:
    """Bar a person: their sessions end at once."""
    person = await users.find(call.work.session, call.property_id, user_id=call.path("id"))
    await users.disable(call.work, person)
    return _user_view(person)


@routes.write("POST", "/api/v1/users/{id}/enable", permission=USERS_CHANGE, response=UserView)
async def enable_user(call: WriteCall) -> UserView:
    """Let a person in again."""
    person = await users.find(call.work.session, call.property_id, user_id=call.path("id"))
    users.enable(call.work, person)
    return _user_view(person)


@routes.own("POST", "/api/v1/users/{id}/password", permission=USERS_CHANGE, body=NewPassword, response=UserView)
async def reset_password(call: Call) -> UserView:
    """Give a person a new password: their sessions end at once."""
    password = call.body(NewPassword).password
    async with call.context.database.read() as session:
        person = await users.find(session, call.property_id, user_id=call.path("id"))
    if errors := password_errors(person.user.username, password):
        raise Invalid(errors)
    password_hash = await call.request.config_dict[PASSWORDS].hash(password)

    async def change(work: UnitOfWork) -> UserView:
        found = await users.find(work.session, call.property_id, user_id=call.path("id"))
        await users.set_password(work, found, password_hash)
        return _user_view(found)

    return await call.context.database.run(call.principal.actor, call.now, change)


def _visitor(call: Call) -> Actor:
    return Actor(call.property_id, "visitor")


def _welcome(call: Call, signed_in: SignedIn) -> web.StreamResponse:
    view = NewSessionView(token=signed_in.token, **_identity(call, signed_in.principal))
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


def _user_view(person: users.Person) -> UserView:
    return UserView(
        id=person.user.id,
        username=person.user.username,
        role=person.role,
        language=person.user.language,
        disabled=person.user.disabled_at is not None,
        created_at=person.user.created_at,
    )
