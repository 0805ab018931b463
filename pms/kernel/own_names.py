"""What this machine is called in its network: the names its certificates are for."""

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address

from pms.kernel.errors import CannotServe

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*")


def checked_names(names: Sequence[str]) -> list[str]:
    """Names and addresses in one spelling, each once. Raises CannotServe for what is neither."""
    made: dict[str, None] = {}
    for name in names:
        tidy = name.strip().lower().rstrip(".")
        with suppress(ValueError):
            tidy = str(ip_address(tidy.strip("[]")))
            made[tidy] = None
            continue
        if not HOST.fullmatch(tidy):
            raise CannotServe(f"{name!r} is neither a host name nor an address")
        made[tidy] = None
    return list(made)


def own_names() -> list[str]:
    """What this machine is called in its network, and its addresses there."""
    host = socket.gethostname().lower()
    named = [host, f"{host.partition('.')[0]}.local", "localhost"] if HOST.fullmatch(host) else ["localhost"]
    return [*named, *_addresses(host), "127.0.0.1", "::1"]


def _addresses(host: str) -> list[str]:
    """Those of the name, and those this machine would send from: Debian gives its own name a loopback address."""
    found = {_sends_from(socket.AF_INET, "192.0.2.1"), _sends_from(socket.AF_INET6, "2001:db8::1")}
    with suppress(OSError, UnicodeError):
        found |= {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    return sorted(address for address in found if address and not ip_address(address).is_loopback)


def _sends_from(family: socket.AddressFamily, there: str) -> str:
    """The address of the way out, "" without one. Nothing is sent: a datagram socket only looks the route up."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((there, 9))
        return str(probe.getsockname()[0]).partition("%")[0]
    return ""
