"""When to ask which unit of a bus next: spread, without drift, and with a circuit breaker. Pure: `now` is given.

All times are seconds of one monotonic clock. Where the bus has no time for all, each unit gets an equal share of it: a
slow one is asked less often and its neighbours as before. A unit that does not answer is left alone after three misses
and probed at growing intervals; all probes of a line together get a twentieth of its time, however many are dead.
"""

from dataclasses import dataclass
from math import floor

MISSES_ALLOWED = 3
PROBE_SHARE = 0.05
LONGEST_PROBE_INTERVALS = 30
"""A dead unit is probed at least once in so many poll intervals, if the twentieth allows it."""


@dataclass(slots=True)
class Turn:
    """A unit's place in the schedule. `used`: how much of the bus it had, as a mark on the line's scale of shares."""

    unit: str
    interval: float
    due: float
    misses: int = 0
    used: float = 0.0

    @property
    def open(self) -> bool:
        """The circuit breaker is open: the unit is only probed."""
        return self.misses >= MISSES_ALLOWED


class Schedule:
    """The turns of a line's units."""

    def __init__(self, intervals: dict[str, float], now: float) -> None:
        """`intervals`: seconds between two polls, by unit. The first round is at once, one after the other."""
        self._turns = {unit: Turn(unit, interval, now) for unit, interval in intervals.items()}
        self._offsets = {unit: place / max(1, len(intervals)) for place, unit in enumerate(intervals)}
        self._started = now
        self._no_probe_before = now
        self._share = 0.0

    def turn(self, unit: str) -> Turn:
        """A unit's place."""
        return self._turns[unit]

    def next(self, now: float) -> Turn | None:
        """The unit to ask next, and when (`wait_until`); None when there is none.

        Of those that may be asked now the one that had least of the bus. Dead units that wait for the same share of it
        come in the order they fell due, or the first would starve the others.
        """
        if waiting := [turn for turn in self._turns.values() if self.wait_until(turn) <= now]:
            return min(waiting, key=lambda turn: (max(turn.used, self._share), self.wait_until(turn), turn.due))
        return min(self._turns.values(), key=lambda turn: (self.wait_until(turn), turn.due), default=None)

    def wait_until(self, turn: Turn) -> float:
        """When this unit may be asked."""
        return max(turn.due, self._no_probe_before) if turn.open else turn.due

    def at_once(self, unit: str, now: float) -> None:
        """Ask a living unit as soon as possible: something was changed there."""
        turn = self._turns[unit]
        if not turn.open:
            turn.due = now

    def served(self, unit: str, began: float, now: float) -> None:
        """The bus was this unit's from `began` to `now`. What a unit did not use earlier is not owed to it."""
        turn = self._turns[unit]
        self._share = max(turn.used, self._share)
        turn.used = self._share + now - began

    def answered(self, unit: str, now: float) -> None:
        """The unit spoke, and said all that it was asked for."""
        turn = self._turns[unit]
        if turn.open:
            turn.used = self._share  # its silence is paid for
        turn.misses = 0
        turn.due = self._slot(turn, now)

    def missed(self, unit: str, began: float, now: float) -> None:
        """The unit did not speak; asking took from `began` to `now`, the quiet period after it included."""
        turn = self._turns[unit]
        turn.misses += 1
        if not turn.open:
            turn.due = self._slot(turn, now)
            return
        steps = min(2 ** min(turn.misses - MISSES_ALLOWED, 30), LONGEST_PROBE_INTERVALS)
        turn.due = now + turn.interval * steps
        self._no_probe_before = now + (now - began) * (1 / PROBE_SHARE - 1)

    def stretch(self, factor: float, now: float) -> None:
        """The hotel's clock changed its speed: what is `x` seconds away now is `x * factor` away from here on."""
        for turn in self._turns.values():
            turn.interval *= factor
            turn.due = now + (turn.due - now) * factor

    def _slot(self, turn: Turn, now: float) -> float:
        """The unit's next own instant after `now`: multiples of the interval from its offset, so nothing drifts."""
        first = self._started + self._offsets[turn.unit] * turn.interval
        return first + (floor((now - first) / turn.interval) + 1) * turn.interval
