"""Which points of a unit are to be read in its next round: each by its own deadline. Pure: `now` is given."""


class Rounds:
    """The deadlines of a unit's points. Points of one pace are read together, and with quicker ones when it is time."""

    def __init__(self, intervals: dict[str, float]) -> None:
        """`intervals`: seconds between two reads, by point."""
        self._points: dict[float, frozenset[str]] = {
            interval: frozenset(name for name, one in intervals.items() if one == interval)
            for interval in sorted(set(intervals.values()))
        }
        self._due = dict.fromkeys(self._points, 0.0)
        self.shortest = min(self._points, default=60.0)

    def due(self, now: float) -> frozenset[str]:
        """The points to read now, whose next deadlines are set by this: those that fall due before the next round."""
        ready = [interval for interval, due in self._due.items() if due <= now + self.shortest / 2]
        for interval in ready or [self.shortest]:
            self._due[interval] = max((self._due.get(interval) or now) + interval, now + interval / 2)
        return frozenset().union(*(self._points.get(one, frozenset()) for one in ready or [self.shortest]))

    def all_due(self) -> None:
        """Read everything in the next round."""
        self._due = dict.fromkeys(self._points, 0.0)
