"""Real servers of the tests' own, on loopback and free ports."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from pms.schema import migrate
from tests import parts

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SHARE = 2_000
_ports = itertools.cycle(range(FIRST := 12_000 + WORKER % 10 * SHARE, FIRST + SHARE))


def a_free_port() -> int:
    """A TCP port on loopback that nobody listens on now, and nobody takes while its server is being killed.

    It is below those the system gives to outgoing connections (32 768 and up), and no other worker's.
    """
    for port in itertools.islice(_ports, SHARE):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def wait_for_port(port: int, timeout: float = 10.0) -> None:
    """Return when something listens on `port`; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        assert time.monotonic() < deadline, f"nothing listens on port {port}"
        time.sleep(0.01)


@dataclass
class RealBroker:
    """A Mosquitto; `kill()` is kill -9, `start()` brings it back on the same port and store."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nautosave_interval 1\nset_tcp_nodelay true\n"
            "max_queued_messages 100000\nuser root\n"
        )
        self.start_with(config)

    def start_with(self, config: Path) -> None:
        """Start it over a configuration of the test's own."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([parts.find("mosquitto"), "-c", str(config)], stdout=log, stderr=log)
        wait_for_port(self.port)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None


MIGRATED = "migrated"


class RealPostgres:
    """A PostgreSQL cluster in a temporary folder; each test gets a database of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="innkeeper-pg-"))
        self.programs = Path(parts.find("postgresql"))
        self._migrated = False

    def _run(self, program: str, *words: str) -> None:
        """initdb and the server refuse root: their programs run as the user postgres then."""
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if not os.geteuid() else []
        words = (str(self.programs / program), "-D", str(self.folder / "data"), *words)
        subprocess.run([*become, *words], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        if not os.geteuid():
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-U", "test", "-A", "trust", "-E", "UTF8")
        sockets = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        settings = f"-p {self.port} {sockets} -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-w", "-o", settings, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """URL (for SQLAlchemy) of a new, empty database that is dropped at the end."""
        name = f"t{time.monotonic_ns()}"
        await self._as_admin(f"CREATE DATABASE {name}")
        yield self._url(name)
        await self._as_admin(f"DROP DATABASE {name} WITH (FORCE)")

    async def migrate(self, url: str) -> None:
        """Make the empty database of `database()` one with all tables: a copy of one that was migrated once."""
        if not self._migrated:
            await self._as_admin(f"CREATE DATABASE {MIGRATED}")
            await migrate(self._url(MIGRATED))
            self._migrated = True
        name = url.rpartition("/")[2]
        await self._as_admin(f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")

    def _url(self, name: str) -> str:
        return f"postgresql+asyncpg://test@127.0.0.1:{self.port}/{name}"

    async def _as_admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(f"postgresql://test@127.0.0.1:{self.port}/postgres")
        for statement in statements:
            await connection.execute(statement)
        await connection.close()
