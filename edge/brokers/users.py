"""The broker's users of this hotel beside the service's own: one for each device or bridge, with its own topics.

Kept in DATA/secrets/broker-users, mode 600: hashes, never a password.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.secret_files import secret_path, write_secret

FILE = "broker-users"
TOPICS = ("says", "hears")


class UsersDamagedError(Exception):
    """The file of users cannot be read; nobody is let in on a guess."""


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A user. `kind`: device, bridge, home_assistant or pms; `target`: the device's id or the bridge's base topic."""

    name: str
    kind: str
    target: str
    says: tuple[str, ...]
    hears: tuple[str, ...]
    password_hash: str
    made: str
    changed: str
    revoked: str = ""

    @property
    def may_enter(self) -> bool:
        """Whether the broker knows it."""
        return not self.revoked


def load_users(data: Path) -> dict[str, BrokerUser]:
    """All of them by name, the revoked ones too. Raises UsersDamagedError."""
    path = secret_path(data, FILE)
    if not path.exists():
        return {}
    try:
        return {user.name: user for user in map(_user, json.loads(path.read_text())["users"])}
    except (ValueError, KeyError, TypeError) as error:
        raise UsersDamagedError(
            f"{path} cannot be read ({error}): take it from a backup, or delete it and make the users anew"
        ) from error


def save_users(data: Path, users: Mapping[str, BrokerUser]) -> None:
    """Write them all."""
    listed = [asdict(users[name]) for name in sorted(users)]
    write_secret(secret_path(data, FILE), json.dumps({"users": listed}, indent=1))


def _user(fields: dict[str, Any]) -> BrokerUser:
    whole = fields | {key: tuple(fields[key]) for key in TOPICS}
    texts = [value for key, value in whole.items() if key not in TOPICS]
    if not all(isinstance(value, str) for value in (*texts, *whole["says"], *whole["hears"])):
        raise TypeError("something that is no text")
    return BrokerUser(**whole)


def stamp(now: datetime) -> str:
    """An instant as it stands in the file."""
    return now.isoformat(timespec="seconds")
