"""The PMS as a whole: books, people, departments, the link to the rooms, and the web server."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from prometheus_client.registry import Collector

from pms import departments, people, storage
from pms.access.passwords import Passwords
from pms.access.sessions import Sessions
from pms.hotelfile import Hotel, load_hotel
from pms.kernel import engines
from pms.kernel.background import Background
from pms.kernel.crypto import Keyring
from pms.kernel.database import Database
from pms.kernel.errors import StorageFailed
from pms.kernel.health import Health
from pms.kernel.http import CONTEXT, HttpContext
from pms.kernel.http.limits import Throttle
from pms.kernel.http.measures import Measures
from pms.kernel.http.reach import Reach
from pms.kernel.i18n import Translator
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import Reactions
from pms.kernel.work import Actor
from pms.link.retention import DEFAULTS, Periods
from pms.link.transport import LinkSettings
from pms.listening import Listening, certificate_health, listen, shown_url, to_https, warn_of_plain_http
from pms.measures import PmsFigures
from pms.property.house import import_hotel
from pms.retention.service import House, Retention
from pms.room_feed.service import ROOM_FEED, RoomFeed
from pms.tls import ServerContext, anchor
from pms.upkeep import DiskWatch, PartNews, Upkeep
from pms.web import assembly as web_pages

log = structlog.get_logger()

REQUIRED = ("database", "link", "edge")
"""Parts that must be up before the house may be used."""

PROBE_S = 2.0


@dataclass(frozen=True)
class PmsConfig:
    """What the PMS must be told. `mounts`: applications of others (a demonstration's panel) by their prefix."""

    data: Path
    hotel_file: Path
    link: LinkSettings
    database_url: str = "sqlite"
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    listening: Listening = field(default_factory=Listening)
    second_factor: tuple[str, ...] = ()
    demo: bool = False
    mounts: tuple[tuple[str, web.Application], ...] = field(default=())
    version: str = ""
    periods: Periods = field(default_factory=lambda: DEFAULTS)
    disk_low_mb: int | None = None  # look after the disk of the data folder; None: an edge beside us does


def wall_clock() -> datetime:
    """The instant outside of any simulated hotel."""
    return datetime.now(UTC)


class Pms:
    """`async with Pms(config, now) as pms:` runs until the block ends. `now` is the hotel's clock.

    Raises HotelFileError, DatabaseDamaged, StorageFailed, CannotServe (the certificate), OSError (the port is taken)
    when it cannot start.
    """

    def __init__(
        self, config: PmsConfig, now: Callable[[], datetime], wall: Callable[[], datetime] = wall_clock
    ) -> None:
        self._config = config
        self._now = now
        self._wall = wall
        self._stack = AsyncExitStack()
        self._health = Health(REQUIRED, now)
        self._measures = Measures()
        self.url = ""
        self.redirect_url = ""
        self.first_manager_link: str | None = None
        self._upkeep: Upkeep | None = None

    async def say_part(self, news: PartNews) -> None:
        """A part of the machine that somebody else looks after: shown, and its fault raised as an alert."""
        if self._upkeep is not None:
            await self._upkeep.say(news)

    @property
    def collectors(self) -> tuple[Collector, ...]:
        """What this half has to tell Prometheus."""
        return PmsFigures(self.health), self._measures.registry

    def health(self) -> dict[str, Any]:
        """How every part is (`kernel.health.Health.summary`)."""
        return self._health.summary()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        config = self._config
        hotel = load_hotel(config.hotel_file)
        tls = ServerContext(config.listening.tls) if config.listening.tls else None
        url = engines.full_url(config.database_url, config.data)
        await storage.prepare(config.data, url, self._wall())
        database = await stack.enter_async_context(Database(url, Keyring.load_or_create(config.data)))
        passwords = Passwords()
        stack.callback(passwords.close)
        actor = Actor.system(hotel.house.id, "start")
        await database.run(actor, self._now(), lambda work: import_hotel(work, hotel))
        sessions = Sessions(database, hotel.house.id, passwords, self._wall, config.second_factor)
        background = await stack.enter_async_context(Background(self._health))
        feed = await self._start_departments(background, database, sessions, ZoneInfo(hotel.house.time_zone))
        app = self._application(database, hotel, sessions, passwords, self._reach(tls))
        app[ROOM_FEED] = feed
        background.start("sign_in", lambda: self._watch_the_door(sessions))
        if tls is not None:
            background.start(
                "certificate", lambda: tls.watch(lambda: certificate_health(self._health, tls, self._wall))
            )
        await self._serve(stack, app, tls)
        await self._first_people(database, actor, passwords)

    async def _start_departments(
        self, background: Background, database: Database, sessions: Sessions, zone: ZoneInfo
    ) -> RoomFeed:
        property_id = sessions.property_id
        reactions = Reactions(database, property_id, self._now)
        departments.register_reactions(reactions)
        jobs = Jobs(database, property_id, self._now)
        departments.register_jobs(jobs, sessions)
        feed = RoomFeed(database, property_id, self._config.link, self._now, self._health)
        feed.register(reactions, jobs)
        await jobs.run_due()
        self._upkeep = upkeep = Upkeep(database, property_id, self._health, self._now)
        if self._config.disk_low_mb is not None:
            background.start("disk_watch", DiskWatch(upkeep, self._config.data, self._config.disk_low_mb).run)
        background.start("room_feed", feed.run)
        background.start("reactions", reactions.run)
        background.start("jobs", jobs.run)
        house = House(property_id, zone, self._now, self._config.periods, feed.clock_trouble)
        background.start("retention", Retention(database, house, self._health).run)
        background.start("database_watch", lambda: self._watch(database, Actor.system(property_id, "watch")))
        return feed

    def _reach(self, tls: ServerContext | None) -> Reach:
        """The names of the house: those that were configured, and those of its certificate."""
        reach = self._config.listening.reach
        names = reach.names | {name.removeprefix("*.") for name in (tls.names if tls else ())}
        return replace(reach, names=frozenset(names), strict=reach.strict or self._config.demo)

    def _application(
        self, database: Database, hotel: Hotel, sessions: Sessions, passwords: Passwords, reach: Reach
    ) -> web.Application:
        listening = self._config.listening
        context = HttpContext(
            database=database,
            property_id=hotel.house.id,
            now=self._now,
            authenticator=sessions,
            translator=Translator.load(web_pages.CATALOGUES),
            health=self._health,
            zone=ZoneInfo(hotel.house.time_zone),
            name=hotel.house.name,
            language=hotel.house.language,
            version=self._config.version,
            demo=self._config.demo,
            reach=reach,
            throttle=Throttle(listening.limits),
            trust=anchor(listening.tls) if listening.tls else None,
            measures=self._measures,
        )
        app = departments.application(context, sessions, passwords, self._config.periods)
        for prefix, mounted in self._config.mounts:
            app.add_subapp(prefix, mounted)
        return app

    async def _serve(self, stack: AsyncExitStack, app: web.Application, tls: ServerContext | None) -> None:
        config, listening = self._config, self._config.listening
        host, port = await listen(stack, app, (config.http_host, config.http_port), tls)
        self.url = shown_url(host, port, secure=tls is not None)
        if tls is not None and listening.redirect_port is not None:
            lead = to_https(app[CONTEXT].reach, port)
            self.redirect_url = shown_url(
                *await listen(stack, lead, (config.http_host, listening.redirect_port), None), secure=False
            )
        warn_of_plain_http(self._health, config.http_host, listening)
        log.info("http_listening", url=self.url)

    async def _first_people(self, database: Database, actor: Actor, passwords: Passwords) -> None:
        if self._config.demo:
            await people.demo_people(database, actor, passwords, self._now())
            return
        token = await people.first_link(database, actor, self._now(), self._wall())
        if token is not None:
            base = self._config.listening.reach.public_url.rstrip("/") or self.url
            self.first_manager_link = f"{base}/first-manager?token={token}"

    async def _watch_the_door(self, sessions: Sessions) -> None:
        """Whether somebody guesses passwords: shown for a while after the last guess that was slowed."""
        while True:
            if sessions.pacing.attacked(self._wall().timestamp()):
                self._health.report("sign_in", "degraded", code="sign_in_attacked")
            else:
                self._health.report("sign_in", "ok")
            await asyncio.sleep(PROBE_S)

    async def _watch(self, database: Database, actor: Actor) -> None:
        while True:
            try:
                await database.probe()
                if database.failing is not None:
                    await database.prove(actor, self._now())
            except StorageFailed as error:
                self._health.report("database", "down", code="storage_failed", detail=str(error)[:200])
            else:
                keys = database.keyring.unreadable
                self._health.report("database", "degraded" if keys else "ok", code="wrong_field_keys" if keys else None)
            await asyncio.sleep(PROBE_S)
