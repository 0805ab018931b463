"""What speaks for or against somebody inside without deciding: the card in its holder, the stay, the air, a switch."""

from datetime import datetime, timedelta

from edge.rooms.cells import Cell, Cells
from edge.rooms.occupancy import Occupancy
from edge.rooms.parameters import RoomParameters
from edge.rooms.question import Phase
from edge.rooms.signals import Evidence, RoomFacts
from edge.rooms.spans import minutes
from edge.rooms.tally import Share


class Signs:
    """Of one room; each kind counts once between two door edges."""

    __slots__ = ("_air", "_apart", "_by", "_card", "_cells", "_facts", "_occupancy")

    def __init__(self, parameters: RoomParameters, cells: Cells, occupancy: Occupancy) -> None:
        self._by = parameters
        self._cells = cells
        self._occupancy = occupancy
        self._facts: RoomFacts | None = None
        self._card = minutes(parameters.card_out_minutes)
        self._air: dict[str, tuple[datetime, float]] = {}
        self._apart = timedelta(minutes=parameters.co2_minutes)

    def learn(self, facts: RoomFacts | None) -> None:
        """What the front desk says of the room."""
        if facts is not None and self._facts is not None and facts.stay != self._facts.stay:
            self._occupancy.belief.lessons.spare = Share()
            self._occupancy.belief.lessons.revision += 1
            self._occupancy.belief.state.party = ()
        gone = self._facts is not None and self._facts.rented and facts is not None and not facts.rented
        self._facts = facts
        if gone:
            self._occupancy.belief.lean(self._by.checked_out_ratio)
        self._occupancy.belief.booked = facts is not None and facts.rented and facts.stay is not None
        self._occupancy.guests = max(1, facts.guests) if facts else 1
        self._occupancy.rent(rented=facts is None or facts.rented)

    def leaning(self, at: datetime) -> float:
        """How much likelier than usual is it that a door moving at `at` lets the last person out?"""
        ratio, by, facts = 1.0, self._by, self._facts
        card = self._keycard()
        self._occupancy.belief.card = None if card is None else card.value is True
        if card is not None and card.value is True:
            ratio *= self._occupancy.belief.lessons.spare_share(by)
        elif card is not None and card.changed is not None and at - card.changed <= self._card:
            ratio *= by.card_out_ratio
        if facts is not None and not facts.rented:
            return ratio * by.checked_out_ratio
        return ratio * (by.due_out_ratio if facts is not None and facts.due_out else 1)

    def card_out(self, at: datetime) -> bool:
        """The card left its holder: somebody leaves, whether the door is heard or not. Messages may cross."""
        door = self._occupancy.question.last_door
        if door is not None and at - door <= self._card:
            return self._lean("keycard_taken", self._by.card_out_ratio, at)
        return self._occupancy.door(at, "keycard_taken", leaning=self.leaning(at))

    def use(self, code: str, at: datetime) -> bool:
        """A hand, or a timer, set or switched something."""
        return self._lean(code, self._by.use_ratio, at)

    def air(self, device: str, level: float, at: datetime) -> bool:
        """A CO2 reading in ppm."""
        last = self._air.get(device)
        if last is not None and at - last[0] < self._apart:
            return False
        self._air[device] = (at, level)
        rise = 0.0 if last is None or at - last[0] > 3 * self._apart else level - last[1]
        if abs(rise) < self._by.co2_step_ppm:
            return False
        if rise > 0:
            return self._lean("co2_rising", self._by.co2_rise_ratio, at)
        return self._lean("co2_falling", self._by.co2_fall_ratio, at)

    def forget_air(self) -> None:
        """Others were in the room: what they breathed says nothing of guests."""
        self._air.clear()

    def _lean(self, code: str, ratio: float, at: datetime) -> bool:
        question = self._occupancy.question
        if question.phase not in (Phase.CHECKING, Phase.VACANT):
            return False
        told = (item.at for item in question.evidence if item.code == code)
        if any(question.last_door is None or at >= question.last_door for at in told):
            return False
        return self._occupancy.lean(ratio, Evidence(code, at))

    def _keycard(self) -> Cell | None:
        cells = self._cells
        known = (cell for cell in cells.of("keycard", "occupancy_input") if cell.live and not cells.away(cell))
        return next((cell for cell in known if isinstance(cell.value, bool)), None)
