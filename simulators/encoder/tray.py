"""Where cards are when they lie on no encoder, and the hand that takes a finished one off and puts a blank down."""

import asyncio
from collections import defaultdict

from simulators.encoder.card import Card
from simulators.encoder.content import written_on
from simulators.encoder.deck import Deck
from simulators.encoder.encoder import SimulatedEncoder
from simulators.encoder.field import Moment

MOST_IN_A_WALLET = 8
MOMENT_S = 0.5
"""Real seconds after which a finished card is taken off."""


class CardBox:
    """The house's cards: a deck of new ones, and what the guests of each room carry, the newest last."""

    def __init__(self, seed: int = 1) -> None:
        self.deck = Deck(seed)
        self.wallets: dict[str, list[Card]] = defaultdict(list)

    def keep(self, card: Card) -> None:
        """Into the wallet of the room that is written on it; any other card goes back to the deck."""
        written = written_on(card)
        if written is None:
            return
        wallet = self.wallets[written.room]
        wallet.append(card)
        del wallet[:-MOST_IN_A_WALLET]

    def find(self, uid: bytes) -> Card | None:
        """A card of somebody's wallet."""
        return next((card for wallet in self.wallets.values() for card in wallet if card.uid == uid), None)

    def numbered(self, room: str, credential: int) -> Card | None:
        """The card of a room with that number in the ledger."""
        for card in reversed(self.wallets.get(room, [])):
            written = written_on(card)
            if written is not None and written.credential == credential:
                return card
        return None

    def take_out(self, card: Card) -> None:
        """Out of whichever wallet it is in."""
        for wallet in self.wallets.values():
            if card in wallet:
                wallet.remove(card)


class DeskHand:
    """The clerk's hand at one encoder. `blank` is the kind of card that it puts down; None: it touches nothing."""

    def __init__(self, encoder: SimulatedEncoder, box: CardBox, blank: str | None) -> None:
        self.encoder = encoder
        self._box = box
        self._blank = blank
        self._written = self._checked = False
        self._timer: asyncio.TimerHandle | None = None
        encoder.watch(self._moment)

    def begin(self) -> None:
        """A blank card lies there from the start."""
        if self._blank is not None and self.encoder.card is None:
            self.encoder.place(self._box.deck.blank(self._blank))

    def stop(self) -> None:
        """Leave it alone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def place(self, card: Card) -> None:
        """Put this card down; what lay there goes where it belongs."""
        self._box.take_out(card)
        before = self.encoder.field.swap(card)
        if before is not None:
            self._box.keep(before)

    def take(self) -> Card:
        """Take off what lies there. ValueError: nothing does."""
        card = self.encoder.take()
        self._box.keep(card)
        return card

    def _moment(self, moment: Moment, card: Card) -> None:
        if moment in {Moment.PLACED, Moment.TAKEN}:
            self._written = self._checked = False
            self.stop()
        elif moment is Moment.WRITTEN:
            self._written, self._checked = True, False
        elif moment is Moment.READ:
            self._checked = self._written
        elif self._checked and self._blank is not None and written_on(card) is not None:
            self.stop()
            self._timer = asyncio.get_running_loop().call_later(MOMENT_S, self._change)

    def _change(self) -> None:
        self.take()
        self.begin()
