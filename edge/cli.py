"""The `innkeeper` command. Exit codes: 0 done, 1 failed, 2 wrong input.

The simulators are imported by the commands that need them: a real hotel runs without their weight.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import structlog
import typer

from devices.clock import Clock
from edge import cli_care, cli_tls
from edge.broker import BrokerError, address_of
from edge.brokers.place import free_port
from edge.configuration import Configuration, load_configuration
from edge.console import CONFIG, DATA, FAILED, WRONG_INPUT, Config, Data, Json, answering, log_to_stderr, opened, say
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
app.add_typer(cli_tls.tls, name="tls")
for command in (cli_care.check, cli_care.migrate, cli_care.backup, cli_care.restore, cli_care.replay):
    app.command()(command)

Speed = Annotated[float, typer.Option(min=0.01, max=10_000, help="Hotel seconds a second.")]
Seed = Annotated[int, typer.Option(help="Of everything that happens by chance.")]
DAYS_PLAYED = 7.0


@app.command()
def run(config: Config = CONFIG, data: Data = DATA) -> None:
    """Edge, PMS and pages in one process."""
    _serve(config, data, edge=True, pms=True)


@app.command()
def edge(config: Config = CONFIG, data: Data = DATA) -> None:
    """The half in the hotel: broker, devices, rooms."""
    _serve(config, data, edge=True, pms=False)


@app.command()
def pms(config: Config = CONFIG, data: Data = DATA) -> None:
    """The other half: books and pages. [link] url names the broker where it is not on this machine."""
    _serve(config, data, edge=False, pms=True)


@app.command()
def simulate(config: Config = CONFIG, data: Data = DATA, speed: Speed = 1.0, seed: Seed = 1) -> None:
    """The devices of a configuration on the real wire."""
    with answering():
        asyncio.run(_simulate(opened(config), data, Clock(speed), seed))


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
        asyncio.run(_demo(folder, _pages_port(port), rooms, speed, seed))


@app.command()
def bench(name: Annotated[str, typer.Argument(help="all, or one of them.")] = "all", as_json: Json = False) -> None:
    """Measure, each figure beside its raw baseline in the same run."""
    from simulators.bench import run as measuring

    try:
        text, met = measuring.run(name, as_json)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_INPUT) from None
    say(text)
    if not met:
        raise typer.Exit(FAILED)


@app.command("version")
def show_version() -> None:
    """The release."""
    say(version())


def _serve(config: Path, data: Path, *, edge: bool, pms: bool) -> None:
    with answering():
        plan = ServicePlan(opened(config), data, edge=edge, pms=pms)
        asyncio.run(_until_stopped(plan))


async def _until_stopped(plan: ServicePlan) -> None:
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        await serve(plan, _announce, stop)


def _announce(started: Started) -> None:
    if started.pms is None:
        say("the edge runs")
        return
    say(f"Innkeeper: {started.pms.url}")
    if started.pms.first_manager_link:
        say(f"Nobody may sign in yet. Make the first manager (once, within 24 h): {started.pms.first_manager_link}")


async def _simulate(configuration: Configuration, data: Path, clock: Clock, seed: int) -> None:
    from simulators.hotel import SimulatedHotel

    stop = asyncio.Event()
    with stopped_by_signals(stop):
        broker = await _field_address(configuration, data)
        hotel = SimulatedHotel(configuration.inventory, configuration.catalog, clock, seed, broker, data)
        async with hotel:
            say(f"{len(hotel.devices)} devices on {len(hotel.lines)} lines")
            await stop.wait()


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
    write_demo_config(folder / "config", rooms, port, broker_port, _ports_in_a_row(modbus_lines(rooms)))
    configuration = load_configuration(folder / "config")
    data, zone = folder / "data", ZoneInfo(configuration.hotel.house.time_zone)
    clock = Clock(speed, morning(datetime.now(UTC), zone))
    address = BrokerAddress("127.0.0.1", broker_port, "field", secret(data, "broker_field"))
    hotel = SimulatedHotel(configuration.inventory, configuration.catalog, clock, seed, address, data)
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


def _pages_port(port: int) -> int:
    try:
        return free_port("127.0.0.1", port)
    except OSError as error:
        raise BrokerError(
            f"port {port} cannot be used ({error.strerror}): try --port {port + 1}, or --port 0"
        ) from None


def _ports_in_a_row(count: int) -> int:
    """The first of so many free ports, one after the other."""
    for first in range(5020, 65_000 - count):
        with contextlib.suppress(OSError):
            for port in range(first, first + count):
                free_port("127.0.0.1", port)
            return first
    raise BrokerError("no free ports for the simulated Modbus lines")


def main() -> None:
    """The program."""
    app()


if __name__ == "__main__":
    main()
