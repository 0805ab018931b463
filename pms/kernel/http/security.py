"""What protects the browser: headers on every answer, and the check that a write comes from our own pages."""

from urllib.parse import urlsplit

from aiohttp import web

from pms.kernel.errors import Forbidden, Malformed, UnknownHost
from pms.kernel.http.context import CONTEXT
from pms.kernel.http.reach import Reach

COOKIE = "innkeeper"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
FOR_SUPERVISORS = "/healthz"
"""Asked by whoever watches the process, under whatever name; it says nothing that is not meant for everybody."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "innkeeper",
}


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks https with us, or with a proxy that we believe."""
    if request.secure:
        return True
    said = request.headers.get("X-Forwarded-Proto", "").rsplit(",", 1)[-1].strip()
    return said == "https" and _reach(request).trusts(request.remote)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the protecting headers on every answer; nothing is stored by a browser unless a handler says so."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    if is_secure(request):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


def check_origin(request: web.Request) -> None:
    """Refuse a write that a browser sends from somebody else's page.

    Writes with a bearer token are not a browser's own doing and pass. Raises Forbidden (`cross_site`).
    """
    if request.method in SAFE_METHODS or "Authorization" in request.headers:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("Origin")
        ours = {request.host, urlsplit(_reach(request).public_url).netloc} - {""}
        allowed = origin is None or urlsplit(origin).netloc in ours
    if not allowed:
        raise Forbidden("a write from another site", code="cross_site")


def check_path(request: web.Request) -> None:
    """Refuse what no database takes as a key. Raises Malformed."""
    if "\x00" in request.path:
        raise Malformed("no path of ours")


def check_host(request: web.Request) -> None:
    """Refuse a request that was sent to a name which is not ours (DNS rebinding). Raises UnknownHost.

    Behind a proxy that we believe, with no public_url set, the proxy has chosen the name.
    """
    reach = _reach(request)
    if request.path == FOR_SUPERVISORS or reach.knows(request.host):
        return
    proxied = "X-Forwarded-For" in request.headers or "X-Forwarded-Proto" in request.headers
    if reach.strict or reach.public_url or not (proxied and reach.trusts(request.remote)):
        raise UnknownHost("this is not a name of this house: set [http] public_url, or names, in service.toml")


def address_of(request: web.Request) -> str:
    """Where a request comes from: the browser behind a proxy that we believe, else who is connected to us."""
    return _reach(request).address_of(request.remote, request.headers.get("X-Forwarded-For", ""))


def _reach(request: web.Request) -> Reach:
    return request.config_dict[CONTEXT].reach


def token_of(request: web.Request) -> str | None:
    """The session token a request carries: the bearer's, else the cookie's."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return bearer.strip()
    return kept(request, COOKIE) or None


def set_cookie(request: web.Request, response: web.StreamResponse, token: str, seconds: int) -> None:
    """Give the browser its session: not readable by scripts, not sent by other sites' forms."""
    keep(request, response, COOKIE, token, seconds)


def drop_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Take it back."""
    forget(request, response, COOKIE)


def keep(request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
    """Keep a secret in the browser: over https under a name that only https from this very host can set."""
    secure = is_secure(request)
    response.set_cookie(
        _named(name, secure=secure), value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=secure
    )


def kept(request: web.Request, name: str) -> str:
    """A secret this browser keeps for us; "" without one."""
    return request.cookies.get(_named(name, secure=is_secure(request)), "")


def forget(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Let the browser forget it."""
    secure = is_secure(request)
    response.del_cookie(_named(name, secure=secure), path="/", secure=secure, httponly=True, samesite="Lax")


def _named(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name
