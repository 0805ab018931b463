"""Pure rules of retention: when the night is, what is past its period."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pms.kernel.clock import instant, local
from pms.link.retention import Periods, period

NIGHT = time(3, 0)
"""When nobody waits for the database: before the business date moves."""


def next_night(now: datetime, zone: ZoneInfo) -> datetime:
    """The next time that it is `NIGHT` in the hotel."""
    today = local(now, zone).date()
    tonight = instant(today, NIGHT, zone)
    return tonight if tonight > now else instant(today + timedelta(days=1), NIGHT, zone)


def before(name: str, periods: Periods, now: datetime) -> datetime:
    """What of a class is from before this instant is past its period."""
    return now - period(name, periods)


def added(removed: Mapping[str, int], name: str, count: int) -> dict[str, int]:
    """The counts with `count` more of `name`."""
    return {**removed, name: removed.get(name, 0) + count} if count else dict(removed)
