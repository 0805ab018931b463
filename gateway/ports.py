"""What the gateway gives and takes: messages of the lines, the callables of its user, its own figures."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from devices.encoders.jobs import CardProgress, CardResult
from devices.encoders.payload import CardKeys
from devices.model import CommandResult, Decoded, LineStatus


def nothing_to_acknowledge() -> None:
    """The acknowledgement of a message that its line does not keep (Modbus, serial, MQTT QoS 0)."""


class LineMessage(NamedTuple):
    """One wire message and what it said. A named tuple and not a dataclass: it is made for every message that arrives.

    `duplicate_key` is (packet id, checksum of topic and payload) of an MQTT message with QoS 1, else None. A message
    with `redelivered` whose key was taken before, and is among the last unacknowledged ones, is the same once more.
    """

    line: str
    source: str  # topic, or "unit 3"
    payload: bytes  # as received; Modbus: the registers read, big-endian words
    decoded: Decoded
    received: datetime
    sequence: int  # of the line since its start
    duplicate_key: tuple[int, int] | None = None
    redelivered: bool = False
    retained: bool = False
    acknowledge: Callable[[], object] = nothing_to_acknowledge  # call it once what the message said is on disk


async def _unkept(_command_id: str) -> bool:
    """Nobody keeps a journal of commands."""
    return True


def _unheard(_command_id: str) -> None:
    """Nobody wants to know who has taken a command."""


async def _unrecorded(_progress: CardProgress) -> None:
    """Nobody keeps a journal of key jobs."""


def _unwanted(_result: CardResult) -> None:
    """Nobody issues key cards."""


@dataclass(frozen=True, slots=True)
class CardSettings:
    """The hotel's card keys, and whether MIFARE Classic may be written all the same."""

    keys: CardKeys
    mifare_classic: bool = False


@dataclass(frozen=True, slots=True)
class GatewayPorts:
    """What the gateway calls, always on the event loop. None of them may block or raise.

    `device_health(device, online, cause)`: cause is the line's id when the line is why, else None.
    `command_sending(command id)` is awaited before a command goes out; False: that could not be stored, and it does not
    go out. What was sent and has no result is unknown. `command_acknowledged`: the device, or its broker, has taken it.
    `card_progress` is awaited before a job goes on: a step WRITING is on disk before anything is written.
    `card_done` is told the one result of each card job.
    """

    take: Callable[[LineMessage], None]
    line_changed: Callable[[LineStatus], None]
    device_health: Callable[[str, bool, str | None], None]
    command_done: Callable[[CommandResult], None]
    command_sending: Callable[[str], Awaitable[bool]] = _unkept
    command_acknowledged: Callable[[str], None] = _unheard
    card_progress: Callable[[CardProgress], Awaitable[None]] = _unrecorded
    card_done: Callable[[CardResult], None] = _unwanted


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """What was heard of a device. `online` None: not known yet."""

    device: str
    line: str
    heard: int
    rejected: int
    last_heard: datetime | None
    online: bool | None


@dataclass(frozen=True, slots=True)
class EncoderFigures:
    """A card encoder. `code` when it is down: line_down, encoder_silent, encoder_garbled, encoder_error, wrong_chip."""

    device: str
    line: str
    state: str  # up, down, starting
    code: str | None
    firmware: str | None  # "1.6"
    busy: bool
    waiting: int  # jobs
    since: datetime  # of the state


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """The gateway at one instant."""

    lines: tuple[LineStatus, ...]
    devices: tuple[DeviceFigures, ...]
    rejected: dict[str, int]  # by reason, all lines
    unknown_sources: int  # messages from topics or units no device of the inventory has
    waiting_commands: int
    encoders: tuple[EncoderFigures, ...] = ()
