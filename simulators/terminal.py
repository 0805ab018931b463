"""A serial port that is a pseudo-terminal, linked at the path where the configuration says that the port is."""

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path


class PseudoTerminal:
    """`plug()` makes the port appear at `path`, `unplug()` makes it vanish, as a USB adapter does.

    Who opens the path and writes is heard by `on_bytes`; without one the port is silent and counts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.received = 0  # bytes
        self.on_bytes: Callable[[bytes], None] | None = None
        self._ends: tuple[int, int] | None = None

    @property
    def plugged(self) -> bool:
        """Is the port there?"""
        return self._ends is not None

    def plug(self) -> None:
        """Open a pseudo-terminal and link it. Raises OSError; FileExistsError when something real is at the path."""
        if self._ends is not None:
            return
        if self.path.exists() and not self.path.is_symlink():
            raise FileExistsError(f"{self.path} is there already and is no link of ours")
        ours, theirs = os.openpty()
        self._ends = (ours, theirs)
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._link(os.ttyname(theirs))
        asyncio.get_running_loop().add_reader(ours, self._readable)

    def _link(self, name: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        new.symlink_to(name)
        new.replace(self.path)

    def unplug(self) -> None:
        """Remove the link and close; who has it open gets an error at the next read."""
        ends, self._ends = self._ends, None
        if ends is None:
            return
        asyncio.get_running_loop().remove_reader(ends[0])
        for end in ends:
            os.close(end)
        if self.path.is_symlink():
            self.path.unlink()

    def write(self, data: bytes) -> None:
        """Send; what does not fit into the port's buffer is lost, as on a wire."""
        if self._ends is not None:
            try:
                os.write(self._ends[0], data)
            except BlockingIOError:
                return

    def _readable(self) -> None:
        if self._ends is None:
            return
        data = os.read(self._ends[0], 4096)
        self.received += len(data)
        if self.on_bytes is not None:
            self.on_bytes(data)
