"""A small web server beside the pages: a port that is taken keeps nobody from working, it is tried again."""

import asyncio
from collections.abc import Callable

import structlog
from aiohttp import web

log = structlog.get_logger()

RETRY_SECONDS = 10.0


class SmallServer:
    """Give it a task: `await server.run()`. `name` is what the log calls it; `port` None: it does not listen."""

    def __init__(self, name: str, address: tuple[str, int], application: Callable[[], web.Application]) -> None:
        self._name = name
        self._address = address
        self._application = application
        self._tried = asyncio.Event()
        self.port: int | None = None

    async def tried(self) -> None:
        """Wait until it listens, or could not the first time."""
        await self._tried.wait()

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            runner = web.AppRunner(self._application(), access_log=None)  # an address may carry a token
            await runner.setup()
            try:
                await self._listen(runner)
            finally:
                self.port = None
                await runner.cleanup()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, runner: web.AppRunner) -> None:
        host, port = self._address
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            level = log.debug if self._tried.is_set() else log.warning
            level(f"{self._name}.not_open", host=host, port=port, error=str(error))
            self._tried.set()
            return
        if self._tried.is_set():
            log.info(f"{self._name}.open", host=host, port=port)
        self.port = int(runner.addresses[0][1])
        self._tried.set()
        await asyncio.Event().wait()
