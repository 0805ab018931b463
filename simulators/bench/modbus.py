"""How often Modbus units are read through the whole edge, by the units' own records of who asked them and when.

Fifty units of ten registers hang behind one socket that takes 20 ms for a request, whoever asks; then one of them dies.
Ten more share a serial bus of 9600 baud, where the speed of the wire itself is the limit.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from devices.catalog import Catalog
from devices.model import Device
from simulators.bench import hotels
from simulators.bench.product import Product, free_port, product
from simulators.bench.report import Figure, Report, median
from simulators.device import State
from simulators.modbus.bus import MBAP, SILENT_CHARACTERS, Bus, RtuLine, TcpLine
from simulators.modbus.unit import HOLDING, Fault, FaultKind, ModbusUnit, Stored
from simulators.terminal import PseudoTerminal

UNITS, REGISTERS = 50, 10
REQUEST_S = 0.02
ON_THE_BUS = 10
BAUD, CHARACTER_S = 9_600, 10 / 9_600
WARM_UP_S, WINDOW_S, DEAD_S, SERIAL_S = 4.0, 20.0, 30.0, 15.0
ALLOWED_S, ALLOWED_BESIDE_DEAD_S = 1.2, 1.5
OF_THE_LIMIT = 0.9
ROUNDS = 3

PROFILE = 'id = "bench_ten"\ndialect = "modbus"\nlabel = "ten registers"\n' + "".join(
    f'[points.value_{number}]\nkind = "number"\nminimum = 0\nmaximum = 65535\nwire = {{ register = {number} }}\n'
    for number in range(REGISTERS)
)
LINE = '[[line]]\nid = "{id}"\nkind = "{kind}"\n{where}\npoll_s = {poll}\n'
UNIT = '\n[[device]]\nid = "{line}-{number}"\nline = "{line}"\nprofile = "bench_ten"\naddress = {number}\n'


Polled = tuple[Product, dict[int, ModbusUnit]]


@dataclass
class Asked(ModbusUnit):
    """A unit that keeps when it was asked for all of its registers."""

    at: list[float] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes | None:
        """As any unit."""
        said = super().answer(request)
        if said is not None and len(said) == 2 + 2 * REGISTERS:
            self.at.append(asyncio.get_running_loop().time())
        return said


def units(folder: Path, line: str, count: int) -> dict[int, ModbusUnit]:
    """Units of ten registers, by number."""
    profile = Catalog.load([folder]).get("bench_ten")
    made: dict[int, ModbusUnit] = {}
    for number in range(1, count + 1):
        state = State(Device(f"{line}-{number}", line, profile.id, str(number)), profile)
        made[number] = unit = Asked(number, state)
        unit.tables[HOLDING] = {address: Stored(number * 100 + address).cell() for address in range(REGISTERS)}
    return made


def longest_gap(asked: Iterable[list[float]], begin: float, end: float) -> float:
    """The longest that any of them waited for its next question, the ends of the window included."""
    return max(_gap([begin, *(at for at in times if begin < at < end), end]) for times in asked)


def _gap(times: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(times))


@contextlib.asynccontextmanager
async def polled(
    kind: str, where: str, poll: float, count: int
) -> AsyncIterator[tuple[Product, dict[int, ModbusUnit]]]:
    """An edge that is about to poll units of ours on one line; the caller has to open the line's other end."""
    devices = LINE.format(id="bus", kind=kind, where=where, poll=poll)
    devices += "".join(UNIT.format(line="bus", number=number) for number in range(1, count + 1))
    with product(hotels.hotel_toml(["101"]), devices) as made:
        profiles = made.config / "profiles"
        profiles.mkdir()
        (profiles / "bench_ten.toml").write_text(PROFILE)
        made.data.mkdir()
        yield made, units(profiles, "bus", count)
        await asyncio.to_thread(made.stop)


async def _asked_by_all(found: dict[int, ModbusUnit], wanted: int = 1) -> None:
    """Every unit was asked so many times."""
    async with asyncio.timeout(60):
        while any(len(one) < wanted for one in times(found)):  # noqa: ASYNC110 no unit tells that it was asked
            await asyncio.sleep(0.1)


def times(found: dict[int, ModbusUnit], without: int = 0) -> list[list[float]]:
    """When each was asked."""
    return [unit.at for number, unit in found.items() if isinstance(unit, Asked) and number != without]


async def bare_round(port: int) -> float:
    """Seconds in which a bare client asks all of them once, one after the other."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = loop.time()
    for number in range(1, UNITS + 1):
        writer.write(MBAP.pack(number, 0, 6, number) + struct.pack(">BHH", HOLDING, 0, REGISTERS))
        await reader.readexactly(MBAP.size + 2 + 2 * REGISTERS)
    took = loop.time() - began
    writer.close()
    await writer.wait_closed()
    return took


async def behind_one_socket() -> tuple[float, float, float]:
    """Longest wait of any unit, of any while one is dead, and a bare client's round."""
    port, loop = free_port(), asyncio.get_running_loop()
    async with polled("modbus_tcp", f'host = "127.0.0.1"\nport = {port}', 1.0, UNITS) as (made, found):
        line = TcpLine("127.0.0.1", port, Bus(REQUEST_S, found))
        await line.restore()
        try:
            bare = median([await bare_round(port) for _ in range(ROUNDS)])
            for unit in found.values():
                if isinstance(unit, Asked):
                    unit.at.clear()
            await asyncio.to_thread(made.start, "edge")
            await _asked_by_all(found)
            await asyncio.sleep(WARM_UP_S)
            begin = loop.time()
            await asyncio.sleep(WINDOW_S)
            alive = longest_gap(times(found), begin, loop.time())
            begin, found[UNITS // 2].fault = loop.time(), Fault(FaultKind.DEAD)
            await asyncio.sleep(DEAD_S)
            beside = longest_gap(times(found, UNITS // 2), begin, loop.time())
        finally:
            await line.cut()
    return alive, beside, bare


async def on_a_serial_bus() -> float:
    """Requests a second at 9600 baud, while more is wanted than the wire can carry."""
    loop = asyncio.get_running_loop()
    async with polled("modbus_rtu", 'path = "bus.tty"', 0.1, ON_THE_BUS) as (made, found):
        line = RtuLine(PseudoTerminal(made.data / "bus.tty"), Bus(0.0, found), CHARACTER_S)
        await line.restore()
        try:
            await asyncio.to_thread(made.start, "edge")
            await _asked_by_all(found, 3)
            begin = loop.time()
            await asyncio.sleep(SERIAL_S)
            end = loop.time()
        finally:
            await line.cut()
    return sum(begin < at < end for one in times(found) for at in one) / (end - begin)


def serial_limit() -> float:
    """Requests a second that 9600 baud can carry: eight characters, silence, the answer's 25, silence."""
    characters = 8 + 5 + 2 * REGISTERS + 2 * SILENT_CHARACTERS
    return 1 / (characters * CHARACTER_S)


def modbus(report: Report) -> None:
    """A socket with all alive, with one dead; a serial bus beside its arithmetic."""
    alive, beside, bare = asyncio.run(behind_one_socket())
    what = f"Longest time from one read of a unit to the next, {UNITS} units of {REGISTERS} registers, poll_s = 1"
    bare_counts = "All units once by a bare client, one after the other: what the socket's 20 ms a request allow."
    wanted = (f"<= {ALLOWED_S}", f"<= {ALLOWED_BESIDE_DEAD_S}")
    counts = (f"{what}; {WINDOW_S:.0f} s.", f"{what}; the other units, {DEAD_S:.0f} s from the death of one on.")
    report.add(
        Figure("modbus_socket", counts[0], alive, "s", bare, bare_counts, wanted[0], alive <= ALLOWED_S),
        Figure(
            "modbus_one_dead", counts[1], beside, "s", bare, bare_counts, wanted[1], beside <= ALLOWED_BESIDE_DEAD_S
        ),
    )
    rate, limit = asyncio.run(on_a_serial_bus()), serial_limit()
    counts_rtu = f"Reads of {REGISTERS} registers a second at {BAUD} baud, {ON_THE_BUS} units, more wanted than fits."
    limit_counts = "The wire's arithmetic: 40 characters of 10 bits a read, silences of 3.5 characters included."
    wanted_rtu = f">= {limit * OF_THE_LIMIT:.1f}"
    met = rate >= limit * OF_THE_LIMIT
    report.add(Figure("modbus_9600_baud", counts_rtu, rate, "reads/s", limit, limit_counts, wanted_rtu, met))
