"""The hotel under proof: edge and PMS as processes of their own, started, killed and started again."""

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from simulators.bench.product import free_port
from simulators.mqtt import BrokerAddress
from simulators.prove.clocked import VARIABLE
from simulators.prove.fleet import LEAKS_A_ROOM, ROOMS
from simulators.prove.units import PROFILE_ID, QUIET_S, profile

PRODUCT = "edge.cli"
PERSON, PASSWORD = "prover", "a long password, for the proof alone"
START_S, STOP_S = 90.0, 20.0


class ProofError(Exception):
    """The proof itself cannot go on: the hotel does not start, or does not come back."""


def hotel_toml() -> str:
    """Eight rooms on one floor."""
    head = '[property]\nid = "proof"\nname = "Proof"\ntime_zone = "UTC"\nlanguage = "en"\ncurrency = "EUR"\n'
    head += '[[floor]]\nid = "1"\nname = "1"\n[[room_type]]\ncode = "STD"\nname = "Standard"\ncapacity = 2\n'
    return head + "".join(f'[[room]]\nnumber = "{room}"\ntype = "STD"\nfloor = "1"\n' for room in ROOMS)


def devices_toml(modbus_port: int | None) -> str:
    """Numbered devices of every room; None: without the Modbus units."""
    lines = '[[line]]\nid = "field"\nkind = "mqtt"\n'
    devices = []
    leaks = {f"leak{number}": "leak" for number in range(1, LEAKS_A_ROOM + 1)}
    for room in ROOMS:
        for name, kind in ({"door": "contact", "motion": "motion", "lock": "lock"} | leaks).items():
            where = f'line = "field"\naddress = "zigbee2mqtt/{room}_{name}"'
            devices.append(
                f'[[device]]\nid = "{room}_{name}"\nprofile = "zigbee2mqtt/{kind}"\n{where}\nroom = "{room}"\n'
            )
        if modbus_port is not None:
            number = int(room) - 100
            where = f'line = "{"floor-1" if number <= 4 else "bus-1"}"\naddress = {number}'
            devices.append(f'[[device]]\nid = "{room}_unit"\nprofile = "{PROFILE_ID}"\n{where}\nroom = "{room}"\n')
    if modbus_port is not None:
        lines += f'[[line]]\nid = "floor-1"\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = {modbus_port}\n'
        lines += f'[[line]]\nid = "bus-1"\nkind = "modbus_rtu"\npath = "bus-1.tty"\nquiet_s = {QUIET_S}\n'
    return lines + "".join(devices)


@dataclass
class House:
    """Processes over one folder. `product`: the module that is the command; a test may name a broken one."""

    folder: Path
    product: str = PRODUCT
    with_units: bool = True
    http: int = field(default_factory=free_port)
    mqtt: int = field(default_factory=free_port)
    modbus: int = field(default_factory=free_port)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _listening: list["asyncio.Task[None]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        profiles = self.config / "profiles"
        profiles.mkdir(parents=True)
        self.data.mkdir()
        service = f'[http]\nhost = "127.0.0.1"\nport = {self.http}\n'
        service += f'[broker]\nmode = "auto"\nhost = "127.0.0.1"\nport = {self.mqtt}\n[board]\nport = 0\n'
        devices = devices_toml(self.modbus if self.with_units else None)
        texts = {"hotel.toml": hotel_toml(), "devices.toml": devices, "service.toml": service}
        for name, text in texts.items():
            (self.config / name).write_text(text)
        (profiles / f"{PROFILE_ID}.toml").write_text(profile())
        self.set_clock(0)

    @property
    def config(self) -> Path:
        """The folder of the files."""
        return self.folder / "config"

    @property
    def data(self) -> Path:
        """The folder of databases and secrets."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Of the pages."""
        return f"http://127.0.0.1:{self.http}"

    def address(self) -> BrokerAddress:
        """The devices' way to the broker."""
        secret = (self.data / "secrets" / "broker_field").read_text().strip()
        return BrokerAddress("127.0.0.1", self.mqtt, "field", secret)

    def set_clock(self, seconds: float) -> None:
        """Move the edge's idea of the time."""
        new = self.folder / "clock.new"
        new.write_text(str(seconds))
        new.replace(self.folder / "clock")

    async def start(self, command: str, before: Sequence[str] = ()) -> None:
        """Start `innkeeper COMMAND`, behind another program's words when there are some."""
        clocked = ["-m", "simulators.prove.clocked"] if command == "edge" else ["-m"]
        where = ["--config", str(self.config), "--data", str(self.data)]
        words = [*before, sys.executable, *clocked, self.product, command, *where]
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {VARIABLE: str(self.folder / "clock")},
            start_new_session=True,  # Ctrl-C is for the proof, which ends its children itself
        )
        self.processes[command] = process
        self._listening.append(asyncio.create_task(self._listen(command, process), name=f"output of {command}"))

    async def _listen(self, command: str, process: asyncio.subprocess.Process) -> None:
        """What it says goes to a file through us: a full disk of the edge is not to be one of its log."""
        if process.stdout is None:
            return
        with (self.folder / f"{command}.log").open("ab", buffering=0) as log:
            while text := await process.stdout.read(65536):
                log.write(text)

    def process(self, command: str) -> asyncio.subprocess.Process:
        """A running one. ProofError when it has ended by itself."""
        process = self.processes[command]
        if process.returncode is not None:
            raise ProofError(f"`{command}` has ended by itself, exit code {process.returncode}")
        return process

    async def kill(self, command: str) -> None:
        """kill -9."""
        process = self.process(command)
        process.kill()
        await process.wait()

    async def stop(self, command: str) -> None:
        """Gently, and not so gently later."""
        process = self.processes.pop(command)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def end(self) -> None:
        """End everything that was started, the broker too."""
        broker = self.broker()
        for command in ("pms", "edge"):
            if command in self.processes:
                await self.stop(command)
        await asyncio.gather(*self._listening)
        if broker is not None:
            await self._gone(broker)

    async def _gone(self, process: int) -> None:
        """Wait for a process that is not our child; kill it when it stays."""
        with contextlib.suppress(ProcessLookupError):
            for _ in range(200):
                os.kill(process, 0)
                await asyncio.sleep(0.05)
            os.kill(process, signal.SIGKILL)

    def broker(self) -> int | None:
        """The process of the edge's own broker."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.data / "broker" / "pid").read_text())
        return None

    def writable(self, command: str, *, writable: bool) -> None:
        """Forbid a process to write to any file, as a full disk does, or allow it again."""
        pid = self.process(command).pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if writable else 0, hard))

    async def add_person(self) -> None:
        """The person of the proof. ProofError when the command fails."""
        where = ["--config", str(self.config), "--data", str(self.data)]
        words = ["-m", self.product, "user", "add", PERSON, "--role", "manager", "--password-stdin", *where]
        pipe = asyncio.subprocess.PIPE
        made = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await made.communicate(PASSWORD.encode())
        if made.returncode:
            raise ProofError(f"no person could be added: {said.decode()[-500:]}")

    async def healthy(self) -> None:
        """Return when /healthz is 200. ProofError after a while."""
        answer = "nobody answers"
        try:
            async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
                while True:
                    with contextlib.suppress(aiohttp.ClientError):
                        async with session.get(f"{self.url}/healthz") as response:
                            answer = await response.text()
                            if response.status == 200:
                                return
                    self.alive()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise ProofError(f"not healthy within {START_S:.0f} s: {answer}") from None

    def alive(self) -> None:
        """ProofError when a process that should run has ended."""
        for command in self.processes:
            self.process(command)

    def rows(self, database: str, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of a database of the folder, read only; none while it cannot be read."""
        path = self.data / database
        try:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []
