"""The demo's panel: a page and a JSON API that make things happen in the simulated hotel, and show what is true."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from simulators.day import Day
from simulators.forward import FASTEST, SLOWEST, FastForward
from simulators.hotel import SimulatedHotel
from simulators.panel_actions import DEVICE_ACTIONS, ROOM_ACTIONS, WrongValueError, room_truth
from simulators.panel_cards import ENCODER_ACTIONS, card_truth, cards_truth, carried, encoder_truth
from simulators.panel_texts import LANGUAGES, texts

log = structlog.get_logger()

HERE = Path(__file__).parent
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
SAFE = {"GET", "HEAD"}
MOST_HOURS = 72.0
THEMES = {"system", "light", "dark"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Authorise = Callable[[web.Request], Awaitable[bool]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def panel(
    hotel: SimulatedHotel, forward: FastForward, day: Day | None = None, authorise: Authorise | None = None
) -> web.Application:
    """The sub-application, for a prefix of the demo's own server (`/demo/`).

    Without `authorise` it answers loopback names only; changes need a request of the same origin in JSON either way.
    """
    page = _Panel(hotel, forward, day)
    app = web.Application(middlewares=[_guard(authorise)])
    app.cleanup_ctx.append(page.alive)
    app.add_routes(
        [
            web.get("/", page.page),
            web.static("/static", HERE / "static"),
            web.get("/api/state", page.state),
            web.post("/api/rooms/{number}/{action}", page.room),
            web.post("/api/devices/{id}/{action}", page.device),
            web.post("/api/lines/{id}/{action}", page.line),
            web.post("/api/encoders/{id}/{action}", page.encoder),
            web.post("/api/rooms/{number}/locks/card", page.present),
            web.post("/api/clock", page.speed),
            web.post("/api/forward", page.forward),
            web.post("/api/forward/stop", page.stop),
        ]
    )
    return app


def _guard(authorise: Authorise | None) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await _guarded(request, handler, authorise)
        except web.HTTPException as error:  # said here: a server around ours would put its own words in the place
            if error.status < 400:
                raise
            allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            response = web.Response(status=error.status, text=error.text, headers=allow)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return guard


async def _guarded(request: web.Request, handler: Handler, authorise: Authorise | None) -> web.StreamResponse:
    if authorise is None:
        if request.host.rsplit(":", 1)[0] not in LOOPBACK:
            raise web.HTTPForbidden(text="the demo answers this machine only")
    elif not await authorise(request):
        raise web.HTTPForbidden(text="sign in first")
    if request.method not in SAFE:
        _check_origin(request)
    return await handler(request)


def _check_origin(request: web.Request) -> None:
    """No other site's page may push the buttons: same origin, and JSON, which a plain form cannot send."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site not in {None, "same-origin", "none"} or (origin and urlsplit(origin).netloc != request.host)
    if foreign or request.content_type != "application/json":
        raise web.HTTPForbidden(text="a change needs JSON from our own page")


class _Panel:
    """The handlers and what they hold."""

    def __init__(self, hotel: SimulatedHotel, forward: FastForward, day: Day | None) -> None:
        self._hotel = hotel
        self._clock = hotel.clock
        self._day = day
        self._forward = forward
        self._tasks: set[asyncio.Task[None]] = set()
        self._templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)

    async def alive(self, _app: web.Application) -> AsyncIterator[None]:
        """What was begun from the page ends with the page."""
        yield
        await self._forward.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def page(self, request: web.Request) -> web.Response:
        """The page, in the language of `?lang=`, of our cookie or of the product's."""
        cookies = (request.cookies.get("lang"), request.cookies.get("innkeeper_language"))
        asked = [language for language in (request.query.get("lang"), *cookies) if language in LANGUAGES]
        language = asked[0] if asked else "en"
        theme = request.cookies.get("innkeeper_theme", "system")
        words = texts(language)
        html = self._templates.get_template("panel.html").render(
            t=words,
            words=json.dumps(words, ensure_ascii=False),
            language=language,
            other=LANGUAGES[1 - LANGUAGES.index(language)],
            theme=theme if theme in THEMES else "system",
            rooms=sorted(self._hotel.rooms),
            state=self._state(),
        )
        response = web.Response(text=html, content_type="text/html")
        if "lang" in request.query:
            response.set_cookie("lang", language, path="/", samesite="Lax", httponly=True)
        return response

    async def state(self, _request: web.Request) -> web.Response:
        """What is true now."""
        return web.json_response(self._state())

    def _state(self) -> dict[str, Any]:
        forward, day = self._forward, self._day
        until = forward.until
        return {
            "now": self._clock.now().isoformat(),
            "speed": self._clock.speed,
            "forward": {
                "active": forward.active,
                "progress": round(forward.progress, 3),
                "until": until.isoformat() if until else None,
            },
            "lines": [{"id": name, "up": line.up} for name, line in self._hotel.lines.items()],
            "rooms": [room_truth(self._hotel.rooms[number]) for number in sorted(self._hotel.rooms)],
            **cards_truth(self._hotel),
            "sent": self._hotel.sent,
            "dropped": self._hotel.dropped,
            "day": day and {"refused": day.refused, "cleaned": day.staff.cleaned, "inspected": day.staff.inspected},
        }

    async def room(self, request: web.Request) -> web.Response:
        """Something happens in a room."""
        room = self._hotel.rooms.get(request.match_info["number"])
        action = ROOM_ACTIONS.get(request.match_info["action"])
        if room is None or action is None:
            raise web.HTTPNotFound(text="no such room or action")
        value = (await _body(request)).get("value")
        try:
            going_on = action(room, value)
        except WrongValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if going_on is not None and inspect.iscoroutine(going_on):
            self._later(going_on)
        return web.json_response(room_truth(room))

    async def device(self, request: web.Request) -> web.Response:
        """Something happens to a device."""
        device = self._hotel.devices.get(request.match_info["id"])
        action = DEVICE_ACTIONS.get(request.match_info["action"])
        if device is None or action is None:
            raise web.HTTPNotFound(text="no such device or action")
        try:
            action(device, (await _body(request)).get("value"))
        except WrongValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"id": device.id, "alive": device.state.alive})

    async def encoder(self, request: web.Request) -> web.Response:
        """A hand puts a card on an encoder or takes it off, or the encoder fails."""
        name, action = request.match_info["id"], ENCODER_ACTIONS.get(request.match_info["action"])
        hand = self._hotel.hands.get(name)
        if hand is None or action is None:
            raise web.HTTPNotFound(text="no such encoder or action")
        try:
            action(self._hotel.cards, hand, (await _body(request)).get("value"))
        except WrongValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response(encoder_truth(name, hand))

    async def present(self, request: web.Request) -> web.Response:
        """A card that somebody carries is held to the lock of a room."""
        room = self._hotel.rooms.get(request.match_info["number"])
        if room is None or not room.locks:
            raise web.HTTPNotFound(text="no lock reads cards there")
        try:
            card = carried(self._hotel.cards, (await _body(request)).get("value"))
        except WrongValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({**card_truth(card), "opens": room.present(card)})

    async def line(self, request: web.Request) -> web.Response:
        """A line is cut or restored."""
        name, action = request.match_info["id"], request.match_info["action"]
        if name not in self._hotel.lines or action not in {"cut", "restore"}:
            raise web.HTTPNotFound(text="no such line or action")
        try:
            await (self._hotel.cut(name) if action == "cut" else self._hotel.restore(name))
        except OSError as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.json_response({"id": name, "up": self._hotel.lines[name].up})

    async def speed(self, request: web.Request) -> web.Response:
        """The clock's ordinary speed."""
        self._forward.set_speed(_number((await _body(request)).get("speed"), SLOWEST, FASTEST))
        return web.json_response({"speed": self._clock.speed})

    async def forward(self, request: web.Request) -> web.Response:
        """Hours pass."""
        self._forward.start(_number((await _body(request)).get("hours"), 0.01, MOST_HOURS))
        return web.json_response({"active": True})

    async def stop(self, _request: web.Request) -> web.Response:
        """No more hours pass."""
        await self._forward.stop()
        return web.json_response({"active": False})

    def _later(self, doing: Any) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("what the panel began failed", error=repr(task.exception()))


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest(text="not JSON") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="not an object")
    return body


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise web.HTTPBadRequest(text=f"a number from {low:g} to {high:g}")
    return float(value)
