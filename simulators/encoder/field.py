"""The place on the encoder where a card is put: what lies there, what happens to it, who wants to know."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from simulators.encoder.card import Card, CardRefusedError, CardSilentError
from simulators.encoder.classic import ClassicCard


class Moment(StrEnum):
    """What can happen to a card at an encoder."""

    PLACED = "placed"
    TAKEN = "taken"
    WRITTEN = "written"  # one page or block
    READ = "read"
    RELEASED = "released"  # the reader is done with it


Watcher = Callable[[Moment, Card], None]
Accident = Callable[[], object]


@dataclass(slots=True)
class _Planned:
    left: int
    accident: Accident


class Field:
    """One card at a time. Watchers are told at once, in the order in which they came."""

    def __init__(self) -> None:
        self.watchers: list[Watcher] = []
        self.writes = 0  # that a card took, ever
        self._card: Card | None = None
        self._planned: _Planned | None = None

    @property
    def card(self) -> Card | None:
        """What lies there."""
        return self._card

    def place(self, card: Card) -> None:
        """Put a card down. ValueError: another one lies there."""
        if self._card is not None:
            raise ValueError("there is a card already")
        self._card = card
        self.tell(Moment.PLACED, card)

    def take(self) -> Card:
        """Take it away. ValueError: there is none."""
        card, self._card = self._card, None
        if card is None:
            raise ValueError("there is no card")
        self.tell(Moment.TAKEN, card)
        return card

    def swap(self, card: Card) -> Card | None:
        """Another card in its place; the one that lay there, if any."""
        before = self.take() if self._card is not None else None
        self.place(card)
        return before

    def after_writes(self, count: int, accident: Accident) -> None:
        """Do that once, right after so many more writes; with 0 right before the next one."""
        self._planned = _Planned(count, accident)

    def exchange(self, card: Card, command: bytes) -> bytes:
        """Speak to a selected card. CardSilentError when it no longer lies there; CardRefusedError."""
        writing = command[:1] in {b"\xa2", b"\xa0"}
        if writing:
            self._happen(0)
        if card is not self._card:
            raise CardSilentError
        answer = card.exchange(command)
        if writing:
            self.writes += 1
            self.tell(Moment.WRITTEN, card)
            self._count()
        elif command[:1] in {b"\x30", b"\x3a"}:
            self.tell(Moment.READ, card)
        return answer

    def authenticate(self, card: Card, command: int, block: int, key: bytes, uid: bytes) -> None:
        """A Classic key. CardSilentError; CardRefusedError: it is not the one, or the card has no keys."""
        shown = card.authenticate if isinstance(card, ClassicCard) else None
        if card is not self._card:
            raise CardSilentError
        if shown is None:
            raise CardRefusedError
        shown(command, block, key, uid)

    def tell(self, moment: Moment, card: Card) -> None:
        """Tell the watchers."""
        for watcher in list(self.watchers):
            watcher(moment, card)

    def _count(self) -> None:
        if self._planned is not None:
            self._planned.left -= 1
            self._happen(0)

    def _happen(self, at: int) -> None:
        if self._planned is not None and self._planned.left <= at:
            accident, self._planned = self._planned.accident, None
            accident()
