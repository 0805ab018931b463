"""A hotel day, and the days after it: guests by a seeded plan, staff by the task list, all of it on the wire."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import structlog

from devices.clock import Clock
from simulators.clerk import ApiRefusedError, ApiUnreachableError, Clerk
from simulators.climate import SETPOINTS
from simulators.hotel import SimulatedHotel
from simulators.key_desk import KeyDesk
from simulators.plan import NAMES, UTC_ZONE, Act, Plan, Stay, Step, plan
from simulators.room import SimulatedRoom
from simulators.staff import Staff
from simulators.truth import Role

log = structlog.get_logger()

STIR_S = 200.0
"""Hotel seconds between two movements of somebody awake, on average."""
BEGIN_S = 40.0
"""Hotel seconds within which the house fills when the play begins."""
PATIENCE = 6
"""How often a guest whom the desk refuses comes back, every ten minutes."""


@dataclass(frozen=True, slots=True)
class DayOptions:
    """The hotel's habits. `staff_hours` local; `departed` rooms were left this morning and wait for cleaning."""

    zone: ZoneInfo = field(default_factory=lambda: UTC_ZONE)
    attendants: int = 2
    staff_hours: tuple[float, float] = (7.0, 22.0)
    departed: float = 0.2


class Day:
    """Plays days in `hotel`. `clerk` is at the front desk; `staff_clerk` (else the same) reads tasks, inspects."""

    def __init__(
        self,
        hotel: SimulatedHotel,
        clerk: Clerk,
        clock: Clock,
        seed: int = 1,
        options: DayOptions | None = None,
        staff_clerk: Clerk | None = None,
    ) -> None:
        self.hotel = hotel
        self.clerk = clerk
        self.options = options or DayOptions()
        self.refused = 0  # check-ins and check-outs the service would not take
        self.started: datetime | None = None
        self._ended: datetime | None = None
        self._clock = clock
        self._seed = seed
        self._random = Random(f"{seed}/day")
        self._in_house: dict[str, str] = {}  # the plan's stay -> the service's
        self.keys = KeyDesk(hotel, clerk)
        self.staff = Staff(hotel, staff_clerk or clerk, seed, self.options.zone, self.options.staff_hours)

    def plan(self, start: datetime, days: float) -> Plan:
        """What the guests mean to do from `start` on; a later run goes on with the first one's plan."""
        first = self.started or start
        elapsed = (start - first) / timedelta(days=1)
        return plan(sorted(self.hotel.rooms), first, elapsed + days, self._seed, self.options.zone)

    async def run(self, days: float = 1.0) -> None:
        """Play so many days from now (or from where the last run ended); returns when they are over.

        Needs the hotel to be open and the clerks to be at work.
        """
        start = self._ended or self._clock.now()
        end = start + timedelta(days=days)
        made = self.plan(start, days)
        begins, self.started = self.started is None, self.started or start
        async with asyncio.TaskGroup() as people:
            loops = [people.create_task(self.staff.attendant(n + 1)) for n in range(self.options.attendants)]
            loops += [people.create_task(self.staff.supervisor()), people.create_task(self._stir())]
            if begins:
                people.create_task(self._begin(made, start))
            await self._play([step for step in made.steps if start < step.at < end], people)
            await self.hotel.timers.until(end)
            for loop in loops:
                loop.cancel()
        self._ended = end

    async def _play(self, steps: list[Step], people: asyncio.TaskGroup) -> None:
        for step in steps:
            await self.hotel.timers.until(step.at)
            people.create_task(self._do(step))

    # how it is when the curtain rises

    async def _begin(self, made: Plan, start: datetime) -> None:
        """Whoever is in the house by the plan checks in now; some rooms were left this morning; all are looked into."""
        present = [stay for stay in made.stays if stay.arrival <= start < stay.departure]
        taken = {stay.room for stay in present}
        empty = [number for number in sorted(self.hotel.rooms) if number not in taken]
        async with asyncio.TaskGroup() as people:
            for stay in present:
                if await self._check_in(stay):
                    people.create_task(self._settle(stay, _last_acts(made, stay, start)))
            for number in empty[: round(len(self.hotel.rooms) * self.options.departed)]:
                await self._departed(number)
            for number in empty:
                people.create_task(self._look_in(self.hotel.rooms[number]))

    async def _settle(self, stay: Stay, last: dict[str, Act]) -> None:
        """The guests who are in at the start come in one after the other, and go to sleep if they were asleep."""
        room, random = self.hotel.rooms[stay.room], Random(f"{self._seed}/{stay.key}/settle")
        await self.hotel.timers.sleep(random.uniform(0, BEGIN_S))
        for index, guest in enumerate(stay.guests):
            if last.get(guest) is not Act.LEAVE and stay.key in self._in_house:
                await room.enters(guest, Role.GUEST, 1 + index)
                self._make_comfortable(stay, room)
                if last.get(guest) is Act.SLEEP:
                    await self._goes_to_bed(guest, room, random)
        for guest in stay.guests:  # they had their cards yesterday already: nobody waits at the desk for them now
            if stay.key in self._in_house:
                await self.keys.card(self._in_house[stay.key], stay.room, guest)

    async def _goes_to_bed(self, guest: str, room: SimulatedRoom, random: Random) -> None:
        """Nobody falls asleep on the doormat."""
        for _ in range(4):
            await self.hotel.timers.sleep(random.uniform(60, 160))
            room.moves_about()
        room.falls_asleep(guest)

    def _make_comfortable(self, stay: Stay, room: SimulatedRoom) -> None:
        """Each party likes another temperature."""
        room.look()
        room.sense("setpoint", Random(stay.key).choice(SETPOINTS))

    async def _look_in(self, room: SimulatedRoom) -> None:
        """The manager's round: without a door that moves, nobody can tell that a room is empty."""
        await self.hotel.timers.sleep(Random(f"{self._seed}/{room.number}/look").uniform(0, BEGIN_S))
        if not room.truth.people:
            await room.is_visited("manager", Role.MANAGER, 0.5)

    async def _departed(self, number: str) -> None:
        tomorrow = self._clock.now().astimezone(self.options.zone).date() + timedelta(days=1)
        stay = await self._desk(lambda: self.clerk.walk_in(number, tomorrow, 1, self._random.choice(NAMES)))
        if stay is not None:
            await self._desk(lambda: self.clerk.check_out(stay))

    # what people do

    async def _do(self, step: Step) -> None:
        room = self.hotel.rooms[step.room]
        if step.act is Act.ENGINEER:
            if not room.truth.people and room.value("request") != "dnd":
                await room.is_visited("engineer", Role.ENGINEER, Random(f"{self._seed}/{step.at}").uniform(8, 20))
        elif step.act is Act.ARRIVE and step.stay is not None:
            await self._arrive(step.stay, room)
        elif step.stay is not None and step.stay.key in self._in_house:
            await self._guest_step(step, step.stay, room)

    async def _arrive(self, stay: Stay, room: SimulatedRoom) -> None:
        for _ in range(PATIENCE):
            if await self._check_in(stay):
                break
            await self.hotel.timers.sleep(600)
        else:
            return
        await self.hotel.timers.sleep(240)
        for guest in stay.guests:
            if stay.key in self._in_house and guest not in room.truth.people:
                await self._enters(stay, guest, room)
        self._make_comfortable(stay, room)

    async def _enters(self, stay: Stay, guest: str, room: SimulatedRoom) -> None:
        """With the card that the desk made, else by the number under which the lock knows the guest."""
        card = await self.keys.card(self._in_house[stay.key], stay.room, guest)
        await room.enters(guest, Role.GUEST, 1 + stay.guests.index(guest), card)

    async def _guest_step(self, step: Step, stay: Stay, room: SimulatedRoom) -> None:
        inside = step.who in room.truth.people
        if step.act in {Act.LEAVE, Act.DEPART} and inside:
            await room.leaves(step.who)
        elif step.act is Act.RETURN and not inside:
            await self._enters(stay, step.who, room)
        elif step.act is Act.SLEEP and inside:
            room.falls_asleep(step.who)
        elif step.act is Act.WAKE and inside:
            room.wakes_up(step.who)
        elif step.act in {Act.DND, Act.MUR, Act.QUIET_OFF}:
            room.request({Act.DND: "dnd", Act.MUR: "mur"}.get(step.act, "none"))
        if step.act is Act.DEPART and not any(guest in room.truth.people for guest in stay.guests):
            await self._check_out(stay, room)

    async def _check_in(self, stay: Stay) -> bool:
        today = self._clock.now().astimezone(self.options.zone).date()
        departure = max(stay.departure.astimezone(self.options.zone).date(), today + timedelta(days=1))
        made = await self._desk(lambda: self.clerk.walk_in(stay.room, departure, len(stay.guests), stay.guests[0]))
        if made is not None:
            self._in_house[stay.key] = made
        return made is not None

    async def _check_out(self, stay: Stay, room: SimulatedRoom) -> None:
        identifier = self._in_house.pop(stay.key, None)
        room.request("none")
        if identifier is not None:
            self.keys.forget(identifier)
            await self._desk(lambda: self.clerk.check_out(identifier))

    async def _desk(self, call: "Callable[[], Awaitable[str | None]]") -> str | None:
        """What the front desk answers; None (counted, logged) when it refuses."""
        try:
            return await call() or ""
        except (ApiRefusedError, ApiUnreachableError) as error:
            self.refused += 1
            log.info("the front desk did not take it", error=str(error))
            return None

    async def _stir(self) -> None:
        """Whoever is awake moves from time to time; who sleeps does not."""
        rooms = list(self.hotel.rooms.values())
        while True:
            await self.hotel.timers.sleep(self._random.expovariate(len(rooms) / STIR_S))
            self._random.choice(rooms).moves_about()


def _last_acts(made: Plan, stay: Stay, start: datetime) -> dict[str, Act]:
    """What each guest of a stay did last before `start`, of going out, coming back, sleeping and waking."""
    telling = {Act.LEAVE, Act.RETURN, Act.SLEEP, Act.WAKE}
    return {step.who: step.act for step in made.steps if step.stay == stay and step.at <= start and step.act in telling}
