"""`[http]`: where the pages listen, with which certificate, by which names, behind which proxies."""

from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from edge.table import Host, Port, Table

TLS = (
    "off: plain HTTP, for this machine or behind a proxy. local: the certificate of `innkeeper tls create`. "
    "files: the hotel's own, named by certificate and key."
)


class HttpTable(Table):
    """Where the pages and the API listen, and how they are reached."""

    host: Host = Field("127.0.0.1", description="Address to listen on; 0.0.0.0: every network (then set tls).")
    port: Port = Field(8080, description="0: any free one.")
    tls: Literal["off", "local", "files"] = Field("off", description=TLS)
    certificate: str = Field("", description="With tls files: PEM, the chain in it; relative to DATA or absolute.")
    key: str = Field("", description="With tls files: its key, PEM without a password.")
    redirect_port: Port | None = Field(None, description="With tls: answers plain HTTP with the way to https.")
    public_url: str = Field("", description="How browsers reach the pages where that differs: https://hotel.example.")
    names: tuple[str, ...] = Field((), description="Further host names the pages go by, beside those above.")
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.0/8", "::1/128"),
        description="Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        origin = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        if value and (not origin or parts.path.strip("/") or parts.query or parts.fragment):
            raise ValueError("is not http(s)://host or http(s)://host:port")
        return value.rstrip("/")

    @field_validator("names")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name or any(sign in name for sign in "/: \t"):
                raise ValueError(f"{name!r} is not a host name")
        return tuple(name.lower().rstrip(".") for name in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"{text!r} is neither an address nor a network") from None
        return value

    @model_validator(mode="after")
    def _files_for_mode(self) -> Self:
        if self.tls == "files" and not (self.certificate and self.key):
            raise ValueError('tls "files" needs certificate and key')
        if self.tls != "files" and (self.certificate or self.key):
            raise ValueError('certificate and key are read with tls = "files"')
        if self.tls == "off" and self.redirect_port is not None:
            raise ValueError("redirect_port leads to https: set tls")
        return self

    @property
    def reaches_only_here(self) -> bool:
        """Whether nobody but this machine can connect."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    def files(self, data: Path) -> tuple[Path, Path]:
        """Where the hotel's own certificate and key are."""
        return data / self.certificate, data / self.key
