"""The way in and out: sign-in, sign-out; language and appearance; where a role begins."""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from aiohttp import web

from pms.access.account import arriving
from pms.access.factors import SecondFactorRequired
from pms.access.model import User
from pms.access.wiring import SESSIONS
from pms.kernel import formats
from pms.kernel.errors import NotFound, Refusal, TooManyAttempts
from pms.kernel.html import THEME_COOKIE, THEMES, visitor_page
from pms.kernel.http import PUBLIC, SIGNED_IN, Call, ReadCall, Routes
from pms.kernel.http.calls import LANGUAGE_COOKIE
from pms.kernel.http.security import drop_cookie, is_secure
from pms.property.service import business_date
from pms.web.entering import ask_for_code, enter, form_of, safe, see, too_many

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
    target = safe(call.request.query.get("next", "/"))
    if call.visitor is not None:
        _go(target)
    again = "again" in call.request.query
    return _door(call, {"next": target}, call.text("sign_in.again") if again else "", 200)


@routes.own("POST", "/sign-in", permission=PUBLIC)
async def sign_in(call: Call) -> web.StreamResponse:
    """Let somebody in, or say what to do."""
    form = await form_of(call)
    username, password = form.get("username", "").strip(), form.get("password", "")
    told = {"next": safe(form.get("next", "/")), "username": username}
    if not username or not password:
        return _door(call, told, call.text("sign_in.missing"))
    try:
        shown = arriving(call, username, password, browser=True)
        signed_in = await call.request.config_dict[SESSIONS].sign_in(shown, call.now)
    except SecondFactorRequired as required:
        return ask_for_code(call, required, told["next"])
    except TooManyAttempts as refusal:
        return _door(call, told, too_many(call, refusal))
    except Refusal:
        return _door(call, told, call.text("sign_in.wrong"))
    return enter(call, signed_in, told["next"])


@routes.own("POST", "/sign-out", permission=SIGNED_IN)
async def sign_out(call: Call) -> web.StreamResponse:
    """End the session and go to the door."""
    async with call.context.database.work(call.principal.actor, call.now) as work:
        await call.request.config_dict[SESSIONS].sign_out(work, call.principal)
    response = see("/sign-in")
    response.headers["Clear-Site-Data"] = '"cache"'
    drop_cookie(call.request, response)
    return response


@routes.own("POST", "/preferences", permission=PUBLIC)
async def preferences(call: Call) -> web.StreamResponse:
    """Language and appearance: kept in this browser, the language also with the person."""
    form = await form_of(call)
    response = see(safe(form.get("back", "/")))
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


async def _remember_language(call: Call, language: str) -> None:
    if call.visitor is None:
        return
    async with call.context.database.work(call.visitor.actor, call.now) as work:
        (await work.session.get_one(User, call.visitor.user_id)).language = language


def _door(call: Call, told: Mapping[str, str], problem: str = "", status: int = 401) -> web.Response:
    context = {"username": "", "next": "/", "own_authority": call.context.trust is not None} | dict(told)
    return visitor_page(call.request, "web/sign-in.html", status, problem=problem, **context)


def _keep(call: Call, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=A_YEAR, path="/", samesite="Lax", secure=is_secure(call.request))


def _go(target: str) -> NoReturn:
    raise web.HTTPSeeOther(target)
