"""One worker a Modbus line: asks its units by schedule, one request at a time, and carries out orders in between."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.clock import Clock
from devices.modbus.edges import Edges
from devices.modbus.pace import paces
from devices.model import Device, Profile
from gateway.lines.line import LineDownError
from gateway.lines.modbus import ModbusLine, RequestError
from gateway.orders import Order
from gateway.ports import LineMessage
from gateway.reader import Reader
from gateway.rounds import Rounds
from gateway.schedule import Schedule, Turn
from gateway.units import Unit
from gateway.writer import Orders

SHORTEST_POLL_S = 0.05
"""Real seconds: however fast the hotel's clock, a unit is not asked more often."""
LOOK_UP_S = 0.5
LESSONS_S = 3600.0
"""Real seconds after which a unit is asked again for what it refused: it may have been busy starting."""


@dataclass(frozen=True, slots=True)
class PollerPorts:
    """Whom a poller serves."""

    take: Callable[[LineMessage], None]
    missed: Callable[[str], None]


class Poller:
    """Polls the units of one line in hotel time; `order` commands overtake polls."""

    def __init__(
        self, line: ModbusLine, members: Sequence[tuple[Device, Profile]], clock: Clock, ports: PollerPorts
    ) -> None:
        self._line = line
        self._clock = clock
        self._ports = ports
        self._units = {device.id: self._unit(device, profile) for device, profile in members}
        self._reader = Reader(line, clock, ports.take)
        self._orders = Orders(line, self._reader, clock)
        self._wake = asyncio.Event()
        self._session = 0
        self._relearn = 0.0

    @property
    def waiting(self) -> int:
        """Orders not yet sent."""
        return self._orders.waiting

    def order(self, order: Order) -> None:
        """Carry this out before the next request."""
        self._orders.add(order)
        self._wake.set()

    def line_changed(self) -> None:
        """The line is up or down: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        speed = self._clock.speed
        schedule = Schedule({name: unit.rounds.shortest for name, unit in self._units.items()}, self._time())
        while True:
            self._wake.clear()
            if self._clock.speed != speed:
                schedule.stretch(speed / self._clock.speed, self._time())
                speed = self._clock.speed
                self._new_paces(schedule)
            if not self._line.up:
                self._orders.line_is_down()
                await self._rest(LOOK_UP_S)
                continue
            self._line_is_up(schedule)
            if order := self._orders.next():
                if await self._orders.carry_out(order, self._units[order.device.id]):
                    self._soon(order.device.id, schedule)
                continue
            await self._next_request(schedule)

    async def _next_request(self, schedule: Schedule) -> None:
        now = self._time()
        turn = schedule.next(now)
        wait = schedule.wait_until(turn) - now if turn else LOOK_UP_S
        if turn is None or wait > 0:
            await self._rest(min(wait, LOOK_UP_S))
            return
        unit = self._units[turn.unit]
        try:
            await self._request(unit, turn)
        except LineDownError:
            unit.todo.clear()
            schedule.answered(turn.unit, self._time())  # the line's fault, not the unit's
        except RequestError as error:
            self._missed(unit, turn, error)
            schedule.missed(turn.unit, now, self._time())
            if turn.open:
                self._ports.missed(turn.unit)
        else:
            if not unit.todo:
                schedule.answered(turn.unit, self._time())
        schedule.served(turn.unit, now, self._time())

    async def _request(self, unit: Unit, turn: Turn) -> None:
        """One request of the unit's round; a new round when there is none."""
        whole = self._line.settings.timeout_s
        patience = whole if self._line.silence else unit.patience(turn.misses, whole)
        await self._reader.recognise(unit, patience)
        if not unit.todo:
            unit.begin_round(self._time())
        if unit.todo:
            block = unit.todo.pop(0)
            await self._reader.read(unit, block, patience)

    def _missed(self, unit: Unit, turn: Turn, error: RequestError) -> None:
        self._reader.refused(unit, error.code)
        unit.todo.clear()
        if turn.open:
            unit.forget()

    def _line_is_up(self, schedule: Schedule) -> None:
        """After a reconnect every unit gets its chance, with its whole plan."""
        if self._session == self._line.sessions:
            self._learn_again()
            return
        self._session = self._line.sessions
        for name, unit in self._units.items():
            unit.forget()
            schedule.turn(name).misses = 0
            schedule.at_once(name, self._time())

    def _learn_again(self) -> None:
        now = self._time()
        if now < self._relearn:
            return
        self._relearn = now + LESSONS_S
        for unit in self._units.values():
            unit.lessons.absent.clear()
            unit.lessons.walls.clear()

    def _soon(self, device: str, schedule: Schedule) -> None:
        self._units[device].rounds.all_due()
        schedule.at_once(device, self._time())

    def _unit(self, device: Device, profile: Profile) -> Unit:
        return Unit(device, profile, self._rounds(profile), Edges(device, profile))

    def _rounds(self, profile: Profile) -> Rounds:
        real = {name: self._clock.real(seconds) for name, seconds in paces(profile).items()}
        return Rounds({name: max(seconds, SHORTEST_POLL_S) for name, seconds in real.items()})

    def _new_paces(self, schedule: Schedule) -> None:
        for name, unit in self._units.items():
            unit.rounds = self._rounds(unit.profile)
            schedule.turn(name).interval = unit.rounds.shortest

    async def _rest(self, seconds: float) -> None:
        if (due := self._orders.due_in()) is not None:
            seconds = min(seconds, due)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()
