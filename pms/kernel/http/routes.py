"""Routes as declared: from them come the router, the OpenAPI document, the permission matrix and its test."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel

from pms.kernel.errors import Refusal
from pms.kernel.http.calls import Call, ReadCall, Reply, WriteCall

PUBLIC = "public"
"""For everybody, signed in or not."""

SIGNED_IN = "signed_in"
"""For everybody who is signed in."""

Answer = BaseModel | Reply | Mapping[str, Any]
Kind = Literal["read", "write", "own", "page"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

ReadHandler = Callable[[ReadCall], Awaitable[Answer]]
WriteHandler = Callable[[WriteCall], Awaitable[Answer]]
OwnHandler = Callable[[Call], Awaitable[Answer | web.StreamResponse]]
Refused = Callable[[WriteCall, Refusal], None]
PageHandler = Callable[[ReadCall], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """One declared route."""

    kind: Kind
    method: Method
    path: str
    permission: str
    handler: Callable[[Any], Awaitable[Any]]
    department: str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    response: Any = None
    status: int = 200
    personal: bool = False
    refused: Refused | None = None

    @property
    def name(self) -> str:
        """Unique name: the OpenAPI operation."""
        return f"{self.department}.{self.handler.__name__}"

    @property
    def door(self) -> bool:
        """Whether a stranger may try something here: public and not a mere look."""
        return self.permission == PUBLIC and self.method == "POST"

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or self.handler.__name__).strip().splitlines()[0]


class Routes:
    """The routes of one department. `permission` is a name of the catalogue, `PUBLIC` or `SIGNED_IN`."""

    def __init__(self, department: str) -> None:
        self.department = department
        self._routes: list[Route] = []
        self.statics: list[tuple[str, Path]] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def read(
        self, path: str, *, permission: str, response: Any, query: type[BaseModel] | None = None
    ) -> Callable[[ReadHandler], ReadHandler]:
        """A GET whose handler only reads. `response` is the model (or generic alias) it answers with."""

        def declare(handler: ReadHandler) -> ReadHandler:
            self._add("read", "GET", path, permission, handler, query=query, response=response)
            return handler

        return declare

    def write(
        self,
        method: Method,
        path: str,
        *,
        permission: str,
        response: Any,
        body: type[BaseModel] | None = None,
        status: int = 200,
        refused: Refused | None = None,
    ) -> Callable[[WriteHandler], WriteHandler]:
        """A change, in one unit of work. `status` is what a plain model answers with (201 for something made).

        `refused` records that somebody was refused, in a unit of work of its own: the change itself is undone.
        """

        def declare(handler: WriteHandler) -> WriteHandler:
            more = {"body": body, "response": response, "status": status, "refused": refused}
            self._add("write", method, path, permission, handler, **more)
            return handler

        return declare

    def own(
        self,
        method: Method,
        path: str,
        *,
        permission: str,
        response: Any = None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
    ) -> Callable[[OwnHandler], OwnHandler]:
        """A route whose handler manages its own transactions, or streams."""

        def declare(handler: OwnHandler) -> OwnHandler:
            self._add("own", method, path, permission, handler, body=body, query=query, response=response)
            return handler

        return declare

    def page(
        self, path: str, *, permission: str, query: type[BaseModel] | None = None
    ) -> Callable[[PageHandler], PageHandler]:
        """A page for people (GET). Without a session it leads to the sign-in page."""

        def declare(handler: PageHandler) -> PageHandler:
            self._add("page", "GET", path, permission, handler, query=query)
            return handler

        return declare

    def static(self, prefix: str, folder: Path) -> None:
        """Files for everybody: scripts, styles, icons. No directory listing, no following of links."""
        self.statics.append((prefix, folder))

    def _add(
        self,
        kind: Kind,
        method: Method,
        path: str,
        permission: str,
        handler: Callable[[Any], Awaitable[Any]],
        **more: Any,
    ) -> None:
        self._routes.append(Route(kind, method, path, permission, handler, self.department, **more))
