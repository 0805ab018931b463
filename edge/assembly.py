"""The edge put together: journal, rooms, lines and link. The broker it stands on is given."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from devices.clock import Clock
from devices.inventory import Inventory
from devices.inventory_diff import Stock
from devices.model import CommandResult, LineStatus
from edge.board.picture import Sources
from edge.broker import Broker, address_of
from edge.candidates import Candidates, Hotel
from edge.card_key import CardKeyState, needs_card_key, open_card_key
from edge.configuration import Configuration, over_own_broker, with_broker
from edge.health import HealthReport, Parts
from edge.home_assistant.opening import health_part, open_output
from edge.house import House, Plan
from edge.hub import Hub
from edge.journal import Journal
from edge.journal_file import JOURNAL
from edge.journal_onboarding import StoredChange
from edge.key_jobs import KeyJobs
from edge.line_quality import LineQuality
from edge.lock_floors import LockFloors
from edge.naming import NamingRules
from edge.onboarding import Onboarding
from edge.orders import Orders
from edge.pms_link import EdgeInbox, EdgeOutbox, Takers
from edge.recovery import parameters, recover, told_facts, told_property
from edge.reload_call import ReloadCalls
from edge.reloading import Reloading, Surroundings
from edge.retention import JournalLimits
from edge.secret_files import secret, secret_path
from edge.setbacks import Setbacks
from edge.settings import Settings
from edge.sightings import Sightings
from edge.switching import Parts as Members
from edge.url import BrokerUrl
from edge.watch import Watch
from gateway.discovery import Discovery, Field
from gateway.gateway import Gateway, Home
from gateway.ports import CardSettings, GatewayPorts
from pms.link.down import PropertyBody, RoomFactsBody
from pms.link.inventory_messages import CandidatesBody
from pms.link.link import Link
from pms.link.transport import LinkSettings

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from edge.metrics.server import Lag

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EdgePlan:
    """What the edge runs on. `follow_wall`: its clock is the wall's."""

    configuration: Configuration
    data: Path
    clock: Clock
    follow_wall: bool = True


def link_settings(settings: Settings, data: Path) -> LinkSettings:
    """Where edge and PMS meet: the link's own broker, or the one of the hotel."""
    if settings.link.url:
        url = BrokerUrl.parse(settings.link.url)
        name = url.username or "innkeeper"
        password = url.password or os.environ.get("INNKEEPER_LINK_PASSWORD")
        if password is None and secret_path(data, f"broker_{name}").exists():
            password = secret(data, f"broker_{name}")
        return LinkSettings(url.host, url.port, name if password else url.username, password, url.tls)
    own = address_of(settings.broker, data, "innkeeper")
    return LinkSettings(own.host, own.port, own.username, own.password, own.tls)


class Edge:
    """The edge without its broker. Make one with `edge_opened`, then give `run()` a task."""

    def __init__(self, plan: EdgePlan, broker: Broker, journal: Journal, card_key: CardKeyState) -> None:
        configuration, clock, catalog = plan.configuration, plan.clock, plan.configuration.catalog
        self._plan, self._broker = plan, broker
        self._property = told_property(journal.loaded)
        self.inventory = inventory = with_broker(configuration, broker.address("innkeeper"), plan.data)
        self._house = House(self._house_plan())
        self._house.restore(journal.loaded.rooms)
        self.hub = hub = Hub(self._house, journal, clock, self._published)
        self.keys = KeyJobs(hub, card_key.unable)
        self.locks = LockFloors(hub, inventory, catalog)
        self.orders = Orders(hub, inventory, catalog)
        self.setbacks = Setbacks(hub, configuration.settings.energy, self.orders.send, lambda: self._name_and_zone()[1])
        self.setbacks.change(inventory, catalog)
        self.gateway = Gateway(inventory, catalog, clock, self._ports(), self._home(journal, card_key))
        self.sightings = Sightings(journal, self.gateway.memories)
        self.quality = LineQuality(hub, lambda: self.gateway.status().devices)
        hub.field = self.keys.encoders = self.gateway
        self.outbox = EdgeOutbox(journal, hub, self._wake)
        takers = Takers(self.orders, self.keys, self._property_changed, self._facts_changed, self._inventory_changed)
        ends = (self.outbox, EdgeInbox(journal, hub, takers))
        meeting = link_settings(configuration.settings, plan.data)
        self.link = Link("up", configuration.hotel.house.id, meeting, ends, clock.now)
        self.watch = self._watch()
        own = over_own_broker(configuration.inventory)
        watched = (hub, self.gateway, broker, self.link, self.watch, inventory, own, card_key)
        self.health = HealthReport(Parts(*watched, self.locks.behind, self.orders.taken_by), self.link.tell)
        beside = Field(self.gateway.mqtt_lines, self._configured, (configuration.settings.home_assistant.topic,))
        self.discovery = Discovery(beside, clock, self._listened())
        self.candidates = Candidates(self.discovery, self._hotel, clock, self._tell_candidates, plan.data)
        self.home_assistant = open_output(configuration, plan.data, hub)
        if self.home_assistant is not None:
            self.home_assistant.told = self._home_assistant_changed
        recover(hub, inventory, catalog, journal.loaded)
        self.reloading = self._reloading(card_key)
        self.onboarding = Onboarding(hub, self.reloading)
        self.reload_calls = ReloadCalls(plan.data, self.reloading.reload)
        for body in told_facts(journal.loaded):
            self._facts_changed(body)
        if self._property is not None:
            self.setbacks.house(self._property)

    def _reloading(self, card_key: CardKeyState) -> Reloading:
        members = Members(
            self.hub, self.gateway, self.orders, (self.locks, self.setbacks), self.health, self.home_assistant
        )
        around = Surroundings(
            stock=lambda found: Stock(
                with_broker(found, self._broker.address("innkeeper"), self._plan.data), found.catalog
            ),
            adopted=self._adopt,
            first_card_device=lambda found: not card_key.needed and needs_card_key(found.inventory, found.catalog),
        )
        return Reloading(self._plan.configuration, members, around)

    def _adopt(self, configuration: Configuration, inventory: Inventory) -> None:
        self._plan, self.inventory = replace(self._plan, configuration=configuration), inventory

    def _facts_changed(self, body: RoomFactsBody) -> None:
        self.locks.learn(body)
        self.setbacks.learn(body)

    def _inventory_changed(self, change: StoredChange) -> None:
        self.onboarding.begin(change)

    def _ports(self) -> GatewayPorts:
        hub, keys = self.hub, self.keys
        return GatewayPorts(
            take=hub.take,
            line_changed=hub.line_changed,
            device_health=hub.device_health,
            command_done=self._command_done,
            command_sending=self.orders.sending,
            command_acknowledged=self.orders.acknowledged,
            card_progress=keys.progress,
            card_done=keys.done,
        )

    def _home(self, journal: Journal, card_key: CardKeyState) -> Home:
        configuration = self._plan.configuration
        classic = configuration.settings.cards.mifare_classic
        cards = CardSettings(card_key.keys, classic) if card_key.keys is not None else None
        return Home(configuration.hotel.house.id, self._plan.data, cards, journal.loaded.devices)

    def _listened(self) -> tuple[str, ...]:
        """What discovery listens to; nothing when it is switched off."""
        wanted = self._plan.configuration.settings.onboarding
        return wanted.listen if wanted.discover else ()

    def _hotel(self) -> Hotel:
        configuration = self._plan.configuration
        rooms = frozenset(number for number in self._house.rooms if number)
        rules = NamingRules(configuration.settings.onboarding.names)
        return Hotel(self.inventory, rooms, configuration.catalog, rules, frozenset(self.onboarding.ignored))

    def _configured(self, line: str) -> list[str]:
        return [device.address for device in self.inventory.on(line)]

    def _tell_candidates(self, body: CandidatesBody) -> None:
        self.link.tell("candidates", body.model_dump_json().encode())

    def _watch(self) -> Watch:
        plan, low = self._plan, self._plan.configuration.settings.journal.disk_low_mb
        watch = Watch(self.hub, plan.data, low, self._refresh, follow_wall=plan.follow_wall)
        watch.peer_ahead = lambda: self.link.status().peer_ahead
        self.orders.clock_is_wrong = lambda: watch.clock_is_wrong
        return watch

    def _home_assistant_changed(self, status: LineStatus) -> None:
        self.health.others["home_assistant"] = health_part(status)

    def _command_done(self, result: CommandResult) -> None:
        if not self.locks.ended(result):
            self.orders.ended(result)

    async def run(self) -> None:
        """Run until cancelled: the lines stop first, the hub commits what they brought, last.

        Raises:
            DiskError (in a group): the process has to end.
        """
        async with asyncio.TaskGroup() as last:
            hub = last.create_task(self.hub.run(), name="hub")
            self.orders.recover()
            self.keys.recover()
            self.onboarding.recover()
            try:
                async with asyncio.TaskGroup() as first:
                    parts = (self.gateway, self.link, self.watch, self.health, self.locks, self.sightings)
                    for part in (*parts, self.onboarding, self.quality, self.setbacks):
                        first.create_task(part.run(), name=type(part).__name__.lower())
                    if self._listened():
                        first.create_task(self.discovery.run(), name="discovery")
                        first.create_task(self.candidates.run(), name="candidates")
                    if self.home_assistant is not None:
                        first.create_task(self.home_assistant.run(), name="home-assistant")
            finally:
                hub.cancel()

    def collectors(self, lag: "Lag") -> "tuple[Collector, ...]":
        """What this half has to tell Prometheus, measured from now on."""
        from edge.metrics.figures import EdgeFigures, EdgeSources
        from edge.metrics.timings import Timings

        self.hub.timings = timings = Timings()
        sources = EdgeSources(self.health.body, self.link.status, self.hub.conditions.kinds, lag.taken)
        return EdgeFigures(sources), timings.registry

    def board_sources(self) -> Sources:
        """For the board of an edge that is alone."""
        return Sources(self.hub, self._broker, self.link.status, lambda: self.health.owed, self._name_and_zone)

    def _name_and_zone(self) -> tuple[str, str]:
        house, told = self._plan.configuration.hotel.house, self._property
        return (house.name, house.time_zone) if told is None else (told.name, told.time_zone)

    def _house_plan(self) -> Plan:
        configuration, told = self._plan.configuration, self._property
        timers = dict(configuration.hotel.timers) if told is None else told.timers
        zone = configuration.hotel.house.time_zone if told is None else told.time_zone
        numbers = configuration.hotel.rooms if told is None else {str(room["number"]) for room in told.rooms}
        limits = parameters({**configuration.settings.timers, **timers}, zone, self._plan.clock.now())
        return Plan(configuration.inventory, configuration.catalog, frozenset(numbers), limits)

    def _property_changed(self, body: PropertyBody) -> None:
        self._property = body
        self.setbacks.house(body)
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
async def edge_opened(plan: EdgePlan, broker: Broker) -> AsyncIterator[Edge]:
    """The edge over its journal.

    Raises:
        JournalDamagedError: the journal cannot be trusted; restore a backup.
    """
    configuration = plan.configuration
    settings = configuration.settings
    kept = settings.journal
    limits = JournalLimits(kept.messages, kept.days, settings.periods, kept.megabytes)
    journal = await Journal.open(plan.data / JOURNAL, limits)
    try:
        card_key = CardKeyState()
        if needs_card_key(configuration.inventory, configuration.catalog):
            card_key = await open_card_key(plan.data, journal, configuration.hotel.house.id)
        edge = Edge(plan, broker, journal, card_key)
        journal.taken_up()
        yield edge
    finally:
        await journal.close()
