"""How long requests take, by route and not by address: `/api/v1/rooms/{number}` names no room."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
FEED = "/api/v1/events"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
"""Anybody may send any other word."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Measures:
    """The web server's own figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "innkeeper_http_request_seconds",
            "Time until a request was answered.",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._readers = Gauge("innkeeper_event_readers", "Readers of the feed of events.", registry=self.registry)

    async def request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer it, and note how long that took. A reader of the feed stays: it is only counted."""
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        if route == FEED:
            with self._readers.track_inprogress():
                return await handler(request)
        began, status = time.perf_counter(), 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            raise
        finally:
            method = request.method if request.method in METHODS else "other"
            self._requests.labels(method, route, f"{status // 100}xx").observe(time.perf_counter() - began)
        return response
