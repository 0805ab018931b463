"""The way in and out: sign-in, the first manager's link, sign-out; language and appearance; where a role begins."""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from aiohttp import web

from pms.access import users
from pms.access.api import PASSWORDS, SESSIONS
from pms.access.model import User
from pms.access.sessions import SignedIn, SignIn
from pms.kernel import formats
from pms.kernel.errors import Invalid, NotFound, Refusal, TooManyAttempts
from pms.kernel.html import THEME_COOKIE, THEMES, visitor_page
from pms.kernel.http import PUBLIC, SIGNED_IN, Call, ReadCall, Routes
from pms.kernel.http.calls import LANGUAGE_COOKIE
from pms.kernel.http.security import drop_cookie, is_secure, set_cookie
from pms.kernel.work import Actor, UnitOfWork
from pms.property.service import business_date

routes = Routes("web")

STATIC = (Path(__file__).parent / "static").resolve()

HOMES = {"housekeeping": "/housekeeping", "maintenance": "/maintenance"}
"""Where a role begins its day; everybody else at the rooms."""

A_YEAR = 31_536_000


@routes.own("GET", "/static/{path:.+}", permission=PUBLIC)
async def static(call: Call) -> web.StreamResponse:
    """Styles, scripts and icons: asked for each time, sent again only when they changed, so that an upgrade shows."""
    path = (STATIC / call.path("path")).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file():
        raise NotFound(call.request.path)
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


@routes.own("GET", "/", permission=PUBLIC)
async def home(call: Call) -> web.StreamResponse:
    """To the page a role begins its day with."""
    _go("/sign-in" if call.visitor is None else HOMES.get(call.visitor.role, "/rooms"))


@routes.own("GET", "/sign-in", permission=PUBLIC)
async def sign_in_page(call: Call) -> web.StreamResponse:
    """The door."""
    target = _safe(call.request.query.get("next", "/"))
    if call.visitor is not None:
        _go(target)
    return _door(call, {"next": target})


@routes.own("POST", "/sign-in", permission=PUBLIC)
async def sign_in(call: Call) -> web.StreamResponse:
    """Let somebody in, or say what to do."""
    form = await _form(call)
    username, password = form.get("username", "").strip(), form.get("password", "")
    told = {"next": _safe(form.get("next", "/")), "username": username}
    if not username or not password:
        return _door(call, told, call.text("sign_in.missing"))
    try:
        attempt = SignIn(username, password, call.request.remote or "")
        signed_in = await call.request.config_dict[SESSIONS].sign_in(attempt, call.now)
    except TooManyAttempts as refusal:
        key, params = formats.age(refusal.retry_after + 1)
        return _door(call, told, call.text("sign_in.locked", wait=call.text(key, **params)))
    except Refusal:
        return _door(call, told, call.text("sign_in.wrong"))
    return _enter(call, signed_in, told["next"])


@routes.own("GET", "/first-manager", permission=PUBLIC)
async def first_manager_page(call: Call) -> web.StreamResponse:
    """Where the one-time link of a new house leads."""
    return visitor_page(
        call.request, "web/first-manager.html", problem="", username="", token=call.request.query.get("token", "")
    )


@routes.own("POST", "/first-manager", permission=PUBLIC)
async def first_manager(call: Call) -> web.StreamResponse:
    """Make the person the link is for, and let them in."""
    form = await _form(call)
    username, password, token = (form.get(name, "") for name in ("username", "password", "token"))
    try:
        signed_in = await _accept(call, username, password, token)
    except (Invalid, NotFound, Refusal) as refusal:
        told = {"username": username, "token": token, "problem": _explain(call, refusal)}
        return visitor_page(call.request, "web/first-manager.html", 422, **told)
    return _enter(call, signed_in, "/")


@routes.own("POST", "/sign-out", permission=SIGNED_IN)
async def sign_out(call: Call) -> web.StreamResponse:
    """End the session and go to the door."""
    async with call.context.database.work(call.principal.actor, call.now) as work:
        await call.request.config_dict[SESSIONS].sign_out(work, call.principal)
    response = _see("/sign-in")
    drop_cookie(call.request, response)
    return response


@routes.own("POST", "/preferences", permission=PUBLIC)
async def preferences(call: Call) -> web.StreamResponse:
    """Language and appearance: kept in this browser, the language also with the person."""
    form = await _form(call)
    response = _see(_safe(form.get("back", "/")))
    language, theme = form.get("language", ""), form.get("theme", "")
    if language in call.context.translator.languages:
        await _remember_language(call, language)
        _keep(call, response, LANGUAGE_COOKIE, language)
    if theme in THEMES:
        _keep(call, response, THEME_COOKIE, theme)
    return response


@routes.page("/pulse", permission=SIGNED_IN)
async def pulse(call: ReadCall) -> web.Response:
    """Whether the house answers, and its time and business date: asked every few seconds by an open page."""
    today = await business_date(call.session, call.property_id)
    return web.json_response({"now": formats.instant(call.now), "business_date": formats.day(today, call.language)})


async def _accept(call: Call, username: str, password: str, token: str) -> SignedIn:
    users.check_person(username, "manager", password)
    sessions = call.request.config_dict[SESSIONS]
    password_hash = await call.request.config_dict[PASSWORDS].hash(password)

    async def make(work: UnitOfWork) -> None:
        role = await users.accept(work, token, sessions.wall())
        await users.add(work, username, role, password_hash)

    await call.context.database.run(Actor(call.property_id, "visitor"), call.now, make)
    return await sessions.sign_in(SignIn(username, password, call.request.remote or ""), call.now)


def _explain(call: Call, refusal: Refusal) -> str:
    codes = (
        [f"{error.field}_{error.code}" for error in refusal.errors] if isinstance(refusal, Invalid) else [refusal.code]
    )
    known = [f"first_manager.{code}" for code in codes]
    translator, language = call.context.translator, call.language
    return " ".join(call.text(key) if translator.has(language, key) else str(refusal) for key in known)


async def _remember_language(call: Call, language: str) -> None:
    if call.visitor is None:
        return
    async with call.context.database.work(call.visitor.actor, call.now) as work:
        (await work.session.get_one(User, call.visitor.user_id)).language = language


def _door(call: Call, told: Mapping[str, str], problem: str = "") -> web.Response:
    context = {"username": "", "next": "/"} | dict(told)
    return visitor_page(call.request, "web/sign-in.html", 401 if problem else 200, problem=problem, **context)


def _enter(call: Call, signed_in: SignedIn, target: str) -> web.Response:
    response = _see(target)
    set_cookie(call.request, response, signed_in.token, signed_in.seconds)
    return response


async def _form(call: Call) -> dict[str, str]:
    fields = await call.request.post()
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _keep(call: Call, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=A_YEAR, path="/", samesite="Lax", secure=is_secure(call.request))


def _safe(target: str) -> str:
    """A path of our own pages; anything else leads home."""
    parts = urlsplit(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target
    return target if own and not target.startswith("//") else "/"


def _see(target: str) -> web.Response:
    return web.Response(status=303, headers={"Location": target})


def _go(target: str) -> NoReturn:
    raise web.HTTPSeeOther(target)
