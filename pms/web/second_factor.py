"""Between password and work: the code of the app, or setting the app up first."""

from aiohttp import web
from markupsafe import Markup

from pms.access import account, totp
from pms.access.wiring import SESSIONS
from pms.kernel.errors import Refusal, Unauthenticated
from pms.kernel.html import visitor_page
from pms.kernel.http import PUBLIC, Call, Routes
from pms.kernel.http.security import kept
from pms.web.entering import CHALLENGE_COOKIE, enter, explain, form_of, safe, see
from pms.web.pictures import qr_code

routes = Routes("second_factor")


@routes.own("GET", "/second-factor", permission=PUBLIC)
async def second_factor_page(call: Call) -> web.StreamResponse:
    """Asks for the code; shows what the app has to be told, where there is no second factor yet."""
    return await _asked(call, safe(call.request.query.get("next", "/")))


@routes.own("POST", "/second-factor", permission=PUBLIC)
async def second_factor(call: Call) -> web.StreamResponse:
    """Take the code and let the person in."""
    form = await form_of(call)
    target, challenge = safe(form.get("next", "/")), kept(call.request, CHALLENGE_COOKIE)
    shown = account.arriving(call, code=form.get("code", ""), browser=True)
    try:
        signed_in = await call.request.config_dict[SESSIONS].answer(challenge, shown, call.now)
    except Refusal as refusal:
        if refusal.code == "challenge_unknown":
            return see("/sign-in?again=1")
        return await _asked(call, target, explain(call, refusal, "second_factor"))
    return enter(call, signed_in, target)


async def _asked(call: Call, target: str, problem: str = "") -> web.Response:
    challenge = kept(call.request, CHALLENGE_COOKIE)
    sessions = call.request.config_dict[SESSIONS]
    if not challenge or not await sessions.is_open(challenge):
        return see("/sign-in?again=1")
    made = await _new_factor(call, challenge)
    template = "web/second-factor.html" if made is None else "web/enrol.html"
    status = 401 if problem else 200
    return visitor_page(call.request, template, status, problem=problem, next=target, **picture_of(call, made))


async def _new_factor(call: Call, challenge: str) -> account.NewFactor | None:
    try:
        return await account.new_factor(call, challenge)
    except Unauthenticated:
        return None


def picture_of(call: Call, made: account.NewFactor | None) -> dict[str, str | Markup]:
    """What an app is told, as a picture and as text to type."""
    if made is None:
        return {}
    return {"qr": qr_code(made.uri, call.text("enrol.picture")), "secret": totp.spelled(made.secret), "uri": made.uri}
