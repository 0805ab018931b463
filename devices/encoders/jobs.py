"""Jobs of a card encoder: what is asked, how far it is, how it ended. Each ends in exactly one `CardResult`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from devices.encoders.payload import CardContent


class CardTask(StrEnum):
    """What is to be done with the card that is put on the encoder."""

    WRITE = "write"
    READ = "read"
    ERASE = "erase"


class CardStep(StrEnum):
    """How far a job is; a person sees it."""

    QUEUED = "queued"  # another job is at the encoder
    WAITING = "waiting"  # "place the card"
    WRITING = "writing"
    CHECKING = "checking"


class CardState(StrEnum):
    """How a job ended (design section 3)."""

    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CardJob:
    """A job for an encoder. `content` of a WRITE alone. No write is begun after the deadline."""

    id: str
    encoder: str  # device id
    task: CardTask
    deadline: datetime
    content: CardContent | None = None


@dataclass(frozen=True, slots=True)
class CardProgress:
    """A job has come to a step."""

    id: str
    step: CardStep
    at: datetime


@dataclass(frozen=True, slots=True)
class CardFound:
    """A card that was on the encoder. `serial` is a keyed hash, never the UID.

    `kind`: ntag213 ntag215 ntag216 ultralight ultralight_ev1 ultralight_c mifare_classic desfire unknown.
    `problem`: None when `content` is there, else a `PayloadError` code or `unreadable`.
    """

    serial: str
    kind: str
    content: CardContent | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CardResult:
    """How a job ended. `reason` is a code when it did not end well:

    no_card (EXPIRED: nobody placed one before the deadline), cancelled, card_removed, card_changed, write_failed,
    not_verified, unsafe_card (MIFARE Classic, not switched on), unsupported_card, card_too_small, foreign_card,
    read_failed, room_too_long, encoder_busy, encoder_silent, encoder_garbled, encoder_error, line_down,
    unknown_encoder, restarted.
    EXPIRED and FAILED mean that no working key came of it; UNKNOWN that perhaps one did.
    """

    id: str
    state: CardState
    at: datetime
    reason: str | None = None
    card: CardFound | None = None
