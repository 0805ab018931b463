"""Writes to Modbus units and looks at what came of it: the answer to a write proves little, the register does."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from devices.modbus.plan import Block, plan
from devices.modbus.registers import Write, expected
from devices.model import Command, CommandState, Decoded, PointSpec, Reading
from devices.mqtt.router import same
from gateway.lines.line import LineDownError
from gateway.lines.modbus import ModbusLine, RequestError
from gateway.units import Outcome, Unit, block_of

READ_BACK_AFTER_S = (0.0, 0.1, 0.4)
"""Real seconds before each look at what a unit made of a write: some take it a moment after their answer."""

Ask = Callable[[Unit, Block], Awaitable[Decoded]]
"""Reads a block and tells what it says; raises RequestError, LineDownError."""


class Writer:
    """Carries out one order at a time on a line."""

    def __init__(self, line: ModbusLine, ask: Ask) -> None:
        self._line = line
        self._ask = ask

    async def outcome(self, unit: Unit, spec: PointSpec, write: Write, command: Command) -> Outcome | None:
        """How the order ended; None: nothing went out, the line is down."""
        try:
            if spec.wire.get("eeprom") and await self._holds(unit, spec, command) is True:
                return CommandState.DONE, None  # each write wears the memory
            with contextlib.suppress(_Silence):
                await self._write(unit, write)
            return await self._verify(unit, spec, command)
        except LineDownError as error:
            return None if error.cause == "not_sent" else (CommandState.UNKNOWN, error.cause)
        except RequestError as error:
            return CommandState.FAILED, error.code

    async def _write(self, unit: Unit, write: Write) -> None:
        try:
            await self._line.write(unit.address, write.function, write.address, write.words)
        except RequestError as error:
            if error.unit_silent or error.code == "bad_frame":
                raise _Silence from error  # perhaps done all the same: the read-back tells
            raise

    async def _verify(self, unit: Unit, spec: PointSpec, command: Command) -> Outcome:
        """What the unit holds now: done, failed (it holds something else), or unknown (it does not say)."""
        for wait in READ_BACK_AFTER_S:
            await asyncio.sleep(wait)
            found = await self._holds(unit, spec, command)
            if found is True:
                return CommandState.DONE, None
            if isinstance(found, str):
                return CommandState.UNKNOWN, found
        return CommandState.FAILED, "not_verified"

    async def _holds(self, unit: Unit, spec: PointSpec, command: Command) -> bool | str:
        """Does the unit hold what was ordered? A code: it does not say."""
        function = next(block.function for block in plan(unit.profile) if spec in block.points)
        try:
            decoded = await self._ask(unit, block_of(function, (spec,)))
        except RequestError as error:
            return error.code
        except LineDownError as error:
            return error.cause
        found = next((fact.value for fact in decoded.facts if isinstance(fact, Reading)), None)
        return same(expected(spec, command.value), found)


class _Silence(Exception):  # noqa: N818  not an error: an outcome that has to be looked at
    """The unit did not answer a write."""
