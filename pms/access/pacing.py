"""How fast strangers may guess: by address, by name, and in the whole house. Known devices are not slowed by others.

Kept in memory and bounded: guesses of one name from one place are counted in the books (`LoginFailure`), which slows
that pair alone. Here the many are slowed: many names from one address, one name from many addresses, many of both. A
person whose device or address is known passes by, so that nobody can be locked out by somebody else's guesses.
"""

from dataclasses import dataclass

from pms.kernel.buckets import Buckets
from pms.kernel.errors import TooManyAttempts

SAID_AGAIN_S = 600.0
QUIET_S = 900.0
"""An attack counts as over when nobody was refused for so long."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attempt comes from: `key` counts its failures with the name; `known`: this person came in from here."""

    key: str
    address: str
    known: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """So many failures at once, then one in so many seconds."""

    burst: float
    seconds: float

    def buckets(self) -> Buckets:
        """Buckets of this pace."""
        return Buckets(1 / self.seconds, self.burst)


ADDRESS, NAME, HOUSE = Pace(20, 30), Pace(20, 60), Pace(200, 3)
CODE = Pace(10, 300)
"""Codes of one person by strangers who know the password: 288 a day of a million, three of which are right."""


class Pacing:
    """Take before an attempt, give back after a success: attempts at the same time count before they have failed."""

    def __init__(self) -> None:
        self._buckets = {
            "address": ADDRESS.buckets(),
            "name": NAME.buckets(),
            "house": HOUSE.buckets(),
            "code": CODE.buckets(),
        }
        self._said: dict[str, float] = {}
        self.refused_at: float | None = None

    def enter(self, name: str, source: Source, now: float) -> None:
        """An attempt with a password. Raises TooManyAttempts."""
        self._take(self._keys(name, source), now)

    def enter_code(self, user_id: str, source: Source, now: float) -> None:
        """An attempt with a code. Raises TooManyAttempts."""
        self._take([] if source.known else [("code", user_id)], now)

    def right(self, name: str, source: Source, now: float) -> None:
        """The password was right: the attempt does not count."""
        for scope, key in self._keys(name, source):
            self._buckets[scope].give_back(key, now)

    def right_code(self, user_id: str, source: Source, now: float) -> None:
        """The code was right."""
        if not source.known:
            self._buckets["code"].give_back(user_id, now)

    def attacked(self, now: float) -> bool:
        """Whether somebody was slowed a short while ago."""
        return self.refused_at is not None and 0 <= now - self.refused_at < QUIET_S

    def to_say(self, scope: str, now: float) -> bool:
        """Whether it is time to say (again) that guesses of this scope are slowed."""
        before = self._said.get(scope)
        if before is not None and 0 <= now - before < SAID_AGAIN_S:
            return False
        self._said[scope] = now
        return True

    def _keys(self, name: str, source: Source) -> list[tuple[str, str]]:
        return [] if source.known else [("address", source.address), ("name", name), ("house", "")]

    def _take(self, keys: list[tuple[str, str]], now: float) -> None:
        taken: list[tuple[str, str]] = []
        for scope, key in keys:
            wait = self._buckets[scope].take(key, now)
            if wait:
                for before, other in taken:
                    self._buckets[before].give_back(other, now)
                self.refused_at = now
                raise Slowed(wait, scope)
            taken.append((scope, key))


class Slowed(TooManyAttempts):
    """Too many wrong guesses by strangers; `scope`: address, name, house or code."""

    def __init__(self, retry_after: float, scope: str) -> None:
        self.scope = scope
        super().__init__(retry_after, "too many wrong sign-ins")
