"""Mosquitto with a configuration of our making: users, access lists, limits, a store of its own.

The service's own clients and `field` have one listener. Devices with a user of their own have others, where no other
user's password is good and the user name is the client id, so that nobody takes over somebody else's session.
"""

import base64
import hashlib
import os
import pwd
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.brokers.users import BrokerUser
from edge.secret_files import write_secret

ITERATIONS = 101  # what mosquitto_passwd itself uses; the password is random and long
DAYS_AWAY = 14
DIRECTIVES = """\
# Made by Innkeeper at each start; changes are lost.
per_listener_settings {apart}
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes false
persistent_client_expiration {days}d
max_queued_messages {queued}
max_queued_bytes 0
max_inflight_messages 100
message_size_limit {size}
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
LISTENER = """\

listener {port} {host}
allow_anonymous false
password_file {folder}/{users}passwords
acl_file {folder}/{users}access
max_connections {connections}
"""
OWN_CLIENT_ID = "use_username_as_clientid true\n"
TLS = """\
certfile {certificate}
keyfile {key}
tls_version tlsv1.2
"""
ACCESS = """\
user innkeeper
topic readwrite #

user field
topic deny innkeeper/#
topic readwrite #
"""
INNER_CONNECTIONS = 5000


@dataclass(frozen=True, slots=True)
class Limits:
    """What the broker keeps and takes; `connections`: of devices with users of their own, a listener."""

    queued_messages: int
    message_bytes: int
    connections: int = INNER_CONNECTIONS


@dataclass(frozen=True, slots=True)
class Listeners:
    """Where it listens: for the service, and for devices with users of their own (plain, and with TLS)."""

    host: str
    port: int
    device_host: str = ""
    device_port: int | None = None
    tls_port: int | None = None
    certificate: tuple[Path, Path] | None = None

    @property
    def for_devices(self) -> bool:
        """Whether there are any for devices."""
        return self.device_port is not None or self.tls_port is not None


def find_mosquitto() -> str | None:
    """Its program; Debian puts it in /usr/sbin, which is not in everybody's PATH."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def write_configuration(folder: Path, listeners: Listeners, limits: Limits) -> Path:
    """Write the configuration into `folder`; returns its path. The users: `write_users`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    directives = DIRECTIVES.format(
        apart="true" if listeners.for_devices else "false",
        folder=folder,
        days=DAYS_AWAY,
        queued=limits.queued_messages,
        size=limits.message_bytes,
        user=pwd.getpwuid(os.geteuid()).pw_name,  # started as root it would else become another and lose its store
    )
    write_secret(folder / "mosquitto.conf", directives + "".join(_listeners(folder, listeners, limits)))
    return folder / "mosquitto.conf"


def _listeners(folder: Path, told: Listeners, limits: Limits) -> Iterable[str]:
    inner = {"folder": folder, "users": "", "connections": INNER_CONNECTIONS}
    yield LISTENER.format(port=told.port, host=told.host, **inner)
    devices = {"host": told.device_host, "folder": folder, "users": "device_", "connections": limits.connections}
    if told.device_port is not None:
        yield LISTENER.format(port=told.device_port, **devices) + OWN_CLIENT_ID
    if told.tls_port is not None and told.certificate is not None:
        certificate, key = told.certificate
        tls = TLS.format(certificate=certificate, key=key)
        yield LISTENER.format(port=told.tls_port, **devices) + OWN_CLIENT_ID + tls


def write_users(folder: Path, own: Mapping[str, str], devices: Iterable[BrokerUser]) -> None:
    """Write who may come in and what they may: `own` are passwords by name. A broker that runs has to be told."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = [user for user in devices if user.may_enter]
    write_secret(folder / "passwords", "".join(f"{name}:{hashed(word)}\n" for name, word in own.items()))
    write_secret(folder / "access", ACCESS)
    write_secret(folder / "device_passwords", "".join(f"{user.name}:{user.password_hash}\n" for user in known))
    write_secret(folder / "device_access", "\n".join(map(_access, known)))


def _access(user: BrokerUser) -> str:
    lines = [f"topic write {topic}" for topic in user.says] + [f"topic read {topic}" for topic in user.hears]
    return "\n".join([f"user {user.name}", *lines]) + "\n"


def hashed(password: str) -> str:
    """In the format of mosquitto_passwd: $7$iterations$salt$PBKDF2-SHA512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
