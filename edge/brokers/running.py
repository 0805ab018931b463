"""A broker of a data folder that runs now: who it is, and telling it to read its users and certificate again."""

import os
import signal
from pathlib import Path


def running_pid(folder: Path) -> int | None:
    """The process of the broker of this folder; None: there is none. A number that was given anew is nobody's."""
    try:
        pid = int((folder / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(folder.parent.absolute()).encode() in command else None


def tell_to_reload(folder: Path) -> bool:
    """Mosquitto reads users, topics and certificate again, and throws out at once who may not stay; False: none runs.

    The embedded broker knows no such thing.
    """
    pid = running_pid(folder)
    if pid is None or not _program(pid).endswith(b"mosquitto"):
        return False
    os.kill(pid, signal.SIGHUP)
    return True


def _program(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0]
    except OSError:
        return b""
