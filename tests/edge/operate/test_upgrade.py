"""Real releases in real environments: installed, upgraded, broken, killed in the middle, gone back from."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.operate.layout import Layout, Release
from edge.operate.running import Service
from edge.operate.steps import Steps
from edge.operate.upgrade import Upgrade, WayBack
from tests.edge.operate.wheels import ROOT, break_it, wheel
from tests.servers import a_free_port

PATIENCE = 60.0
OLD, NEW = "90.0", "91.0"


def eventually(predicate: Callable[[], object]) -> None:
    """Wait for a fact about another process."""
    deadline = time.monotonic() + PATIENCE
    while not predicate():
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)


@dataclass
class House:
    """An installation in a prefix of its own."""

    prefix: Path
    wheels: Path

    @property
    def layout(self) -> Layout:
        return Layout.at(self.prefix, None, None)

    @property
    def current(self) -> Release:
        found = self.layout.current()
        assert found is not None
        return found

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "edge.cli", *words, "--prefix", str(self.prefix)]

    def __call__(self, *words: str, code: int = 0) -> str:
        """An operating command, by the code of this checkout."""
        ended = subprocess.run(self.command(*words), cwd=ROOT, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def run(self, *words: str, stdin: str | None = None, code: int = 0) -> str:
        """A command of the release that is current, by its own program."""
        where = ["--config", str(self.layout.config), "--data", str(self.layout.data)]
        program = str(self.prefix / "current" / "venv" / "bin" / "innkeeper")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ended = subprocess.run(
            [program, *words, *where], input=stdin, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout

    @property
    def orders(self) -> Path:
        """What the new release does wrong."""
        return self.wheels / "orders"

    @property
    def new(self) -> str:
        """The new release; built by whoever needs it first."""
        return str(self.wheels / f"innkeeper-{NEW}-py3-none-any.whl")

    def people(self) -> set[str]:
        with contextlib.closing(sqlite3.connect(self.layout.data / "pms.db")) as connection:
            return {name for (name,) in connection.execute("SELECT username FROM user")}

    def hire(self, name: str) -> None:
        self.run("user", "add", name, "--role", "manager", "--password-stdin", stdin="a long password for tests\n")

    @contextlib.contextmanager
    def started(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that runs meanwhile, in a group of its own that is ended afterwards."""
        with subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Installed once; each test leaves the release current that it found."""
    folder = tmp_path_factory.mktemp("machine")
    house = House(folder / "innkeeper", folder)
    house("install", str(wheel(folder, OLD)))
    wheel(folder, NEW, house.orders)
    service = house.layout.config / "service.toml"
    text = service.read_text().replace("port = 8080", f"port = {a_free_port()}").replace("port = 1883", "port = 0")
    service.write_text(text)
    house.hire("ada")
    return house


@pytest.fixture
def house(base: House) -> Iterator[House]:
    base.orders.unlink(missing_ok=True)
    yield base
    assert base.current.version == OLD
    assert base.layout.unfinished() is None


def test_installing_again_changes_nothing(house: House) -> None:
    told = json.loads(house("install", str(wheel(house.wheels, OLD)), "--json"))
    assert told["installed"] == OLD
    assert {step["state"] for step in told["steps"]} <= {"there", "skipped"}
    assert {path.name for path in house.layout.units.iterdir()} == {
        "innkeeper.service",
        "innkeeper-edge.service",
        "innkeeper-pms.service",
    }


def test_killed_while_it_builds_the_old_one_runs_on(house: House) -> None:
    hung = house.wheels / "building"
    shutil.rmtree(house.layout.release(NEW).folder, ignore_errors=True)
    with house.started(str(house.current.program), "run", *places(house)):
        eventually(lambda: service(house).answer().ready)
        break_it(house.orders, "version", hung)
        with house.started(*house.command("upgrade", house.new)):
            eventually(hung.exists)
        found = service(house).answer()
        assert (found.ready, found.version) == (True, OLD)
        house.orders.unlink()
        stopped = house("upgrade", house.new, code=1)
        assert "stop it first" in stopped, "without a unit of ours nothing is stopped behind anybody's back"


def test_an_upgrade_and_the_way_back(house: House) -> None:
    told: dict[str, Any] = json.loads(house("upgrade", house.new, "--json"))
    assert (told["from"], told["to"]) == (OLD, NEW)
    upgraded, record = house.current, house.current.upgrade()
    assert upgraded.version == NEW
    assert record is not None
    house.hire("lost")
    assert way_back(house).saved is None, "the schemas are the same: nothing has to be lost"
    upgraded.remember(record | {"schemas": {"journal": "1", "pms": "0000_older"}})  # as if it had brought new tables
    shown = house("rollback", "--yes")
    assert re.search(r"will be lost: .*\buser 1\b", shown)
    assert told["backup"] in shown
    assert house.people() == {"ada"}


def test_a_release_that_does_not_work_is_gone_back_from_by_itself(house: House) -> None:
    break_it(house.orders, "run")
    said = house("upgrade", house.new, code=1)
    assert "ended with 3" in said
    assert f"rolled back to {OLD}" in said
    assert house.people() == {"ada"}


def test_what_is_not_newer_or_not_ours_is_refused(house: House) -> None:
    assert "is not newer" in house("upgrade", str(wheel(house.wheels, "0.1.9")), code=1)
    assert "is not newer" in house("upgrade", code=1), "without a wheel: what runs the command"
    other = house.wheels / "other.whl"
    other.write_bytes(b"no wheel")
    assert "is not a wheel" in house("upgrade", str(other), code=1)


def test_killed_while_it_migrates_or_broken_off_by_hand(house: House) -> None:
    hung = house.wheels / "migrating"
    break_it(house.orders, "migrate", hung)
    words = house.command("upgrade", house.new)
    with house.started(*words):
        eventually(hung.exists)
    assert house.current.version == OLD
    assert "broken off in the middle" in house("upgrade", house.new, code=1)
    house("rollback", "--yes")
    hung.unlink()
    with house.started(*words) as process:
        eventually(hung.exists)
        process.terminate()
        assert process.wait(PATIENCE) == 1, "asked to end, it goes back by itself"
    assert house.people() == {"ada"}


def way_back(house: House) -> WayBack:
    return Upgrade(house.layout, service(house), Steps(print)).way_back(None)


def service(house: House) -> Service:
    return Service(house.layout, "run")


def places(house: House) -> list[str]:
    return ["--config", str(house.layout.config), "--data", str(house.layout.data)]
