"""`[broker]` of `service.toml`: the broker between devices, edge and PMS."""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from edge.table import Host, Port, Table
from edge.url import BrokerUrl

MODES = (
    "auto: Mosquitto when it is installed, else embedded. mosquitto: started and watched by the service. "
    "embedded: a small broker for trial and demo only, it forgets what is on its way. url: the hotel's own."
)
BEYOND = (
    'with tls_port the plain port stays on this machine: set host = "127.0.0.1" and give devices that cannot do TLS '
    "device_port; plain_beyond_loopback = true leaves it open while the devices are moved"
)


class BrokerTable(Table):
    """The MQTT broker between devices, edge and PMS. INNKEEPER_BROKER_URL overrides `url`."""

    mode: Literal["auto", "mosquitto", "embedded", "url"] = Field("auto", description=MODES)
    host: Host = Field("127.0.0.1", description="Address the service's own broker listens on.")
    port: Port = Field(1883, description="Its port; 0: any free one.")
    url: str = Field("", description="With mode url: mqtt://user@host:port, or mqtts:// for TLS.")
    max_queued_messages: int = Field(
        1_000_000, ge=100, description="Messages the broker keeps for each client that is away: the longest outage."
    )
    message_size_limit: int = Field(1_048_576, ge=1024, description="Bytes of the largest message the broker takes.")
    device_host: Host = Field("0.0.0.0", description="Address of the two ports below.")
    device_port: Port | None = Field(
        None, description="Plain MQTT for devices with a user of their own, who cannot do TLS; absent: none. 0: any."
    )
    tls_port: Port | None = Field(
        None, description="MQTT over TLS for devices with a user of their own (8883); absent: none. 0: any free one."
    )
    tls_certificate: str = Field("", description="The hotel's own, PEM with its chain; empty: from a local authority.")
    tls_key: str = Field("", description="Its key, PEM without a password; both relative to DATA or absolute.")
    tls_names: tuple[str, ...] = Field((), description="Further names or addresses of the local certificate.")
    device_connections: int = Field(2000, ge=1, description="Connections at once on each of the devices' ports.")
    plain_beyond_loopback: bool = Field(
        default=False, description="With tls_port: `host` may still be an address of the network."
    )

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value:
            BrokerUrl.parse(value)
        return value

    @model_validator(mode="after")
    def _url_for_mode(self) -> Self:
        if self.mode == "url" and not self.url:
            raise ValueError('mode "url" needs url')
        if self.for_devices and self.mode in {"url", "embedded"}:
            raise ValueError(f'device_port and tls_port need Mosquitto of our own, not mode "{self.mode}"')
        return self

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key go together")
        if self.tls_port is None and (self.tls_certificate or self.tls_names):
            raise ValueError("tls_certificate and tls_names are read with tls_port")
        if self.tls_port is not None and not self.plain_beyond_loopback and not is_loopback(self.host):
            raise ValueError(BEYOND)
        return self

    @property
    def for_devices(self) -> bool:
        """Whether there are ports for devices with users of their own."""
        return self.device_port is not None or self.tls_port is not None

    def files(self, data: Path) -> tuple[Path, Path] | None:
        """The hotel's own certificate and key; None: the local authority makes them."""
        return (data / self.tls_certificate, data / self.tls_key) if self.tls_certificate else None


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to something that listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
