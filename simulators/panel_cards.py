"""The panel's hand at the card encoders: what lies on each, what is in a room's wallet, and putting cards down."""

from collections.abc import Callable, Mapping
from typing import Any

from simulators.encoder.card import Card
from simulators.encoder.content import written_on
from simulators.encoder.deck import KINDS
from simulators.encoder.tray import CardBox, DeskHand
from simulators.hotel import SimulatedHotel
from simulators.panel_actions import Value, WrongValueError

FOREIGN = "foreign"
EncoderAction = Callable[[CardBox, DeskHand, Value], None]


def place(box: CardBox, hand: DeskHand, value: Value) -> None:
    """A new card of that kind, or another house's, in the place of what lies there."""
    if value == FOREIGN:
        hand.place(box.deck.foreign())
    elif value in KINDS:
        hand.place(box.deck.blank(str(value)))
    else:
        raise WrongValueError(", ".join([*KINDS, FOREIGN]))


def take(_box: CardBox, hand: DeskHand, _value: Value) -> None:
    """Nothing lies there any more."""
    if hand.encoder.card is not None:
        hand.take()


def bring(box: CardBox, hand: DeskHand, value: Value) -> None:
    """A card that is carried about comes back to the desk; `value` is its UID in hex."""
    hand.place(carried(box, value))


def fault(_box: CardBox, hand: DeskHand, value: Value) -> None:
    """The encoder falls silent, garbles what it says, or is well again."""
    if value not in {"silent", "garbled", "well"}:
        raise WrongValueError("silent, garbled or well")
    hand.encoder.faults.silent = value == "silent"
    hand.encoder.faults.garbled = value == "garbled"


ENCODER_ACTIONS: Mapping[str, EncoderAction] = {"place": place, "take": take, "bring": bring, "fault": fault}


def carried(box: CardBox, value: Value) -> Card:
    """The card with this UID, in somebody's wallet. Raises WrongValueError."""
    try:
        card = box.find(bytes.fromhex(str(value)))
    except ValueError:
        card = None
    if card is None:
        raise WrongValueError("nobody carries that card")
    return card


def card_truth(card: Card) -> dict[str, Any]:
    """What anybody can see of a card. `room` None: it is blank or somebody else's."""
    written = written_on(card)
    number = written.credential if written else None
    return {"uid": card.uid.hex(), "kind": card.kind, "room": written.room if written else None, "credential": number}


def encoder_truth(name: str, hand: DeskHand) -> dict[str, Any]:
    """How it really is at an encoder."""
    card, faults = hand.encoder.card, hand.encoder.faults
    trouble = "silent" if faults.silent else "garbled" if faults.garbled else None
    return {"id": name, "up": hand.encoder.up, "trouble": trouble, "card": card_truth(card) if card else None}


def cards_truth(hotel: SimulatedHotel) -> dict[str, Any]:
    """The encoders, and the cards that are carried about."""
    wallets = hotel.cards.wallets
    return {
        "encoders": [encoder_truth(name, hand) for name, hand in hotel.hands.items()],
        "cards": [card_truth(card) for room in sorted(wallets) for card in wallets[room]],
    }
