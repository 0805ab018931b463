"""Where an installed Innkeeper is: releases beside each other, one of them current; configuration, data, units."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.archive_error import ArchiveError

SYSTEM_PREFIX = Path("/opt/innkeeper")
UNITS = ("innkeeper.service", "innkeeper-edge.service", "innkeeper-pms.service")
UNIT_OF = {"run": UNITS[0], "edge": UNITS[1], "pms": UNITS[2]}
VERSION = re.compile(r"[0-9][A-Za-z0-9.+!_-]*")
_NUMBER = re.compile(r"\d+")


class OperationError(ArchiveError):
    """An installation cannot be made or changed; the message says why, and what was left as it was."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`system`: the places of a whole machine (needs root); otherwise everything is inside `prefix`."""

    prefix: Path
    config: Path
    data: Path
    units: Path
    system: bool = False
    user: str = "innkeeper"

    @classmethod
    def at(cls, prefix: Path, config: Path | None, data: Path | None) -> "Layout":
        """The places for a prefix, where none other are named."""
        prefix = prefix.absolute()
        if prefix == SYSTEM_PREFIX:
            units = Path("/etc/systemd/system")
            return cls(prefix, config or Path("/etc/innkeeper"), data or Path("/var/lib/innkeeper"), units, system=True)
        return cls(
            prefix, (config or prefix / "config").absolute(), (data or prefix / "data").absolute(), prefix / "units"
        )

    @property
    def current_link(self) -> Path:
        """The link that says which release runs."""
        return self.prefix / "current"

    def release(self, version: str) -> "Release":
        """A release, there or not. Raises OperationError for what is no version."""
        if not VERSION.fullmatch(version):
            raise OperationError(f"{version!r} is no version")
        return Release(self.prefix / "releases" / version)

    def current(self) -> "Release | None":
        """The release that `current` names."""
        try:
            target = self.current_link.readlink()
        except OSError:
            return None
        return Release(self.prefix / target)

    def releases(self) -> list["Release"]:
        """Every complete release, oldest version first."""
        found = [Release(path) for path in (self.prefix / "releases").glob("*") if path.is_dir()]
        return sorted((one for one in found if one.complete), key=lambda one: order(one.version))

    def make_current(self, release: "Release") -> None:
        """Switch: at no instant is there no current release."""
        draft = self.prefix / f".current.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(Path("releases") / release.version)
        draft.replace(self.current_link)

    def begin(self, upgrade: dict[str, Any]) -> None:
        """Write down that an upgrade is under way: whoever finds it knows how to go back."""
        _write_json(self._mark, upgrade)

    def ended(self) -> None:
        """The upgrade is done, or undone."""
        self._mark.unlink(missing_ok=True)

    def unfinished(self) -> dict[str, Any] | None:
        """The upgrade that was under way when its process was killed, None when there is none."""
        return _read_json(self._mark)

    @property
    def _mark(self) -> Path:
        return self.prefix / "upgrading.json"


@dataclass(frozen=True, slots=True)
class Release:
    """A release folder with an environment of its own."""

    folder: Path

    @property
    def version(self) -> str:
        """Its version, which is the folder's name."""
        return self.folder.name

    @property
    def program(self) -> Path:
        """Its `innkeeper`."""
        return self.folder / "venv" / "bin" / "innkeeper"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def complete(self) -> bool:
        """Whether it was built to the end."""
        return (self.folder / "complete").exists()

    @property
    def made_of(self) -> str:
        """The digest of the wheel it was built of; empty for a copy of what ran."""
        return (self.folder / "complete").read_text()

    def completed(self, digest: str) -> None:
        """It was built to the end."""
        (self.folder / "complete").write_text(digest)

    def remember(self, upgrade: dict[str, Any]) -> None:
        """Write down from what it was upgraded, and with which backup."""
        _write_json(self.folder / "upgrade.json", upgrade)

    def upgrade(self) -> dict[str, Any] | None:
        """What was written down, None when it was not come to by an upgrade."""
        return _read_json(self.folder / "upgrade.json")


def _write_json(path: Path, value: dict[str, Any]) -> None:
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w") as file:
        file.write(json.dumps(value, indent=2, default=str))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """For comparing versions: numbers as numbers, 1.2rc1 before 1.2."""
    release = re.split(r"[A-Za-z+!_-]", version, maxsplit=1)[0]
    rest = version[len(release) :]
    numbers = [int(number) for number in _NUMBER.findall(release)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), not re.match(r"(a|b|rc|\.?dev)", rest), rest
