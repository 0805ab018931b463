"""Every command of `innkeeper`. Exit codes: 0 done, 1 failed, 2 wrong input.

The simulators are imported by the commands that need them: a real hotel runs without their weight.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import structlog
import typer

from devices.clock import Clock
from edge import cli_audit, cli_backup, cli_bench, cli_broker, cli_care, cli_operate, cli_serve, cli_tls, cli_truth
from edge.broker import BrokerError, address_of
from edge.brokers.place import free_port, pages_port, ports_in_a_row
from edge.cli_explain import explain_room
from edge.cli_keys import card_key
from edge.cli_probe import probe
from edge.cli_reload import reload
from edge.configuration import Configuration, load_configuration
from edge.console import CONFIG, DATA, Config, Data, Json, answering, log_to_stderr, opened, say
from edge.secret_files import secret
from edge.service import ServicePlan, Started, running, serve, stopped_by_signals, version

if TYPE_CHECKING:
    from simulators.clerk import Clerk
    from simulators.day import Day
    from simulators.hotel import BrokerAddress

log = structlog.get_logger()

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="A hotel that watches itself.", rich_markup_mode=None
)
app.add_typer(cli_care.people, name="user")
app.add_typer(cli_audit.audit, name="audit")
app.add_typer(card_key, name="card-key")
app.add_typer(cli_tls.tls, name="tls")
app.add_typer(cli_broker.broker, name="broker")
for command in (cli_care.check, cli_care.migrate, cli_backup.backup, cli_backup.restore, cli_care.replay, probe):
    app.command()(command)
for service in (cli_serve.run, cli_serve.edge, cli_serve.pms):
    app.command()(service)
app.command()(reload)
app.command()(cli_truth.truth)
app.command()(cli_bench.bench)
app.command("explain")(explain_room)
cli_operate.add_to(app)

Speed = Annotated[float, typer.Option(min=0.01, max=10_000, help="Hotel seconds a second.")]
Seed = Annotated[int, typer.Option(help="Of everything that happens by chance.")]
DAYS_PLAYED = 7.0
BLANK, BY_HAND = "ntag213", "none"
Cards = Annotated[str, typer.Option(help=f"The kind of blank card that lies ready on each encoder, or {BY_HAND}.")]
PanelPort = Annotated[
    int | None,
    typer.Option("--panel", min=0, max=65_535, help="Of a page that moves cards and people; 0: any free one."),
]


@dataclass(frozen=True, slots=True)
class _Play:
    """What `simulate` was asked for. `blank` None: nobody touches the encoders; `panel` None: no page."""

    clock: Clock
    seed: int
    blank: str | None
    panel: int | None


@app.command()
def simulate(
    config: Config = CONFIG,
    data: Data = DATA,
    speed: Speed = 1.0,
    seed: Seed = 1,
    cards: Cards = BLANK,
    panel: PanelPort = None,
) -> None:
    """The devices of a configuration on the real wire."""
    from simulators.encoder.deck import KINDS

    if cards not in {*KINDS, BY_HAND}:
        raise typer.BadParameter(f"one of {', '.join([*KINDS, BY_HAND])}", param_hint="--cards")
    with answering():
        play = _Play(Clock(speed), seed, None if cards == BY_HAND else cards, panel)
        asyncio.run(_simulate(opened(config), data, play))


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of the pages; 0: any free one.")] = 8080,
    rooms: Annotated[int, typer.Option(min=1, max=2000)] = 24,
    speed: Speed = 1.0,
    seed: Seed = 1,
    data: Annotated[Path | None, typer.Option("--data", help="Kept after the end; temporary when absent.")] = None,
) -> None:
    """A whole simulated hotel on this machine. Nothing to install, listens on loopback only."""
    log_to_stderr("warning", "text")
    with answering(), contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="innkeeper-demo-")))
        asyncio.run(_demo(folder, pages_port(port), rooms, speed, seed))


@app.command()
def prove(
    seed: Seed = 1,
    minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="Of faults; start and end come on top.")] = 5.0,
    as_json: Json = False,
) -> None:
    """Everything goes wrong for simulated devices: is anything lost, duplicated, late or wrong?"""
    from simulators.prove import command

    log_to_stderr("error", "text")
    code, text = command.run(seed, minutes, say, as_json=as_json)
    if text:
        say(text)
    raise typer.Exit(code)


@app.command("version")
def show_version() -> None:
    """The release."""
    say(version())


async def _simulate(configuration: Configuration, data: Path, play: _Play) -> None:
    from simulators.hotel import SimulatedHotel
    from simulators.panel_server import panel_served

    stop = asyncio.Event()
    with stopped_by_signals(stop):
        broker = await _field_address(configuration, data)
        house = configuration.hotel.house.id
        hotel = SimulatedHotel(
            configuration.inventory, configuration.catalog, play.clock, play.seed, broker, data, house, play.blank
        )
        async with hotel, contextlib.AsyncExitStack() as stack:
            say(f"{len(hotel.devices)} devices on {len(hotel.lines)} lines, {len(hotel.encoders)} card encoders")
            if play.panel is not None:
                say(f"The panel that makes things happen: {await _paneled(stack, panel_served(hotel, play.panel))}")
            await stop.wait()


async def _paneled(stack: contextlib.AsyncExitStack, served: "contextlib.AbstractAsyncContextManager[str]") -> str:
    try:
        return await stack.enter_async_context(served)
    except OSError as error:
        raise BrokerError(f"the panel's port cannot be used ({error.strerror}): try --panel 0") from error


async def _field_address(configuration: Configuration, data: Path) -> "BrokerAddress":
    """The devices' own way to the broker; waits for a service that takes any free port."""
    from simulators.hotel import BrokerAddress

    while True:
        try:
            found = address_of(configuration.settings.broker, data, "field")
        except BrokerError as error:
            log.warning("simulate.waiting", why=str(error))
            await asyncio.sleep(1)
        else:
            return BrokerAddress(found.host, found.port, found.username, found.password)


async def _demo(folder: Path, port: int, rooms: int, speed: float, seed: int) -> None:
    from simulators.clerk import Clerk
    from simulators.day import Day, DayOptions
    from simulators.demo_config import modbus_lines, write_demo_config
    from simulators.forward import FastForward
    from simulators.hotel import BrokerAddress, SimulatedHotel
    from simulators.opening import morning, opening
    from simulators.panel import panel

    broker_port = free_port("127.0.0.1", 0)
    write_demo_config(folder / "config", rooms, port, broker_port, ports_in_a_row(modbus_lines(rooms)))
    configuration = load_configuration(folder / "config")
    data, zone = folder / "data", ZoneInfo(configuration.hotel.house.time_zone)
    clock = Clock(speed, morning(datetime.now(UTC), zone))
    address = BrokerAddress("127.0.0.1", broker_port, "field", secret(data, "broker_field"))
    house = configuration.hotel.house.id
    hotel = SimulatedHotel(configuration.inventory, configuration.catalog, clock, seed, address, data, house)
    url = f"http://127.0.0.1:{port}"
    desk, housekeeping = Clerk(url, "frontdesk", "demo"), Clerk(url, "housekeeping", "demo")
    day = Day(hotel, desk, clock, seed, DayOptions(zone=zone), housekeeping)
    forward = FastForward(clock, hotel.timers)
    mounts = (("/demo/", panel(hotel, forward, day)),)
    plan = ServicePlan(configuration, data, clock, demo=True, simulated_time=True, mounts=mounts)
    stop, open_ = asyncio.Event(), asyncio.Event()

    def started(_: Started) -> None:
        say(f"A whole hotel: {url}   (the panel that makes things happen: {url}/demo/)")
        say("People: manager, frontdesk, housekeeping, maintenance; password: demo. Ctrl-C ends it.")
        open_.set()

    with stopped_by_signals(stop):
        played = running(_play(day, (desk, housekeeping), open_), "day")
        begun = running(_after(open_, opening(hotel, forward, seed)), "opening")
        async with hotel, played, begun:  # the devices are there before the lines look for them
            await serve(plan, started, stop)


async def _play(day: "Day", clerks: "tuple[Clerk, ...]", open_: asyncio.Event) -> None:
    await open_.wait()
    async with contextlib.AsyncExitStack() as stack:
        for clerk in clerks:
            await stack.enter_async_context(clerk)
        while True:
            await day.run(DAYS_PLAYED)


async def _after(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    try:
        await event.wait()
    except asyncio.CancelledError:
        work.close()
        raise
    await work
