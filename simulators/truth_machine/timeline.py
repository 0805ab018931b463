"""Where one guest is: out, in and awake, or asleep, and whether there is time for something between."""

from bisect import bisect_right
from dataclasses import dataclass, field

APART_S = 300.0
"""Between two things somebody does on a whim."""
OUT, IN, ASLEEP = "out", "in", "asleep"


@dataclass
class Timeline:
    """One guest's whereabouts, changed at sorted times. Before the first change they are out."""

    times: list[float] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def put(self, at: float, place: str) -> None:
        """From `at` on, until the next change."""
        index = bisect_right(self.times, at)
        self.times.insert(index, at)
        self.places.insert(index, place)

    def place(self, at: float) -> str:
        """Where they are."""
        index = bisect_right(self.times, at) - 1
        return self.places[index] if index >= 0 else OUT

    def next_change(self, at: float) -> float:
        """When they next do something."""
        index = bisect_right(self.times, at)
        return self.times[index] if index < len(self.times) else float("inf")

    def join(self, at: float, reach: float) -> None:
        """Come back at `at` instead of somewhat earlier or later, where nothing else is in the way."""
        for index in range(1, len(self.times)):
            away = self.places[index] == IN and self.places[index - 1] == OUT
            after = self.times[index + 1] if index + 1 < len(self.times) else float("inf")
            if away and abs(self.times[index] - at) < reach and self.times[index - 1] + APART_S < at < after - APART_S:
                self.times[index] = at

    def free(self, start: float, end: float) -> bool:
        """Are they in and awake from `start` to `end`, with time to spare on both sides?"""
        early = start - APART_S
        return self.place(early) == IN and self.next_change(early) > end + APART_S
