"""The whole web application over real HTTP, with one person of each role."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher

from pms import departments
from pms.access import users
from pms.access.passwords import Passwords
from pms.access.permissions import ROLES
from pms.access.sessions import Sessions
from pms.kernel.database import Database
from pms.kernel.health import Health
from pms.kernel.http import HttpContext
from pms.kernel.i18n import Translator
from pms.kernel.work import Actor, UnitOfWork
from pms.web.assembly import CATALOGUES

PASSWORD = "a good password"


@dataclass(frozen=True)
class Answer:
    """An answer, read."""

    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> str:
        """The code of a problem."""
        assert self.headers["Content-Type"].startswith("application/problem+json")
        code: str = self.body["code"]
        assert self.body["type"] == f"urn:innkeeper:problem:{code}"
        assert self.body["status"] == self.status
        return code


class Api:
    """The house over HTTP. `token` is sent as bearer unless it is empty."""

    def __init__(self, url: str, context: HttpContext, sessions: Sessions, client: aiohttp.ClientSession) -> None:
        self.url = url
        self.context = context
        self.sessions = sessions
        self.client = client
        self.token = ""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request; `_` in header names stands for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content: dict[str, Any] = {} if body is None else {"json": body}
        async with self.client.request(method, self.url + path, headers=sent, allow_redirects=False, **content) as got:
            read = await got.read()
            is_json = "json" in got.content_type
            return Answer(got.status, got.headers, await got.json(content_type=None) if is_json and read else read)

    async def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return await self.call("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """POST JSON."""
        return await self.call("POST", path, body, **headers)

    async def sign_in(self, username: str, password: str = PASSWORD) -> Answer:
        """Sign in; from here on the token is sent."""
        self.token = ""
        answer = await self.post("/api/v1/session", {"username": username, "password": password})
        self.token = answer.body.get("token", "")
        return answer


async def people(database: Database, actor: Actor, passwords: Passwords, now: datetime) -> None:
    """One person of each role, named as the role."""
    password_hash = await passwords.hash(PASSWORD)

    async def make(work: UnitOfWork) -> None:
        for role in ROLES:
            await users.add(work, role, role, password_hash)

    await database.run(actor, now, make)


@asynccontextmanager
async def serving(
    database: Database, property_id: str, now: Callable[[], datetime], *, peopled: bool = True
) -> AsyncIterator[Api]:
    """A running server of the house, wired as the product wires it."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    try:
        if peopled:
            await people(database, Actor.system(property_id, "test"), passwords, now())
        sessions = Sessions(database, property_id, passwords, now)
        context = HttpContext(
            database=database,
            property_id=property_id,
            now=now,
            authenticator=sessions,
            translator=Translator.load(CATALOGUES),
            health=Health(("database",), now),
            zone=ZoneInfo("Europe/Berlin"),
            name="Test House",
            version="0",
        )
        async with (
            _server(departments.application(context, sessions, passwords)) as url,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
        ):
            yield Api(url, context, sessions, client)
    finally:
        passwords.close()


@asynccontextmanager
async def _server(app: web.Application) -> AsyncIterator[str]:
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.5)
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()
