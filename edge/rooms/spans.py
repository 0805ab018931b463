"""Spans of time, each made once: thousands of rooms hold the same few."""

from datetime import timedelta
from functools import cache


@cache
def seconds(count: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=count)


@cache
def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


@cache
def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)


@cache
def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)
