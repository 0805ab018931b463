"""The product under test: its own processes, its own data, looked at from outside."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """`pid` and every process below it, from /proc."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += descendants(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system CPU time of one process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Resident memory of one process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


def name_of(pid: int) -> str:
    """The program's name as the kernel knows it."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


@dataclass
class Product:
    """`innkeeper` processes over one configuration and one data folder."""

    folder: Path
    http_port: int
    broker_port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The folder of the TOML files."""
        return self.folder / "config"

    @property
    def data(self) -> Path:
        """The folder of databases and secrets."""
        return self.folder / "data"

    @property
    def field_password(self) -> str:
        """The generated password of the user `field`."""
        return (self.data / "secrets" / "broker_field").read_text().strip()

    def innkeeper(self, *words: str, stdin: str | None = None) -> str:
        """Run a command to its end over this hotel; CalledProcessError when it fails."""
        where = ["--config", str(self.config), "--data", str(self.data)]
        command = [sys.executable, "-m", "edge.cli", *words, *where]
        return subprocess.run(command, input=stdin, text=True, check=True, capture_output=True).stdout

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Start `innkeeper COMMAND` as a child; its output goes to a file in the folder."""
        where = ["--config", str(self.config), "--data", str(self.data)]
        with (self.folder / f"{command}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "edge.cli", command, *where], stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def wait_healthy(self, timeout: float = 60) -> None:
        """Return when /healthz is 200; TimeoutError with its last answer otherwise."""
        deadline, answer = time.monotonic() + timeout, ""
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=2) as response:
                    response.read()
                    return
            except urllib.error.HTTPError as refusal:
                answer = refusal.read().decode()
            except OSError as error:
                answer = str(error)
            time.sleep(0.05)
        raise TimeoutError(f"not healthy within {timeout} s: {answer}")

    def sign_in(self, user: str, password: str) -> str:
        """A bearer token."""
        body = json.dumps({"username": user, "password": password}).encode()
        url = f"http://127.0.0.1:{self.http_port}/api/v1/session"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return str(json.load(response)["token"])

    def stop(self) -> None:
        """End what was started, gently first."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()


@contextlib.contextmanager
def product(hotel: str, devices: str, extra_service: str = "") -> Iterator[Product]:
    """A hotel of the measurement's own, in a temporary folder, ended at the end."""
    with tempfile.TemporaryDirectory(prefix="innkeeper-bench-") as name:
        made = Product(Path(name), free_port(), free_port())
        made.config.mkdir()
        service = f'[http]\nhost = "127.0.0.1"\nport = {made.http_port}\n'
        service += f'[broker]\nmode = "auto"\nhost = "127.0.0.1"\nport = {made.broker_port}\n{extra_service}'
        for file, text in (("hotel.toml", hotel), ("devices.toml", devices), ("service.toml", service)):
            (made.config / file).write_text(text)
        try:
            yield made
        finally:
            made.stop()
