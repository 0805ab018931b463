"""Replace a file that people edit too: at once or not at all, as it was (mode, owner), and never over their change."""

import contextlib
import os
from pathlib import Path


class FileChangedError(Exception):
    """Somebody else has written it since it was read."""


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Write `after` where `before` stands. A link stays one; the owner is kept where the system allows it.

    Raises:
        FileChangedError: `before` does not stand there any more.
        OSError: the file or its folder cannot be written. Nothing has changed.
    """
    path = path.resolve()
    draft = path.with_name(f".{path.name}.new")
    kept = path.stat()
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(after)
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), -1, kept.st_gid)
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), kept.st_uid, -1)
            os.fchmod(file.fileno(), kept.st_mode & 0o777)
            file.flush()
            os.fsync(file.fileno())
        if path.read_bytes() != before:
            raise FileChangedError(path.name)
        os.replace(draft, path)  # noqa: PTH105 - the atomic rename is the point
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    _keep(path.parent)


def _keep(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
