"""What every card in a reader's field has in common: who it is, how it is woken, and that it may refuse."""

from typing import Protocol


class CardSilentError(Exception):
    """The card does not answer: it has halted, or it is not there."""


class CardRefusedError(Exception):
    """The card answers with four bits that say no, and waits to be selected anew."""


class Card(Protocol):
    """A contactless card of ISO 14443 type A. `atqa` and `ats` are in the order in which the PN532 tells them."""

    kind: str
    uid: bytes
    atqa: bytes
    sak: int
    ats: bytes  # empty: it does not speak ISO 14443-4

    def select(self) -> None:
        """Selected anew: whatever it had been allowed is forgotten."""

    def exchange(self, command: bytes) -> bytes:
        """What it answers (b"" where it only acknowledges). Raises CardSilentError, CardRefusedError."""
