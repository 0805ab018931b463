"""People, for managers: who may sign in, with which role; made, invited, barred, given a new start."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from pms.access import account, factors, users
from pms.access.account_api import make_invitation
from pms.access.permissions import ROLES, USERS_CHANGE, USERS_READ
from pms.access.wiring import SESSIONS
from pms.kernel.errors import Refusal
from pms.kernel.html import page
from pms.kernel.http import Call, ReadCall, Routes
from pms.kernel.work import UnitOfWork
from pms.web.entering import explain, form_of, see

routes = Routes("people")

PATH = "/people"
DONE = ("added", "disabled", "enabled", "password", "factor")


@routes.page(PATH, permission=USERS_READ)
async def people_page(call: ReadCall) -> web.Response:
    """Everybody who may sign in, and who may no longer."""
    done = call.request.query.get("done", "")
    return await _page(call, done=done if done in DONE else "")


@routes.own("POST", "/people/add", permission=USERS_CHANGE)
async def add(call: Call) -> web.StreamResponse:
    """Make a person with a password."""
    form = await form_of(call)
    username, role, password = (form.get(name, "") for name in ("username", "role", "password"))

    async def make() -> web.Response:
        await account.add_person(call, username, role, password)
        return _done("added")

    return await _tried(call, "add", make, username=username, role=role)


@routes.own("POST", "/people/invite", permission=USERS_CHANGE)
async def invite(call: Call) -> web.StreamResponse:
    """Make a one-time link, shown once."""
    role = (await form_of(call)).get("role", "")

    async def make() -> web.Response:
        return await _drawn(call, invitation=await make_invitation(call, role))

    return await _tried(call, "invite", make, role=role)


@routes.own("POST", "/people/{id}/disable", permission=USERS_CHANGE)
async def disable(call: Call) -> web.StreamResponse:
    """Bar a person; their sessions end at once."""

    async def bar(work: UnitOfWork) -> None:
        await users.disable(work, await users.find(work.session, work.property_id, user_id=call.path("id")))

    return await _changed(call, bar, "disabled")


@routes.own("POST", "/people/{id}/enable", permission=USERS_CHANGE)
async def enable(call: Call) -> web.StreamResponse:
    """Let a person in again."""

    async def let_in(work: UnitOfWork) -> None:
        users.enable(work, await users.find(work.session, work.property_id, user_id=call.path("id")))

    return await _changed(call, let_in, "enabled")


@routes.own("POST", "/people/{id}/second-factor", permission=USERS_CHANGE)
async def reset_factor(call: Call) -> web.StreamResponse:
    """Take the second factor away: the phone is lost."""

    async def reset(work: UnitOfWork) -> None:
        await account.take_factor(work, call.principal, call.path("id"))

    return await _changed(call, reset, "factor")


@routes.own("POST", "/people/{id}/password", permission=USERS_CHANGE)
async def set_password(call: Call) -> web.StreamResponse:
    """Give a person a new password; their sessions end."""
    password = (await form_of(call)).get("password", "")

    async def change() -> web.Response:
        await account.give_password(call, call.path("id"), password)
        return _done("password")

    return await _tried(call, call.path("id"), change)


async def _changed(call: Call, use_case: Callable[[UnitOfWork], Awaitable[None]], done: str) -> web.Response:
    async def change() -> web.Response:
        await _run(call, use_case)
        return _done(done)

    return await _tried(call, call.path("id"), change)


async def _run(call: Call, use_case: Callable[[UnitOfWork], Awaitable[object]]) -> None:
    await call.context.database.run(call.principal.actor, call.now, use_case)


async def _tried(call: Call, where: str, act: Callable[[], Awaitable[web.Response]], **typed: str) -> web.Response:
    try:
        return await act()
    except Refusal as refusal:
        drawn = await _drawn(call, problems={where: explain(call, refusal, "people_problem")}, typed=typed)
        drawn.set_status(404 if refusal.code == "not_found" else 422)
        return drawn


async def _drawn(call: Call, **told: Any) -> web.Response:
    async with call.context.database.read() as session:
        return await _page(ReadCall(call.request, call.visitor, {}, session), **told)


async def _page(call: ReadCall, **told: Any) -> web.Response:
    context: dict[str, Any] = {
        "done": "",
        "problems": {},
        "typed": {},
        "invitation": None,
        "people": await users.people(call.session, call.property_id),
        "with_factor": await factors.holders(call.session, call.property_id),
        "needed": call.request.config_dict[SESSIONS].second_factor,
        "roles": list(ROLES),
        "me": call.principal.user_id,
    }
    return await page(call, "web/people.html", "people", **(context | told))


def _done(what: str) -> web.Response:
    return see(f"{PATH}?done={what}")
