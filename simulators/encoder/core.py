"""What a PN532 does with each command: pure state, no wire and no time. NXP UM 141520 by way of the reference 2.1.

A command is answered with bytes, or with a `Wait` for a card; what its syntax forbids raises SyntaxFaultError.
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as made_later

from simulators.encoder.field import Field
from simulators.encoder.frames import LONGEST, Request
from simulators.encoder.radio import Radio

FIRMWARE = bytes.fromhex("32010607")
OK = b"\x00"
ENDLESS = 0xFF
TRY_S = 0.005
"""Real seconds that one search for a card takes."""
POLL_PERIOD_S = 0.15
RF_ITEMS = {0x01: 1, 0x02: 3, 0x04: 1, 0x05: 3, 0x0A: 11, 0x0B: 8, 0x0C: 3, 0x0D: 9}
"""Item of RFConfiguration -> the length of its data."""
BAUD_RATES = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000)
NORMAL, VIRTUAL, WIRED, DUAL = 1, 2, 3, 4
WAKE_BY_HSU = 0x10
AUTOMATIC_RATS = 0x10


class SyntaxFaultError(Exception):
    """The command is not known, or has the wrong length or an impossible parameter."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look for a card: `found` once it lies there, `nothing` after `seconds` of real time (None: never)."""

    seconds: float | None
    found: Callable[[], bytes | None]
    nothing: bytes


@dataclass(slots=True)
class Core:
    """The chip's state. `sleeping`: nothing but waking reaches it; `baud` is what the host must speak."""

    field: Field
    sleeping: bool = True
    wakes_by_hsu: bool = True
    mode: int | None = None  # SAMConfiguration has not come yet
    baud: int = 115_200
    next_baud: int | None = None
    passive_retries: int = ENDLESS
    parameters: int = AUTOMATIC_RATS | 0x04
    radio: Radio = made_later(init=False)

    def __post_init__(self) -> None:
        self.radio = Radio(self.field)

    def execute(self, request: Request) -> bytes | Wait | None:
        """Do it; None: no answer ever comes. Raises SyntaxFaultError."""
        action = _ACTIONS.get(request.code)
        if action is None or (request.code >= 0x40 and self.mode not in {NORMAL, DUAL}):
            raise SyntaxFaultError
        return action(self, request.data)

    def acknowledged(self) -> None:
        """The host has heard the answer: a new speed holds from here on."""
        self.baud, self.next_baud = self.next_baud or self.baud, None


def _diagnose(core: Core, data: bytes) -> bytes | None:
    match list(data):
        case [0x00, *_]:
            return data
        case [0x01 | 0x02] | [0x07, _]:
            return OK
        case [0x04, _]:
            return bytes([0x80])  # no target of that kind answered 128 times
        case [0x05, _, _, _]:
            return None
        case [0x06]:
            return OK if core.radio.speaks_iso_dep else b"\x01"
    raise SyntaxFaultError


def _firmware(_core: Core, data: bytes) -> bytes:
    _expect(not data)
    return FIRMWARE


def _status(core: Core, data: bytes) -> bytes:
    _expect(not data)
    return core.radio.status() + b"\x00"  # no security module is attached


def _baud(core: Core, data: bytes) -> bytes:
    _expect(len(data) == 1 and data[0] < len(BAUD_RATES))
    core.next_baud = BAUD_RATES[data[0]]
    return b""


def _parameters(core: Core, data: bytes) -> bytes:
    _expect(len(data) == 1)
    core.parameters = data[0]
    return b""


def _sam(core: Core, data: bytes) -> bytes:
    _expect(1 <= len(data) <= 3 and data[0] in {NORMAL, VIRTUAL, WIRED, DUAL})
    core.mode = data[0]
    return b""


def _power_down(core: Core, data: bytes) -> bytes:
    _expect(1 <= len(data) <= 2)
    core.radio.switch_off()
    core.sleeping, core.wakes_by_hsu = True, bool(data[0] & WAKE_BY_HSU)
    return OK


def _rf(core: Core, data: bytes) -> bytes:
    _expect(len(data) >= 1 and RF_ITEMS.get(data[0]) == len(data) - 1)
    if data[0] == 0x01 and not data[1] & 1:
        core.radio.switch_off()
    if data[0] == 0x05:
        core.passive_retries = data[3]
    return b""


def _exchange(core: Core, data: bytes) -> bytes:
    _expect(1 <= len(data) <= LONGEST)
    number, content = data[0] & 0x3F, data[1:]
    _expect(content[:1] not in {b"\x60", b"\x61"} or len(content) == 12 or core.radio.is_iso_dep(number))
    return core.radio.exchange(number, content, more=bool(data[0] & 0x40))


def _through(core: Core, data: bytes) -> bytes:
    _expect(len(data) >= 1)
    return core.radio.through(data)


def _list(core: Core, data: bytes) -> bytes | Wait:
    _expect(len(data) >= 2 and data[0] in {1, 2} and data[1] <= 4)
    core.radio.forget()
    kind, wanted = data[1], data[2:]
    seconds = None if core.passive_retries == ENDLESS else (core.passive_retries + 1) * TRY_S

    def found() -> bytes | None:
        target = core.radio.activate(wanted, bool(core.parameters & AUTOMATIC_RATS)) if kind == 0 else None
        return None if target is None else b"\x01" + target

    return Wait(seconds, found, OK)


def _auto_poll(core: Core, data: bytes) -> bytes | Wait:
    _expect(3 <= len(data) <= 17 and data[0] >= 1 and 1 <= data[1] <= 15)
    core.radio.forget()
    types = data[2:]
    seconds = None if data[0] == ENDLESS else data[0] * data[1] * POLL_PERIOD_S * len(types)

    def found() -> bytes | None:
        kind = core.radio.polled_type(types)
        target = None if kind is None else core.radio.activate(b"", rats=True)
        return None if target is None or kind is None else bytes([1, kind, len(target)]) + target

    return Wait(seconds, found, OK)


def _on_target(do: Callable[[Radio, int], bytes]) -> "Action":
    def action(core: Core, data: bytes) -> bytes:
        _expect(len(data) == 1)
        return do(core.radio, data[0])

    return action


def _expect(fine: bool) -> None:
    if not fine:
        raise SyntaxFaultError


Action = Callable[[Core, bytes], bytes | Wait | None]
_ACTIONS: dict[int, Action] = {
    0x00: _diagnose,
    0x02: _firmware,
    0x04: _status,
    0x10: _baud,
    0x12: _parameters,
    0x14: _sam,
    0x16: _power_down,
    0x32: _rf,
    0x40: _exchange,
    0x42: _through,
    0x44: _on_target(Radio.deselect),
    0x4A: _list,
    0x52: _on_target(Radio.release),
    0x54: _on_target(Radio.select),
    0x60: _auto_poll,
}
