"""How the service is, asked from outside; what it tells systemd. An edge alone, as a real process."""

import asyncio
import json
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from edge.folder import FolderLock
from edge.http_settings import HttpTable
from edge.notify import send, watchdog_seconds
from edge.operate.asking import ask, read
from edge.operate.heartbeat import HEARTBEAT, STALE_S, beat
from edge.service import version
from tests.edge.operate.conftest import Place
from tests.waiting import until

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def edge_alone(place: Place, notify: Path) -> AsyncIterator[Process]:
    words = ["-m", "edge.cli", "edge", "--config", str(place.config), "--data", str(place.data)]
    environment = os.environ | {"NOTIFY_SOCKET": str(notify), "WATCHDOG_USEC": "400000"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        assert await process.wait() == 0


def heard(sock: socket.socket) -> list[str]:
    """Everything that came since the last look, line by line."""
    lines: list[str] = []
    with suppress(BlockingIOError):
        while True:
            lines += sock.recv(4096).decode().splitlines()
    return lines


async def test_an_edge_alone_tells_systemd_and_whoever_asks(place: Place) -> None:
    file = place.config / "service.toml"
    file.write_text(file.read_text().replace("port = 1883", "port = 0"))
    notify, said = place.folder / "notify", list[str]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(notify))
        sock.settimeout(0)

        def told(line: str) -> bool:
            said.extend(heard(sock))
            return line in said

        async with edge_alone(place, notify):
            await until(lambda: told("READY=1"), timeout=40)
            said.clear()
            await until(lambda: told("WATCHDOG=1"))
            await until(lambda: ask(HttpTable(), place.data).ready, timeout=30)
            found = ask(HttpTable(), place.data)
            heard(sock)  # room for its last word
            assert found.version == version()
            assert "broker" in {part["part"] for part in found.parts}
        assert told("STOPPING=1")
    assert not (place.data / HEARTBEAT).exists(), "no sign of life is left behind"
    assert ask(HttpTable(), place.data).state == "silent"


def test_nothing_that_runs_is_silent_and_fails(place: Place) -> None:
    told = place("health", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["state"] == "silent"


async def test_a_sign_of_life_that_is_old_is_none(tmp_path: Path) -> None:
    body = {"ready": True, "parts": [{"part": "disk", "state": "degraded", "code": "disk_low", "detail": "1 MB free"}]}
    with FolderLock(tmp_path, "edge"):
        assert ask(HttpTable(), tmp_path).state == "starting"
        beating = asyncio.create_task(beat(tmp_path, "1.2", lambda: body))
        await until((tmp_path / HEARTBEAT).exists)
        found = ask(HttpTable(), tmp_path)
        assert (found.state, found.ready, found.version) == ("degraded", True, "1.2")
        assert found.parts == ({"part": "disk", "state": "degraded", "code": "disk_low"},)
        old = time.time() - STALE_S - 1
        os.utime(tmp_path / HEARTBEAT, (old, old))
        found = ask(HttpTable(), tmp_path)
        assert (found.state, found.ready) == ("down", False)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def test_the_answer_of_the_pages_is_read() -> None:
    found = read("degraded\ndatabase ok\nline:desk-1 down no_port\nversion 1.2.3\n")
    assert (found.state, found.ready, found.version) == ("degraded", True, "1.2.3")
    assert found.lines() == ["degraded (the house may be used)", "  line:desk-1: down no_port", "  version 1.2.3"]
    with pytest.raises(ValueError, match="not Innkeeper"):
        read("<html>")


def test_without_systemd_nothing_is_said() -> None:
    assert not send("READY=1", {})
    assert watchdog_seconds({"WATCHDOG_USEC": "60000000"}) == 30
    assert watchdog_seconds({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_seconds({}) is None
