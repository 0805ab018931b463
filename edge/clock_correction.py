"""Times told by a clock that was behind, put right once it is set: a box without a battery for its clock starts in the
past, hears doors and leaks meanwhile, and gets the time from the network later. Pure but for the journal's statements.

It is known by the journal: nothing can be heard before what was heard last. What belongs to the wrong time is known by
the boot and by the instants themselves: they lie between the start and the moment the clock was set. A room that has a
memory never goes back behind it: what happens to it meanwhile happened, for it, when it last heard something.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from edge.journal_rows import micros

TOLERANCE = timedelta(minutes=1)
"""A clock may be that far behind the last message after a restart: it is set by small steps."""
SHORTEST_INSTANT = 19


@dataclass(frozen=True, slots=True)
class Correction:
    """In the run `boot`, what is said to be from `since` to `until` was `by` later."""

    boot: int
    since: datetime
    until: datetime
    by: timedelta


class ClockDoubt:
    """`open`: the clock is behind what was heard last, and has not been set yet."""

    def __init__(self, boot: int, started: datetime, last_heard: datetime | None) -> None:
        self._boot = boot
        self._started = started
        self.last_heard = last_heard
        self.open = last_heard is not None and started < last_heard - TOLERANCE

    @property
    def behind(self) -> timedelta:
        """By how much at least."""
        return timedelta(0) if self.last_heard is None else self.last_heard - self._started

    def clock_set(self, before: datetime, seconds: float) -> Correction | None:
        """The clock, which said `before`, was set forward by so many seconds; what is to be corrected then."""
        if not self.open or seconds <= 0:
            return None
        correction = Correction(self._boot, self._started, before, timedelta(seconds=seconds))
        self._started = before + correction.by
        self.open = self.last_heard is not None and self._started < self.last_heard - TOLERANCE
        return correction


def corrected(body: bytes, correction: Correction) -> bytes:
    """A JSON document with every instant of the wrong time put right."""
    return orjson.dumps(_value(orjson.loads(body), correction))


def _value(value: Any, correction: Correction) -> Any:
    if isinstance(value, dict):
        return {key: _value(item, correction) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item, correction) for item in value]
    return _text(value, correction) if isinstance(value, str) and len(value) >= SHORTEST_INSTANT else value


def _text(text: str, correction: Correction) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None or not correction.since <= at <= correction.until:
        return text
    return (at + correction.by).isoformat()


MESSAGES = "UPDATE message SET received = received + ? WHERE boot = ? AND received BETWEEN ? AND ?"
WAITING = "SELECT seq, body FROM {} WHERE boot = ? AND seq > ?"
PUT_RIGHT = "UPDATE {} SET body = ?, created = strftime('%Y-%m-%dT%H:%M:%fZ', created, ?) WHERE seq = ?"


def correct(connection: sqlite3.Connection, correction: Correction, handed_out: int) -> int:
    """Put the journal right: messages, and what was not handed to the PMS yet; how many messages."""
    by = correction.by // timedelta(microseconds=1)
    span = (micros(correction.since), micros(correction.until))
    count = connection.execute(MESSAGES, (by, correction.boot, *span)).rowcount
    step = f"+{correction.by.total_seconds():.3f} seconds"
    for table, above in (("outbox", handed_out), ("backlog", 0)):
        for seq, body in connection.execute(WAITING.format(table), (correction.boot, above)).fetchall():
            right = corrected(bytes(body), correction)
            if right != body:
                connection.execute(PUT_RIGHT.format(table), (right, step, seq))
    return count
