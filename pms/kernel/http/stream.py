"""`GET /api/v1/events`: the feed as server-sent events. Ids are offsets; a reader resumes with `Last-Event-ID`."""

import contextlib
import time
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web
from pydantic import Field

from pms.kernel.errors import Malformed
from pms.kernel.events import Event, Listeners, events_after, head
from pms.kernel.http import security
from pms.kernel.http.calls import Call, Principal
from pms.kernel.http.models import Body
from pms.kernel.http.routes import SIGNED_IN, Routes

routes = Routes("feed")

HEARTBEAT_S = 10.0
LOOK_S = 2.0
"""How often a reader looks by itself: another process may have committed."""

CHECK_S = 5.0
"""How often it is asked whether the session still holds."""

BATCH = 200

ENDING = ("user.", "session.", "second_factor.")
"""Kinds of events after which a session may be over: it is asked for at once, before anything else is sent."""


class FeedQuery(Body):
    """`?after=` an offset, for readers that cannot send `Last-Event-ID`."""

    after: int | None = Field(None, ge=0)


@routes.own("GET", "/api/v1/events", permission=SIGNED_IN, query=FeedQuery)
async def events(call: Call) -> web.StreamResponse:
    """The feed from `Last-Event-ID` (or from now), kept open; each reader sees what their role may see."""
    context = call.context
    offset = await _start(call)
    session = call.principal.session_id
    context.throttle.stream_opens(session)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    try:
        with contextlib.suppress(ConnectionResetError):  # the reader may leave before the first word, too
            await response.prepare(call.request)
            await Stream(call, response, offset).run()
    finally:
        context.throttle.stream_closes(session)
    return response


async def _start(call: Call) -> int:
    """Where to begin: never past the end, which an older backup may have moved back."""
    asked = call.request.headers.get("Last-Event-ID")
    if asked is not None and (not asked.isdigit() or len(asked) > 18):
        raise Malformed("Last-Event-ID is an offset", code="bad_last_event_id")
    after = call.query(FeedQuery).after if asked is None else int(asked)
    async with call.context.database.read() as session:
        end = await head(session, call.property_id)
    return end if after is None else min(after, end)


class Stream:
    """One open reader."""

    def __init__(self, call: Call, response: web.StreamResponse, offset: int) -> None:
        self._call = call
        self._context = call.context
        self._principal: Principal = call.principal
        self._response = response
        self._offset = offset
        self._said = time.monotonic()
        self._checked = time.monotonic()
        self._over = False

    async def run(self) -> None:
        """Send until the reader goes, the session ends or the server closes."""
        await self._write(f"retry: 1000\nid: {self._offset}\n\n")
        with self._context.database.listeners.listening() as flag:
            while not self._context.closing and await self._still_valid():
                flag.clear()
                sent = await self._send_next()
                if sent == BATCH or self._over:
                    continue
                await Listeners.wait(flag, LOOK_S)
                if time.monotonic() - self._said >= HEARTBEAT_S:
                    await self._write(": still here\n\n")

    async def _send_next(self) -> int:
        async with self._context.database.read(brief=True) as session:
            batch = await events_after(session, self._principal.property_id, self._offset, limit=BATCH)
        if any(event.kind.startswith(ENDING) for event in batch) and not await self._still_valid(ask=True):
            return 0
        if batch:
            self._offset = batch[-1].offset
            await self._write(rendered(batch, self._principal))
        return len(batch)

    async def _still_valid(self, *, ask: bool = False) -> bool:
        if self._over or (not ask and time.monotonic() - self._checked < CHECK_S):
            return not self._over
        self._checked = time.monotonic()
        token = security.token_of(self._call.request)
        self._over = token is None or await self._context.authenticator.authenticate(token) is None
        return not self._over

    async def _write(self, text: str) -> None:
        await self._response.write(text.encode())
        self._said = time.monotonic()


def rendered(batch: Sequence[Event], principal: Principal) -> str:
    """The events this reader may see; one that ends in others still moves `Last-Event-ID` past them."""
    seen = [event for event in batch if principal.may(event.permission)]
    text = "".join(f"id: {event.offset}\ndata: {orjson.dumps(event_json(event)).decode()}\n\n" for event in seen)
    passed = batch[-1].offset
    return text if seen and seen[-1].offset == passed else f"{text}id: {passed}\n\n"


def event_json(event: Event) -> dict[str, Any]:
    """An event as readers get it; of a redacted one the payload is {}."""
    return {
        "offset": event.offset,
        "kind": event.kind,
        "subject": event.subject,
        "actor": event.actor,
        "at": event.at,
        "payload": event.payload,
        "redacted": event.redacted,
    }
