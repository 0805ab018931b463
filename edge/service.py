"""The one place where the parts are put together: the edge, the PMS, or both in one process.

The PMS is imported when it is to run: an edge alone carries none of its weight.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from devices.clock import Clock
from edge import memory
from edge.assembly import Edge, EdgePlan, edge_opened, link_settings
from edge.board.server import Board
from edge.broker import Broker
from edge.configuration import Configuration
from edge.folder import FolderLock
from edge.notify import keep, send
from edge.operate.heartbeat import beat
from edge.operate.keeping import keeper_of
from edge.reload_call import is_asked

if TYPE_CHECKING:
    from edge.metrics.server import Metrics
    from pms.app import Pms, PmsConfig

log = structlog.get_logger()

SWITCH_INTERVAL_SECONDS = 0.001
"""The journal's thread gets the interpreter back within this, also in a flood."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What to run. `mounts` are sub-applications of the web server (the demo's panel)."""

    configuration: Configuration
    data: Path
    clock: Clock = field(default_factory=Clock)
    edge: bool = True
    pms: bool = True
    demo: bool = False
    simulated_time: bool = False  # the clock is not the wall's
    mounts: tuple[tuple[str, web.Application], ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """What runs now; what is not part of the plan is None."""

    broker: Broker | None
    pms: "Pms | None"
    board: Board | None = None
    metrics: "Metrics | None" = None


def version() -> str:
    """Of the installed package."""
    return metadata.version("innkeeper")


def pms_config(plan: ServicePlan) -> "PmsConfig":
    """What the PMS is told."""
    from edge.operate.notifications import notification_settings
    from edge.pages import listening
    from pms.app import PmsConfig

    settings = plan.configuration.settings
    return PmsConfig(
        data=plan.data,
        hotel_file=plan.configuration.hotel_file,
        link=link_settings(settings, plan.data),
        database_url=settings.database.url,
        http_host=settings.http.host,
        http_port=settings.http.port,
        listening=listening(settings, plan.data),
        second_factor=settings.security.second_factor,
        demo=plan.demo,
        mounts=plan.mounts,
        version=version(),
        periods=settings.periods,
        notifications=notification_settings(settings.notifications, plan.data, settings.http.public_url),
        disk_low_mb=None if plan.edge else settings.journal.disk_low_mb,
    )


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """`work` runs while the block does; when it fails, so does the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name=name)
        try:
            yield
        finally:
            task.cancel()


@contextmanager
def hang_up(plan: ServicePlan, stop: asyncio.Event) -> Iterator[asyncio.Event]:
    """Set by SIGHUP: the configuration is to be read again. From before anybody can know whom to send it.

    A demo ends with its terminal: it stops unless somebody asked.
    """
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    def hung_up() -> None:
        (stop if plan.demo and not is_asked(plan.data) else asked).set()

    loop.add_signal_handler(signal.SIGHUP, hung_up)
    try:
        yield asked
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def serve(plan: ServicePlan, started: Callable[[Started], None], stop: asyncio.Event) -> None:
    """Run the plan until `stop` is set. The pages come last and go first.

    Raises:
        BrokerError, FolderInUseError, JournalDamagedError, HotelFileError, OSError ...: it cannot start.
        ExceptionGroup: a part failed while running.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    memory.save()
    async with AsyncExitStack() as stack:
        broker = edge = pms = board = None
        if plan.edge:
            asked = stack.enter_context(hang_up(plan, stop))
            stack.enter_context(FolderLock(plan.data, "edge"))
            broker = Broker(plan.configuration.settings.broker, plan.data, plan.clock.now)
            await stack.enter_async_context(broker)
            await stack.enter_async_context(running(broker.run(), "broker"))
            edge = await stack.enter_async_context(edge_opened(_edge_plan(plan), broker))
            await stack.enter_async_context(running(edge.run(), "edge"))
            await stack.enter_async_context(running(edge.reload_calls.run(asked), "reload"))
            board = _board(plan, edge)
        if board is not None:
            await stack.enter_async_context(running(board.run(), "board"))
            await board.tried()
        if plan.pms:
            stack.enter_context(FolderLock(plan.data, "pms"))
            pms = await stack.enter_async_context(_pms(plan))
        if (metrics := _metrics(plan, edge, pms)) is not None:
            await stack.enter_async_context(running(metrics.run(), "metrics"))
            await metrics.server.tried()
        if (keeper := keeper_of(plan, edge, pms)) is not None:
            await stack.enter_async_context(running(keeper.run(), "backup"))
        memory.settle()
        await stack.enter_async_context(running(memory.give_back(), "memory"))
        started(Started(broker, pms, board, metrics))
        if edge is not None and pms is None:  # no pages to ask
            await stack.enter_async_context(running(beat(plan.data, version(), edge.health.body), "heartbeat"))
        await stack.enter_async_context(running(keep(lambda: _ready(edge, pms)), "notify"))
        await stop.wait()
        send("STOPPING=1")


def _ready(edge: Edge | None, pms: "Pms | None") -> bool:
    """Whether the house may be used: what /healthz would say, or for an edge alone that its devices can be heard."""
    if pms is not None:
        return bool(pms.health()["ready"])
    return edge is not None and edge.health.ready


def _board(plan: ServicePlan, edge: Edge) -> Board | None:
    """Where the pages are, there is no need of it."""
    settings = plan.configuration.settings.board
    return Board(settings, plan.data, edge.board_sources()) if settings.enabled and not plan.pms else None


def _metrics(plan: ServicePlan, edge: Edge | None, pms: "Pms | None") -> "Metrics | None":
    """Their library is loaded where they are wanted."""
    settings = plan.configuration.settings.metrics
    if not settings.enabled:
        return None
    from edge.metrics.figures import PmsFigures
    from edge.metrics.server import Lag, Metrics

    lag = Lag()
    collectors = list(edge.collectors(lag)) if edge else []
    if pms is not None:
        collectors += [PmsFigures(pms.health), pms.measures.registry]
    return Metrics(settings, plan.data, collectors, lag)


def _edge_plan(plan: ServicePlan) -> EdgePlan:
    return EdgePlan(plan.configuration, plan.data, plan.clock, follow_wall=not plan.simulated_time)


def _pms(plan: ServicePlan) -> "Pms":
    from pms.app import Pms

    return Pms(pms_config(plan), plan.clock.now)


@contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`; a second one is answered as usual."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)

    def asked() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
