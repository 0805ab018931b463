"""Secrets in files of DATA/secrets: mode 600, the secret alone in the file."""

import contextlib
import os
import secrets
from pathlib import Path

CARD_KEY = "card_key"
NEVER_SAVED = frozenset({CARD_KEY})
"""What no backup may hold, nor an archive of secrets."""


def secret(data: Path, name: str, new: str | None = None) -> str:
    """The secret of that name, made at the first call (of whichever process comes first); `new`: what to make it.

    Raises:
        OSError: the folder cannot be read or written.
    """
    path = secret_path(data, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _write_new(path, secrets.token_urlsafe(24) if new is None else new)
    return path.read_text().strip()


def secret_path(data: Path, name: str) -> Path:
    """Where a secret is kept."""
    return data / "secrets" / name


def _write_new(path: Path, content: str) -> None:
    """Complete before it has its name: who reads it beside us never sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    _write(handle, content)
    with contextlib.suppress(FileExistsError):  # another process was first
        path.hardlink_to(draft)
    draft.unlink()
    _settle(path.parent)


def write_secret(path: Path, content: str) -> None:
    """Write a secret, whatever was there before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), content)
    draft.replace(path)
    _settle(path.parent)


def _write(handle: int, content: str) -> None:
    """On the disk, not only on its way there: a secret that others hold already cannot be made again."""
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
