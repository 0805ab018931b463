"""A front desk of a few lines behind the real HTTP, for the clerk to talk to: rooms, stays, tasks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "a token"


@dataclass
class Desk:
    """What it was told. A check-out makes a cleaning task; `refuse` rooms are never given away."""

    refuse: set[str] = field(default_factory=set)
    stays: dict[str, dict[str, Any]] = field(default_factory=dict)
    checked_out: list[str] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    sign_ins: int = 0
    url: str = ""
    encode: Callable[[str, str, int], str] | None = None  # encoder, room, number -> how the job ends
    cards: list[dict[str, Any]] = field(default_factory=list)

    async def sign_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body != {"username": "clerk", "password": "demo"}:
            return problem(401, "sign_in_failed")
        self.sign_ins += 1
        return web.json_response({"token": TOKEN})

    async def walk_in(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.keys.append(request.headers["Idempotency-Key"])
        if body["room"] in self.refuse:
            return problem(409, "room_not_vacant")
        identifier = f"stay_{len(self.stays) + 1}"
        self.stays[identifier] = body
        return web.json_response({"id": identifier}, status=201)

    async def check_out(self, request: web.Request) -> web.Response:
        identifier = request.match_info["id"]
        self.checked_out.append(identifier)
        task = {"id": f"task_{len(self.tasks)}", "room": self.stays[identifier]["room"], "type": "departure"}
        self.tasks.append(task | {"state": "pending"})
        return web.json_response({"id": identifier})

    async def issue_key(self, request: web.Request) -> web.Response:
        """The product's whole work in one step; a house without encoders knows no such page."""
        body = await request.json()
        if self.encode is None:
            return problem(404, "no_such_page")
        number = len(self.cards) + 1
        state = self.encode(body["encoder"], self.stays[body["stay"]]["room"], number)
        self.cards.append({**body, "id": f"key_{number}", "credential": number, "state": state, "looks": 0})
        return web.json_response({"id": f"key_{number}"}, status=202)

    async def show_key(self, request: web.Request) -> web.Response:
        """Under way at the first look."""
        (key,) = [one for one in self.cards if one["id"] == request.match_info["id"]]
        key["looks"] += 1
        return web.json_response(key if key["looks"] > 1 else {**key, "state": "writing"})

    async def cancel_key(self, request: web.Request) -> web.Response:
        (key,) = [one for one in self.cards if one["id"] == request.match_info["id"]]
        key["state"] = "failed"
        return web.json_response(key, status=202)

    async def list_tasks(self, request: web.Request) -> web.Response:
        """Two pages, so that the cursor is used."""
        half = len(self.tasks) // 2
        first = "cursor" not in request.query
        items = self.tasks[:half] if first else self.tasks[half:]
        return web.json_response({"items": items, "next": "more" if first else None})

    async def inspect(self, request: web.Request) -> web.Response:
        for task in self.tasks:
            if task["id"] == request.match_info["id"]:
                task["state"] = "inspected"
        return web.json_response({})

    def cleaned(self, room: str) -> None:
        """What the product does when it sees a cleaning end."""
        for task in self.tasks:
            if task["room"] == room and task["state"] == "pending":
                task["state"] = "done"


def problem(status: int, code: str) -> web.Response:
    """A problem document."""
    body = {"type": f"/problems/{code}", "title": code, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")


@web.middleware
async def signed_in(request: web.Request, handler: Any) -> web.StreamResponse:
    """Everything but signing in needs the token."""
    if not request.path.endswith("/session") and request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return problem(401, "signed_out")
    answer: web.StreamResponse = await handler(request)
    return answer


@contextlib.asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """A desk on a free port of loopback."""
    desk = Desk()
    app = web.Application(middlewares=[signed_in])
    app.router.add_post("/api/v1/session", desk.sign_in)
    app.router.add_post("/api/v1/stays", desk.walk_in)
    app.router.add_post("/api/v1/stays/{id}/check-out", desk.check_out)
    app.router.add_get("/api/v1/housekeeping/tasks", desk.list_tasks)
    app.router.add_post("/api/v1/housekeeping/tasks/{id}/inspect", desk.inspect)
    app.router.add_post("/api/v1/keys", desk.issue_key)
    app.router.add_get("/api/v1/keys/{id}", desk.show_key)
    app.router.add_post("/api/v1/keys/{id}/cancel", desk.cancel_key)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    desk.url = f"http://127.0.0.1:{server.port}"
    try:
        yield desk
    finally:
        await server.close()
