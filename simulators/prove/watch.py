"""Looks into the product's databases from outside: when each number came, and what is there at the end."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from simulators.prove.house import House, ProofError
from simulators.prove.records import Row
from simulators.prove.verdict import number_of

LOOK_S = 0.25
JOURNAL = "SELECT seq, line || ' ' || source, received, flags, payload FROM message WHERE seq > ? ORDER BY seq"
ACCESS = "SELECT seq, epoch, credential FROM access_record ORDER BY epoch, seq"
ALARMS = "SELECT device, sum(count) FROM alert WHERE kind IN ('leak', 'smoke', 'sos') GROUP BY device"
HIGHEST = "SELECT max(seq) FROM message WHERE packet IS NOT NULL"
RETAINED = 2


class Watch:
    """Looks until cancelled. `last`: the highest sequence seen; `seen`: when each number was first there."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.last = 0
        self.seen: dict[int, float] = {}
        self.seen_in_pms: dict[int, float] = {}

    async def run(self) -> None:
        """Look, over and over; ends with ProofError when a process has ended by itself."""
        while True:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(LOOK_S)

    def _look(self) -> None:
        rows = self._house.rows("journal.db", JOURNAL, self.last)
        now = time.time()
        for seq, _, _, _, payload in rows:
            self.last = max(self.last, int(str(seq)))
            number = number_of(_bytes(payload))
            if number is not None:
                self.seen.setdefault(number, now)
        for credential in self.access():
            self.seen_in_pms.setdefault(int(credential[1:]), now)

    def highest(self) -> int:
        """The sequence of the last message that came by way of the broker."""
        rows = self._house.rows("journal.db", HIGHEST)
        return int(str(rows[0][0] or 0)) if rows else 0

    def access(self) -> list[str]:
        """The credentials of the lock events in the PMS."""
        return [str(credential) for _, _, credential in self._house.rows("pms.db", ACCESS)]

    def alarms(self) -> dict[str, int]:
        """How often each leak (smoke, call for help: there is none) was raised in the PMS."""
        return {str(device): int(str(count)) for device, count in self._house.rows("pms.db", ALARMS)}

    def journal(self) -> list[Row]:
        """All of it."""
        rows = self._house.rows("journal.db", JOURNAL, 0)
        return [_row(row) for row in rows]

    async def until(self, fact: Callable[[], bool], seconds: float, what: str) -> None:
        """Return when it is so. ProofError after so many seconds."""
        if not await self.sees(fact, seconds):
            raise ProofError(f"{what}: not within {seconds:.0f} s")

    async def sees(self, fact: Callable[[], bool], seconds: float) -> bool:
        """Whether it is so within so many seconds."""
        end = time.monotonic() + seconds
        while not fact():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.05)
        return True


def _row(row: tuple[Any, ...]) -> Row:
    _, source, received, flags, payload = row
    return Row(source, received / 1_000_000, bool(flags & RETAINED), _bytes(payload))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
