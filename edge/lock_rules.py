"""When a lock is told the lowest sequence that opens it, and when somebody has to know that it was not. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 120, 300))
"""Between one order and the next, while the lock is there; the last one repeated."""
MUTE_RETRY = timedelta(minutes=10)
"""For a lock that has never spoken of the sequence, once the fault is raised: it may not know the property at all."""
TOLD_WITHIN = timedelta(minutes=2)
ORDER_LASTS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Untold:
    """A lock that is behind its room: still lets in cards that it no longer should."""

    floor: int
    since: datetime
    orders: int = 0
    next_order: datetime | None = None
    """None: at once."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What is known of a lock now. `reported`: the sequence it said last; None: never."""

    reported: int | None
    online: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows. `untold` None: the lock knows."""

    untold: Untold | None
    order: bool = False
    raise_fault: bool = False


def is_behind(floor: int, lock: Lock) -> bool:
    """Whether the lock has not said that it holds the floor. A room without a floor asks nothing of it."""
    return floor > 0 and (lock.reported is None or lock.reported < floor)


def decide(floor: int, lock: Lock, before: Untold | None, now: datetime) -> Decision:
    """What to do about a lock of a room with this floor."""
    if not is_behind(floor, lock):
        return Decision(None)
    untold = before
    if untold is None:
        untold = Untold(floor, now)
    elif untold.floor != floor:  # it rose again: at once, but the clock of the fault runs on
        untold = Untold(floor, untold.since)
    late = now - untold.since >= TOLD_WITHIN
    if not lock.online:
        return Decision(replace(untold, orders=0, next_order=None), raise_fault=late)
    if untold.next_order is not None and now < untold.next_order:
        return Decision(untold, raise_fault=late)
    after = replace(untold, orders=untold.orders + 1, next_order=now + _rest(untold, lock, late=late))
    return Decision(after, order=True, raise_fault=late)


def _rest(untold: Untold, lock: Lock, *, late: bool) -> timedelta:
    if late and lock.reported is None:
        return MUTE_RETRY
    return RETRY_AFTER[min(untold.orders, len(RETRY_AFTER) - 1)]
