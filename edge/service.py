"""The one place where the parts are put together: the edge, the PMS, or both in one process.

The PMS is imported when it is to run: an edge alone carries none of its weight.
"""

import asyncio
import ctypes
import gc
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
from edge.broker import Broker, address_of
from edge.configuration import Configuration, over_own_broker, with_broker
from edge.folder import FolderLock
from edge.health import HealthReport, Parts
from edge.house import House, Plan
from edge.hub import Hub
from edge.journal import Journal, JournalLimits
from edge.journal_file import JOURNAL
from edge.orders import Orders
from edge.pms_link import EdgeInbox, EdgeOutbox
from edge.recovery import parameters, recover, told_property
from edge.secret_files import secret, secret_path
from edge.settings import Settings
from edge.url import BrokerUrl
from edge.watch import Watch
from gateway.gateway import Gateway, Home
from gateway.ports import GatewayPorts
from pms.link.link import Link
from pms.link.messages import PropertyBody
from pms.link.transport import LinkSettings

if TYPE_CHECKING:
    from pms.app import Pms, PmsConfig

log = structlog.get_logger()

SWITCH_INTERVAL_SECONDS = 0.001
"""The journal's thread gets the interpreter back within this, also in a flood."""
M_ARENA_MAX, ARENAS = -8, 2
"""The C library gives each thread a memory arena of its own and returns little: two are enough for ours."""


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


def version() -> str:
    """Of the installed package."""
    return metadata.version("innkeeper")


def link_settings(settings: Settings, data: Path) -> LinkSettings:
    """Where edge and PMS meet: the link's own broker, or the one of the hotel."""
    if settings.link.url:
        url = BrokerUrl.parse(settings.link.url)
        name = url.username or "innkeeper"
        password = url.password
        if password is None and secret_path(data, f"broker_{name}").exists():
            password = secret(data, f"broker_{name}")
        return LinkSettings(url.host, url.port, name if password else url.username, password, url.tls)
    own = address_of(settings.broker, data, "innkeeper")
    return LinkSettings(own.host, own.port, own.username, own.password, own.tls)


class Edge:
    """The edge without its broker. Make one with `edge_opened`, then give `run()` a task."""

    def __init__(self, plan: ServicePlan, broker: Broker, journal: Journal) -> None:
        configuration, clock = plan.configuration, plan.clock
        self._plan = plan
        self._property = told_property(journal.loaded)
        inventory = with_broker(configuration, broker.address("innkeeper"), plan.data)
        self._house = House(self._house_plan())
        self._house.restore(journal.loaded.rooms)
        self.hub = hub = Hub(self._house, journal, clock, self._published)
        home = Home(configuration.hotel.house.id, plan.data)
        ports = GatewayPorts(hub.take, hub.line_changed, hub.device_health, hub.command_done)
        self.gateway = Gateway(inventory, configuration.catalog, clock, ports, home)
        hub.field = self.gateway
        self.orders = Orders(hub, inventory, configuration.catalog)
        self.outbox = EdgeOutbox(journal, hub, self._wake)
        inbox = EdgeInbox(journal, hub, self.orders, self._property_changed)
        settings = link_settings(configuration.settings, plan.data)
        self.link = Link("up", configuration.hotel.house.id, settings, (self.outbox, inbox), clock.now)
        low = configuration.settings.journal.disk_low_mb
        self.watch = Watch(hub, plan.data, low, self._refresh, follow_wall=not plan.simulated_time)
        own = over_own_broker(configuration.inventory)
        self.health = HealthReport(
            Parts(hub, self.gateway, broker, self.link, self.watch, inventory, own), self.link.tell
        )
        recover(hub, inventory, configuration.catalog, journal.loaded)

    async def run(self) -> None:
        """Run until cancelled: the lines stop first, the hub commits what they brought, last.

        Raises:
            DiskError (in a group): the process has to end.
        """
        async with asyncio.TaskGroup() as last:
            hub = last.create_task(self.hub.run(), name="hub")
            await self.orders.recover()
            try:
                async with asyncio.TaskGroup() as first:
                    for part in (self.gateway, self.link, self.watch, self.health):
                        first.create_task(part.run(), name=type(part).__name__.lower())
            finally:
                hub.cancel()

    def _house_plan(self) -> Plan:
        configuration, told = self._plan.configuration, self._property
        timers = dict(configuration.hotel.timers) if told is None else told.timers
        zone = configuration.hotel.house.time_zone if told is None else told.time_zone
        numbers = configuration.hotel.rooms if told is None else {str(room["number"]) for room in told.rooms}
        limits = parameters({**configuration.settings.timers, **timers}, zone, self._plan.clock.now())
        return Plan(configuration.inventory, configuration.catalog, frozenset(numbers), limits)

    def _property_changed(self, body: PropertyBody) -> None:
        self._property = body
        self._refresh()

    def _refresh(self) -> None:
        """The property or the season has changed: so may the rooms and their limits."""
        wanted = self._house_plan()
        if self._house.change(wanted.numbers, wanted.parameters):
            log.info("rooms.changed", rooms=len(wanted.numbers))
            self.hub.publish_again()
            self._wake()

    def _published(self, facts: bool) -> None:
        self.outbox.committed(facts)

    def _wake(self) -> None:
        self.link.wake()


@asynccontextmanager
async def edge_opened(plan: ServicePlan, broker: Broker) -> AsyncIterator[Edge]:
    """The edge over its journal.

    Raises:
        JournalDamagedError: the journal cannot be trusted; restore a backup.
    """
    limits = plan.configuration.settings.journal
    journal = await Journal.open(plan.data / JOURNAL, JournalLimits(limits.messages, limits.days))
    try:
        yield Edge(plan, broker, journal)
    finally:
        await journal.close()


def pms_config(plan: ServicePlan) -> "PmsConfig":
    """What the PMS is told."""
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


def save_memory() -> None:
    """Fewer arenas where the C library knows them (glibc); elsewhere nothing."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(M_ARENA_MAX, ARENAS)


async def serve(plan: ServicePlan, started: Callable[[Started], None], stop: asyncio.Event) -> None:
    """Run the plan until `stop` is set. The pages come last and go first.

    Raises:
        BrokerError, FolderInUseError, JournalDamagedError, HotelFileError, OSError ...: it cannot start.
        ExceptionGroup: a part failed while running.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    save_memory()
    async with AsyncExitStack() as stack:
        broker = pms = None
        if plan.edge:
            stack.enter_context(FolderLock(plan.data, "edge"))
            broker = Broker(plan.configuration.settings.broker, plan.data, plan.clock.now)
            await stack.enter_async_context(broker)
            await stack.enter_async_context(running(broker.run(), "broker"))
            edge = await stack.enter_async_context(edge_opened(plan, broker))
            await stack.enter_async_context(running(edge.run(), "edge"))
        if plan.pms:
            stack.enter_context(FolderLock(plan.data, "pms"))
            pms = await stack.enter_async_context(_pms(plan))
        _settle_memory()
        started(Started(broker, pms))
        await stop.wait()


def _settle_memory() -> None:
    """What is there now stays: it is not looked through again and again while messages come and go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


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
