"""A simulated room: its devices together, the people in it, and what may happen there."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from devices.model import Value
from simulators.climate import Climate, Demand
from simulators.device import UseCases
from simulators.encoder.card import Card
from simulators.lock import CardLock
from simulators.timers import Timers
from simulators.truth import Person, Role, Truth

DOORWAY_S = 3.0
"""Hotel seconds between the door's opening and its being shut again, and half of it to walk through."""
CARD_OF = {
    Role.GUEST: "guest",
    Role.ATTENDANT: "housekeeping",
    Role.ENGINEER: "engineering",
    Role.MANAGER: "master",
}
PRESENCE_HOLD_S = 30.0
LIGHTS_W, IDLE_W, COIL_W = 140.0, 9.0, 60.0


class SimulatedRoom:
    """Use cases of a room. Plain methods happen at once; `async` ones take hotel time and end when it is done."""

    def __init__(
        self, number: str, devices: Iterable[UseCases], timers: Timers, locks: Sequence[CardLock] = ()
    ) -> None:
        self.number = number
        self.locks = list(locks)  # those that read key cards
        self.devices = {device.id: device for device in devices}
        self.truth = Truth(number, timers.clock.now())
        self.climate = Climate(timers.clock.now())
        self.heating_broken = False
        self._timers = timers
        self._door = asyncio.Lock()
        self._looked = timers.clock.now()
        self._energy = 12.0  # kWh

    # what the devices notice

    def having(self, point: str) -> list[UseCases]:
        """The room's devices that have a point."""
        return [device for device in self.devices.values() if device.has(point)]

    def sense(self, point: str, value: Value) -> None:
        """Every device of the room that can, notices it."""
        for device in self.having(point):
            device.sense(point, value)

    def value(self, point: str) -> Value:
        """What the first device that has the point believes; None when no device has it."""
        found = self.having(point)
        return found[0].state.values[point] if found else None

    def open_door(self) -> None:
        """The door opens."""
        self.sense("door", "open")

    def close_door(self) -> None:
        """The door is shut."""
        self.sense("door", "closed")

    @property
    def door_open(self) -> bool:
        """Is the door open?"""
        return self.value("door") == "open"

    def motion(self) -> None:
        """Somebody moves in sight of the detectors."""
        for device in self.having("motion"):
            device.motion()

    def card(self, credential_class: str = "guest", number: int | None = None, granted: bool = True) -> None:
        """A card is held to the lock: guest, housekeeping, engineering, master, emergency or unknown."""
        for device in self.having("lock"):
            device.card(credential_class, number, granted)

    def present(self, card: Card) -> bool | None:
        """A real card is held to the lock; does it open? None: no lock of the room reads cards."""
        decisions = [lock.present(card) for lock in self.locks]
        return any(decision.opens for decision in decisions) if decisions else None

    def opened_from_inside(self) -> None:
        """The inner handle is pressed."""
        for device in self.having("lock"):
            device.opened_from_inside()

    def bolt(self, on: bool = True) -> None:
        """The privacy bolt is turned from inside."""
        self.sense("bolt", on)

    def request(self, value: str) -> None:
        """The panel or thermostat by the door: `dnd`, `mur` or `none`."""
        self.sense("request", value)

    def keycard(self, inside: bool = True) -> None:
        """A card is put into the holder or taken out."""
        self.sense("keycard", inside)

    def window(self, is_open: bool = True) -> None:
        """The window is opened or shut."""
        self.look()
        self.sense("window", is_open)

    def leak(self, wet: bool = True) -> None:
        """Water on the bathroom floor, or dry again."""
        self.sense("leak", wet)

    def smoke(self, there: bool = True) -> None:
        """Smoke under the ceiling, or gone."""
        self.sense("smoke", there)

    def sos(self, pulled: bool = True) -> None:
        """The pull cord; letting go of it is silent where it is a button."""
        self.sense("sos", pulled)
        if pulled:
            for device in self.having("sos"):
                device.happen("sos")

    def battery(self, percent: float, device: str | None = None) -> None:
        """A device (or the first with a battery) has so much left."""
        chosen = [self.devices[device]] if device else self.having("battery")[:1]
        for one in chosen:
            one.battery(percent)

    def die(self, device: str | None = None) -> None:
        """A device (or every one) falls silent."""
        for one in [self.devices[device]] if device else self.devices.values():
            one.die()

    def revive(self, device: str | None = None) -> None:
        """It is (they are) back."""
        for one in [self.devices[device]] if device else self.devices.values():
            one.revive()

    def break_heating(self, broken: bool = True) -> None:
        """The fan-coil no longer does what the thermostat wants."""
        self.look()
        self.heating_broken = broken

    def look(self) -> None:
        """Bring the room's air up to date and let the devices feel it; they tell of it with their next report."""
        window = self.value("window") is True
        now = self._timers.clock.now()
        self.climate.at(now, self._demand(), len(self.truth.people), window)
        air = self.climate
        lit = bool(self.truth.awake())
        power = (LIGHTS_W if lit else IDLE_W) + (COIL_W if air.valve else 0.0)
        self._energy += power / 1000 * max((now - self._looked).total_seconds(), 0) / 3600
        self._looked = max(now, self._looked)
        for device in self.devices.values():
            device.vary(temperature=air.temperature, temperature_remote=air.temperature, humidity=air.humidity)
            device.vary(co2=round(air.co2), lux=220 if lit else 15, valve=air.valve)
            device.vary(power=power, current=round(power / 230, 2), energy=round(self._energy, 3))

    def _demand(self) -> Demand:
        thermostats = self.having("setpoint")
        if not thermostats:
            return Demand(broken=self.heating_broken)
        values = thermostats[0].state.values
        mode = "off" if values.get("relay") is False and "mode" in values else str(values.get("mode", "auto"))
        return Demand(float(values["setpoint"] or 21.0), mode, self.heating_broken)

    # what people do

    async def enters(
        self, name: str, role: Role = Role.GUEST, number: int | None = None, card: Card | None = None
    ) -> None:
        """Card, door, through it, door shut, and the first movement inside.

        A real `card` that does not open leaves its holder to the number by which the lock knows them.
        """
        async with self._door:
            if card is None or not self.present(card):
                self.card(CARD_OF[role], number)
            await self._timers.sleep(2)
            await self._through_the_door(lambda: self.arrives(name, role))
        await self._timers.sleep(20)
        self.moves_about()

    async def leaves(self, name: str) -> None:
        """To the door, out, door shut."""
        self.moves_about()
        async with self._door:
            self.bolt(on=False)
            self.opened_from_inside()
            await self._timers.sleep(1)
            await self._through_the_door(lambda: self.departs(name))

    async def _through_the_door(self, pass_through: Callable[[], None]) -> None:
        try:
            self.open_door()
            await self._timers.sleep(DOORWAY_S / 2)
            pass_through()
            await self._timers.sleep(DOORWAY_S / 2)
        finally:
            self.close_door()

    def arrives(self, name: str, role: Role = Role.GUEST) -> None:
        """Somebody is inside now (however they came); whoever sees people sees them."""
        self.look()
        self.truth.people[name] = Person(name, role)
        self._note()
        self.motion()
        self._presence()

    def departs(self, name: str) -> None:
        """Somebody is outside now. The presence sensor takes a while to be sure."""
        self.look()
        self.truth.people.pop(name, None)
        self._note()
        self._timers.after(PRESENCE_HOLD_S, self._presence)

    def _presence(self) -> None:
        inside = bool(self.truth.people)
        self.sense("presence", inside)
        self.sense("keycard", inside)
        self.sense("occupancy_input", inside)

    def moves_about(self) -> None:
        """Whoever is awake inside moves."""
        if self.truth.awake():
            self.motion()

    def falls_asleep(self, name: str) -> None:
        """Silent from now on: no movement until they wake up."""
        self._sleep(name, asleep=True)

    def wakes_up(self, name: str) -> None:
        """Up, and about."""
        self._sleep(name, asleep=False)
        self.moves_about()

    def _sleep(self, name: str, asleep: bool) -> None:
        if name in self.truth.people:
            self.truth.people[name].asleep = asleep
            self._note()

    async def is_cleaned(self, by: str, minutes: float, number: int | None = None) -> None:
        """An attendant comes, works for so many minutes, and goes."""
        await self.enters(by, Role.ATTENDANT, number)
        self._cleaning(going_on=True)
        await self._works(minutes)
        if self.value("request") == "mur":
            self.request("none")
        self._cleaning(going_on=False)
        await self.leaves(by)

    def gives_up(self, by: str) -> None:
        """An attendant who is still inside is gone: the play was stopped."""
        if by in self.truth.people:
            self._cleaning(going_on=False)
            self.departs(by)

    async def is_visited(self, by: str, role: Role, minutes: float, number: int | None = None) -> None:
        """An engineer or a manager comes for so many minutes, and goes."""
        await self.enters(by, role, number)
        await self._works(minutes)
        await self.leaves(by)

    async def _works(self, minutes: float) -> None:
        end_s = minutes * 60
        while end_s > 0:
            nap = min(45.0, end_s)
            await self._timers.sleep(nap)
            end_s -= nap
            self.moves_about()

    def _cleaning(self, going_on: bool) -> None:
        self.truth.cleaning = going_on
        self._note()

    def _note(self) -> None:
        self.truth.note(self._timers.clock.now())
