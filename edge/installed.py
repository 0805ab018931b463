"""What an installed command knows without being told: its folders, the secrets given to systemd, the data's owner."""

import contextlib
import os
import re
import stat
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from devices.problems import ConfigurationError, Problem
from edge.operate.layout import Layout, Release

HERE = Path("config"), Path("data")
ENVIRONMENT = "environment"
STARTED_BY_SYSTEMD = "INVOCATION_ID"
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")


def folders(code: Path) -> tuple[Path, Path]:
    """Configuration and data of the installation whose release holds this code; `config` and `data` here otherwise."""
    for folder in code.parents:
        if folder.parent.name == "releases" and Release(folder).complete:
            layout = Layout.at(folder.parents[1], None, None)
            return layout.config, layout.data
    return HERE


def take_environment(config: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Take up CONFIG/environment, the file that systemd gives the service: a command must find the same database.

    What is set already stays. Under systemd nothing is read: it has done so, and the service need not be able to.

    Raises:
        ConfigurationError: a line is no NAME=value, or somebody else has put the file there.
        OSError: the file is there and cannot be read.
    """
    path = config / ENVIRONMENT
    if STARTED_BY_SYSTEMD in environment or not path.exists():
        return
    if path.stat().st_uid not in (0, config.stat().st_uid):  # the service may write in the folder: it is not to say
        raise ConfigurationError([Problem(ENVIRONMENT, "", "", "belongs neither to root nor to the folder's owner")])
    for name, value in _assignments(path).items():
        environment.setdefault(name, value)


def _assignments(path: Path) -> Mapping[str, str]:
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        assignment = _ASSIGNMENT.fullmatch(text)
        if assignment is None:
            raise ConfigurationError([Problem(ENVIRONMENT, "", "", "not of the form NAME=value", number)])
        value = assignment["value"].strip()
        quoted = value[:1] in {'"', "'"} and value[-1:] == value[:1] and len(value) > 1
        found[assignment["name"]] = value[1:-1] if quoted else value
    return found


def hand_over(data: Path) -> None:
    """What root made in the data folder of somebody else becomes theirs: the service could not read it otherwise."""
    if os.geteuid() != 0 or not data.is_dir():
        return
    owner = data.stat()
    if owner.st_uid == 0:
        return
    for folder, folders_inside, files in os.walk(data):
        for name in (*folders_inside, *files):
            with contextlib.suppress(FileNotFoundError):  # a service at work takes files away meanwhile
                _give(Path(folder) / name, owner)


def _give(path: Path, owner: os.stat_result) -> None:
    found = path.lstat()
    if found.st_uid == 0 and (stat.S_ISDIR(found.st_mode) or found.st_nlink == 1):  # another name may be another's file
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
