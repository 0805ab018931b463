"""One worker a Modbus line: polls its units by schedule, carries out orders in between, reads back what it wrote."""

import asyncio
import contextlib
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.clock import Clock
from devices.errors import NotSupported
from devices.modbus.plan import Block, identity, plan
from devices.modbus.registers import decode, encode, source_of
from devices.model import CommandState, Decoded, Device, Profile, Quality, Reading, Rejected
from gateway.lines.line import LineDownError
from gateway.lines.modbus import ModbusLine, RequestError
from gateway.ports import LineMessage
from gateway.schedule import Schedule, Turn
from gateway.units import Order, Unit, halves
from gateway.writer import Writer

DEFAULT_POLL_S = 10.0
SHORTEST_POLL_S = 0.05
"""Real seconds: however fast the hotel's clock, a unit is not asked more often."""
LOOK_UP_S = 0.5
ILLEGAL = ("exception_2", "exception_3")
NOT_THERE = ("timeout", "bad_frame", "wrong_identity", "exception_10", "exception_11")
"""What counts as a miss; any other exception comes from a unit that is there."""


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
        self._units = {device.id: Unit(device, profile, list(plan(profile))) for device, profile in members}
        self._seconds = {device.id: profile.wire.get("poll_s", DEFAULT_POLL_S) for device, profile in members}
        self._orders: deque[Order] = deque()
        self._writer = Writer(line, self._ask)
        self._wake = asyncio.Event()
        self._sequence = 0
        self._was_up = False

    @property
    def waiting(self) -> int:
        """Orders not yet sent."""
        return len(self._orders)

    def order(self, order: Order) -> None:
        """Carry this out before the next poll."""
        self._orders.append(order)
        self._wake.set()

    def line_changed(self) -> None:
        """The line is up or down: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        speed = self._clock.speed
        schedule = Schedule(self._intervals(), self._time())
        while True:
            self._wake.clear()
            if self._clock.speed != speed:
                schedule.stretch(speed / self._clock.speed, self._time())
                speed = self._clock.speed
            if not self._line.up:
                self._was_up = False
                self._expire()
                await self._rest(LOOK_UP_S)
                continue
            self._line_is_up(schedule)
            if self._orders:
                await self._carry_out(self._orders.popleft(), schedule)
                continue
            turn = schedule.next()
            wait = schedule.wait_until(turn) - self._time() if turn else LOOK_UP_S
            if turn is None or wait > 0:
                await self._rest(min(wait, LOOK_UP_S))
                continue
            await self._poll(turn, schedule)

    def _intervals(self) -> dict[str, float]:
        return {unit: max(self._clock.real(seconds), SHORTEST_POLL_S) for unit, seconds in self._seconds.items()}

    def _line_is_up(self, schedule: Schedule) -> None:
        """After a reconnect every unit gets its chance, with its whole plan."""
        if self._was_up:
            return
        self._was_up = True
        for name, unit in self._units.items():
            unit.recognised, unit.blocks = False, list(plan(unit.profile))
            schedule.turn(name).misses = 0
            schedule.at_once(name, self._time())

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _poll(self, turn: Turn, schedule: Schedule) -> None:
        unit, began = self._units[turn.unit], self._time()
        try:
            await self._recognise(unit)
            for block in tuple(unit.blocks):
                await self._read(unit, block)
        except LineDownError:
            schedule.answered(turn.unit, self._time())  # the line's fault, not the unit's
        except RequestError as error:
            self._refused(unit, error.code)
            schedule.missed(turn.unit, began, self._time())
            if turn.open:
                self._ports.missed(turn.unit)
        else:
            schedule.answered(turn.unit, self._time())

    async def _recognise(self, unit: Unit) -> None:
        """Raises RequestError("wrong_identity") when the unit is of another model."""
        check = identity(unit.profile)
        if check is None or unit.recognised:
            return
        words = await self._line.read(unit.address, check.block.function, check.block.address, check.block.count)
        if not check.matches(words):
            raise RequestError("wrong_identity", f"{words} is not a {unit.profile.label}")
        unit.recognised = True

    async def _read(self, unit: Unit, block: Block) -> None:
        try:
            await self._ask(unit, block)
        except RequestError as error:
            if error.code in NOT_THERE:
                raise
            self._not_read(unit, block, error.code)

    async def _ask(self, unit: Unit, block: Block) -> Decoded:
        """Read, decode and tell. Raises RequestError, LineDownError."""
        words = await self._line.read(unit.address, block.function, block.address, block.count)
        self._sequence += 1
        decoded = decode(block, words, unit.device, unit.profile, self._clock.now(), self._sequence)
        self._tell(unit, decoded, struct.pack(f">{len(words)}H", *words))
        return decoded

    def _not_read(self, unit: Unit, block: Block, code: str) -> None:
        """The unit is there and does not want to tell these registers: now, or because it has not got one of them."""
        if code not in ILLEGAL:
            self._refused(unit, code)
            return
        unit.blocks.remove(block)
        if len(block.points) > 1:
            unit.blocks += halves(block)
        else:
            self._bad(unit, block, code)

    def _bad(self, unit: Unit, block: Block, code: str) -> None:
        """One point that the unit does not have: said once, left alone until the line comes back."""
        device, point, now = unit.device, block.points[0], self._clock.now()
        self._sequence += 1
        reading = Reading(device.id, device.room, point.name, None, Quality.BAD, None, now, self._sequence)
        rejected = Rejected(source_of(device, block.function, block.address), code, device.id, point.name)
        self._tell(unit, Decoded((reading,), (rejected,)), b"")

    def _refused(self, unit: Unit, code: str) -> None:
        self._sequence += 1
        rejected = Rejected(f"unit {unit.device.address}", code, unit.device.id)
        self._tell(unit, Decoded(rejected=(rejected,)), b"")

    def _tell(self, unit: Unit, decoded: Decoded, payload: bytes) -> None:
        source, now = f"unit {unit.device.address}", self._clock.now()
        self._ports.take(LineMessage(self._line.id, source, payload, decoded, now, self._sequence))

    def _expire(self) -> None:
        """The line is down: what waits too long is never sent."""
        now = self._clock.now()
        for order in [order for order in self._orders if order.command.deadline <= now]:
            self._orders.remove(order)
            order.finished(order.command, CommandState.EXPIRED, "line_down")

    async def _carry_out(self, order: Order, schedule: Schedule) -> None:
        command = order.command
        if command.deadline <= self._clock.now():
            order.finished(command, CommandState.EXPIRED, None)
            return
        unit = self._units[order.device.id]
        try:
            spec = unit.profile.points[command.point]
            write = encode(spec, command.value)
        except KeyError:
            order.finished(command, CommandState.FAILED, "unknown_point")
            return
        except NotSupported as error:
            order.finished(command, CommandState.FAILED, error.reason)
            return
        order.sent(command.id)
        outcome = await self._writer.outcome(unit, spec, write, command)
        if outcome is None:
            self._orders.appendleft(order)
            return
        schedule.at_once(order.device.id, self._time())
        order.finished(command, *outcome)

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()
