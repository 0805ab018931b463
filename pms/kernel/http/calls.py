"""A request as a handler sees it: who, when, in which language, with what; and the reply it gives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel

from pms.kernel.errors import Malformed, Reason, Unauthenticated, VersionMismatch
from pms.kernel.http.context import CONTEXT, HttpContext
from pms.kernel.http.models import Action, ReasonView
from pms.kernel.work import Actor, ReadSession, UnitOfWork

M = TypeVar("M", bound=BaseModel)

LANGUAGE_COOKIE = "innkeeper_language"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is signed in, to which property, and what the role permits."""

    property_id: str
    user_id: str
    username: str
    role: str
    permissions: frozenset[str]
    session_id: str
    language: str | None = None

    def may(self, permission: str) -> bool:
        """Whether the role holds a permission."""
        return permission in self.permissions

    @property
    def actor(self) -> Actor:
        """As the events name the person."""
        return Actor(self.property_id, self.user_id)


class Call:
    """One request. `now` is one instant for all of it."""

    def __init__(self, request: web.Request, principal: Principal | None, parsed: Mapping[str, Any]) -> None:
        self.request = request
        self.context: HttpContext = request.config_dict[CONTEXT]
        self.visitor = principal
        self.now: datetime = self.context.now()
        self._parsed = parsed

    @property
    def principal(self) -> Principal:
        """Who is signed in. Raises Unauthenticated on a public route without a session."""
        if self.visitor is None:
            raise Unauthenticated
        return self.visitor

    @property
    def property_id(self) -> str:
        """The property of the session, or of this server for a visitor."""
        return self.visitor.property_id if self.visitor else self.context.property_id

    @property
    def language(self) -> str:
        """The reader's: chosen by the person, by the browser's cookie, by its preferences, or the property's."""
        chosen = self.visitor.language if self.visitor else None
        return language_of(self.request, chosen)

    def may(self, permission: str) -> bool:
        """Whether the reader holds a permission."""
        return self.visitor is not None and self.visitor.may(permission)

    def text(self, key: str, /, **params: Any) -> str:
        """A text in the reader's language."""
        return self.context.translator.text(self.language, key, **params)

    def action(self, name: str, reasons: Iterable[Reason] = ()) -> Action:
        """An action a resource publishes: allowed when nothing speaks against it, else with reasons to read."""
        views = [
            ReasonView(
                code=reason.code, params=dict(reason.params), text=self.text(f"reason.{reason.code}", **reason.params)
            )
            for reason in reasons
        ]
        return Action(action=name, allowed=not views, reasons=views)

    def path(self, name: str) -> str:
        """A `{name}` of the route's path."""
        return self.request.match_info[name]

    def body(self, model: type[M]) -> M:
        """The validated body: the model the route declares."""
        body = self._parsed["body"]
        assert isinstance(body, model)  # noqa: S101 - the route declares the model
        return body

    def query(self, model: type[M]) -> M:
        """The validated query parameters: the model the route declares."""
        query = self._parsed["query"]
        assert isinstance(query, model)  # noqa: S101 - the route declares the model
        return query

    def check_version(self, version: int) -> None:
        """Raise VersionMismatch when the client has seen another version (`If-Match`); without it all is well."""
        seen = self.request.headers.get("If-Match")
        if seen is None or seen.strip() == "*":
            return
        if not all(_is_version(tag) for tag in seen.split(",")):
            raise Malformed("If-Match holds versions in quotes", code="bad_if_match")
        if f'"{version}"' not in {tag.strip().removeprefix("W/") for tag in seen.split(",")}:
            raise VersionMismatch(f"the version is {version} now")


class ReadCall(Call):
    """A request that changes nothing: `session` is one consistent picture."""

    def __init__(
        self, request: web.Request, principal: Principal | None, parsed: Mapping[str, Any], session: ReadSession
    ) -> None:
        super().__init__(request, principal, parsed)
        self.session = session


class WriteCall(Call):
    """A request that changes something: all of it in `work`, one transaction, which may be run again from its start."""

    def __init__(
        self, request: web.Request, principal: Principal | None, parsed: Mapping[str, Any], work: UnitOfWork
    ) -> None:
        super().__init__(request, principal, parsed)
        self.work = work
        self.now = work.now


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is more than a 200 with a body. `version` becomes the ETag."""

    body: BaseModel | Mapping[str, Any] | None = None
    status: int = 200
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def language_of(request: web.Request, chosen: str | None = None) -> str:
    """The language to answer a request in."""
    context = request.config_dict[CONTEXT]
    cookie = request.cookies.get(LANGUAGE_COOKIE)
    return context.translator.negotiate(chosen, cookie, request.headers.get("Accept-Language"), context.language)


def _is_version(tag: str) -> bool:
    tag = tag.strip().removeprefix("W/")
    return len(tag) > 2 and tag[0] == tag[-1] == '"' and tag[1:-1].isdigit()
