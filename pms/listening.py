"""The web server's sockets: with TLS or without, and the port that leads to https. Says when it is not safe."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from pms.kernel.certificates import RENEW_BEFORE
from pms.kernel.health import Health
from pms.kernel.http.limits import Limits
from pms.kernel.http.reach import Reach, host_name, is_loopback
from pms.kernel.http.security import HEADERS
from pms.tls import ServerContext, TlsFiles

log = structlog.get_logger()

CLOSING_S = 2.0
"""How long open requests may take to end when the service stops."""

HTTPS = 443


@dataclass(frozen=True)
class Listening:
    """How the pages are reached. `redirect_port` (None: none) answers plain HTTP with the way to https."""

    tls: TlsFiles | None = None
    redirect_port: int | None = None
    reach: Reach = field(default_factory=Reach)
    limits: Limits = field(default_factory=Limits)


async def listen(
    stack: AsyncExitStack, app: web.Application, place: tuple[str, int], tls: ServerContext | None
) -> tuple[str, int]:
    """Serve until the stack ends; the address that was taken. Raises OSError."""
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=CLOSING_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, *place, ssl_context=tls.context if tls else None).start()
    host, port = runner.addresses[0][:2]
    return str(host), int(port)


def shown_url(host: str, port: int, *, secure: bool) -> str:
    """An address as people open it on this machine."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    name = f"[{shown}]" if ":" in shown else shown
    scheme = "https" if secure else "http"
    return f"{scheme}://{name}" if secure and port == HTTPS else f"{scheme}://{name}:{port}"


def to_https(reach: Reach, port: int) -> web.Application:
    """Answers everything with its address over https: of public_url where there is one, else of the same host name."""

    async def lead(request: web.Request) -> web.StreamResponse:
        base = reach.public_url.rstrip("/")
        if not base:
            if not reach.knows(request.host):
                raise web.HTTPNotFound
            base = shown_url(host_name(request.host), port, secure=True)
        raise web.HTTPPermanentRedirect(f"{base}{request.raw_path if request.raw_path.startswith('/') else '/'}")

    async def protect(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(
            {**HEADERS, "Cache-Control": "no-store"}
        )  # a lasting redirect outlives a change of port

    app = web.Application(client_max_size=1024)
    app.router.add_route("*", "/{path:.*}", lead)
    app.on_response_prepare.append(protect)
    return app


def warn_of_plain_http(health: Health, host: str, listening: Listening) -> None:
    """Passwords that cross the network in the clear are said loudly, at the start and on the health page."""
    public = urlsplit(listening.reach.public_url).scheme == "https"
    if listening.tls is not None or is_loopback(host) or public:
        health.report("http", "ok")
        return
    log.warning(
        "http_without_tls",
        host=host,
        why="passwords and guests' names cross the network in the clear",
        do='set [http] tls = "local" after `innkeeper tls create`, or public_url = "https://..." behind a proxy',
    )
    health.report("http", "degraded", code="plain_http", detail=host)


def certificate_health(health: Health, tls: ServerContext, wall: Callable[[], datetime]) -> None:
    """Whether the certificate holds, and for how long."""
    ends = tls.certificate.not_valid_after_utc
    left, until = ends - wall(), f"{ends:%Y-%m-%d}"
    if tls.trouble:
        health.report("certificate", "degraded", code="certificate_unusable", detail=tls.trouble[:200])
    elif left.total_seconds() <= 0:
        health.report("certificate", "down", code="certificate_expired", detail=until)
    elif left < RENEW_BEFORE:
        health.report("certificate", "degraded", code="certificate_expires", detail=until)
    else:
        health.report("certificate", "ok", detail=until)
