"""A simulated Modbus unit: its registers, what is wrong with it, and the answers it gives to requests."""

import random
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulators.device import State, UseCases

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, NO_ANSWER_BEHIND_GATEWAY = 1, 2, 3, 11
MOST_WORDS, MOST_BITS, COIL_ON = 125, 2000, 0xFF00
COILS, DISCRETE, HOLDING, INPUT = 1, 2, 3, 4


class ModbusRefusalError(Exception):
    """The unit answers with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class FaultKind(StrEnum):
    """What can be wrong with a unit."""

    NONE = "none"
    SLOW = "slow"  # it answers after `seconds`, and keeps the bus busy meanwhile
    DEAD = "dead"  # it does not answer
    LATE = "late"  # it answers after `seconds`, when who asked may have given up
    LYING = "lying"  # well-formed answers with other numbers than the true ones
    EXCEPTION = "exception"  # it answers every request with exception `code`
    GARBLED = "garbled"  # its answers arrive damaged


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its figures: real seconds, exception code."""

    kind: FaultKind = FaultKind.NONE
    seconds: float = 0.0
    code: int = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One register: how it is read, and how it is written if at all (raises ModbusRefusalError)."""

    read: Callable[[], int]
    write: Callable[[int], None] | None = None


def constant(value: int) -> Cell:
    """A register that never changes."""
    return Cell(lambda: value)


@dataclass(slots=True)
class Stored:
    """A register that keeps what was written."""

    value: int

    def cell(self) -> Cell:
        """Readable and writable."""
        return Cell(lambda: self.value, self._write)

    def _write(self, value: int) -> None:
        self.value = value


def float_cells(address: int, read: Callable[[], float]) -> dict[int, Cell]:
    """A 32-bit float in two registers, high word first."""
    return {
        address: Cell(lambda: int(struct.unpack(">HH", struct.pack(">f", read()))[0])),
        address + 1: Cell(lambda: int(struct.unpack(">HH", struct.pack(">f", read()))[1])),
    }


@dataclass
class ModbusUnit:
    """The service of one unit: registers over the State, and its faults. `before` is called ahead of each request."""

    number: int
    state: State
    tables: dict[int, dict[int, Cell]] = field(
        default_factory=lambda: {COILS: {}, DISCRETE: {}, HOLDING: {}, INPUT: {}}
    )
    fault: Fault = field(default_factory=Fault)
    before: Callable[[], None] = lambda: None
    requests: int = 0
    use: UseCases | None = None
    on_change: Callable[[Collection[str]], None] = lambda _changed: None

    def __post_init__(self) -> None:
        self._random = random.Random(self.state.device.id)

    def add(self, device: UseCases) -> None:
        """The use cases through which writes change the device."""
        self.use = device

    def report(self, state: State, changed: Collection[str]) -> None:  # noqa: ARG002 a polled unit has one state
        """Polled: it waits until it is asked, but a detector keeps what it saw."""
        self.on_change(changed)

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        """A polled unit cannot tell of events."""

    def heartbeat(self, state: State) -> None:
        """A polled unit waits until it is asked."""

    def died(self, state: State, noticed: bool) -> None:
        """No answer any more."""

    def revived(self, state: State) -> None:
        """It answers again."""

    def answer(self, request: bytes) -> bytes | None:
        """The PDU that answers a request PDU, None for silence."""
        self.requests += 1
        if not self.state.alive or self.fault.kind is FaultKind.DEAD:
            return None
        function = request[0]
        if self.fault.kind is FaultKind.EXCEPTION:
            return bytes([function | 0x80, self.fault.code])
        try:
            self.before()
            return bytes([function]) + self._body(function, request[1:])
        except ModbusRefusalError as refusal:
            return bytes([function | 0x80, refusal.code])
        except struct.error:
            return bytes([function | 0x80, ILLEGAL_VALUE])

    def _body(self, function: int, body: bytes) -> bytes:
        if function in {HOLDING, INPUT}:
            return self._read(function, *struct.unpack(">HH", body))
        if function in {COILS, DISCRETE}:
            return self._read_bits(function, *struct.unpack(">HH", body))
        if function == 5:
            address, value = struct.unpack(">HH", body)
            self._write_coil(address, value)
            return body
        if function == 6:
            address, value = struct.unpack(">HH", body)
            self._write(address, [value])
            return body
        if function == 16:
            address, count, size = struct.unpack(">HHB", body[:5])
            if size != 2 * count or len(body) != 5 + size:
                raise ModbusRefusalError(ILLEGAL_VALUE)
            self._write(address, list(struct.unpack(f">{count}H", body[5:])))
            return body[:4]
        raise ModbusRefusalError(ILLEGAL_FUNCTION)

    def _read(self, table: int, address: int, count: int) -> bytes:
        if not 1 <= count <= MOST_WORDS:
            raise ModbusRefusalError(ILLEGAL_VALUE)
        cells = self.tables[table]
        wanted = range(address, address + count)
        if any(number not in cells for number in wanted):
            raise ModbusRefusalError(ILLEGAL_ADDRESS)
        words = [cells[number].read() & 0xFFFF for number in wanted]
        if self.fault.kind is FaultKind.LYING:
            words = [self._random.randrange(0x10000) for _ in words]
        return bytes([2 * count]) + struct.pack(f">{count}H", *words)

    def _read_bits(self, table: int, address: int, count: int) -> bytes:
        if not 1 <= count <= MOST_BITS:
            raise ModbusRefusalError(ILLEGAL_VALUE)
        cells = self.tables[table]
        wanted = range(address, address + count)
        if any(number not in cells for number in wanted):
            raise ModbusRefusalError(ILLEGAL_ADDRESS)
        bits = sum((cells[number].read() & 1) << place for place, number in enumerate(wanted))
        return bytes([(count + 7) // 8]) + bits.to_bytes((count + 7) // 8, "little")

    def _write_coil(self, address: int, value: int) -> None:
        cell = self.tables[COILS].get(address)
        if cell is None or cell.write is None:
            raise ModbusRefusalError(ILLEGAL_ADDRESS)
        if value not in {0, COIL_ON}:
            raise ModbusRefusalError(ILLEGAL_VALUE)
        cell.write(int(value == COIL_ON))

    def _write(self, address: int, words: list[int]) -> None:
        cells = [self.tables[HOLDING].get(address + i) for i in range(len(words))]
        for cell, word in zip(cells, words, strict=True):
            if cell is None or cell.write is None:
                raise ModbusRefusalError(ILLEGAL_ADDRESS)
            cell.write(word)
