"""What the service tells systemd (sd_notify): ready, still alive, stopping. Without NOTIFY_SOCKET it says nothing."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

import structlog

log = structlog.get_logger()

READY_PATIENCE_S = 30.0
"""What runs without being ready (a broker that is away) is started all the same after this long, and says so."""
LOOK_S = 0.5
STATUS_EVERY_S = 10.0


def send(message: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Say one or more lines (`READY=1`); whether somebody was there to hear it."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    name = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(0)  # whoever does not read must not keep the service from working
            sock.connect(name)
            sock.sendall(message.encode())
    except OSError as error:
        log.debug("notify.failed", error=str(error))
        return False
    return True


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """How often a sign of life is due: half of what systemd waits. None: it does not watch this process."""
    limit, whose = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not limit.isdigit() or (whose and whose != str(os.getpid())):
        return None
    return int(limit) / 2_000_000


async def keep(ready: Callable[[], bool]) -> None:
    """Say READY once `ready()` (or after `READY_PATIENCE_S`: the start itself is complete), then signs of life.

    The signs come from the event loop: a service that hangs gives none and is started again.
    """
    if "NOTIFY_SOCKET" not in os.environ:
        return
    for _ in range(int(READY_PATIENCE_S / LOOK_S)):
        if ready():
            break
        await asyncio.sleep(LOOK_S)
    every = min(watchdog_seconds() or STATUS_EVERY_S, STATUS_EVERY_S)
    heard = _said_once(True, send(f"READY=1\n{_status(ready())}"))  # noqa: FBT003 - systemd counts as listening
    while True:
        again = "" if heard else "READY=1\n"
        heard = _said_once(heard, send(f"{again}WATCHDOG=1\n{_status(ready())}"))
        await asyncio.sleep(every)


def _said_once(before: bool, now: bool) -> bool:
    """Log when systemd stops or begins to listen; what it heard last."""
    if before and not now:
        log.warning("notify.failed")
    elif now and not before:
        log.info("notify.recovered")
    return now


def _status(ready: bool) -> str:
    return "STATUS=the house may be used" if ready else "STATUS=runs, and waits for something: see `innkeeper health`"
