"""The real parts that tests want: where they are, and how to get those that are absent."""

import os
import shutil
from pathlib import Path

PACKAGES = {
    "mosquitto": "mosquitto",
    "postgresql": "postgresql",
    "chromium": "chromium fonts-noto-cjk",
    "systemd": "systemd",
    "strace": "strace",
}
REQUIRED = os.environ.get("INNKEEPER_REQUIRE_REAL") == "1"
"""In CI an absent part is a failure, not a skip."""


def mosquitto() -> str | None:
    """The broker's program; Debian puts it in /usr/sbin, which is not in everybody's PATH."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def chromium() -> str | None:
    """The browser's program."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def postgresql() -> str | None:
    """The folder of initdb and pg_ctl, newest version first."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]), reverse=True)
    found = shutil.which("initdb")
    return str(versions[0].parent) if versions else str(Path(found).parent) if found else None


def systemd() -> str | None:
    """The program that reads units; systemd need not run."""
    return shutil.which("systemd-analyze")


def strace() -> str | None:
    """What kills a process at a system call of its own."""
    return shutil.which("strace")


FINDERS = {"mosquitto": mosquitto, "chromium": chromium, "postgresql": postgresql, "systemd": systemd, "strace": strace}


def find(part: str) -> str:
    """Where `part` is; LookupError when it is not installed."""
    place = FINDERS[part]()
    if place is None:
        raise LookupError(f"{part} is not installed: apt-get install {PACKAGES[part]}")
    return place
