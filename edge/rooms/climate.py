"""The climate of a room: which of its values are shown, and does the unit reach what it was set to?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge.rooms.cells import Cell, Cells
from edge.rooms.parameters import RoomParameters

HYSTERESIS = 0.5
WORKING = frozenset({"heat", "cool", "auto", "eco"})


class Climate:
    """Reads the cells of one room."""

    __slots__ = ("_cells", "_limit")

    def __init__(self, parameters: RoomParameters, cells: Cells) -> None:
        self._limit = parameters.setpoint_degrees
        self._cells = cells

    def thermostat(self) -> Cell | None:
        """The setpoint that is followed."""
        return self._first("setpoint")

    def missing(self) -> float | None:
        """Degrees to the setpoint. None: it cannot be told, or nothing is asked (unit off, door or window open)."""
        setpoint = self.thermostat()
        if setpoint is None or not setpoint.live or self._open():
            return None  # what was asked before a device was away may not be what it follows
        temperature, mode = self._beside(setpoint, "temperature"), self._beside(setpoint, "mode")
        wanted, measured = setpoint.number(), temperature.number() if temperature else None
        word = mode.text() if mode else None
        if wanted is None or measured is None or word not in WORKING:
            return None
        return _missing(word, measured - wanted)

    def allowed(self, *, standing: bool) -> float:
        """So many degrees may be missing; fewer, where too many were (`standing`)."""
        return self._limit - (HYSTERESIS if standing else 0)

    def cools(self) -> bool:
        """Is the room cooled? A unit that chooses for itself cools where it is warmer than asked."""
        return any(self._cools(mode) for mode in self._cells.of("mode"))

    def _cools(self, mode: Cell) -> bool:
        if mode.text() != "auto":
            return mode.text() == "cool"
        setpoint, temperature = self._beside(mode, "setpoint"), self._beside(mode, "temperature")
        wanted, measured = setpoint.number() if setpoint else None, temperature.number() if temperature else None
        return wanted is not None and measured is not None and measured > wanted

    def view(self) -> dict[str, Any]:
        """The shape of the link's climate."""
        shown = Shown(
            self._preferred("temperature"), self._preferred("setpoint"), self._preferred("mode"),
            self._preferred("humidity"), self._preferred("co2"),
        )  # fmt: skip
        temperature, setpoint, humidity, co2 = (
            None if cell is None else cell.number()
            for cell in (shown.temperature, shown.setpoint, shown.humidity, shown.co2)
        )
        return {
            "temperature_c": None if temperature is None else round(temperature, 1),
            "setpoint_c": None if setpoint is None else round(setpoint, 1),
            "mode": shown.mode.text() if shown.mode else None,
            "humidity": None if humidity is None else round(humidity, 1),
            "co2": None if co2 is None else round(co2),
            "heard": shown.heard(),
            "fresh_until": shown.fresh_until(),
        }

    def _first(self, point: str) -> Cell | None:
        for cell in self._cells.of(point):  # no generator: this runs for every degree that changes
            if cell.heard is not None:
                return cell
        return None

    def _beside(self, cell: Cell, point: str) -> Cell | None:
        own = self._cells.get(cell.device, point)
        return own if own is not None and own.heard is not None else self._first(point)

    def _preferred(self, point: str) -> Cell | None:
        thermostat = self.thermostat()
        own = self._cells.get(thermostat.device, point) if thermostat else None
        heard = [cell for cell in (*([own] if own else []), *self._cells.of(point)) if cell.heard is not None]
        fresh = (cell for cell in heard if not self._cells.away(cell) and cell.value is not None)
        return next(fresh, heard[0] if heard else None)

    def _open(self) -> bool:
        door = any(cell.text() == "open" for cell in self._cells.of("door"))
        return door or any(cell.value is True for cell in self._cells.of("window"))


@dataclass(frozen=True, slots=True)
class Shown:
    """The cells that are shown."""

    temperature: Cell | None
    setpoint: Cell | None
    mode: Cell | None
    humidity: Cell | None
    co2: Cell | None

    def heard(self) -> datetime | None:
        """When the temperature (else the last of the others) was heard."""
        if self.temperature is not None:
            return self.temperature.heard
        others = (self.setpoint, self.mode, self.humidity, self.co2)
        return max((cell.heard for cell in others if cell is not None and cell.heard is not None), default=None)

    def fresh_until(self) -> datetime | None:
        """When the first of the values shown grows stale."""
        cells = (self.temperature, self.setpoint, self.mode, self.humidity, self.co2)
        until = [cell.fresh_until() for cell in cells if cell is not None]
        return min((instant for instant in until if instant is not None), default=None)


def _missing(mode: str, error: float) -> float:
    """Degrees still to go; warmer than asked is no fault of a heater."""
    return {"heat": -error, "cool": error}.get(mode, abs(error))
