"""The chip's contactless half: the target it has listed, and what becomes of a command to it, as status bytes."""

from simulators.encoder.card import Card, CardRefusedError, CardSilentError
from simulators.encoder.classic import ClassicCard
from simulators.encoder.field import Field, Moment

OK, TIMED_OUT, CRC, NOT_AS_SPECIFIED, NOT_AUTHENTICATED, WRONG_CONTEXT = (
    b"\x00", b"\x01", b"\x02", b"\x13", b"\x14", b"\x27",
)  # fmt: skip
TYPE_A_106 = 0x10
POLL_GENERIC, POLL_MIFARE, POLL_ISO_DEP = 0x00, 0x10, 0x20
CASCADE = b"\x88"


class Radio:
    """One target at most: the card that lay in the field when it was listed, however long it stays there."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._target: Card | None = None
        self._selected = False
        self._kept = b""  # the beginning of a chained command
        self._last_status = OK
        self.powered = False

    @property
    def speaks_iso_dep(self) -> bool:
        """Does an ISO 14443-4 card lie there and answer?"""
        return self._target is not None and bool(self._target.ats) and self._target is self._field.card

    def is_iso_dep(self, number: int) -> bool:
        """Is that the number of an ISO 14443-4 card?"""
        return number == 1 and self._target is not None and bool(self._target.ats)

    def activate(self, wanted: bytes, rats: bool) -> bytes | None:
        """List the card in the field: `Tg SENS_RES SEL_RES UIDlen UID [ATS]`; None: none, or not the wanted one."""
        self.powered = True
        card = self._field.card
        if card is None or (wanted and wanted not in {card.uid, CASCADE + card.uid}):
            return None
        card.select()
        self._target, self._selected = card, True
        ats = card.ats if rats else b""
        return b"\x01" + card.atqa + bytes([card.sak, len(card.uid)]) + card.uid + ats

    def polled_type(self, types: bytes) -> int | None:
        """As which of the types of InAutoPoll the card in the field is found."""
        card = self._field.card
        if card is None:
            return None
        own = POLL_ISO_DEP if card.ats else POLL_MIFARE
        return own if {own, POLL_GENERIC} & set(types) else None

    def exchange(self, number: int, command: bytes, more: bool = False) -> bytes:
        """InDataExchange: a status, then the card's answer."""
        card = self._target
        if card is None or number != 1:
            return self._status(WRONG_CONTEXT)
        if not self._selected:
            card.select()
            self._selected = True
        self._kept += command
        if more:
            return self._status(OK)
        whole, self._kept = self._kept, b""
        try:
            return self._status(OK) + self._asked(card, whole)
        except CardSilentError:
            return self._status(TIMED_OUT)
        except CardRefusedError:
            keyed = isinstance(card, ClassicCard) or whole[:1] in {b"\x60", b"\x61"}
            return self._status(NOT_AUTHENTICATED if keyed else NOT_AS_SPECIFIED)

    def _asked(self, card: Card, command: bytes) -> bytes:
        if command[:1] in {b"\x60", b"\x61"} and not card.ats:
            self._field.authenticate(card, command[0], command[1], command[2:8], command[8:])
            return b""
        return self._field.exchange(card, command)

    def through(self, command: bytes) -> bytes:
        """InCommunicateThru: bytes as they are, the chip adds and checks the CRC only. Four bits are a CRC error."""
        card = self._target
        if card is None or not self._selected or card.ats:
            return self._status(TIMED_OUT)
        try:
            answer = self._field.exchange(card, command)
        except CardSilentError:
            return self._status(TIMED_OUT)
        except CardRefusedError:
            return self._status(CRC)
        return self._status(OK) + answer if answer else self._status(CRC)

    def deselect(self, number: int) -> bytes:
        """The card sleeps; it can be selected again."""
        if not self._knows(number):
            return self._status(WRONG_CONTEXT)
        self._selected = False
        return self._status(OK)

    def select(self, number: int) -> bytes:
        """Wake it again."""
        if self._target is None or number != 1:
            return self._status(WRONG_CONTEXT)
        if self._target is not self._field.card:
            return self._status(TIMED_OUT)
        self._target.select()
        self._selected = True
        return self._status(OK)

    def release(self, number: int) -> bytes:
        """Forget the target; 0 means all, and is fine when there is none."""
        if not self._knows(number):
            return self._status(WRONG_CONTEXT)
        self.forget()
        return self._status(OK)

    def _knows(self, number: int) -> bool:
        return number == 0 or (number == 1 and self._target is not None)

    def forget(self) -> None:
        """No target any more; a card that still lies there is told to be at rest."""
        card, self._target, self._selected, self._kept = self._target, None, False, b""
        if card is not None and card is self._field.card:
            self._field.tell(Moment.RELEASED, card)

    def switch_off(self) -> None:
        """No field, no target."""
        self.forget()
        self.powered = False

    def status(self) -> bytes:
        """`Err Field NbTg [Tg BrRx BrTx Type]` of GetGeneralStatus."""
        targets = b"" if self._target is None else bytes([1, 0, 0, TYPE_A_106])
        return self._last_status + bytes([self.powered, len(targets) // 4]) + targets

    def _status(self, code: bytes) -> bytes:
        self._last_status = code
        return code
