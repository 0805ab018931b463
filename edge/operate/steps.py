"""Work in steps that are said before they are done; a dry run only says them."""

import os
import pwd
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.operate.layout import Layout, OperationError

LAST_LINES = 12


@dataclass
class Steps:
    """`tell` gets each line. What was done is kept in `done`, for programs."""

    tell: Callable[[str], None]
    dry: bool = False
    done: list[dict[str, Any]] = field(default_factory=list)

    def step(self, text: str, work: Callable[[], object], *, needed: bool = True) -> None:
        """One step; `needed` False: what it would bring about is there already."""
        state = "there" if not needed else "would" if self.dry else "done"
        self.tell({"there": "  there   ", "would": "  would   ", "done": "          "}[state] + text)
        if state == "done":
            work()
        self.done.append({"step": text, "state": state})

    def skip(self, text: str, why: str) -> None:
        """A step that is not for here."""
        self.tell(f"  skipped {text}: {why}")
        self.done.append({"step": text, "state": "skipped", "why": why})


def owner_of(layout: Layout) -> str | None:
    """As whom programs that touch the data are run: its owner where root does it for somebody else."""
    if os.geteuid() != 0 or not layout.data.exists() or layout.data.stat().st_uid == 0:
        return None
    return pwd.getpwuid(layout.data.stat().st_uid).pw_name


def own_environment() -> dict[str, str]:
    """For a release's program: nothing of ours decides which code it finds."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}


def call(words: Sequence[str | Path], *, user: str | None = None, patience: float = 3600, own: bool = False) -> str:
    """Run a program to its end; its standard output. What it says on standard error is kept for the error.

    `own`: it is a program of another release, with code of its own.

    Raises:
        OperationError: it failed, or took too long.
    """
    command = [str(word) for word in words]
    who: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    who["env"] = own_environment() if own else None
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False, **who)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperationError(f"{' '.join(command[:3])} ...: {error}") from error
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-LAST_LINES:]
        raise OperationError(f"{' '.join(command[:3])} ... ended with {ended.returncode}:\n" + "\n".join(said))
    return str(ended.stdout)
