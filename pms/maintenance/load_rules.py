"""Pure rules of the load of alerts: how many there are for the people who answer them, and which sources make them."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

SLOT = timedelta(minutes=10)
FLOOD = 10
"""More than so many in ten minutes are a flood."""
BAD_ACTORS = 10
CHATTER, CHATTER_WITHIN = 3, timedelta(minutes=10)
STALE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Raise:
    """An alert came up: when, and of what."""

    at: datetime
    kind: str
    room: str | None
    device: str | None
    priority: str

    @property
    def source(self) -> tuple[str, str | None, str | None]:
        """What makes it."""
        return (self.kind, self.room, self.device)


@dataclass(frozen=True, slots=True)
class Actor:
    """A source with its part of the load."""

    kind: str
    room: str | None
    device: str | None
    count: int
    share: float
    chatters: bool
    hours_between: float | None
    """Mean time between two of its faults; None: there was one."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a period brought."""

    raised: int
    per_ten_minutes: float
    peak: int  # in the worst ten minutes
    peak_at: datetime | None
    flood_share: float
    by_priority: dict[str, int]
    bad_actors: list[Actor]
    bad_share: float  # of the load, that these ten make


def load(raises: Iterable[Raise], period: timedelta) -> Load:
    """The load of a period, from the raises in it."""
    ordered = sorted(raises, key=lambda one: one.at)
    actors = _actors(ordered)
    peak, peak_at = _peak([one.at for one in ordered])
    total = len(ordered)
    return Load(
        raised=total,
        per_ten_minutes=total / max(period / SLOT, 1),
        peak=peak,
        peak_at=peak_at,
        flood_share=min(1.0, _flooded([one.at for one in ordered]) / period),
        by_priority=dict(Counter(one.priority for one in ordered)),
        bad_actors=actors,
        bad_share=sum(actor.count for actor in actors) / total if total else 0.0,
    )


def middle(durations: Sequence[timedelta]) -> float | None:
    """The median in minutes, None where there is nothing to measure."""
    return median(one / timedelta(minutes=1) for one in durations) if durations else None


def _actors(ordered: Sequence[Raise]) -> list[Actor]:
    times: dict[tuple[str, str | None, str | None], list[datetime]] = {}
    for one in ordered:
        times.setdefault(one.source, []).append(one.at)
    worst = sorted(times.items(), key=lambda item: (-len(item[1]), str(item[0])))[:BAD_ACTORS]
    return [_actor(source, at, len(ordered)) for source, at in worst]


def _actor(source: tuple[str, str | None, str | None], at: Sequence[datetime], total: int) -> Actor:
    apart = [later - earlier for earlier, later in zip(at, at[CHATTER - 1 :], strict=False)]
    chatters = any(gap <= CHATTER_WITHIN for gap in apart)
    between = (at[-1] - at[0]) / timedelta(hours=1) / (len(at) - 1) if len(at) > 1 else None
    return Actor(*source, len(at), len(at) / total, chatters, between)


def _peak(at: Sequence[datetime]) -> tuple[int, datetime | None]:
    window: deque[datetime] = deque()
    peak, where = 0, None
    for one in at:
        window.append(one)
        while one - window[0] >= SLOT:
            window.popleft()
        if len(window) > peak:
            peak, where = len(window), window[0]
    return peak, where


def _flooded(at: Sequence[datetime]) -> timedelta:
    """How long the last ten minutes held a flood, all told."""
    window: deque[datetime] = deque()
    total, until = timedelta(0), None
    for one in at:
        window.append(one)
        while one - window[0] >= SLOT:
            window.popleft()
        if len(window) > FLOOD:
            ends = window[-FLOOD - 1] + SLOT  # when fewer are left
            begins = one if until is None or until < one else until
            total += max(ends - begins, timedelta(0))
            until = max(ends, until) if until else ends
    return total
