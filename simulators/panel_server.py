"""The panel on a server of its own, where no pages of the product carry it: on loopback, for `simulate --panel`."""

import contextlib
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from simulators.forward import FastForward
from simulators.hotel import SimulatedHotel
from simulators.panel import panel

HOST = "127.0.0.1"
LOOK = Path(str(files("pms"))) / "web" / "static"
"""The product's style sheet and icon, as files."""


@contextlib.asynccontextmanager
async def panel_served(hotel: SimulatedHotel, port: int) -> AsyncIterator[str]:
    """Its address while it is there; port 0: any free one. Raises OSError: the port is taken."""
    app = web.Application()
    app.router.add_static("/static/", LOOK)
    app.add_subapp("/demo/", panel(hotel, FastForward(hotel.clock, hotel.timers)))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield f"http://{HOST}:{runner.addresses[0][1]}/demo/"
    finally:
        await runner.cleanup()
