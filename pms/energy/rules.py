"""Sums and the report of energy. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from pms.kernel.errors import FieldError, Invalid

SECONDS = ("occupied_s", "vacant_s", "unknown_s", "setback_s", "deep_s", "window_s", "still_s", "degree_s", "drift_s")
COUNTS = (*SECONDS, "orders")
HOUR = 3600.0
LONGEST = timedelta(days=366)
DEFAULT = timedelta(days=7)
FARTHEST_ARRIVAL = timedelta(days=14)

COLUMNS = {
    "occupied_s": "occupied_hours",
    "vacant_s": "vacant_hours",
    "unknown_s": "unknown_hours",
    "setback_s": "setback_hours",
    "deep_s": "deep_setback_hours",
    "window_s": "window_setback_hours",
    "still_s": "ventilation_off_hours",
    "degree_s": "setpoint_degree_hours",
    "drift_s": "temperature_degree_hours",
}
"""What is counted, and how it is called in the report."""

Counted = Mapping[str, float]


def span(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """Both days included; the last week when nothing is asked. Raises Invalid."""
    last = until or (today if since is None else min(since + DEFAULT, max(today, since)))
    first = since or last - DEFAULT + timedelta(days=1)
    if first > last:
        raise Invalid([FieldError("since", "out_of_range", "not after until")])
    if last - first > LONGEST:
        raise Invalid([FieldError("until", "out_of_range", "at most a year after since")])
    return first, last


def total(rows: Iterable[Counted]) -> dict[str, float]:
    """All of them together."""
    found = dict.fromkeys(COUNTS, 0.0)
    for row in rows:
        for name in COUNTS:
            found[name] += row[name]
    return found


def hours(counted: Counted) -> dict[str, float]:
    """Hours and degree-hours of what was counted in seconds, under their names in the report."""
    return {column: round(counted[name] / HOUR, 2) for name, column in COLUMNS.items()}


def report(rows: Sequence[tuple[date, str, Counted]]) -> str:
    """The report as CSV: a line a room and day, numbers with a point, in hours and degree-hours (kelvin)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", "room", *COLUMNS.values(), "orders"])
    for day, room, counted in rows:
        told = [f"{value:.2f}" for value in hours(counted).values()]
        writer.writerow([day.isoformat(), room, *told, int(counted["orders"])])
    return out.getvalue()


def arrival(at: datetime | None, minutes: int | None, now: datetime) -> datetime | None:
    """When somebody is expected; None takes it back. Raises Invalid."""
    when = now + timedelta(minutes=minutes) if minutes is not None else at
    if when is not None and not now <= when <= now + FARTHEST_ARRIVAL:
        raise Invalid([FieldError("at", "out_of_range", "within the next two weeks")])
    return when
