"""Writes to Modbus units and looks at what came of it: the answer to a write proves little, the register does."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.clock import Clock
from devices.errors import NotSupported
from devices.modbus.plan import FUNCTIONS, block_of
from devices.modbus.registers import Write, encode, expected
from devices.model import Command, CommandState, PointSpec, Reading
from devices.mqtt.router import same
from gateway.lines.line import LineDownError
from gateway.lines.modbus import ModbusLine, RequestError, TooLateError
from gateway.orders import Order, Outcome, Waiting
from gateway.reader import Reader
from gateway.units import Unit
from gateway.wear import Wear

READ_BACK_AFTER_S = (0.0, 0.1, 0.4)
"""Real seconds before each look at what a unit made of a write: some take it a moment after their answer."""


@dataclass(frozen=True, slots=True)
class _Held:
    order: Order
    until: datetime


class Orders:
    """The orders of one line, carried out one at a time; a register that wears is not written too soon."""

    def __init__(self, line: ModbusLine, reader: Reader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._wear = Wear()
        self._writer = Writer(line, reader, clock)
        self._waiting = Waiting()
        self._held: dict[tuple[str, str], _Held] = {}

    @property
    def waiting(self) -> int:
        """Orders not yet sent."""
        return len(self._waiting) + len(self._held)

    def add(self, order: Order) -> None:
        """Carry this out soon, in place of an older one for the same point that has not been sent."""
        if (older := self._held.pop(order.place, None)) is not None:
            older.order.finish(CommandState.FAILED, "superseded")
        self._waiting.add(order)

    def next(self) -> Order | None:
        """The order to carry out now."""
        now = self._clock.now()
        if (order := self._waiting.next(now)) is not None:
            return order
        ripe = next((place for place, held in self._held.items() if held.until <= now), None)
        return self._held.pop(ripe).order if ripe else None

    def due_in(self) -> float | None:
        """Real seconds until an order that is held back may go."""
        now = self._clock.now()
        waits = [self._clock.real((held.until - now) / timedelta(seconds=1)) for held in self._held.values()]
        return max(0.01, min(waits)) if waits else None

    def line_is_down(self) -> None:
        """What waits too long is never sent."""
        now = self._clock.now()
        self._waiting.expire(now, "line_down")
        for order in [held.order for held in self._held.values() if held.order.late(now)]:
            del self._held[order.place]
            order.finish(CommandState.EXPIRED, "line_down")

    async def carry_out(self, order: Order, unit: Unit) -> bool:
        """Write and look. True: something went out, whatever came of it."""
        command = order.command
        spec = unit.profile.points.get(command.point)
        if spec is None:
            order.finish(CommandState.FAILED, "unknown_point")
            return False
        try:
            write = encode(spec, command.value)
        except NotSupported as error:
            order.finish(CommandState.FAILED, error.reason)
            return False
        outcome = await self._outcome(order, unit, spec, write)
        if outcome is None:
            return False
        order.finish(*outcome)
        return True

    async def _outcome(self, order: Order, unit: Unit, spec: PointSpec, write: Write) -> Outcome | None:
        """None: the order waits, for the line or for its time. A unit of another model is never written to."""
        command = order.command
        try:
            await self._reader.recognise(unit)
            if spec.wire.get("eeprom") and await self._writer.holds(unit, spec, command) is True:
                return CommandState.DONE, None
        except LineDownError:
            self._waiting.back(order)
            return None
        except RequestError as error:
            return CommandState.FAILED, error.code
        now = self._clock.now()
        if (until := self._wear.not_before(command.device, spec, now)) > now:
            return self._hold(order, until)
        if not await order.steps.sending(command.id):
            return CommandState.FAILED, "not_stored"
        outcome = await self._writer.outcome(unit, spec, write, order)
        if outcome is None:
            self._waiting.back(order)
        else:
            self._wear.wrote(command.device, spec, now)
        return outcome

    def _hold(self, order: Order, until: datetime) -> Outcome | None:
        if until >= order.command.deadline:
            return CommandState.FAILED, "too_soon"
        self._held[order.place] = _Held(order, until)
        return None


class Writer:
    """Carries out one order at a time on a line."""

    def __init__(self, line: ModbusLine, reader: Reader, clock: Clock) -> None:
        self._line = line
        self._reader = reader
        self._clock = clock

    async def outcome(self, unit: Unit, spec: PointSpec, write: Write, order: Order) -> Outcome | None:
        """How the order ended; None: nothing went out, the line is down."""
        try:
            with contextlib.suppress(_Silence):
                await self._write(unit, write, order)
                order.steps.acknowledged(order.command.id)
            return await self._verify(unit, spec, order.command)
        except TooLateError:
            return CommandState.EXPIRED, "deadline"
        except LineDownError as error:
            return None if error.cause == "not_sent" else (CommandState.UNKNOWN, error.cause)
        except RequestError as error:
            return CommandState.FAILED, error.code

    async def holds(self, unit: Unit, spec: PointSpec, command: Command) -> bool | str:
        """Does the unit hold what was ordered? A code: it does not say."""
        try:
            decoded = await self._reader.ask(unit, block_of(FUNCTIONS[spec.wire["table"]], (spec,)))
        except RequestError as error:
            return error.code
        except LineDownError:
            return "closed"  # after the write: the read-back was not asked any more, or not answered
        found = next((fact.value for fact in decoded.facts if isinstance(fact, Reading)), None)
        return same(expected(spec, command.value), found)

    async def _write(self, unit: Unit, write: Write, order: Order) -> None:
        def late() -> bool:
            return order.late(self._clock.now())

        try:
            await self._line.write(unit.address, write.function, write.address, write.words, late=late)
        except RequestError as error:
            if error.unit_silent or error.code == "bad_frame":
                raise _Silence from error  # perhaps done all the same: the read-back tells
            raise

    async def _verify(self, unit: Unit, spec: PointSpec, command: Command) -> Outcome:
        """What the unit holds now: done, failed (it holds something else), or unknown (it does not say)."""
        for wait in READ_BACK_AFTER_S:
            await asyncio.sleep(wait)
            found = await self.holds(unit, spec, command)
            if found is True:
                return CommandState.DONE, None
            if isinstance(found, str):
                return CommandState.UNKNOWN, found
        return CommandState.FAILED, "not_verified"


class _Silence(Exception):  # noqa: N818  not an error: an outcome that has to be looked at
    """The unit did not answer a write."""
