"""The MQTT broker of this hotel: started and watched here, or somebody else's at a URL."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from edge.broker_settings import BrokerTable
from edge.brokers import guard
from edge.brokers.certificate import certificate_files, ensure_certificate
from edge.brokers.mosquitto import Limits, Listeners, find_mosquitto, write_configuration
from edge.brokers.passwords import write_all_users
from edge.brokers.place import end_leftover, free_port, reachable
from edge.brokers.renewal import Renewal
from edge.brokers.trouble import BrokerError
from edge.secret_files import secret
from edge.url import BrokerUrl

log = structlog.get_logger()

START_SECONDS, HEEDS_WITHIN_SECONDS = 15.0, 2.0
STOP_SECONDS = 10.0
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.2, 10.0

__all__ = ["Broker", "BrokerAddress", "BrokerError", "BrokerStatus", "address_of"]

PORT_TAKEN = (
    "port {port} on {host} cannot be used for the broker ({why}). Another broker may run there: use it "
    '([broker] mode = "url", url = "mqtt://..."), or set another [broker] port in service.toml'
)
NEEDS_MOSQUITTO = "device_port and tls_port need Mosquitto: apt-get install mosquitto"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a user of the broker connects, and as whom."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool = False


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """How the broker is. `mode`: mosquitto, embedded or url; `code` why it is down: died, not_started."""

    mode: str
    up: bool
    since: datetime
    code: str | None = None
    detail: str = ""


def address_of(settings: BrokerTable, data: Path, user: str) -> BrokerAddress:
    """Where `user` ("innkeeper" or "field") connects. For url: as whom the URL says, else with that user's secret."""
    if settings.mode != "url":
        port = settings.port or _noted_port(data)
        return BrokerAddress(settings.host, port, user, secret(data, f"broker_{user}"))
    url = BrokerUrl.parse(settings.url)
    name = url.username or user
    password = url.password or os.environ.get("INNKEEPER_BROKER_PASSWORD")
    if password is None and (data / "secrets" / f"broker_{name}").exists():
        password = secret(data, f"broker_{name}")
    return BrokerAddress(url.host, url.port, name if password is not None else url.username, password, url.tls)


class Broker:
    """`async with Broker(...)`: it listens. Give `run()` a task: a death is said in `status` and mended."""

    def __init__(self, settings: BrokerTable, data: Path, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._data = data
        self._folder = data / "broker"
        self._now = now
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._said: deque[str] = deque(maxlen=20)
        self._port = settings.port
        self.device_port = settings.device_port
        self.tls_port = settings.tls_port
        self.mode = settings.mode if settings.mode != "auto" else _best()
        self.restarts = 0
        self.status = BrokerStatus(self.mode, up=False, since=now(), code="not_started")

    def address(self, user: str) -> BrokerAddress:
        """Where `user` connects."""
        return address_of(self._settings, self._data, user)

    async def __aenter__(self) -> Self:
        """Start it (unless it is somebody else's) and wait until it listens.

        Raises:
            BrokerError: it cannot be started; says why and what to do.
        """
        if self.mode == "url":
            self._tell(up=True)
            return self
        await asyncio.to_thread(end_leftover, self._folder)
        if self._settings.for_devices and self.mode != "mosquitto":
            raise BrokerError(NEEDS_MOSQUITTO)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_ports()
        try:
            await self._start()
        except BrokerError:
            await self._stop()
            raise
        return self

    def _take_ports(self) -> None:
        settings = self._settings
        self._port = _taken(settings.host, self._port, self._folder / "port")
        if self.device_port is not None:
            self.device_port = _taken(settings.device_host, self.device_port, self._folder / "device_port")
        if self.tls_port is not None:
            self.tls_port = _taken(settings.device_host, self.tls_port, self._folder / "tls_port")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; what it holds for absent clients is written first."""
        await self._stop()

    async def run(self) -> None:
        """Watch it until cancelled, start it again when it dies, and renew its certificate in time."""
        if self.mode == "url":
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_running(), name="broker-watch")
            if self.tls_port is not None:
                tasks.create_task(Renewal(self._settings, self._data, self._now).run(), name="broker-certificate")

    async def _keep_running(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            if self._process is not None:
                code = await self._process.wait()
                await self._forget()
                self._tell(up=False, code="died", detail=self._last_words() or f"exit {code}")
                log.error("broker.died", exit=code, said=self._last_words())
            await asyncio.sleep(backoff)
            try:
                await self._start()
            except BrokerError as error:
                await self._stop()
                self._tell(up=False, code="not_started", detail=str(error))
                log.debug("broker.not_started", error=str(error))
                backoff = min(backoff * 2, LAST_BACKOFF_SECONDS)
            else:
                backoff = FIRST_BACKOFF_SECONDS
                self.restarts += 1
                log.info("broker.started_again", restarts=self.restarts)

    async def _start(self) -> None:
        command = await asyncio.to_thread(self._command)  # names of this machine are looked up, files written
        self._said.clear()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at the console is for us; we end it in our own time
        )
        (self._folder / "pid").write_text(str(self._process.pid))
        self._reader = asyncio.create_task(self._listen(self._process), name="broker-output")
        await self._wait_for_port(self._process)
        self._tell(up=True)

    def _command(self) -> list[str]:
        settings = self._settings
        parent = str(os.getpid())
        if self.mode == "embedded":
            module = ["-m", "edge.brokers.embedded", parent]
            return [sys.executable, *module, settings.host, str(self._port), str(self._data.absolute())]
        program = find_mosquitto()
        if program is None:
            raise BrokerError('Mosquitto is not installed: apt-get install mosquitto, or [broker] mode = "embedded"')
        limits = Limits(settings.max_queued_messages, settings.message_size_limit, settings.device_connections)
        write_all_users(self._data)
        written = write_configuration(self._folder.absolute(), self._listeners(), limits)
        return [sys.executable, "-I", "-S", str(guard.__file__), parent, program, "-c", str(written)]

    def _listeners(self) -> Listeners:
        settings, certificate = self._settings, None
        if self.tls_port is not None:
            ensure_certificate(settings, self._data, self._now())
            files = certificate_files(settings, self._data)
            certificate = files.certificate, files.key
        host, devices = settings.device_host, (self.device_port, self.tls_port)
        return Listeners(settings.host, self._port, host, *devices, certificate)

    async def _wait_for_port(self, process: asyncio.subprocess.Process) -> None:
        host = reachable(self._settings.host)
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(host, self._port)
                writer.write_eof()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEEDS_WITHIN_SECONDS):
                        await reader.read()  # closed by a broker at work; before that, SIGHUP would end it
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                return
            await asyncio.sleep(0.02)
        raise BrokerError(f"the broker ({self.mode}) does not listen on port {self._port}: {self._last_words()}")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None  # noqa: S101 - asked for above
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").strip()
            self._said.append(text)
            log.debug("broker.said", text=text)

    async def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await self._forget()
        self._tell(up=False, code="stopped")

    async def _forget(self) -> None:
        if self._reader is not None:
            await self._reader
        self._process = self._reader = None
        (self._folder / "pid").unlink(missing_ok=True)

    def _last_words(self) -> str:
        return " / ".join(list(self._said)[-3:])

    def _tell(self, *, up: bool, code: str | None = None, detail: str = "") -> None:
        self.status = BrokerStatus(self.mode, up, self._now(), code, detail)


def _best() -> str:
    return "mosquitto" if find_mosquitto() else "embedded"


def _taken(host: str, port: int, note: Path) -> int:
    """The port when it is free (0: any), noted for who connects. Raises BrokerError."""
    try:
        found = free_port(host, port)
    except OSError as error:
        raise BrokerError(PORT_TAKEN.format(port=port, host=host, why=error.strerror)) from error
    note.write_text(str(found))
    return found


def _noted_port(data: Path) -> int:
    """The port that a running service took when any would do."""
    try:
        return int((data / "broker" / "port").read_text())
    except (OSError, ValueError):
        raise BrokerError("[broker] port is 0 and no service has started a broker in this folder yet") from None
