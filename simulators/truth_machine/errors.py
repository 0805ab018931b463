"""What happens to messages on their way: lost, late; and motion that nobody made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from simulators.truth_machine.parameters import Errors
from simulators.truth_machine.signs import ALWAYS, Sign

AFTER_S = 1_800.0
"""How long an error is looked at: the half hour after it is a situation of its own."""


@dataclass
class Wire:
    """Carries one room's signs. Afterwards `marks` are (from, to, situation)."""

    errors: Errors
    random: Random
    marks: list[tuple[float, float, str]] = field(default_factory=list)
    lost: int = 0
    late: int = 0
    happenings: int = 0

    def carried(self, signs: Sequence[Sign]) -> list[Sign]:
        """What arrives, in order of arrival; what one device sends stays in its order."""
        groups: dict[int, list[Sign]] = {}
        for sign in signs:
            groups.setdefault(sign.happening, []).append(sign)
        sent = [(sign.at, 0.0, sign) for sign in groups.pop(ALWAYS, [])]
        self.happenings += len(groups)
        for group in groups.values():
            kept, delay = self._happening(group)
            sent += [(sign.at, delay, sign) for sign in kept]
        return _arrived(sent)

    def _happening(self, group: list[Sign]) -> tuple[list[Sign], float]:
        """What is left of it, and how much later it comes."""
        first, drawn = group[0], self.random.random()
        if drawn < self.errors.lost:
            self.lost += 1
            if first.point == "door":
                self.marks.append((first.at, first.at + AFTER_S, "lost_door"))
            return self._left_over(group), 0.0
        if drawn < self.errors.lost + self.errors.late:
            self.late += 1
            delay = math.exp(self.random.uniform(*map(math.log, self.errors.late_s)))
            if first.point in ("door", "motion", "access"):
                self.marks.append((first.at, first.at + delay + AFTER_S, "late_event"))
            return group, delay
        return group, 0.0

    def _left_over(self, group: list[Sign]) -> list[Sign]:
        """Of a door's edges often one is heard. The end of motion is the bridge's own timer, never lost alone."""
        if len(group) < 2 or group[0].point == "motion" or self.random.random() < self.errors.whole:
            return []
        return group[:1] if self.random.random() < 0.5 else group[1:]


def _arrived(sent: list[tuple[float, float, Sign]]) -> list[Sign]:
    """A device that has to wait holds back what it says afterwards."""
    latest: dict[str, float] = {}
    found = []
    for at, delay, sign in sorted(sent, key=lambda one: one[0]):
        arrival = max(at + delay, latest.get(sign.device, 0.0))
        latest[sign.device] = arrival
        found.append(sign._replace(at=arrival))
    return sorted(found, key=lambda sign: sign.at)


def ghosts(pulses: int, errors: Errors, end: float, random: Random) -> list[float]:
    """When a sensor sees somebody who is not there, evenly over the whole time."""
    return sorted(random.uniform(0, end) for _ in range(pulses) if random.random() < errors.ghosts)
