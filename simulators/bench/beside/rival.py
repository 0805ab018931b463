"""The rival: ThingsBoard's gateway, set up and run as the scripts of its folder do (its README tells the ports)."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simulators.bench.product import resident_mb

FOLDER = Path(os.environ.get("INNKEEPER_PEER", "../shared/peer")).absolute()
WORK = Path(os.environ.get("PEER_WORK", ".peer")).absolute()
FIELD_PORT, UPLINK_PORT = 18_841, 18_842
SETTINGS = (
    "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
    "max_queued_messages 0\nmax_inflight_messages 0\nlog_type error\n"
)
"""Of the brokers of both gateways."""


def there() -> bool:
    """Whether the rival's folder is."""
    return (FOLDER / "setup.sh").is_file()


def set_up() -> None:
    """Install the rival, the first time. CalledProcessError when that fails."""
    WORK.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PEER_WORK": str(WORK)}
    subprocess.run([str(FOLDER / "setup.sh")], check=True, env=environment, stdout=subprocess.DEVNULL)


def start_broker(port: int, folder: Path) -> subprocess.Popen[bytes]:
    """A Mosquitto with the settings both are measured with."""
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin") or "mosquitto"
    file = folder / f"broker-{port}.conf"
    file.write_text(SETTINGS.format(port=port))
    return subprocess.Popen([program, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(process: subprocess.Popen[bytes]) -> None:
    """Gently, then not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Rival:
    """Its gateway between two brokers, with the stand-in for its server. Use `rival()`."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._tools = str(WORK / "tools" / "bin" / "python")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def configure(self, *options: str) -> None:
        """As `configure.py` does."""
        shutil.copytree(FOLDER / "config", self._run / "config")
        (self._run / "config" / "connected_devices.json").write_text("{}")
        words = [sys.executable, str(FOLDER / "configure.py"), "config", *options, f"data={self._run}/data"]
        subprocess.run(words, check=True, cwd=self._run)

    def start(self) -> None:
        """Both brokers, the stand-in, the gateway."""
        self.processes["field"] = start_broker(FIELD_PORT, self._run)
        self.uplink_up()
        self._spawn("uplink", [self._tools, str(FOLDER / "uplink_stub.py"), str(UPLINK_PORT), "stub.json"])
        self.start_gateway()

    def uplink_up(self) -> None:
        """The broker of its server."""
        self.processes["uplink broker"] = start_broker(UPLINK_PORT, self._run)
        time.sleep(0.5)

    def uplink_down(self) -> None:
        """It is away."""
        end(self.processes.pop("uplink broker"))

    def kill_gateway(self) -> None:
        """kill -9, and started again."""
        self.processes["gateway"].kill()
        self.processes["gateway"].wait()
        self.start_gateway()

    def start_gateway(self) -> None:
        """The gateway alone, again."""
        environment = os.environ | {"TB_GW_CONFIG_DIR": f"{self._run}/config/"}
        words = [str(WORK / "peer" / "bin" / "python"), "-m", "thingsboard_gateway.tb_gateway"]
        self._spawn("gateway", words, environment)

    def _spawn(self, name: str, words: list[str], environment: dict[str, str] | None = None) -> None:
        with (self._run / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(words, stdout=log, stderr=log, cwd=self._run, env=environment)

    def tool(self, script: str, *words: str) -> subprocess.Popen[bytes]:
        """A script of its folder, running."""
        return subprocess.Popen([self._tools, str(FOLDER / script), *words], stdout=subprocess.PIPE, cwd=self._run)

    def told(self) -> dict[str, Any]:
        """What has reached its server (`uplink_stub.py` writes it down twice a second)."""
        try:
            found: dict[str, Any] = json.loads((self._run / "stub.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def forget(self) -> None:
        """The stand-in counts anew."""
        self.processes["uplink"].send_signal(signal.SIGUSR1)
        time.sleep(1.5)

    def wait(self, until: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        """What its server was told, as soon as that is enough or time is up."""
        deadline = time.monotonic() + seconds
        while not until(self.told()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return self.told()

    def ready(self) -> None:
        """Wait until it passes messages on. TimeoutError when it does not."""
        for _ in range(12):
            self.tool("flood.py", str(FIELD_PORT), "200").wait()
            if self.wait(lambda told: bool(told.get("uniq")), 5).get("uniq"):
                time.sleep(2)
                self.forget()
                return
        raise TimeoutError(f"the rival passes nothing on: {(self._run / 'gateway.log').read_text()[-500:]}")

    def memory_mb(self) -> float:
        """Resident memory of its gateway."""
        return resident_mb(self.processes["gateway"].pid)

    def stop(self) -> None:
        """End what was started."""
        for process in self.processes.values():
            end(process)


@contextlib.contextmanager
def rival(*options: str) -> Iterator[Rival]:
    """Running, configured by `options` (see `configure.py`)."""
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, prefix="run-") as name:
        made = Rival(Path(name))
        made.configure(*options)
        try:
            made.start()
            yield made
        finally:
            made.stop()
