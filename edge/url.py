"""The address of a broker as people write it."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """mqtt://user:password@host:port, or mqtts:// for TLS. What is absent is None."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool

    @classmethod
    def parse(cls, text: str) -> "BrokerUrl":
        """Read one; raises ValueError with what is wrong."""
        parts = urlsplit(text)
        if parts.scheme not in {"mqtt", "mqtts"}:
            raise ValueError("write mqtt://user@host:port, or mqtts:// for TLS")
        if not parts.hostname:
            raise ValueError("the host is missing")
        tls = parts.scheme == "mqtts"
        user, password = parts.username, parts.password
        return cls(
            parts.hostname,
            parts.port or (8883 if tls else 1883),
            unquote(user) if user else None,
            unquote(password) if password else None,
            tls,
        )
