"""One look at live registers of a Modbus unit, over a line of its own for the moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from devices.model import LineState, LineStatus
from gateway.lines.line import LineDownError, LineUser
from gateway.lines.modbus import ModbusLine, RequestError
from gateway.lines.modbus_settings import ModbusSettings
from gateway.reader import ILLEGAL

CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: unit number, function 1 to 4, wire address."""

    unit: int
    function: int
    address: int


async def look(settings: ModbusSettings, place: Place, count: int) -> list[int]:
    """Up to `count` words (or bits) from the address on: half as many while the unit refuses so many.

    Raises LineDownError (the bus cannot be reached), RequestError (the unit is silent, or has not even the first).
    """
    async with _opened(settings) as line:
        while True:
            try:
                return await line.read(place.unit, place.function, place.address, count)
            except RequestError as error:
                if error.code not in ILLEGAL or count == 1:
                    raise
                count //= 2


@contextlib.asynccontextmanager
async def _opened(settings: ModbusSettings) -> AsyncIterator[ModbusLine]:
    decided: asyncio.Future[LineStatus] = asyncio.get_running_loop().create_future()

    def changed(status: LineStatus) -> None:
        if not decided.done() and status.state in (LineState.UP, LineState.DOWN):
            decided.set_result(status)

    line = ModbusLine("probe", settings, LineUser(lambda _message: None, changed, lambda: datetime.now(UTC)))
    task = asyncio.create_task(line.run())
    try:
        async with asyncio.timeout(CONNECT_S + settings.connect_timeout_s):
            status = await decided
        if status.state is LineState.DOWN:
            raise LineDownError(status.cause or "down", status.detail)
        yield line
    finally:
        task.cancel()
        await asyncio.wait([task])
