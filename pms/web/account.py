"""My account: own password, second factor, recovery codes, and where one is signed in."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from pms.access import account, factors
from pms.access.session_store import SignedIn
from pms.access.wiring import SESSIONS
from pms.kernel.errors import Refusal
from pms.kernel.html import page
from pms.kernel.http import SIGNED_IN, Call, ReadCall, Routes
from pms.kernel.http.security import keep, kept, set_cookie
from pms.web.entering import CHALLENGE_COOKIE, enter, explain, form_of, see
from pms.web.second_factor import picture_of

routes = Routes("account_pages")

PATH = "/account"


@routes.page(PATH, permission=SIGNED_IN)
async def account_page(call: ReadCall) -> web.Response:
    """What a person may change about their own access. `?done=` says what was just done."""
    done = call.request.query.get("done", "")
    return await _page(call, done=done if done in {"password", "sessions", "removed"} else "")


@routes.own("POST", "/account/password", permission=SIGNED_IN)
async def change_password(call: Call) -> web.StreamResponse:
    """A new password; every other session ends."""
    form = await form_of(call)

    async def change() -> web.Response:
        signed_in = await account.change_password(call, form.get("current", ""), form.get("new", ""))
        return _go_on(call, signed_in, "password")

    return await _tried(call, "password", change)


@routes.own("POST", "/account/second-factor", permission=SIGNED_IN)
async def begin_factor(call: Call) -> web.StreamResponse:
    """Show the password, get the picture for the app."""
    form = await form_of(call)

    async def begin() -> web.Response:
        made = await account.begin_factor(call, form.get("password", ""))
        response = await _drawn(call, enrolling=picture_of(call, made))
        keep(call.request, response, CHALLENGE_COOKIE, made.challenge, int(factors.CHALLENGE_FOR.total_seconds()))
        return response

    return await _tried(call, "factor", begin)


@routes.own("POST", "/account/second-factor/confirm", permission=SIGNED_IN)
async def confirm_factor(call: Call) -> web.StreamResponse:
    """The first code of the app."""
    form, challenge = await form_of(call), kept(call.request, CHALLENGE_COOKIE)
    try:
        return enter(call, await account.confirm_factor(call, challenge, form.get("code", "")), PATH)
    except Refusal as refusal:
        problem = {"factor": explain(call, refusal, "second_factor")}
        if refusal.code == "challenge_unknown":
            return await _drawn(call, problems=problem)
        picture = picture_of(call, await account.new_factor(call, challenge))
        return await _drawn(call, problems=problem, enrolling=picture)


@routes.own("POST", "/account/second-factor/remove", permission=SIGNED_IN)
async def remove_factor(call: Call) -> web.StreamResponse:
    """Do without, where the role may."""
    form = await form_of(call)

    async def remove() -> web.Response:
        return _go_on(call, await account.remove_factor(call, form.get("code", "")), "removed")

    return await _tried(call, "factor", remove)


@routes.own("POST", "/account/recovery-codes", permission=SIGNED_IN)
async def renew_codes(call: Call) -> web.StreamResponse:
    """Ten new ones, shown once."""
    form = await form_of(call)

    async def renew() -> web.Response:
        return await _drawn(call, codes=await account.renew_codes(call, form.get("code", "")))

    return await _tried(call, "factor", renew)


@routes.own("POST", "/account/sessions/end", permission=SIGNED_IN)
async def end_sessions(call: Call) -> web.StreamResponse:
    """Sign out elsewhere: of one session, or of all the others."""
    form = await form_of(call)

    async def end() -> web.Response:
        if form.get("id"):
            await account.end_session(call, form["id"])
        else:
            await account.end_other_sessions(call)
        return see(f"{PATH}?done=sessions#sessions")

    return await _tried(call, "sessions", end)


async def _tried(call: Call, section: str, act: Callable[[], Awaitable[web.Response]]) -> web.Response:
    try:
        return await act()
    except Refusal as refusal:
        return await _drawn(call, problems={section: explain(call, refusal, "account_problem")})


async def _drawn(call: Call, **told: Any) -> web.Response:
    async with call.context.database.read() as session:
        drawn = await _page(ReadCall(call.request, call.visitor, {}, session), **told)
    if told.get("problems"):
        drawn.set_status(422)
    return drawn


async def _page(call: ReadCall, **told: Any) -> web.Response:
    sessions, user_id = call.request.config_dict[SESSIONS], call.principal.user_id
    context: dict[str, Any] = {
        "done": "",
        "problems": {},
        "enrolling": None,
        "codes": (),
        "has_factor": await factors.has_factor(call.session, call.property_id, user_id),
        "codes_left": await factors.codes_left(call.session, call.property_id, user_id),
        "needed": call.principal.role in sessions.second_factor,
        "sessions": await account.open_sessions(call),
    }
    return await page(call, "web/account.html", "account", **(context | told))


def _go_on(call: Call, signed_in: SignedIn, done: str) -> web.Response:
    response = see(f"{PATH}?done={done}")
    set_cookie(call.request, response, signed_in.token, signed_in.seconds)
    return response
