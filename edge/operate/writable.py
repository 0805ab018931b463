"""The one file of the configuration that the service writes: devices.toml, for devices placed on the pages.

It is replaced by renaming, so the folder has to be writable too; sticky, so that no other file there can be replaced.
"""

import os
import stat
from pathlib import Path

DEVICES = "devices.toml"
FOLDER = stat.S_ISVTX | stat.S_IRWXG
FILE = stat.S_IRUSR | stat.S_IWUSR


def may_write(config: Path, user: int, group: int) -> bool:
    """Whether this user of the machine may replace devices.toml, and nothing else there that is not theirs."""
    try:
        folder, file = config.stat(), (config / DEVICES).stat()
    except FileNotFoundError:
        return False
    own = file.st_uid == user and file.st_mode & FILE == FILE
    return own and folder.st_gid == group and folder.st_mode & FOLDER == FOLDER


def let_write(config: Path, user: int, group: int) -> None:
    """Make it so. Whatever else may be done there may be done still."""
    os.chown(config, -1, group)
    config.chmod(stat.S_IMODE(config.stat().st_mode) | FOLDER)
    file = config / DEVICES
    os.chown(file, user, group)
    file.chmod(stat.S_IMODE(file.stat().st_mode) | FILE)
