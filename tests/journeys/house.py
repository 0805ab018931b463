"""Whole processes over one configuration and one data folder, looked at from outside as a user would."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt

from tests.servers import a_free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
PASSWORD = "a long password for tests"


@dataclass
class House:
    """`config/example` on free ports. Every process is ended by `end()`."""

    folder: Path
    http: int = field(default_factory=a_free_port)
    mqtt: int = field(default_factory=a_free_port)
    modbus: int = field(default_factory=a_free_port)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None
    _token: str = ""

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "config" / "example", self.config)
        self.replace("service.toml", {"port = 8080": f"port = {self.http}", "port = 1883": f"port = {self.mqtt}"})
        self.replace("devices.toml", {"port = 5020": f"port = {self.modbus}"})

    @property
    def config(self) -> Path:
        """The folder of the files."""
        return self.folder / "config"

    @property
    def data(self) -> Path:
        """The folder of databases and secrets."""
        return self.folder / "data"

    @property
    def session(self) -> aiohttp.ClientSession:
        """For calls of the API."""
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def replace(self, name: str, changes: dict[str, str]) -> None:
        """Change a file of the configuration."""
        path = self.config / name
        text = path.read_text()
        for old, new in changes.items():
            assert old in text, f"{old!r} is not in {name}"
            text = text.replace(old, new, 1)
        path.write_text(text)

    async def start(self, command: str, data: Path | None = None) -> asyncio.subprocess.Process:
        """Start `innkeeper COMMAND` (over another data folder); its output goes to a file."""
        words = self._words(command, data=data)
        with (self.folder / f"{command}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(*words, stdout=log, stderr=log, cwd=self.folder)
        self.processes[command] = process
        return process

    async def call(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Run a command to its end: exit code, output, errors."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._words(*words), stdin=pipe, stdout=pipe, stderr=pipe, cwd=self.folder
        )
        out, err = await process.communicate(stdin.encode())
        return process.returncode or 0, out.decode(), err.decode()

    async def kill(self, command: str) -> None:
        """kill -9."""
        process = self.processes.pop(command)
        process.kill()
        await process.wait()

    async def stop(self, command: str) -> int:
        """SIGTERM; the exit code."""
        process = self.processes.pop(command)
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(process.wait(), 30)

    async def end(self) -> None:
        """End everything."""
        if self._session is not None:
            await self._session.close()
        for command in list(self.processes):
            await self.stop(command)
        if (pid := self.broker_pid()) is not None:
            await until(lambda: not Path(f"/proc/{pid}").exists())

    def broker_pid(self) -> int | None:
        """The process id of the service's own broker."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.data / "broker" / "pid").read_text())
        return None

    def log(self, command: str) -> str:
        """What a process has said."""
        return (self.folder / f"{command}.log").read_text()

    def _words(self, *words: str, data: Path | None = None) -> list[str]:
        where = ["--config", str(self.config), "--data", str(data or self.data)]
        return [sys.executable, "-m", "edge.cli", *words, *where]

    # what users see

    async def health(self) -> tuple[int, str]:
        """The answer of /healthz; 0 when nobody answers."""
        try:
            async with self.session.get(f"http://127.0.0.1:{self.http}/healthz") as response:
                return response.status, await response.text()
        except aiohttp.ClientError:
            return 0, ""

    async def healthy(self) -> None:
        """Wait for 200."""

        async def good() -> bool:
            return (await self.health())[0] == 200

        try:
            await until(good, 40, 0.1)
        except AssertionError:
            logs = [f"{path.name}:\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log")]
            raise AssertionError("\n".join([*logs, str(await self.health())])) from None

    async def manager(self) -> None:
        """Make a manager and sign in."""
        code, _, errors = await self.call(
            "user", "add", "boss", "--role", "manager", "--password-stdin", stdin=PASSWORD
        )
        assert code == 0, errors
        await self.sign_in()

    async def sign_in(self) -> None:
        """As the manager."""
        answer = await self.api("POST", "session", {"username": "boss", "password": PASSWORD})
        self._token = answer["token"]

    async def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call; AssertionError when it is refused."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        url = f"http://127.0.0.1:{self.http}/api/v1/{path}"
        async with self.session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 400, f"{response.status} {text}"
            answer: dict[str, Any] = json.loads(text) if text else {}
            return answer

    async def room(self, number: str) -> dict[str, Any]:
        """A room as the API shows it."""
        return await self.api("GET", f"rooms/{number}")

    async def door(self, number: str, state: str) -> None:
        """Wait until the PMS shows this door state."""

        async def shown() -> bool:
            return bool((await self.room(number))["door"]["state"] == state)

        await until(shown, 20, 0.05)

    async def alerts(self, **wanted: object) -> list[dict[str, Any]]:
        """Open alerts with these values."""
        items = (await self.api("GET", "alerts"))["items"]
        return [item for item in items if all(item[key] == value for key, value in wanted.items())]

    # the wire

    @contextlib.asynccontextmanager
    async def field(self) -> AsyncIterator[aiomqtt.Client]:
        """A connection with the devices' own user."""
        password = (self.data / "secrets" / "broker_field").read_text()
        async with aiomqtt.Client("127.0.0.1", self.mqtt, username="field", password=password) as client:
            yield client

    def rows(self, sql: str, database: str = "journal.db") -> list[tuple[Any, ...]]:
        """Rows of a database of the folder."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data / database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()


@contextlib.asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """A hotel that is ended at the end."""
    made = House(folder)
    try:
        yield made
    finally:
        await made.end()


def kill_9(pid: int | None) -> None:
    """Kill a process that is not our child."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
