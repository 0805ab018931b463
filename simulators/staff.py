"""Attendants and a supervisor, who learn of their work as real ones do, from the task list of the API."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from simulators.clerk import ApiRefusedError, ApiUnreachableError, Clerk
from simulators.hotel import SimulatedHotel
from simulators.plan import CLEANING_MINUTES

log = structlog.get_logger()

WAITING = frozenset({"pending", "assigned", "reopened", "open"})
PAUSE_S = 180.0


@dataclass
class Staff:
    """Who cleans and who inspects. `hours` are local; outside of them nobody works."""

    hotel: SimulatedHotel
    clerk: Clerk
    seed: int
    zone: ZoneInfo
    hours: tuple[float, float] = (7.0, 22.0)
    cleaned: int = 0
    inspected: int = 0

    def __post_init__(self) -> None:
        self._taken: set[str] = set()

    async def attendant(self, number: int) -> None:
        """Take a task nobody has taken, clean that room, and so on; the task itself follows from what the room sees."""
        random = Random(f"{self.seed}/attendant/{number}")
        while True:
            task = await self._next_task(random) if self._on_duty() else None
            if task is None:
                await self._rest(random)
                continue
            await self._clean(task, number, random)

    async def supervisor(self) -> None:
        """Inspect what is done."""
        random = Random(f"{self.seed}/supervisor")
        while True:
            await self._rest(random)
            for task in [task for task in await self._tasks() if task["state"] == "done"]:
                if await self._asked(partial(self.clerk.inspect, str(task["id"]))):
                    self.inspected += 1

    def _on_duty(self) -> bool:
        now = self.hotel.clock.now().astimezone(self.zone)
        return self.hours[0] <= now.hour + now.minute / 60 < self.hours[1]

    async def _rest(self, random: Random) -> None:
        """Hotel time, but not less than a real second: a fast hotel shall not flood the API."""
        await self.hotel.timers.sleep(max(PAUSE_S, self.hotel.clock.speed) * random.uniform(0.8, 1.2))

    async def _tasks(self) -> list[dict[str, Any]]:
        try:
            return await self.clerk.tasks()
        except (ApiRefusedError, ApiUnreachableError) as error:
            log.debug("the task list cannot be read", error=str(error))
            return []

    async def _next_task(self, random: Random) -> dict[str, Any] | None:
        tasks = [task for task in await self._tasks() if self._possible(task)]
        if not tasks:
            return None
        urgent = [task for task in tasks if self.hotel.rooms[task["room"]].value("request") == "mur"]
        departures = [task for task in tasks if task.get("type") == "departure"]
        task = random.choice(urgent or departures or tasks)
        self._taken.add(task["room"])
        return task

    def _possible(self, task: dict[str, Any]) -> bool:
        """Not where a guest is in, nor where the panel says do not disturb: a real one knocks and comes back."""
        room = self.hotel.rooms.get(str(task["room"]))
        if room is None or task["state"] not in WAITING or task["room"] in self._taken:
            return False
        return not room.truth.people and room.value("request") != "dnd"

    async def _clean(self, task: dict[str, Any], number: int, random: Random) -> None:
        low, high = CLEANING_MINUTES.get(str(task.get("type")), (15, 25))
        room = self.hotel.rooms[task["room"]]
        try:
            await room.is_cleaned(f"attendant {number}", random.uniform(low, high), 99 + number)
            self.cleaned += 1
            await self.hotel.timers.sleep(random.uniform(60, 240))
        finally:
            room.gives_up(f"attendant {number}")
            self._taken.discard(task["room"])

    async def _asked(self, call: Callable[[], Any]) -> bool:
        try:
            await call()
        except (ApiRefusedError, ApiUnreachableError) as error:
            log.debug("the service did not take it", error=str(error))
            return False
        return True
