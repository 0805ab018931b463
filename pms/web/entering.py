"""What the pages of the door share: forms, where they lead, the cookies of a sign-in."""

from urllib.parse import quote, urlsplit

from aiohttp import web

from pms.access.account import DEVICE_COOKIE
from pms.access.factors import CHALLENGE_FOR, SecondFactorRequired
from pms.access.session_store import SignedIn
from pms.kernel import formats
from pms.kernel.errors import Invalid, Malformed, Refusal, TooManyAttempts
from pms.kernel.html import visitor_page
from pms.kernel.http import Call
from pms.kernel.http.security import forget, keep, set_cookie

CHALLENGE_COOKIE = "innkeeper_challenge"
A_YEAR = 31_536_000


def enter(call: Call, signed_in: SignedIn, target: str) -> web.Response:
    """Let somebody in: their cookie, and where they wanted to go; with new recovery codes to be written down first."""
    if signed_in.recovery_codes:
        codes = signed_in.recovery_codes
        response = visitor_page(call.request, "web/recovery-codes.html", codes=codes, next=target)
    else:
        response = see(target)
    set_cookie(call.request, response, signed_in.token, signed_in.seconds)
    if signed_in.device:
        keep(call.request, response, DEVICE_COOKIE, signed_in.device, A_YEAR)
    forget(call.request, response, CHALLENGE_COOKIE)
    return response


def ask_for_code(call: Call, required: SecondFactorRequired, target: str) -> web.Response:
    """The password was right: on to the page that asks for the code. The challenge is in no address."""
    response = see(f"/second-factor?next={quote(target)}")
    keep(call.request, response, CHALLENGE_COOKIE, required.challenge, int(CHALLENGE_FOR.total_seconds()))
    return response


def too_many(call: Call, refusal: TooManyAttempts) -> str:
    """How long to wait, in words."""
    key, params = formats.age(refusal.retry_after + 1)
    return call.text("sign_in.locked", wait=call.text(key, **params))


def explain(call: Call, refusal: Refusal, group: str) -> str:
    """A refusal in words: the texts of `group` by field and code, else what it says itself."""
    if isinstance(refusal, TooManyAttempts):
        return too_many(call, refusal)
    codes = (
        [f"{error.field}_{error.code}" for error in refusal.errors] if isinstance(refusal, Invalid) else [refusal.code]
    )
    translator, language = call.context.translator, call.language
    known = [f"{group}.{code}" for code in codes]
    return " ".join(call.text(key) if translator.has(language, key) else str(refusal) for key in known)


async def form_of(call: Call) -> dict[str, str]:
    """The fields of a form. Raises Malformed for what is none."""
    try:
        fields = await call.request.post()
    except (ValueError, LookupError, AssertionError) as error:  # bytes, charset or boundary that fit nothing
        raise Malformed("this form cannot be read") from error
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def safe(target: str) -> str:
    """A path of our own pages; anything else leads home."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    plain = target.isprintable() and "\\" not in target
    own = plain and not parts.scheme and not parts.netloc and target.startswith("/")
    return target if own and not target.startswith("//") else "/"


def see(target: str) -> web.Response:
    """Go on by looking at another page."""
    return web.Response(status=303, headers={"Location": target})
