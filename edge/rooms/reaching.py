"""Is a room on its way to its setpoint? Warming one that was aired takes an hour, and is no fault."""

NEARER = 1.0
"""Degrees. More than a closed room drifts towards the weather in 45 minutes (a twelfth of the difference an hour)."""


class Reaching:
    """Told how many degrees are missing, as long as too many are."""

    __slots__ = ("_worst",)

    def __init__(self) -> None:
        self._worst: float | None = None

    def begin(self) -> None:
        """It begins anew: something else is asked, or nothing is missing, or it cannot be told."""
        self._worst = None

    def nearer(self, missing: float) -> bool:
        """Has it come so much nearer that it is on its way? The time for more begins then."""
        worst = self._worst
        if worst is None or missing > worst or worst - missing >= NEARER:
            self._worst = missing
        return worst is not None and worst - missing >= NEARER
