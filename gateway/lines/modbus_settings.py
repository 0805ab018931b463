"""How to reach a Modbus bus."""

from dataclasses import dataclass
from pathlib import Path

from devices.inventory import Line

SILENT_CHARACTERS, SHORTEST_SILENCE_S = 3.5, 0.00175


@dataclass(frozen=True, slots=True)
class ModbusSettings:
    """How to reach a bus: `host` and `port` (TCP), or `path` and the serial parameters (RTU). Times in real seconds.

    After an RTU time-out nothing is sent for `quiet_s`, the longest a unit may take to answer: what arrives meanwhile
    is dropped. Nor when the bus was opened: whoever asked before us may be answered yet. `gap_s` is the silence between
    two RTU frames; None: as the bus demands at its speed.
    """

    host: str | None = None
    port: int = 502
    path: Path | None = None
    baud: int = 9_600
    parity: str = "N"
    stop_bits: int = 1
    timeout_s: float = 0.5
    quiet_s: float = 1.0
    gap_s: float | None = None
    connect_timeout_s: float = 5.0

    @property
    def silence_s(self) -> float:
        """Between two RTU frames: three and a half characters, above 19200 baud 1.75 ms (Modbus over serial line)."""
        if self.gap_s is not None:
            return self.gap_s
        bits = 1 + 8 + (self.parity != "N") + self.stop_bits
        return max(SILENT_CHARACTERS * bits / self.baud, SHORTEST_SILENCE_S)


def settings_of(line: Line, folder: Path) -> ModbusSettings:
    """As `devices.toml` says; the path of a serial port is relative to `folder`."""
    told = line.settings
    if line.path is None:
        return ModbusSettings(host=line.host, port=line.port or 502, timeout_s=told.timeout_s)
    return ModbusSettings(
        path=folder / line.path,
        baud=told.baud,
        parity=told.parity,
        stop_bits=told.stop_bits,
        timeout_s=told.timeout_s,
        quiet_s=told.quiet_s,
    )
