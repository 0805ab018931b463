"""`[metrics]` of `service.toml`."""

from pydantic import Field

from edge.table import Host, Port, Table


class MetricsTable(Table):
    """Figures for Prometheus under /metrics, behind the token in DATA/secrets/metrics_token. None names a room."""

    enabled: bool = Field(default=False, description="Whether they are served.")
    host: Host = Field("127.0.0.1", description="Address to listen on: plain HTTP, so best loopback or a closed net.")
    port: Port = Field(9464, description="0: any free one.")
