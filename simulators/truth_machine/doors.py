"""Door contact, lock, bolt, key-card holder, panel, window, and the books: what they say when people do things."""

from collections.abc import Iterable, Iterator
from itertools import count
from random import Random

from devices.model import Value
from simulators.truth import OCCUPANTS, Role
from simulators.truth_machine.doings import Deed, Doing
from simulators.truth_machine.parameters import Rounds
from simulators.truth_machine.signs import ALWAYS, PMS, Fittings, Sign
from simulators.truth_machine.walk import Step

CARD_S = 2.0
"""From the card to the door, as the simulated room has it."""
HOLDER = "keycard"


class Doors:
    """One room's. Call `signs` once."""

    def __init__(self, fittings: Fittings, rounds: Rounds, cheating: frozenset[str], random: Random) -> None:
        self._fittings = fittings
        self._rounds = rounds
        self._cheating = cheating
        self._random = random
        self._happenings = count(ALWAYS + 1)
        self._bolted = False
        self._holder = ""  # whose card is in it: guest, staff, spare
        self._party = 0
        self._stay = ""

    def signs(self, steps: Iterable[Step]) -> Iterator[Sign]:
        """Not quite in order: a card comes before the door it opens."""
        for step in steps:
            deed = step.doing.deed
            if deed in (Deed.COME, Deed.GO, Deed.KNOCK):
                yield from self._passage(step)
            elif deed in (Deed.BOLT, Deed.WAKE):
                yield from self._bolt(step, on=deed is Deed.BOLT)
            elif deed in (Deed.CHECK_IN, Deed.DUE_OUT, Deed.CHECK_OUT):
                yield from self._books(step.doing)
            else:
                yield from self._touched(step)

    def _say(self, at: float, part: str, point: str, value: Value, happening: int | None = None) -> Iterator[Sign]:
        if self._fittings.has(part):
            which = next(self._happenings) if happening is None else happening
            yield Sign(at, self._fittings.name(part), point, value, which)

    def _passage(self, step: Step) -> Iterator[Sign]:
        doing = step.doing
        if step.moves_door:
            yield from self._bolt(step, on=False)
            yield from self._unlocks(doing)
            happening = ALWAYS if doing.sure else next(self._happenings)
            yield from self._say(doing.at, "door", "door", "open", happening)
            yield from self._say(doing.at + doing.open_s, "door", "door", "closed", happening)
        yield from self._cards(step)

    def _unlocks(self, doing: Doing) -> Iterator[Sign]:
        """By card from outside, by the handle from inside, by a mechanical key without a word."""
        staff = doing.role not in OCCUPANTS | {Role.SERVICE}
        if doing.key is not None and doing.deed is Deed.COME:
            yield from self._say(doing.at - CARD_S, "lock", "access", doing.key)
        elif self._fittings.telling_handle and not (staff and doing.deed is Deed.COME):
            yield from self._say(doing.at - 1, "lock", "egress", value=True)

    def _cards(self, step: Step) -> Iterator[Sign]:
        """Into the holder by the first one in, out by the last one out; a spare card stays."""
        doing = step.doing
        staff = doing.role not in OCCUPANTS | {Role.SERVICE}
        if doing.deed is Deed.COME and not self._holder:
            if doing.role is Role.GUEST or (staff and self._random.random() < self._rounds.own_card):
                self._holder = "staff" if staff else "guest"
                yield from self._say(doing.at + 6, HOLDER, "keycard", value=True)
        elif doing.deed is Deed.GO and self._leaves_with_it(step, staff=staff):
            yield from self._say(doing.at - 4, HOLDER, "keycard", value=False)
            self._holder = ""
            if step.after and staff:
                self._holder = "guest"
                yield from self._say(doing.at + 10, HOLDER, "keycard", value=True)

    def _leaves_with_it(self, step: Step, *, staff: bool) -> bool:
        if staff:
            return self._holder == "staff" and not step.staff
        if self._holder == "guest" and not step.after:
            self._holder = "spare" if self._stay in self._cheating else "guest"
        return self._holder == "guest" and not step.after

    def _bolt(self, step: Step, *, on: bool) -> Iterator[Sign]:
        everybody = 0 < self._party <= len(step.after)
        if on == self._bolted or (on and not everybody):
            return
        self._bolted = on
        yield from self._say(step.doing.at - (0 if on else 3), "lock", "bolt", on)

    def _touched(self, step: Step) -> Iterator[Sign]:
        doing = step.doing
        if doing.deed is Deed.REQUEST:
            yield from self._say(doing.at, "panel", "request", doing.value)
        elif doing.deed is Deed.WINDOW:
            yield from self._say(doing.at, "window", "window", doing.value == "open")
        elif doing.deed is Deed.CLEANED and self._holder == "spare" and not self._party:
            self._holder = ""
            yield from self._say(doing.at, HOLDER, "keycard", value=False)

    def _books(self, doing: Doing) -> Iterator[Sign]:
        if doing.deed is Deed.CHECK_IN:
            self._party, self._stay = len(doing.who), doing.value
        elif doing.deed is Deed.CHECK_OUT:
            self._party, self._stay = 0, ""
        yield from books(doing.at, self._party, self._stay, due_out=doing.deed is Deed.DUE_OUT)


def books(at: float, guests: int, stay: str, *, due_out: bool) -> Iterator[Sign]:
    """What the front desk knows of the room from `at` on."""
    for point, value in (("guests", guests), ("stay", stay), ("due_out", due_out), ("rented", guests > 0)):
        yield Sign(at, PMS, point, value)
