"""Mosquitto with a configuration of our making: users, access lists, limits, a store of its own."""

import base64
import hashlib
import os
import pwd
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ITERATIONS = 101  # what mosquitto_passwd itself uses; the password is random and long
DAYS_AWAY = 14
DIRECTIVES = """\
# Made by Innkeeper at each start; changes are lost.
per_listener_settings false
listener {port} {host}
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/access
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes false
persistent_client_expiration {days}d
max_queued_messages {queued}
max_queued_bytes 0
max_inflight_messages 100
message_size_limit {size}
max_connections 5000
max_keepalive 600
set_tcp_nodelay true
sys_interval 0
connection_messages false
log_timestamp false
log_dest stderr
log_type error
log_type warning
user {user}
"""
ACCESS = """\
user innkeeper
topic readwrite #

user field
topic deny innkeeper/#
topic readwrite #
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the broker keeps and takes."""

    queued_messages: int
    message_bytes: int


def find_mosquitto() -> str | None:
    """Its program; Debian puts it in /usr/sbin, which is not in everybody's PATH."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def write_configuration(folder: Path, address: tuple[str, int], users: Mapping[str, str], limits: Limits) -> Path:
    """Write configuration, password file and access list into `folder`; returns the configuration's path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    directives = DIRECTIVES.format(
        host=address[0],
        port=address[1],
        folder=folder,
        days=DAYS_AWAY,
        queued=limits.queued_messages,
        size=limits.message_bytes,
        user=pwd.getpwuid(os.geteuid()).pw_name,  # started as root it would else become another and lose its store
    )
    _private(folder / "passwords", "".join(f"{name}:{_hashed(word)}\n" for name, word in users.items()))
    _private(folder / "access", ACCESS)
    _private(folder / "mosquitto.conf", directives)
    return folder / "mosquitto.conf"


def _hashed(password: str) -> str:
    """In the format of mosquitto_passwd: $7$iterations$salt$PBKDF2-SHA512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(text)
