"""Always on: real parts or a named skip, no socket beyond loopback, nothing left behind."""

import asyncio
import contextlib
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import parts
from tests.servers import RealBroker, RealPostgres, a_free_port

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def _loopback_only(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not str(args[1][0]).startswith(LOOPBACK):
        raise PermissionError(f"a test may not reach beyond loopback: {args[1]}")


sys.addaudithook(_loopback_only)

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast this one is today is no finding


LONG = ("tests/journeys/", "tests/edge/operate/", "tests/web/")
"""Whole processes, killed and upgraded, and browsers: begun last, one file would keep one worker busy for minutes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first. Skip what needs an absent part; in CI let it run into its error."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    for item in items:
        for mark in item.iter_markers("real"):
            absent = [part for part in mark.args if parts.FINDERS[part]() is None]
            if absent and not parts.REQUIRED:
                item.add_marker(pytest.mark.skip(reason=f"{', '.join(absent)} not installed"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name each real part that was absent and how to install it."""
    for part in sorted(part for part, find in parts.FINDERS.items() if find() is None):
        terminalreporter.write_line(f"absent: {part}. To test with it: apt-get install {parts.PACKAGES[part]}")


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A skip for an absent part is a failure where every part is required."""
    outcome: Any = yield
    report = outcome.get_result()
    if parts.REQUIRED and report.skipped and any(True for _ in item.iter_markers("real")):
        report.outcome = "failed"


def _children() -> set[int]:
    """Process ids of our children, from /proc (Linux); zombies count."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.update(int(pid) for pid in task.read_text().split())
    return found


def _left(threads: set[threading.Thread], children: set[int]) -> tuple[list[str], set[int]]:
    new = [thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()]
    tracker = {getattr(resource_tracker._resource_tracker, "_pid", None)}
    return [thread.name for thread in new if not thread.name.startswith("asyncio_")], _children() - children - tracker


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread or a child process behind (tasks: see `no_task_left`)."""
    threads, children = set(threading.enumerate()), _children()
    yield
    deadline = time.monotonic() + 2
    left = _left(threads, children)
    while any(left) and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
        left = _left(threads, children)
    assert not left[0], f"threads left behind: {left[0]}"
    assert not left[1], f"child processes left behind: {sorted(left[1])}"


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Commands set up logging for their process; here it ends with the test: its output is closed then."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
async def no_task_left() -> AsyncIterator[None]:
    """Fail an asynchronous test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    left: set[asyncio.Task[Any]] = set()
    for _ in range(100):
        left = {task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0.01)
    assert not left, f"tasks left behind: {[repr(task.get_coro()) for task in left]}"


@pytest.fixture
def free_port() -> int:
    """A free TCP port on loopback."""
    return a_free_port()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[RealBroker]:
    """A started Mosquitto with anonymous access on a free port."""
    broker = RealBroker(tmp_path / "mosquitto", a_free_port())
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[RealPostgres]:
    """A PostgreSQL server of the tests' own."""
    server = RealPostgres(a_free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def postgres_url(postgres_server: RealPostgres) -> AsyncIterator[str]:
    """URL of a new, empty PostgreSQL database."""
    async with postgres_server.database() as url:
        yield url
