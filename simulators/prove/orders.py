"""Somebody at a screen who orders setpoints and looks at the rooms; what was asked and what was shown is on record."""

import asyncio
import contextlib
import random
import time
from datetime import datetime
from itertools import count

from simulators.clerk import ApiRefusedError, ApiUnreachableError, Clerk
from simulators.prove.fleet import ROOMS
from simulators.prove.records import Ordered, Records, Shown

LOOK_S = 0.25
ORDER_S = 1.0
WITHIN_S = (3, 6, 12)
MOST = 3000
UNSURE_S = 60.0
"""An order whose answer was lost may have come a try later than it was asked for first."""


class Person:
    """Orders and looks until cancelled; `ordering` ends before the run does."""

    def __init__(self, clerk: Clerk, records: Records, seed: int) -> None:
        self._clerk = clerk
        self._records = records
        self._random = random.Random(f"{seed}/orders")
        self._numbers = count(1)
        self.ordering = True

    async def look(self) -> None:
        """Read every room off the screen, over and over."""
        while True:
            asked = time.time()
            with contextlib.suppress(ApiRefusedError, ApiUnreachableError):
                rooms = await self._clerk.rooms()
                answered = time.time()
                for room in rooms:
                    climate = room["climate"]
                    if climate["temperature_c"] is not None:
                        age = climate["age_s"]
                        shown = Shown(asked, answered, room["number"], float(climate["temperature_c"]), age)
                        self._records.shown.append(shown)
            await asyncio.sleep(LOOK_S)

    async def order(self) -> None:
        """Each time another value, so that each order is known by what it orders."""
        while True:
            if self.ordering:
                await self._one()
            await asyncio.sleep(ORDER_S)

    async def _one(self) -> None:
        room, within = self._random.choice(ROOMS), self._random.choice(WITHIN_S)
        value = round(5 + next(self._numbers) % MOST / 100, 2)
        try:
            job = await self._clerk.order(room, "setpoint", value, within)
        except ApiUnreachableError:
            self._records.ordered.append(Ordered(None, room, value, time.time() + UNSURE_S))
        except ApiRefusedError:
            return
        else:
            deadline = datetime.fromisoformat(job["deadline"]).timestamp()
            self._records.ordered.append(Ordered(job["id"], room, value, deadline))

    async def states(self) -> dict[str, str]:
        """How each order stands now, by id. Raises ApiUnreachableError, ApiRefusedError."""
        found = {}
        for order in self._records.ordered:
            if order.id is not None:
                found[order.id] = str((await self._clerk.job(order.id))["state"])
        return found

    async def doors(self) -> dict[str, str]:
        """How the PMS shows each door now. Raises ApiUnreachableError, ApiRefusedError."""
        return {room["number"]: str(room["door"]["state"]) for room in await self._clerk.rooms()}
