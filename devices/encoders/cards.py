"""Which technology a card in the field is of."""

from devices.encoders.classic import ClassicCard
from devices.encoders.payload import CardKeys
from devices.encoders.technology import CLASSIC, ISO14443_4, CardRefused, CardTechnology, Steps, Target
from devices.encoders.type2 import recognise_type2

DESFIRE_ATQA = b"\x03\x44"


def recognise(target: Target, keys: CardKeys, *, mifare_classic: bool) -> Steps[CardTechnology]:
    """The technology of this card, ready to be opened.

    Raises:
        CardRefused: unsupported_card, unsafe_card (a MIFARE Classic, not switched on), card_too_small.
        CardFault: it does not let itself be read.
    """
    if target.sel_res & ISO14443_4:
        raise CardRefused("unsupported_card", "desfire" if target.sens_res == DESFIRE_ATQA else "unknown")
    if target.sel_res & CLASSIC:
        if not mifare_classic:
            raise CardRefused("unsafe_card", ClassicCard.kind)
        return ClassicCard(keys, target.uid)
    if target.sel_res:
        raise CardRefused("unsupported_card")
    return (yield from recognise_type2())
