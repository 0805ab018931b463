"""How much of what a line brings cannot be used: more than one message in a hundred over an hour is a fault of it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from edge.hub import Hub
from edge.rooms.signals import Evidence
from gateway.ports import DeviceFigures

KIND = "comm_errors"
LIMIT, CALM = 0.01, 0.005
LEAST = 200
"""So few messages in the hour say nothing."""
SPAN = timedelta(hours=1)
LOOK_SECONDS = 60.0


class Sample(NamedTuple):
    """What a line had brought by an instant, since the start."""

    at: datetime
    good: int
    bad: int


class ErrorRate:
    """The rate of one line over the last hour."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def take(self, sample: Sample) -> tuple[float, int]:
        """The share of bad messages, and how many there were; a counter that began anew begins the hour anew."""
        samples = self._samples
        if samples and (sample.good < samples[-1].good or sample.bad < samples[-1].bad):
            samples.clear()
        samples.append(sample)
        while len(samples) > 1 and sample.at - samples[1].at >= SPAN:
            samples.popleft()
        bad = sample.bad - samples[0].bad
        total = sample.good - samples[0].good + bad
        return (bad / total if total else 0.0), total


class LineQuality:
    """Raises and clears the fault of each line. `figures()`: the gateway's, by device."""

    def __init__(self, hub: Hub, figures: Callable[[], Iterable[DeviceFigures]]) -> None:
        self._hub = hub
        self._figures = figures
        self._rates: dict[str, ErrorRate] = {}

    async def run(self) -> None:
        """Look every minute until cancelled."""
        while True:
            self.look(self._hub.clock.now())
            await asyncio.sleep(self._hub.clock.real(LOOK_SECONDS))

    def look(self, now: datetime) -> None:
        """Count, and tell what has changed."""
        totals: dict[str, tuple[int, int]] = {}
        for one in self._figures():
            good, bad = totals.get(one.line, (0, 0))
            totals[one.line] = (good + one.heard, bad + one.rejected)
        for line, (good, bad) in totals.items():
            self._judge(line, Sample(now, good, bad))

    def _judge(self, line: str, sample: Sample) -> None:
        rate, total = self._rates.setdefault(line, ErrorRate()).take(sample)
        key = f"{KIND}:{line}"
        if key not in self._hub.conditions and total >= LEAST and rate > LIMIT:
            why = Evidence("comm_errors", sample.at, {"line": line, "share": round(rate * 100, 1)})
            self._hub.raise_condition(key, "medium", why)
        elif key in self._hub.conditions and rate < CALM:
            self._hub.clear_condition(key)
