"""One-time links: the first manager's, and those that a manager gives to a colleague.

The token leaves the address at once: it goes into a short-lived cookie and the browser is led on, so that it stays in
no history, no log of a proxy and no Referer.
"""

from aiohttp import web

from pms.access import account, users
from pms.access.factors import SecondFactorRequired
from pms.access.wiring import SESSIONS
from pms.kernel.errors import Conflict, Invalid, NotFound, Refusal, TooManyAttempts
from pms.kernel.html import visitor_page
from pms.kernel.http import PUBLIC, Call, Routes
from pms.kernel.http.security import forget, keep, kept
from pms.web.entering import ask_for_code, enter, explain, form_of, see

routes = Routes("invitation")

COOKIE = "innkeeper_invitation"
MINUTES = 15


@routes.own("GET", "/first-manager", permission=PUBLIC)
async def first_manager_page(call: Call) -> web.StreamResponse:
    """Where the one-time link of a new house leads."""
    return await _shown(call)


@routes.own("GET", "/invitation", permission=PUBLIC)
async def invitation_page(call: Call) -> web.StreamResponse:
    """Where a link that a manager made leads."""
    return await _shown(call)


@routes.own("POST", "/first-manager", permission=PUBLIC)
async def first_manager(call: Call) -> web.StreamResponse:
    """Make the first manager, and let them in."""
    return await _accepted(call)


@routes.own("POST", "/invitation", permission=PUBLIC)
async def invitation(call: Call) -> web.StreamResponse:
    """Make the person the link is for, and let them in."""
    return await _accepted(call)


async def _shown(call: Call) -> web.Response:
    token = call.request.query.get("token", "")
    if token:
        response = see(call.request.path)
        keep(call.request, response, COOKIE, token[:100], MINUTES * 60)
        return response
    return await _page(call, kept(call.request, COOKIE))


async def _accepted(call: Call) -> web.Response:
    form = await form_of(call)
    username, token = form.get("username", ""), form.get("token", "") or kept(call.request, COOKIE)
    shown = account.arriving(call, username, form.get("password", ""), browser=True)
    try:
        response = enter(call, await account.accept(call, token, shown), "/")
    except SecondFactorRequired as required:
        response = ask_for_code(call, required, "/")
    except (Conflict, Invalid, NotFound, TooManyAttempts) as refusal:
        return await _page(call, token, refusal, username)
    forget(call.request, response, COOKIE)
    return response


async def _page(call: Call, token: str, refusal: Refusal | None = None, username: str = "") -> web.Response:
    problem = explain(call, refusal, "first_manager") if refusal else ""
    role = await _role(call, token)
    if role is None and not problem:
        problem = call.text("first_manager.invitation_unknown")
    status = 422 if refusal else 200
    told = {"problem": problem, "username": username, "role": role or "", "action": call.request.path}
    return visitor_page(call.request, "web/first-manager.html", status, **told)


async def _role(call: Call, token: str) -> str | None:
    wall = call.request.config_dict[SESSIONS].wall()
    try:
        async with call.context.database.read() as session:
            return (await users.invitation(session, call.property_id, token, wall)).role
    except NotFound:
        return None
