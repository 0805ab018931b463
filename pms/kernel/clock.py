"""Hotel time: the zone of the house and the business date. Instants are UTC everywhere else."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_STARTS = time(4, 0)
"""Until there is a night audit the business date moves at this time of the hotel's own clock."""


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """`instant` as the clock on the lobby's wall shows it."""
    return instant.astimezone(zone)


def business_date(now: datetime, zone: ZoneInfo, day_starts: time = DAY_STARTS) -> date:
    """The date the house should be at: before `day_starts` it is still yesterday."""
    here = local(now, zone)
    return here.date() if here.time() >= day_starts else here.date() - timedelta(days=1)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a time of day in the hotel.

    A time that the change to summer time leaves out is taken with the offset before it; one that comes twice is
    the first.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)
