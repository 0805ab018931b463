"""The registers of the device models we can simulate, written from the makers' maps (reference room-controllers).

They are spelled out here and not taken from the profiles, so that a wrong profile is found. A model without a map of
its own gets its registers from its profile: fine for a demo of that profile, no proof of it.
"""

from collections.abc import Callable, Collection, Mapping

from devices.model import Value
from simulators.device import State
from simulators.modbus.generic import profile_registers
from simulators.modbus.unit import (
    HOLDING,
    ILLEGAL_VALUE,
    INPUT,
    Cell,
    ModbusRefusalError,
    ModbusUnit,
    Stored,
    constant,
    float_cells,
)

QUIET, MOVING = 12, 420
"""Motion level of the multisensor when nothing, and when somebody, moves."""


class _Points:
    """Registers over the points of a unit's State."""

    def __init__(self, unit: ModbusUnit) -> None:
        self.unit = unit
        self.values = unit.state.values

    def number(self, point: str, scale: float) -> Cell:
        """A measured number, read only."""
        return Cell(lambda: round(float(self.values.get(point) or 0) / scale))

    def flag(self, point: str) -> Cell:
        """A yes or no, read only."""
        return Cell(lambda: int(bool(self.values.get(point))))

    def setpoint(self, scale: float, low: float, high: float, step: float = 0.5) -> Cell:
        """Writable; rounded to the device's steps; refused outside its range."""

        def write(word: int) -> None:
            if not low <= word * scale <= high:
                raise ModbusRefusalError(ILLEGAL_VALUE)
            self.change("setpoint", round(word * scale / step) * step)

        return Cell(self.number("setpoint", scale).read, write)

    def choice(self, point: str, said: Mapping[Value, int], meant: Mapping[int, Value]) -> Cell:
        """An enumeration: `said` is what it reads as, `meant` what a written number means."""

        def write(word: int) -> None:
            if word not in meant:
                raise ModbusRefusalError(ILLEGAL_VALUE)
            self.change(point, meant[word])

        return Cell(lambda: said.get(self.values.get(point), 0), write)

    def change(self, point: str, value: Value) -> None:
        """A write over the bus."""
        if self.unit.use is not None:
            self.unit.use.sense(point, value)


def _smt131(unit: ModbusUnit) -> None:
    """SmartTemp SMT-131; 40001 is wire address 0. 40011 to 40023 are not known: refused."""
    points = _Points(unit)

    def occupancy(word: int) -> None:
        if word != 0:
            raise ModbusRefusalError(ILLEGAL_VALUE)  # the bus can force "empty" only
        points.change("occupancy_input", False)  # noqa: FBT003 a point's value

    points.values |= {"firmware": 1.04, "unit_address": unit.number, "baud_code": 2, "digital_input": True}
    modes: dict[Value, int] = {"off": 0, "vent": 1, "auto": 4, "heat": 4, "cool": 4, "eco": 4}
    fans: dict[Value, int] = {"low": 0, "medium": 1, "high": 2, "auto": 3}
    requests: dict[Value, int] = {"none": 0, "mur": 1, "dnd": 2}
    holding = unit.tables[HOLDING]
    holding |= {
        0: constant(131),
        1: constant(104),
        2: constant(0),
        3: Cell(points.flag("occupancy_input").read, occupancy),
    }
    holding |= {4: points.flag("doorbell"), 5: points.choice("request", requests, {v: k for k, v in requests.items()})}
    holding |= {6: points.choice("mode", modes, {0: "off", 1: "vent", 2: "vent", 3: "vent", 4: "auto"})}
    holding |= {7: points.choice("fan", fans, dict(_from(0, fans) + _from(4, fans)))}
    holding |= {8: points.setpoint(0.1, 5, 35), 9: Stored(0).cell()}
    holding |= {address: Stored(0).cell() for address in range(23, 29)}
    holding |= {29: constant(unit.number), 30: constant(2), 31: constant(1)}
    holding |= {32: points.number("temperature", 0.1), 33: points.number("temperature_remote", 0.1)}
    holding |= {address: constant(0) for address in (*range(34, 41), 67)}


def _from(first: int, names: Mapping[Value, int]) -> list[tuple[int, Value]]:
    return [(first + number, name) for name, number in names.items()]


def _rdf302(unit: ModbusUnit) -> None:
    """Siemens RDF302: temperatures in 1/50 degree; what can be written is not known."""
    points = _Points(unit)
    points.values |= {"fan": "low", "control_sequence": "heat_and_cool", "plant_type": "two_pipe_three_position"}
    modes: dict[Value, int] = {"auto": 1, "heat": 1, "cool": 1, "vent": 1, "eco": 3, "off": 4}
    fans: dict[Value, int] = {"off": 0, "low": 33, "medium": 66, "high": 100, "auto": 33}
    read = unit.tables[INPUT]
    read |= {1000: Cell(lambda: modes.get(points.values.get("mode"), 1))}
    read |= {1001: Cell(lambda: fans.get(points.values.get("fan"), 0))}
    read |= {1002: points.number("temperature", 0.02), 1003: points.number("setpoint", 0.02)}
    read |= {1004: points.number("heating_output", 1), 1005: points.number("cooling_output", 1)}
    read |= {address: constant(0) for address in (1006, 1007, 1008, 1009)}
    unit.tables[HOLDING] |= {0: constant(4), 3: constant(0), 6: constant(0), 108: constant(2)}


def _bac002(unit: ModbusUnit) -> None:
    """BECA BAC-002ALN: power, fan, mode, setpoint, lock, clock, temperature, valve, fan."""
    points = _Points(unit)
    points.values |= {"relay": True, "mode": "heat", "fan_status": 1}
    powers: dict[Value, int] = {False: 0, True: 1}
    fans: dict[Value, int] = {"auto": 0, "low": 1, "medium": 2, "high": 3}
    modes: dict[Value, int] = {"cool": 0, "heat": 1, "vent": 2}
    holding = unit.tables[HOLDING]
    holding |= {0: points.choice("relay", powers, {0: False, 1: True}), 3: points.setpoint(0.1, 5, 35)}
    holding |= {1: points.choice("fan", fans, {number: name for name, number in fans.items()})}
    holding |= {2: points.choice("mode", modes, {0: "cool", 1: "heat", 2: "vent"})}
    holding |= {address: Stored(0).cell() for address in (4, 5, 6, 7)}
    holding |= {8: points.number("temperature", 0.1), 9: points.flag("valve"), 10: constant(1)}


def _sdm120(unit: ModbusUnit) -> None:
    """Eastron SDM120: 32-bit floats, high word first; what it does not measure reads as 0."""
    values = unit.state.values

    def number(point: str) -> Callable[[], float]:
        return lambda: float(values.get(point) or 0)

    read = unit.tables[INPUT]
    read |= {address: constant(0) for address in (*range(80), *range(342, 346))}
    for address, point in {0: "voltage", 6: "current", 12: "power", 18: "power_apparent", 70: "frequency"}.items():
        read |= float_cells(address, number(point))
    read |= float_cells(72, number("import_energy_active")) | float_cells(342, number("energy"))


def _msw(unit: ModbusUnit) -> None:
    """Wiren Board MSW: the peak of the motion level since it was last read (280), and the level now (283)."""
    points = _Points(unit)
    peak = Stored(QUIET)

    def now() -> int:
        return MOVING if points.values.get("motion") else QUIET

    def read_peak() -> int:
        said, peak.value = max(peak.value, now()), now()
        return said

    def seen(changed: Collection[str]) -> None:
        if "motion" in changed:
            peak.value = max(peak.value, now())

    unit.on_change = seen
    points.values["motion_level"] = QUIET
    read = unit.tables[INPUT]
    read |= {address: constant(0) for address in (*range(12), 281, 282)}
    read |= {0: points.number("temperature", 0.1), 1: points.number("humidity", 0.1)}
    read |= {3: points.number("sound", 0.01), 4: points.number("temperature", 0.01), 5: points.number("humidity", 0.01)}
    read |= {8: points.number("co2", 1), 11: points.number("voc", 1), 280: Cell(read_peak), 283: Cell(now)}
    read |= {9: Cell(lambda: _centilux(points) >> 16), 10: Cell(lambda: _centilux(points) & 0xFFFF)}


def _centilux(points: _Points) -> int:
    return round(float(points.values.get("lux") or 0) * 100)


MODELS: dict[str, Callable[[ModbusUnit], None]] = {
    "smarttemp_smt131": _smt131,
    "siemens_rdf302": _rdf302,
    "beca_bac_002aln": _bac002,
    "eastron_sdm120": _sdm120,
    "wirenboard_msw": _msw,
}


def unit_of(state: State) -> ModbusUnit:
    """A unit of the device's model; raises ValueError when its address is no unit number."""
    unit = ModbusUnit(int(state.device.address), state)
    MODELS.get(state.profile.id, profile_registers)(unit)
    return unit
