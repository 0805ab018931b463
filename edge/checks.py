"""`innkeeper check`: what is wrong in the files, and what cannot be reached now."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from devices.inventory import Line
from edge.broker_settings import BrokerTable, is_loopback
from edge.brokers.credentials import Credentials
from edge.brokers.mosquitto import find_mosquitto
from edge.brokers.place import free_port
from edge.brokers.users import UsersDamagedError, load_users
from edge.configuration import Configuration
from edge.folder import in_use
from edge.url import BrokerUrl

PATIENCE_SECONDS = 1.0
LOCAL_CERTIFICATE = "tls_server_certificate"


def warnings(configuration: Configuration, data: Path) -> list[str]:
    """What does not keep the service from starting but should be known."""
    return [
        *_broker(configuration, data),
        *_http(configuration, data),
        *_home_assistant(configuration),
        *(said for line in configuration.inventory.lines.values() for said in _line(line, data)),
        *(f"line {line}: no device is on it" for line in _empty_lines(configuration)),
    ]


def _broker(configuration: Configuration, data: Path) -> Iterator[str]:
    settings = configuration.settings.broker
    if settings.mode == "url":
        url = BrokerUrl.parse(settings.url)
        yield from _unreachable("[broker] url", url.host, url.port)
        return
    if settings.mode != "embedded" and find_mosquitto() is None:
        yield "[broker]: Mosquitto is not installed; the embedded broker is for trial and demo only"
    if not in_use(data, "edge"):
        for name, host in (("port", settings.host), ("device_port", settings.device_host)):
            if port := getattr(settings, name):
                yield from _taken(f"[broker] {name}", host, port)
        if settings.tls_port:
            yield from _taken("[broker] tls_port", settings.device_host, settings.tls_port)
    yield from _in_the_clear(settings)
    yield from _stale_users(configuration, data)


def _in_the_clear(settings: BrokerTable) -> Iterator[str]:
    """What of the broker's passwords anybody on the network can read."""
    if not is_loopback(settings.host):
        yield "[broker] host: the passwords of `field` and of the service cross the network unencrypted; see tls_port"
    if settings.device_port is not None and not is_loopback(settings.device_host):
        yield "[broker] device_port: devices' passwords cross the network unencrypted; keep it in a network of its own"


def _stale_users(configuration: Configuration, data: Path) -> Iterator[str]:
    try:
        users = load_users(data)
    except UsersDamagedError as error:
        yield str(error)
        return
    known = Credentials(configuration, data, datetime.now(UTC))
    for user in users.values():
        if known.is_stale(user):
            yield f"broker user {user.name}: its topics are not those of the configuration any more; rotate it"


def _http(configuration: Configuration, data: Path) -> Iterator[str]:
    settings = configuration.settings.http
    if settings.port and not in_use(data, "pms"):
        yield from _taken("[http] port", settings.host, settings.port)
    if settings.tls == "off" and not settings.reaches_only_here and not settings.public_url.startswith("https:"):
        yield '[http]: passwords and names cross the network unencrypted; `innkeeper tls create`, then tls = "local"'
    if settings.tls == "local" and not (data / "secrets" / LOCAL_CERTIFICATE).exists():
        yield "[http] tls: there is no certificate yet; `innkeeper tls create` makes one"


def _home_assistant(configuration: Configuration) -> Iterator[str]:
    settings = configuration.settings.home_assistant
    if settings.enabled and settings.url:
        url = BrokerUrl.parse(settings.url)
        yield from _unreachable("[home_assistant] url", url.host, url.port)


def _line(line: Line, data: Path) -> Iterator[str]:
    if line.host is not None:
        default = 1883 if line.kind == "mqtt" else 502
        yield from _unreachable(f"line {line.id}", line.host, line.port or default)
    elif line.path is not None and not (data / line.path).exists():
        yield f"line {line.id}: {data / line.path} is not there"


def _empty_lines(configuration: Configuration) -> list[str]:
    inventory = configuration.inventory
    return [line.id for line in inventory.lines.values() if line.kind != "serial" and not inventory.on(line.id)]


def _unreachable(what: str, host: str, port: int) -> Iterator[str]:
    try:
        socket.create_connection((host, port), PATIENCE_SECONDS).close()
    except OSError as error:
        yield f"{what}: {host}:{port} cannot be reached ({error.strerror or error})"


def _taken(what: str, host: str, port: int) -> Iterator[str]:
    try:
        free_port(host, port)
    except OSError as error:
        yield f"{what}: {host}:{port} cannot be listened on ({error.strerror or error})"
