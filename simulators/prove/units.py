"""Modbus units whose every answer is on record: four behind a socket, four on a serial bus."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.catalog import Catalog
from devices.model import Device
from simulators.device import State
from simulators.modbus.bus import Answer, Bus, RtuLine, TcpLine
from simulators.modbus.unit import HOLDING, Cell, Fault, FaultKind, ModbusUnit
from simulators.prove.records import Answered, Records, Written
from simulators.terminal import PseudoTerminal

PROFILE_ID = "prove_unit"
PLAUSIBLE = 555
"""Where the second block has it stands the temperature in the first: 55.5 degrees are believed, and never true. Where
it has a one stands the smoke in the first, and where the first has the setpoint stands a call for help in the second:
an answer that is taken for the other's raises an alarm, which stays."""
LOWEST, DIFFERENT = 200, 100
STEPS_A_SECOND = 2
LIE = 0x7F00
LATE_S = ((0.1, 0.19), (0.25, 0.45), (0.25, 0.45), (0.55, 1.3))
"""Seconds by which an answer of a late unit is late: some before, some after the edge has given it up."""
LATEST_S, QUIET_S = 1.3, 1.5
"""The latest a unit of the serial bus may be, and how long the edge is told to keep quiet for it."""
_NUMBER = 'kind = "number"\nminimum = 0\nmaximum = 65535\n'


def profile() -> str:
    """Two blocks of four registers, equally long: one can be taken for the other."""
    points = {
        "temperature": 'wire = { register = 0, type = "int16", scale = 0.1, poll_s = 0.5 }\nfreshness_s = 10\n',
        "smoke": 'wire = { register = 1, type = "bool", poll_s = 0.5 }\n',
        "count_a": f"{_NUMBER}wire = {{ register = 2, poll_s = 0.5 }}\n",
        "setpoint": "writable = true\nwire = { register = 3, scale = 0.01, poll_s = 0.5 }\n",
        "other": f"{_NUMBER}wire = {{ register = 100, poll_s = 0.5 }}\n",
        "one": f"{_NUMBER}wire = {{ register = 101, poll_s = 0.5 }}\n",
        "count_b": f"{_NUMBER}wire = {{ register = 102, poll_s = 0.5 }}\n",
        "sos": 'wire = { register = 103, type = "bool", poll_s = 0.5 }\n',
    }
    head = f'id = "{PROFILE_ID}"\ndialect = "modbus"\nlabel = "numbered unit"\npower = "mains"\n'
    return head + "".join(f"\n[points.{name}]\n{text}" for name, text in points.items())


@dataclass
class NumberedUnit(ModbusUnit):
    """Counts twice a second; its temperature follows the count, so that each answer tells when it was made."""

    records: Records = field(kw_only=True)
    room: str = field(kw_only=True)
    setpoint: int = 2200
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = Cell(lambda: int(time.time() * STEPS_A_SECOND) & 0xFFFF)
        first = {0: Cell(self._temperature), 1: Cell(lambda: 0), 2: counts}
        first[3] = Cell(lambda: self.setpoint, self._write_setpoint)
        second = {100: Cell(lambda: PLAUSIBLE), 101: Cell(lambda: 1), 102: counts}
        self.tables[HOLDING] = first | second | {103: Cell(lambda: 0)}

    def answer(self, request: bytes) -> bytes | None:
        """As any unit, and on record."""
        lying = self.fault.kind is FaultKind.LYING
        if self.fault.kind is FaultKind.LATE:
            self.fault = Fault(FaultKind.LATE, self._random.uniform(*self._random.choice(LATE_S)))
        if lying:
            self.fault = Fault()
        said = super().answer(request)
        if lying:
            self.fault = Fault(FaultKind.LYING)
        if said is None or said[0] != HOLDING:
            return said
        if lying:
            said = said[:2] + (LIE + self.number).to_bytes(2, "big") + said[4:]
        self.records.answered[self.room].append(Answered(time.time(), said[2:]))
        self.asked.set()
        return said

    def _temperature(self) -> int:
        return LOWEST + (int(time.time() * STEPS_A_SECOND) + self.number * 7) % DIFFERENT

    def _write_setpoint(self, word: int) -> None:
        self.setpoint = word
        self.records.written.append(Written(time.time(), self.room, round(word / 100, 2)))


class SerialBus(Bus):
    """A late unit here speaks when it is asked the next time, and says what it was asked before: nothing in such an
    answer tells that. After `LATEST_S` it has forgotten.
    """

    def __init__(self, latency_s: float) -> None:
        super().__init__(latency_s)
        self._held: dict[int, tuple[float, Answer | None]] = {}

    def ask(self, number: int, request: bytes, now: float) -> Answer | None:
        """As any bus."""
        answer = super().ask(number, request, now)
        at, before = self._held.pop(number, (0.0, None))
        if self.units[number].fault.kind is not FaultKind.LATE:
            return answer
        self._held[number] = (now, None if answer is None else Answer(answer.pdu, self.latency_s))
        return before if now - at < LATEST_S else None


class Units:
    """`async with Units(...)`: both lines are there. `by_room`: the units."""

    def __init__(self, profiles: Path, port: int, terminal: Path, records: Records) -> None:
        known = Catalog.load([profiles]).get(PROFILE_ID)
        self.by_room: dict[str, NumberedUnit] = {}
        buses = Bus(0.01), SerialBus(0.01)
        for number in range(1, 9):
            line, bus = ("floor-1", buses[0]) if number <= 4 else ("bus-1", buses[1])
            room = f"1{number:02d}"
            state = State(Device(f"{room}_unit", line, PROFILE_ID, str(number), room), known)
            unit = NumberedUnit(number, state, records=records, room=room)
            bus.units[number] = self.by_room[room] = unit
        self._socket = TcpLine("127.0.0.1", port, buses[0])
        self._serial = RtuLine(PseudoTerminal(terminal), buses[1])

    async def __aenter__(self) -> Self:
        await self._socket.restore()
        await self._serial.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.cut()
        await self._serial.cut()
