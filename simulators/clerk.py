"""A simulated person at a screen: signs in and works over the HTTP API, as everybody does."""

import uuid
from collections.abc import Mapping
from datetime import date
from types import TracebackType
from typing import Any, Self

import aiohttp

API = "/api/v1"
TRIES = 3


class ApiRefusedError(Exception):
    """The service said no: `status`, and the problem's stable `type` and `detail`."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", ""))
        self.detail = str(problem.get("detail") or problem.get("title") or "")
        super().__init__(f"{status} {self.type}: {self.detail}")


class ApiUnreachableError(Exception):
    """Nobody answers at the address."""


class Clerk:
    """`async with Clerk(url, user, password) as clerk:`; signs in at the first call, and again when signed out.

    Every method raises ApiRefusedError or ApiUnreachableError. A write carries one idempotency key through its tries.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self.user = user
        self._password = password
        self._token: str | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=20)
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def sign_in(self) -> None:
        """Get a token."""
        body = {"username": self.user, "password": self._password}
        status, answer = await self._once("POST", f"{API}/session", body, {})
        if status >= 400:
            raise ApiRefusedError(status, answer)
        self._token = str(answer["token"])

    async def rooms(self) -> list[dict[str, Any]]:
        """Every room as the API shows it."""
        return await self._list(f"{API}/rooms")

    async def room(self, number: str) -> dict[str, Any]:
        """One room."""
        return await self._call("GET", f"{API}/rooms/{number}")

    async def walk_in(self, room: str, departure: date, guests: int, name: str) -> str:
        """Check somebody in who has no reservation; the id of the stay."""
        body = {"room": room, "departure": departure.isoformat(), "guests": guests, "guest": {"name": name}}
        return str((await self._call("POST", f"{API}/stays", body))["id"])

    async def check_out(self, stay: str) -> None:
        """End a stay."""
        await self._call("POST", f"{API}/stays/{stay}/check-out", {})

    async def issue_key(self, stay: str, kind: str, encoder: str) -> str:
        """Ask for a key card (`new`, `duplicate`, ...) at an encoder; the id of the key."""
        body = {"stay": stay, "type": kind, "encoder": encoder}
        return str((await self._call("POST", f"{API}/keys", body))["id"])

    async def key(self, key: str) -> dict[str, Any]:
        """A key, and how far its job is."""
        return await self._call("GET", f"{API}/keys/{key}")

    async def cancel_key(self, key: str) -> None:
        """Give a key up of which nothing has been written."""
        await self._call("POST", f"{API}/keys/{key}/cancel", {})

    async def stays(self) -> list[dict[str, Any]]:
        """Stays in the house."""
        return await self._list(f"{API}/stays")

    async def tasks(self) -> list[dict[str, Any]]:
        """Housekeeping tasks that are open or wait for an inspection."""
        return await self._list(f"{API}/housekeeping/tasks")

    async def start(self, task: str) -> None:
        """Begin a task by hand."""
        await self._call("POST", f"{API}/housekeeping/tasks/{task}/start", {})

    async def done(self, task: str) -> None:
        """End a task by hand."""
        await self._call("POST", f"{API}/housekeeping/tasks/{task}/done", {})

    async def inspect(self, task: str) -> None:
        """The room is as it should be."""
        await self._call("POST", f"{API}/housekeeping/tasks/{task}/inspect", {})

    async def alerts(self) -> list[dict[str, Any]]:
        """Open alerts."""
        return await self._list(f"{API}/alerts")

    async def acknowledge(self, alert: str) -> None:
        """Somebody has seen it."""
        await self._call("POST", f"{API}/alerts/{alert}/acknowledge", {})

    async def order(self, room: str, point: str, value: float, within_s: int) -> dict[str, Any]:
        """Order something of a room's device, to be done within so many seconds; the job."""
        body = {"point": point, "value": value, "within_s": within_s}
        return await self._call("POST", f"{API}/rooms/{room}/commands", body)

    async def job(self, order: str) -> dict[str, Any]:
        """An order, and how far it is."""
        return await self._call("GET", f"{API}/commands/{order}")

    async def _list(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self._call("GET", path, query={"cursor": cursor} if cursor else None)
            items += page["items"]
            cursor = page.get("next")
            if not cursor:
                return items

    async def _call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        if self._token is None:
            await self.sign_in()
        status, answer = await self._tried(method, path, body, headers, query)
        if status == 401:
            await self.sign_in()
            status, answer = await self._tried(method, path, body, headers, query)
        if status >= 400:
            raise ApiRefusedError(status, answer)
        return answer

    async def _tried(
        self, method: str, path: str, body: Any, headers: dict[str, str], query: Mapping[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        signed = {**headers, "Authorization": f"Bearer {self._token}"}
        for left in reversed(range(TRIES)):
            try:
                return await self._once(method, path, body, signed, query)
            except ApiUnreachableError:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _once(
        self, method: str, path: str, body: Any, headers: dict[str, str], query: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        if self._session is None:
            raise RuntimeError("a clerk works inside `async with`")
        try:
            call = self._session.request(method, self.url + path, json=body, headers=headers, params=query)
            async with call as response:
                answer = await response.json(content_type=None) if response.content_length != 0 else {}
                return response.status, answer if isinstance(answer, dict) else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ApiUnreachableError(f"{method} {path}: {error or type(error).__name__}") from error
