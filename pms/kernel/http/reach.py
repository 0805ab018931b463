"""How the house is reached: which proxies are believed, by which names it goes. Plain functions over values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

LOCAL_SUFFIXES = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
"""Names that no public name server gives out: nobody's page can make them point at us."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`proxies`: whose X-Forwarded-For and -Proto are believed; `names`: host names besides addresses and local ones.

    `strict`: a proxy's word does not stand for a host name either (a demonstration, whose password everybody knows).
    """

    proxies: tuple[Network, ...] = LOOPBACK
    public_url: str = ""
    names: frozenset[str] = field(default_factory=frozenset)
    strict: bool = False

    def trusts(self, remote: str | None) -> bool:
        """Whether who is connected to us is a proxy of the house."""
        address = _address(remote or "")
        return address is not None and any(address in network for network in self.proxies)

    def address_of(self, remote: str | None, forwarded_for: str) -> str:
        """Where a request comes from: the last hop that is no proxy of ours. What is no address is not believed."""
        here = remote or ""
        for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
            if not self.trusts(here):
                break
            address = _address(hop)
            if address is None:
                break
            here = str(address)
        return here[:80]

    def knows(self, host: str) -> bool:
        """Whether a Host header names us: by address, by a local name, by public_url or a name that was configured.

        An address or a local name cannot be rebound by a stranger's name server; any other name could be.
        """
        name = host_name(host)
        if not name or _address(name) is not None or "." not in name or name.endswith(LOCAL_SUFFIXES):
            return True
        return name in self.names or name == host_name(urlsplit(self.public_url).netloc)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as written (`10.0.0.2`, `10.0.0.0/24`). Raises ValueError."""
    return tuple(ip_network(text.strip(), strict=False) for text in texts)


def host_name(host: str) -> str:
    """The name of a Host header: without port, brackets and final dot, in small letters."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rsplit(":", 1)[0].rstrip(".") if name.count(":") == 1 else name.rstrip(".")


def is_loopback(host: str) -> bool:
    """Whether an address to listen on reaches no other machine."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def counted_as(address: str) -> str:
    """The address as limits count it: an IPv6 network of 64 bits is one household, it has more than can be counted."""
    found = _address(address)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
