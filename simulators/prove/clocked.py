"""Runs a command with a wall clock that can be set: `python -m simulators.prove.clocked MODULE WORD...`.

The clock of the machine is everybody's. So the child's own idea of it is moved by the seconds in a file, whose path is
in the environment; the monotonic clock stays, as it does when a real clock is set.
"""

import os
import runpy
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.clock import Clock

VARIABLE = "INNKEEPER_PROVE_CLOCK"


def wall() -> datetime:
    """The machine's time, moved."""
    try:
        moved = float(Path(os.environ[VARIABLE]).read_text())
    except (OSError, ValueError):  # it is being written
        moved = 0.0
    return datetime.now(UTC) + timedelta(seconds=moved)


def main() -> None:
    """Put the clock in, then become the command."""
    Clock.__init__.__defaults__ = (1.0, None, wall, time.monotonic)  # type: ignore[misc,attr-defined,unused-ignore]
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
