"""The place of a broker: a port that is free, and nobody of ours left over in it. Blocking; for the start only."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import structlog

from edge.brokers.running import running_pid

log = structlog.get_logger()

GRACE_SECONDS = 5.0


def reachable(host: str) -> str:
    """Where to connect to something that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def free_port(host: str, port: int) -> int:
    """`port` (0: any) when nobody listens on it; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def end_leftover(folder: Path) -> None:
    """A broker of this folder that outlived its service: let it write its store and go.

    The caller holds the lock of the data folder, so that it is nobody's any more.
    """
    pid = running_pid(folder)
    if pid is None:
        return
    log.warning("broker.leftover", pid=pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if _gone(pid):
            return


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False
