"""Reads the units of a Modbus line: knows each first, asks for a block, finds the register that a unit has not got."""

import asyncio
import struct
from collections.abc import Callable

from devices.clock import Clock
from devices.modbus.plan import Block, halves, identity
from devices.modbus.registers import decode, source_of
from devices.model import Decoded, Quality, Reading, Rejected
from gateway.lines.modbus import ModbusLine, RequestError
from gateway.ports import LineMessage
from gateway.units import Unit

ILLEGAL = ("exception_1", "exception_2", "exception_3")
"""The unit has no such registers, or not so many in one request."""
NOT_THERE = ("timeout", "bad_frame", "wrong_identity", "exception_10", "exception_11")
"""What counts as a miss; any other exception comes from a unit that is there."""

FORGOTTEN = 0.98
"""Of a unit's slowest answer so much is remembered at its next: one hiccup does not count for ever."""


class Reader:
    """One request at a time. Raises RequestError only when the unit is not there, and LineDownError."""

    def __init__(self, line: ModbusLine, clock: Clock, take: Callable[[LineMessage], None]) -> None:
        self._line = line
        self._clock = clock
        self._take = take
        self._sequence = 0

    async def recognise(self, unit: Unit, patience_s: float | None = None) -> None:
        """Raises RequestError("wrong_identity") when the unit is of another model."""
        check = identity(unit.profile)
        if check is None or unit.recognised:
            return
        words = await self._words(unit, check.block, patience_s)
        if not check.matches(words):
            raise RequestError("wrong_identity", f"{words} is not a {unit.profile.label}")
        unit.recognised = True

    async def read(self, unit: Unit, block: Block, patience_s: float | None = None) -> bool | None:
        """Did the unit tell the whole block? None: it is there and tells nothing just now.

        A block that it refuses is halved until the refused point is found, or the hole that must not be read across;
        the unit is not asked for that again.
        """
        try:
            await self.ask(unit, block, patience_s)
        except RequestError as error:
            if error.code in NOT_THERE:
                raise
            if error.code not in ILLEGAL:
                self.refused(unit, error.code)
                return None
            return await self._divided(unit, block, error.code)
        return True

    async def ask(self, unit: Unit, block: Block, patience_s: float | None = None) -> Decoded:
        """Read, decode and tell. Raises RequestError, LineDownError."""
        words = await self._words(unit, block, patience_s)
        self._sequence += 1
        said = decode(block, words, unit.device, unit.profile, self._clock.now(), self._sequence)
        decoded = unit.edges.fold(said)
        self._tell(unit, decoded, struct.pack(f">{len(words)}H", *words))
        return decoded

    def refused(self, unit: Unit, code: str) -> None:
        """Count what came instead of an answer."""
        self._sequence += 1
        rejected = Rejected(f"unit {unit.device.address}", code, unit.device.id)
        self._tell(unit, Decoded(rejected=(rejected,)), b"")

    async def _divided(self, unit: Unit, block: Block, code: str) -> bool:
        if len(block.points) == 1:
            self._absent(unit, block, code)
            return False
        first, second = halves(block)
        told = (await self.read(unit, first), await self.read(unit, second))
        if told == (True, True):
            unit.lessons.walls.add((block.function, second.address))
        return False

    def _absent(self, unit: Unit, block: Block, code: str) -> None:
        """One point that the unit does not have: said once, left alone until the unit was away."""
        device, point, now = unit.device, block.points[0], self._clock.now()
        unit.lessons.absent[point.name] = point
        self._sequence += 1
        reading = Reading(device.id, device.room, point.name, None, Quality.BAD, None, now, self._sequence)
        rejected = Rejected(source_of(device, block.function, block.address), code, device.id, point.name)
        self._tell(unit, Decoded((reading,), (rejected,)), b"")

    async def _words(self, unit: Unit, block: Block, patience_s: float | None) -> list[int]:
        began, disturbed = asyncio.get_running_loop().time(), self._line.silence > 0
        words = await self._line.read(unit.address, block.function, block.address, block.count, patience_s=patience_s)
        if not disturbed:  # else a gateway may still have been waiting for another unit
            unit.slowest = max(unit.slowest * FORGOTTEN, asyncio.get_running_loop().time() - began)
        return words

    def _tell(self, unit: Unit, decoded: Decoded, payload: bytes) -> None:
        source, now = f"unit {unit.device.address}", self._clock.now()
        self._take(LineMessage(self._line.id, source, payload, decoded, now, self._sequence))
