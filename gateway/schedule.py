"""When to ask which unit of a bus next: spread, without drift, and with a circuit breaker. Pure: `now` is given.

All times are seconds of one monotonic clock. Where the bus has no time for all, a unit that takes more than its share
of it comes after the others: a slow one is asked less often, its neighbours as before. A unit that does not answer is
left alone after three misses and probed at growing intervals; all probes of a line together get a twentieth of its
time, however many are dead.
"""

from dataclasses import dataclass
from math import floor

MISSES_ALLOWED = 3
PROBE_SHARE = 0.05
LONGEST_PROBE_INTERVALS = 30
"""A dead unit is probed at least once in so many poll intervals, if the twentieth allows it."""
GENEROUS = 1.5
"""So many times an equal share of the bus is no unit's debt."""
CREDIT_S = 1.0
"""Seconds of the bus that a unit may have beyond that before it comes after the others."""

GOLDEN = 0.618
"""However many units come later, each has its place in a gap."""


@dataclass(slots=True)
class Turn:
    """A unit's place in the schedule.

    `debt`: seconds of the bus, more than its share, that it had until `paid`. `placed`: it has its own instants.
    """

    unit: str
    interval: float
    due: float
    misses: int = 0
    debt: float = 0.0
    paid: float = 0.0
    placed: bool = False

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

    def add(self, unit: str, interval: float, now: float) -> None:
        """A unit that came later: asked at once, then at instants of its own between those of the others."""
        self._turns[unit] = Turn(unit, interval, now)
        self._offsets[unit] = len(self._turns) * GOLDEN % 1.0

    def remove(self, unit: str) -> None:
        """It is not asked any more."""
        del self._turns[unit], self._offsets[unit]

    def turn(self, unit: str) -> Turn:
        """A unit's place."""
        return self._turns[unit]

    def next(self, now: float) -> Turn | None:
        """The unit to ask next, and when (`wait_until`); None when there is none.

        Of those that may be asked now the one that waits longest; a spendthrift when nobody else waits. Dead units that
        wait for the same share of the bus come in the order they fell due, or the first would starve the others.
        """
        if waiting := [turn for turn in self._turns.values() if self.wait_until(turn) <= now]:
            return min(waiting, key=lambda turn: (self._excess(turn, now), self.wait_until(turn), turn.due))
        return min(self._turns.values(), key=lambda turn: (self.wait_until(turn), turn.due), default=None)

    def wait_until(self, turn: Turn) -> float:
        """When this unit may be asked."""
        return max(turn.due, self._no_probe_before) if turn.open else turn.due

    def at_once(self, unit: str, now: float) -> None:
        """Ask a living unit as soon as possible: something was changed there."""
        turn = self._turns[unit]
        if not turn.open:
            turn.due, turn.placed = now, False

    def served(self, unit: str, began: float, now: float) -> None:
        """The bus was this unit's from `began` to `now`. What a unit did not use earlier is not owed to it."""
        turn = self._turns[unit]
        turn.debt, turn.paid = self._debt(turn, now) + now - began, now

    def answered(self, unit: str, now: float) -> None:
        """The unit spoke, and said all that it was asked for."""
        turn = self._turns[unit]
        if turn.open:
            turn.debt, turn.placed = 0.0, False  # its silence is paid for
        turn.misses = 0
        turn.due = self._slot(turn, now)

    def missed(self, unit: str, began: float, now: float) -> None:
        """The unit did not speak; asking took from `began` to `now`, the quiet period after it included."""
        turn = self._turns[unit]
        turn.misses += 1
        if not turn.open:
            turn.due = max(self._slot(turn, now), now + turn.interval / 2)
            return
        steps = min(2 ** min(turn.misses - MISSES_ALLOWED, 30), LONGEST_PROBE_INTERVALS)
        turn.due = now + turn.interval * steps
        self._no_probe_before = now + (now - began) * (1 / PROBE_SHARE - 1)

    def stretch(self, factor: float, now: float) -> None:
        """The hotel's clock changed its speed: what is `x` seconds away now is `x * factor` away from here on."""
        for turn in self._turns.values():
            turn.interval *= factor
            turn.due = now + (turn.due - now) * factor

    def _excess(self, turn: Turn, now: float) -> float:
        """How far beyond its credit it is; a probe has been waited for long enough."""
        return 0.0 if turn.open else max(0.0, self._debt(turn, now) - CREDIT_S)

    def _debt(self, turn: Turn, now: float) -> float:
        return max(0.0, turn.debt - (now - turn.paid) * GENEROUS / len(self._turns))

    def _slot(self, turn: Turn, now: float) -> float:
        """One interval after it was due; at first its own place among the others, so that they are not in step.

        Where that has passed already there is more to do than the bus can carry: it stands in the queue again at once.
        """
        if turn.placed:
            return max(now, turn.due + turn.interval)
        turn.placed = True
        first = self._started + self._offsets[turn.unit] * turn.interval
        return first + (floor((now - first) / turn.interval) + 1) * turn.interval
