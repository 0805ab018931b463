"""`GET /metrics`: for Prometheus, behind a token of its own (ASVS 13.4.5: measurements are nobody else's business)."""

import asyncio
import hmac
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from edge.metrics.table import MetricsTable
from edge.secret_files import secret
from edge.small_server import SmallServer

TOKEN = "metrics_token"  # noqa: S105 - the name of its file
LAG_SECONDS = 1.0


class Lag:
    """How late the event loop was at worst since it was last asked."""

    def __init__(self) -> None:
        self._worst = 0.0

    def taken(self) -> float:
        """Seconds; the next account begins anew."""
        worst, self._worst = self._worst, 0.0
        return worst

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._worst = max(self._worst, loop.time() - due)


class Metrics:
    """Give it a task: `await metrics.run()`. `collectors`: what the parts that run here have to tell."""

    def __init__(self, settings: MetricsTable, data: Path, collectors: Iterable[Collector], lag: Lag) -> None:
        self._token = secret(data, TOKEN)
        self._lag = lag
        self._registry = CollectorRegistry()
        for make in (ProcessCollector, PlatformCollector, GCCollector):
            make(registry=self._registry)
        Info("innkeeper_build", "The release.", registry=self._registry).info(
            {"version": metadata.version("innkeeper")}
        )
        for collector in collectors:
            self._registry.register(collector)
        self.server = SmallServer("metrics", (settings.host, settings.port), self._application)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lag.run(), name="event-loop-lag")
            tasks.create_task(self.server.run(), name="metrics-server")

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/metrics", self._show)
        return application

    async def _show(self, request: web.Request) -> web.Response:
        scheme, _, told = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(told.strip().encode(), self._token.encode()):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"}, text="needs the metrics token\n")
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
        return web.Response(body=encode(self._registry), headers=headers)
