"""How much of the API anybody may use: by person, by address, and more strictly at the door."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pms.kernel.buckets import Buckets
from pms.kernel.errors import TooManyRequests
from pms.kernel.http.reach import counted_as

BURST_S = 10.0
"""A burst is what comes together in this time: a board that is opened asks for much at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests a second of a person and of an address, sign-ins a minute of an address, open streams. 0: no limit."""

    per_person: float = 100.0
    per_address: float = 400.0
    sign_ins_per_minute: float = 60.0
    streams: int = 200
    streams_per_session: int = 12


class Throttle:
    """Counts requests. Raises TooManyRequests (`too_many_requests`), which says how long to wait."""

    def __init__(self, limits: Limits = Limits(), now: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._now = now
        self._people = Buckets(limits.per_person, limits.per_person * BURST_S)
        self._addresses = Buckets(limits.per_address, limits.per_address * BURST_S)
        self._doors = Buckets(limits.sign_ins_per_minute / 60, limits.sign_ins_per_minute)
        self._streams: dict[str, int] = {}

    def from_address(self, address: str) -> None:
        """A request of anybody."""
        self._check(self._addresses, counted_as(address))

    def of_person(self, user_id: str) -> None:
        """A request of somebody who is signed in."""
        self._check(self._people, user_id)

    def at_the_door(self, address: str) -> None:
        """An attempt to sign in, or to use a link."""
        self._check(self._doors, counted_as(address))

    def stream_opens(self, session_id: str) -> None:
        """One more reader of the feed. Call `stream_closes` when it goes."""
        mine = self._streams.get(session_id, 0)
        if sum(self._streams.values()) >= self.limits.streams or mine >= self.limits.streams_per_session:
            raise TooManyRequests(BURST_S, "too many open streams")
        self._streams[session_id] = mine + 1

    def stream_closes(self, session_id: str) -> None:
        """A reader has gone."""
        left = self._streams[session_id] - 1
        if left:
            self._streams[session_id] = left
        else:
            del self._streams[session_id]

    @property
    def streams(self) -> int:
        """Readers of the feed now."""
        return sum(self._streams.values())

    def _check(self, buckets: Buckets, key: str) -> None:
        wait = buckets.take(key, self._now())
        if wait:
            raise TooManyRequests(wait, "too many requests")
