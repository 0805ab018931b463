"""How values look to a reader: instants on the hotel's clock, dates, numbers and lengths of time by language."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent

MINUTE = 60
HOUR = 3600
DAY = 86400
MINUTES_SHOWN_BELOW = 10
"""Hours from which on the minutes are no longer worth showing."""


@lru_cache
def locale(language: str) -> Locale:
    """The locale of a language tag."""
    return Locale.parse(language, sep="-")


def parsed(value: datetime | str) -> datetime:
    """An instant that may still be spelled in ISO 8601."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def instant(value: datetime | str) -> str:
    """An instant for a machine: UTC, whole seconds."""
    return parsed(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(value: datetime | str, zone: ZoneInfo) -> str:
    """Hours and minutes as the clock on the lobby's wall shows them."""
    return parsed(value).astimezone(zone).strftime("%H:%M")


def moment(value: datetime | str, now: datetime, zone: ZoneInfo, language: str) -> str:
    """An instant for a person: the time of day, with the date when it is not today's."""
    here = parsed(value).astimezone(zone)
    shown = clock(here, zone)
    if here.date() == now.astimezone(zone).date():
        return shown
    return f"{format_skeleton('MMMd', here, locale=locale(language), tzinfo=zone)} {shown}"


def day(value: date | str, language: str) -> str:
    """A date for a person: day of the week, day, month."""
    at = date.fromisoformat(value) if isinstance(value, str) else value
    return format_skeleton("MMMEd", datetime(at.year, at.month, at.day), locale=locale(language), tzinfo=None)  # noqa: DTZ001 - a date has no zone


def number(value: float, digits: int, language: str) -> str:
    """A number with `digits` after the point."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=locale(language))


def percent(value: float, language: str) -> str:
    """A share (0 to 1) as whole percents."""
    return format_percent(value, locale=locale(language))


def age(seconds: float) -> tuple[str, dict[str, Any]]:
    """A length of time, short, as a key of the catalogue and its parameters. The page's scripts count the same way."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return "age.seconds", {"n": whole}
    if whole < HOUR:
        return "age.minutes", {"n": whole // MINUTE}
    if whole >= DAY:
        return "age.days", {"n": whole // DAY}
    hours, minutes = whole // HOUR, whole % HOUR // MINUTE
    if minutes and hours < MINUTES_SHOWN_BELOW:
        return "age.hours_minutes", {"h": hours, "m": minutes}
    return "age.hours", {"n": hours}
