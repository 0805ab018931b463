"""What every request needs of the running house."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from pms.kernel.database import Database
from pms.kernel.health import Health
from pms.kernel.http.limits import Throttle
from pms.kernel.http.measures import Measures
from pms.kernel.http.reach import Reach
from pms.kernel.i18n import Translator

if TYPE_CHECKING:
    from pms.kernel.http.calls import Principal
    from pms.kernel.http.problems import Problem


class Authenticator(Protocol):
    """Knows the people: `pms.access` implements it."""

    async def authenticate(self, token: str) -> "Principal | None":
        """Whose token this is; None when it is nobody's, expired or revoked."""


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """The house's own certificate authority, for the page that explains how to trust it."""

    pem: bytes
    fingerprint: str
    name: str
    ends_at: datetime


ErrorPage = Callable[[web.Request, "Problem"], web.Response]
"""Renders a problem for a person: set by `pms.web`."""


@dataclass
class HttpContext:
    """Wired once by `pms.app`. `zone`, `name` and `language` are the property's."""

    database: Database
    property_id: str
    now: Callable[[], datetime]
    authenticator: Authenticator
    translator: Translator
    health: Health
    zone: ZoneInfo
    name: str = ""
    language: str = "en"
    version: str = ""
    demo: bool = False
    error_page: ErrorPage | None = None
    closing: bool = False
    reach: Reach = field(default_factory=Reach)
    throttle: Throttle = field(default_factory=Throttle)
    trust: TrustAnchor | None = None
    measures: Measures = field(default_factory=Measures)


CONTEXT: web.AppKey[HttpContext] = web.AppKey("innkeeper", HttpContext)
