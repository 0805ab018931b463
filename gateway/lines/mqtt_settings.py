"""What an MQTT line has to know, and what is handed to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

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
    persistent: bool = True
    version: Literal[4, 5] = 4
    """4: MQTT 3.1.1. 5: MQTT 5, and 3.1.1 with a broker that does not speak it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An order for a device: how many whole seconds it may wait at the broker (MQTT 5), and who is told, None or why it
    was refused, when the broker has answered."""

    topic: str
    payload: bytes
    lasts_s: int
    taken: Callable[[str | None], None] | None = None
