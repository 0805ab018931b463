"""What all kinds of cards have in common. Pure: a card's steps are a generator that yields what is to be said to the
card and is sent what the card answered; who speaks to it, and through which chip, is somebody else's business.

A new technology (DESFire) is a class of this shape and a line in `recognise`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

OK, AUTHENTICATION = 0x00, 0x14
"""Statuses of an answer that are acted upon: done; the key is wrong."""
ISO14443_4, CLASSIC = 0x20, 0x08
"""Bits of SAK."""


@dataclass(frozen=True, slots=True)
class Target:
    """A card in the field: its number at the chip, ATQA, SAK, UID, and the ATS of an ISO 14443-4 card."""

    number: int
    sens_res: bytes
    sel_res: int
    uid: bytes
    ats: bytes = b""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say this to the card. `plain`: as it stands, past what the chip itself knows of cards."""

    data: bytes
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """Activate the card anew: after a refusal it has halted. The answer's status is OK."""


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What the card answered; `status` is the chip's (`pn532.STATUSES`)."""

    status: int
    data: bytes = b""


T = TypeVar("T")
Steps = Generator[Tell | Select, CardAnswer, T]


class CardFault(Exception):  # noqa: N818  a fact about the card
    """The card did not do it: it is gone, was moved, or refuses. `code` is read_failed or write_failed."""

    def __init__(self, code: str, status: int = OK) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class CardRefused(Exception):  # noqa: N818  a refusal in the field's own words
    """This card is not to be used. `code`: unsupported_card, unsafe_card, card_too_small, foreign_card."""

    def __init__(self, code: str, kind: str = "unknown") -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind


class CardTechnology(Protocol):
    """A card that is in the field. `kind` as in `CardFound`; `unit` bytes are written at once."""

    kind: str
    unit: int

    def open(self) -> Steps[None]:
        """Get at the memory. Raises CardRefused("foreign_card"), CardFault."""

    def protect(self) -> Steps[None]:
        """Leave no test key on the card, before anything else is written. Raises CardFault."""

    def read(self) -> Steps[bytes]:
        """The 48 bytes of the payload's place. Raises CardFault."""

    def write(self, part: int, data: bytes) -> Steps[None]:
        """Write the part of this number, `unit` bytes. Raises CardFault."""
