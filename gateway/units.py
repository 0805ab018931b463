"""A Modbus unit as its line's worker sees it."""

from dataclasses import dataclass, field

from devices.modbus.edges import Edges
from devices.modbus.plan import Block, Lessons, plan
from devices.model import Device, Profile
from gateway.rounds import Rounds

KNOWN_PATIENCE = 4.0
"""A unit is waited for so many times as long as it took to answer of late; twice as long after each eight misses."""
SHORTEST_PATIENCE_S = 0.2


@dataclass(slots=True)
class Unit:
    """A device behind a unit number: what is left of its present round, and what is known of it."""

    device: Device
    profile: Profile
    rounds: Rounds
    edges: Edges
    todo: list[Block] = field(default_factory=list)
    lessons: Lessons = field(default_factory=Lessons)
    recognised: bool = False
    slowest: float = 0.0
    """Seconds of its slowest answer of late; 0: none yet."""

    @property
    def address(self) -> int:
        """The unit number on the bus."""
        return int(self.device.address)

    def begin_round(self, now: float) -> None:
        """Work out what to read now."""
        self.todo = list(plan(self.profile, self.rounds.due(now), self.lessons))

    def forget(self) -> None:
        """The unit was away and may be another one, or have another firmware: it gets its chance with all registers."""
        self.recognised, self.lessons, self.todo = False, Lessons(), []
        self.rounds.all_due()
        self.edges.forget()

    def patience(self, misses: int, whole: float) -> float:
        """How long to wait for an answer; `whole` is what the line allows. The line itself is not to blame just now."""
        if not self.slowest:
            return whole
        known = max(SHORTEST_PATIENCE_S, KNOWN_PATIENCE * self.slowest)
        return min(whole, known * 2.0 ** min(misses // 8, 10))
