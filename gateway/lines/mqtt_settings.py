"""What an MQTT line is told: where its broker is, and who reads what arrives."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from devices.model import Decoded


class Router(Protocol):
    """What a line needs to know of the dialects: what to subscribe to and how to read it."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Topic filters to subscribe to."""

    def decode(self, topic: str, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """What a message says; wrong input is part of the answer and never raises."""


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """How to reach a broker. `client_id` is fixed: the broker keeps a session for it.

    `state_topic` (retained) holds {"state": "online"|"offline"}: birth, last will and farewell.
    """

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_id: str = "innkeeper"
    state_topic: str | None = None
    keepalive_s: int = 15
    connect_timeout_s: float = 5.0
    tls: bool = False
    ca_file: Path | None = None
