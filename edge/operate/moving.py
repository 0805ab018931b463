"""`innkeeper move`: a hotel in one file, for a new machine.

Unlike a backup it holds the secrets too, so that one file is enough: whoever has it has the hotel. The key that key
cards are made with is not in it; `innkeeper card-key export` takes it separately.
"""

import shutil
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from edge import archive
from edge.archive_error import ArchiveError
from edge.configuration import load_configuration
from edge.console import books, finish
from edge.operate.install import FILES
from pms.commands import Books

BACKUP, SECRETS, PROFILES = "hotel.tar", "secrets.tar", "profiles.tar"
OWN = "profiles"  # the folder of device profiles of the house's own, beside the configuration
AFTER = (
    "It holds the secrets: carry it yourself and delete it afterwards.",
    "Not in it: the key that key cards are made with. Take it along: innkeeper card-key export FILE",
    "Do not start the service here again: two of them would give orders to the same rooms.",
)
NEXT = (
    "unpacked. Next:",
    "  1. innkeeper card-key import FILE    (the key of the key cards, from the old machine)",
    "  2. innkeeper check                   (paths of serial ports, addresses of this machine)",
    "  3. start the service; the devices have to find this machine's broker",
)


def pack(hotel: Books, config: Path, to: Path, version: str) -> list[str]:
    """Write the file (mode 600); what is in it, by name.

    Raises:
        ArchiveError: the service runs, or there is a file already.
    """
    archive.refuse_in_use(hotel.data)
    if to.exists():
        raise ArchiveError(f"{to} is there already")
    with tempfile.TemporaryDirectory(dir=to.parent) as name:
        work = Path(name)
        made = finish(archive.backup(hotel, work / "made", version))
        made.file.replace(work / BACKUP)
        if made.secrets is not None:
            made.secrets.replace(work / SECRETS)
        for file in FILES:
            shutil.copy(config / file, work / file)
        if (config / OWN).is_dir():
            archive.pack(work / PROFILES, [config / OWN], whole=True)
        members = sorted(path for path in work.iterdir() if path.is_file())
        archive.pack(to, members)
    return [path.name for path in members]


def replaced(config: Path, data: Path) -> list[str]:
    """What is in the way."""
    return [str(config / name) for name in (*FILES, OWN) if (config / name).exists()] + [
        str(data / name) for name in archive.present(data)
    ]


def unpack(file: Path, config: Path, data: Path) -> list[str]:
    """Put everything in place; what was put aside, by name.

    Raises:
        ArchiveError: the service runs, or the file is not sound; nothing was changed.
    """
    archive.refuse_in_use(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as name:
        work = Path(name)
        _read(file, work)
        load_configuration(work)  # before anything is replaced
        archive.verify(work / BACKUP)
        aside = _take_configuration(work, config)
        secrets = work / SECRETS if (work / SECRETS).exists() else None
        there = books(load_configuration(config), data)
        aside += finish(archive.restore(there, work / BACKUP, secrets, replace=True))
    return aside


def _read(file: Path, folder: Path) -> None:
    try:
        with tarfile.open(file) as packed:
            names = set(packed.getnames())
            if not {BACKUP, *FILES} <= names <= {BACKUP, SECRETS, PROFILES, *FILES}:
                raise ArchiveError(f"{file} was not made by `innkeeper move pack`")
            packed.extractall(folder, filter="data")
        if PROFILES in names:
            with tarfile.open(folder / PROFILES) as own:
                own.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise ArchiveError(f"{file} was not made by `innkeeper move pack`: {error}") from error


def _take_configuration(work: Path, config: Path) -> list[str]:
    config.mkdir(parents=True, exist_ok=True)
    aside = []
    folder = config / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    for name in (*FILES, OWN):
        if (config / name).exists():
            folder.mkdir(exist_ok=True)
            shutil.move(config / name, folder / name)
            aside.append(name)
        if (work / name).exists():
            shutil.move(work / name, config / name)
    return aside
