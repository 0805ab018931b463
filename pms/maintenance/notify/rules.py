"""Pure rules of notifications: who is on duty, who is due to be told, how long to wait before the next attempt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pms.maintenance.catalog import PRIORITIES

HOLD = timedelta(seconds=60)
"""Alerts under high wait so long: what clears in that time, or turns out to follow from another, is told to nobody."""
SETTLE = timedelta(seconds=10)
"""What waited while the link was down: by then it is known whether it has cleared since."""
AT_ONCE = frozenset({"critical", "high"})
FLOOD = 10
FLOOD_WITHIN = timedelta(minutes=10)
DIGEST_EVERY = timedelta(minutes=5)
CHATTERING = 3
"""An alert raised so often within ten minutes is told no more, unless it is critical."""
MOST_ATTEMPTS = 12
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """A shift: digits of weekdays (1 Monday), minutes of the day; an end that is not after the start: past midnight."""

    contact: str
    weekdays: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Next:
    """A step of the escalation list."""

    contact: str
    minutes: int


def wants(threshold: str, priority: str) -> bool:
    """Whether somebody who is told from `threshold` on is told of this priority."""
    return PRIORITIES.index(priority) <= PRIORITIES.index(threshold)


def on_duty(roster: Iterable[Duty], local: datetime) -> list[str]:
    """The contacts on duty at an instant of the hotel's clock, each once."""
    minute, today, yesterday = (
        local.hour * 60 + local.minute,
        str(local.isoweekday()),
        str((local.weekday() - 1) % 7 + 1),
    )
    found = []
    for duty in roster:
        overnight = duty.ends <= duty.starts
        evening = today in duty.weekdays and duty.starts <= minute and (overnight or minute < duty.ends)
        morning = overnight and yesterday in duty.weekdays and minute < duty.ends
        if evening or morning:
            found.append(duty.contact)
    return list(dict.fromkeys(found))


def due_steps(steps: Sequence[Next], waited: timedelta, told: int) -> list[Next]:
    """The steps that are due after an alert waited unacknowledged for so long, and were not told yet."""
    ordered = sorted(steps, key=lambda step: (step.minutes, step.contact))
    return [step for step in ordered[told:] if timedelta(minutes=step.minutes) <= waited]


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None: enough, it is given up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(timedelta(seconds=FIRST_PAUSE.total_seconds() * 2.0 ** (attempts - 1)), LONGEST_PAUSE)


def due_at(priority: str, now: datetime, *, historical: bool = False) -> datetime:
    """When to tell of an alert; `historical`: it came up while the link was down."""
    if priority not in AT_ONCE:
        return now + HOLD
    return now + SETTLE if historical else now


def digest_slot(now: datetime) -> datetime:
    """When the next message with all alerts of a flood goes out."""
    whole = DIGEST_EVERY.total_seconds()
    return now + timedelta(seconds=whole - now.timestamp() % whole)
