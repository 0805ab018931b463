"""The board's own small web server. It reads, and changes nothing; what it shows is in memory."""

import hmac
import ipaddress
import socket
import time
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from edge.board import page, texts
from edge.board.picture import Sources, taken
from edge.secret_files import secret
from edge.settings import BoardTable
from edge.small_server import SmallServer

KEPT_SECONDS = 1.0
"""So long a page is shown again to the next reader: many screens cost no more than one."""
COOKIE = "innkeeper-board"
COOKIE_SECONDS = 365 * 86_400
TOKEN = "board_token"  # noqa: S105 - the name of its file
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
HEADERS = {
    "Content-Security-Policy": page.CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "Server": "innkeeper",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Board:
    """Give it a task: `await board.run()`. A port that is taken keeps nobody else from working: it is tried again."""

    def __init__(self, settings: BoardTable, data: Path, sources: Sources) -> None:
        self._settings = settings
        self._sources = sources
        self._languages = texts.load()
        self._pages: dict[str, tuple[float, str]] = {}
        self._open = is_loopback(settings.host)
        self._token = "" if self._open else secret(data, TOKEN)
        self._server = SmallServer("board", (settings.host, settings.port), self._application)

    @property
    def link(self) -> str | None:
        """What a person opens; with the token where one is asked for. None: it does not listen."""
        if self.port is None:
            return None
        anywhere = self._settings.host in {"0.0.0.0", "::"}
        host = socket.gethostname() if anywhere else self._settings.host
        name = f"[{host}]" if ":" in host else host
        return f"http://{name}:{self.port}/" + (f"?token={self._token}" if self._token else "")

    @property
    def port(self) -> int | None:
        """Where it listens; None: it does not."""
        return self._server.port

    async def tried(self) -> None:
        """Wait until it listens, or could not the first time."""
        await self._server.tried()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._server.run()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._guard])
        application.router.add_get("/", self._show)
        application.on_response_prepare.append(_protect)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """On loopback: nobody who comes by another name (that of a page elsewhere, pointed at us). Else: the token."""
        if self._open:
            if request.url.host not in LOOPBACK_NAMES:
                raise web.HTTPForbidden(text="open it by the name localhost")
            return await handler(request)
        if self._is_token(request.query.get("token")):
            return self._let_in(request)
        if not self._is_token(request.cookies.get(COOKIE)):
            return web.Response(status=401, text=page.shut(self._words(request)), content_type="text/html")
        return await handler(request)

    def _is_token(self, told: str | None) -> bool:
        return told is not None and hmac.compare_digest(told.encode(errors="replace"), self._token.encode())

    def _let_in(self, request: web.Request) -> web.Response:
        """Remembered by the browser, and gone from its address."""
        rest = {name: value for name, value in request.query.items() if name != "token"}
        response = web.Response(status=303, headers={"Location": str(request.rel_url.with_query(rest))})
        response.set_cookie(COOKIE, self._token, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
        return response

    async def _show(self, request: web.Request) -> web.Response:
        return web.Response(text=self._page(self._words(request)), content_type="text/html")

    def _page(self, words: texts.Words) -> str:
        made, text = self._pages.get(words.language, (0.0, ""))
        now = time.monotonic()
        if not text or now - made > KEPT_SECONDS:
            text = page.board(taken(self._sources), words, self._languages)
            self._pages[words.language] = (now, text)
        return text

    def _words(self, request: web.Request) -> texts.Words:
        asked = request.query.get("language")
        return texts.wanted(self._languages, asked, request.headers.get("Accept-Language", ""))


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
