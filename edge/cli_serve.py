"""`innkeeper run | edge | pms`: what stays in memory for years, so without the weight of the other commands."""

import asyncio
from pathlib import Path

import typer

from edge.console import CONFIG, DATA, Config, Data, answering, opened, say
from edge.service import ServicePlan, Started, serve, stopped_by_signals

app = typer.Typer(add_completion=False, rich_markup_mode=None)


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
        if started.board is not None:
            say(f"Rooms and alarms: {started.board.link or 'its port is taken; it is tried again'}")
        return
    say(f"Innkeeper: {started.pms.url}")
    if started.pms.first_manager_link:
        say(f"Nobody may sign in yet. Make the first manager (once, within 24 h): {started.pms.first_manager_link}")
