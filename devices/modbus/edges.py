"""What happened between two reads: a contact whose edges the unit counts may have opened and closed meanwhile."""

from dataclasses import dataclass

from devices.model import Decoded, Device, Fact, Profile, Quality, Reading, Value

_WRAP = 0x1_0000


@dataclass(slots=True)
class _Contact:
    """A point with an edge counter. `ahead`: the level changed a moment before its edge was counted."""

    opposite: dict[Value, Value]
    counter: int | None = None
    level: Value = None
    edges: int = 0
    ahead: bool = False

    def counted(self, value: int) -> None:
        if self.counter is not None:
            self.edges += (value - self.counter) % _WRAP
        self.counter = value

    def seen(self, level: Value) -> bool:
        """The level as it is now; True: it was another one meanwhile."""
        before, self.level = self.level, level
        edges, self.edges = self.edges, 0
        if before is None:
            self.ahead = False
            return False
        late, self.ahead = self.ahead, level != before and not edges
        return level == before and edges > (1 if late else 0)


class Edges:
    """The counted contacts of one unit. Counters are read before levels: an edge in between shows in the next read."""

    def __init__(self, device: Device, profile: Profile) -> None:
        self._device = device
        counted = {n: str(s.wire["counted_by"]) for n, s in profile.points.items() if s.wire.get("counted_by")}
        self._contacts = {name: _Contact(_opposites(profile, name)) for name in counted}
        self._counters = {counter: name for name, counter in counted.items()}

    def fold(self, decoded: Decoded) -> Decoded:
        """The same with a short opening told as two readings: what it was meanwhile, and what it is."""
        if not self._contacts:
            return decoded
        facts: list[Fact] = []
        for fact in decoded.facts:
            facts += self._told(fact) if isinstance(fact, Reading) and fact.quality is Quality.GOOD else [fact]
        return Decoded(tuple(facts), decoded.rejected)

    def forget(self) -> None:
        """The unit was away: its counters may have begun anew."""
        for contact in self._contacts.values():
            contact.counter, contact.level, contact.edges = None, None, 0

    def _told(self, reading: Reading) -> list[Fact]:
        if (counted := self._counters.get(reading.point)) and isinstance(reading.value, int | float):
            self._contacts[counted].counted(int(reading.value))
        contact = self._contacts.get(reading.point)
        if contact is None or not contact.seen(reading.value):
            return [reading]
        return [reading._replace(value=contact.opposite[reading.value]), reading]


def _opposites(profile: Profile, name: str) -> dict[Value, Value]:
    values: list[Value] = list((profile.points[name].wire.get("values") or {"0": False, "1": True}).values())
    return {values[0]: values[-1], values[-1]: values[0]}
