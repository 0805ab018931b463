"""What protects the browser: headers on every answer, and the check that a write comes from our own pages."""

from urllib.parse import urlsplit

from aiohttp import web

from pms.kernel.errors import Forbidden

COOKIE = "innkeeper"
SECURE_COOKIE = "__Host-innkeeper"
LOOPBACK = {"127.0.0.1", "::1"}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

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
    """Whether the browser speaks https with us, or with the proxy in front of us on this machine."""
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    return request.secure or (forwarded == "https" and request.remote in LOOPBACK)


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
        allowed = origin is None or urlsplit(origin).netloc == request.host
    if not allowed:
        raise Forbidden("a write from another site", code="cross_site")


def address_of(request: web.Request) -> str:
    """Where a request comes from: the browser behind a proxy on this machine, else who is connected to us."""
    remote = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "") if remote in LOOPBACK else ""
    return (forwarded.rsplit(",", 1)[-1].strip() or remote)[:80]


def token_of(request: web.Request) -> str | None:
    """The session token a request carries: the bearer's, else the cookie's."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return bearer.strip()
    return request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE)


def set_cookie(request: web.Request, response: web.StreamResponse, token: str, seconds: int) -> None:
    """Give the browser its session: not readable by scripts, not sent by other sites' forms."""
    secure = is_secure(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        token,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def drop_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Take it back."""
    secure = is_secure(request)
    response.del_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure)
