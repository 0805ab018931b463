"""The data folder: one service of a kind at a time."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FolderInUseError(Exception):
    """Another process runs on this folder."""


class FolderLock:
    """`with FolderLock(data, "edge"):` holds DATA/edge.lock; it is let go when the process ends, however it does."""

    def __init__(self, data: Path, part: str) -> None:
        self._path = data / f"{part}.lock"
        self._part = part
        self._handle = -1

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            FolderInUseError: somebody has it.
            OSError: the folder cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise FolderInUseError(f"another {self._part} runs on {self._path.parent.absolute()}") from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, b"%d\n" % os.getpid(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go."""
        os.close(self._handle)


def holder(data: Path, part: str) -> int | None:
    """The process id of the service of that kind that runs on the folder; None: there is none."""
    path = data / f"{part}.lock"
    if not in_use(data, part):
        return None
    try:
        process = int(path.read_text())
        same = Path(f"/proc/{process}").stat().st_uid == path.stat().st_uid
    except (OSError, ValueError):
        return None
    return process if same else None


def in_use(data: Path, part: str) -> bool:
    """Whether a service of that kind runs on the folder."""
    if not (data / f"{part}.lock").exists():
        return False
    try:
        with FolderLock(data, part):
            return False
    except FolderInUseError:
        return True
