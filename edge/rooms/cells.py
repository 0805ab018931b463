"""The last value of every point of a room: what is an edge, what is silent, what is still held."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf

from devices.model import Quality, Value

FAR = datetime.max.replace(tzinfo=UTC)
"""Later than anything: no timer is running."""

NUMBERS = frozenset({"temperature", "setpoint", "humidity", "co2", "battery", "power"})
CHOICES: dict[str, frozenset[str]] = {
    "door": frozenset({"open", "closed"}),
    "lock": frozenset({"locked", "unlocked", "not_fully_locked", "jammed"}),
    "request": frozenset({"none", "dnd", "mur"}),
    "mode": frozenset({"off", "vent", "heat", "cool", "auto", "eco"}),
}
SWITCHES = frozenset(
    {"motion", "presence", "bed", "contact", "window", "keycard", "occupancy_input", "bolt", "leak", "smoke", "sos"}
    | {"tamper", "battery_low", "online"}
)
NUMBERED = frozenset({"message_number", "record"})
"""Counters of devices: each number is told once."""
SENSING = frozenset({"motion", "presence", "bed"})
"""Points that see a person stay; a room that has none makes do with its contacts."""
ACTIVITY = SENSING | {"contact"}
EVENTS = ACTIVITY | NUMBERED | {"keycard", "occupancy_input", "sos", "tamper", "bolt"}
"""Points of which an old message says nothing worth believing."""

BY_HAND = frozenset({"contact", "bed"})
"""Switches that people move both ways; the others go off by themselves, some time after."""

ABSURD = 1e9
EXACT = 0.25
"""Half of the smallest usual step: so near, a unit says what was ordered of it."""
ROUNDED = 0.6
"""Units round to half a degree or a whole one."""
MOST_ORDERS = 4
"""On their way at once; earlier ones are taken to have been lost."""

Handler = Callable[["Cell", Value, datetime], None]
"""Called with the cell (already holding its new value), the value before, and now."""


@dataclass(slots=True, eq=False)
class Cell:
    """One point of one device. `calm`: live, fresh and good, so that an equal value is no news."""

    device: str
    point: str
    handler: Handler
    freshness: timedelta | None = None
    hold: timedelta | None = None  # it goes off so long after the last motion; None: not known
    value: Value = None
    quality: Quality = Quality.GOOD
    heard: datetime | None = None
    changed: datetime | None = None
    bad: int = 0
    live: bool = False
    lapsed: bool = False
    calm: bool = False
    unseen: bool = False  # the last good reading came after a time when nobody listened
    ordered: tuple[Value, ...] = ()  # by the house or a desk, oldest first: what came last, or is still to come
    still_due: datetime = FAR  # an equal value from then on is suspicious

    def moved(self, previous: Value, now: datetime) -> datetime | None:
        """When somebody moved last, by this change: going on, now; going off, the device's own hold ago."""
        if self.value is True:
            return now
        fell = self.fell(previous)
        if fell and self.point in BY_HAND:
            return now
        return now - self.hold if fell and self.hold is not None else None

    def fell(self, previous: Value) -> bool:
        """Did it go off, with somebody listening all the time?"""
        return previous is True and self.value is False and not self.unseen

    def order(self, value: Value) -> None:
        """It was ordered to be `value`."""
        if not self.ordered or self.ordered[-1] != value:
            self.ordered = (*self.ordered, value)[-MOST_ORDERS:]

    def obeyed(self, previous: Value) -> bool:
        """Does it say what was ordered, as far as units can and whenever that was? What else it says, somebody has set.

        An order that came is over with the next value that is not its own; one that is still to come is not.
        """
        for index, order in enumerate(self.ordered):
            if _is_what_came(order, self.value, previous):
                self.ordered = self.ordered[index:]
                return True
        if self.ordered and _apart(self.ordered[0], previous) <= ROUNDED:
            self.ordered = self.ordered[1:]
        return False

    def fresh_until(self) -> datetime | None:
        """When the value grows stale by itself; None: it does not."""
        return self.heard + self.freshness if self.heard is not None and self.freshness is not None else None

    def accepts(self, value: Value) -> bool:
        """Is `value` of the kind this point holds?"""
        choices = CHOICES.get(self.point)
        if choices is not None:
            return isinstance(value, str) and value in choices
        if self.point in NUMBERS:
            return isinstance(value, int | float) and not isinstance(value, bool) and -ABSURD < value < ABSURD
        return isinstance(value, bool) or self.point not in SWITCHES

    def number(self) -> float | None:
        """The value as a number, unless it is unknown or bad."""
        good = self.quality is not Quality.BAD and isinstance(self.value, int | float)
        return float(self.value) if good and self.value is not None else None

    def text(self) -> str | None:
        """The value as a word, unless it is unknown or bad."""
        return self.value if self.quality is not Quality.BAD and isinstance(self.value, str) else None


def _is_what_came(order: Value, value: Value, previous: Value) -> bool:
    """A unit may round; but a step away from where an order has brought it is somebody's."""
    apart = _apart(order, value)
    return apart <= EXACT or (apart <= ROUNDED < _apart(order, previous))


def _apart(one: Value, other: Value) -> float:
    """How far two values are from each other; words and switches are the same or endlessly far."""
    if isinstance(one, bool | str | None) or isinstance(other, bool | str | None):
        return 0.0 if one == other else inf
    return abs(one - other)


@dataclass(frozen=True, slots=True)
class Absence:
    """A device that is away: since when, and the line that is why where one is."""

    at: datetime
    cause: str | None = None


class Cells:
    """All cells of a room, and which of their devices are away."""

    __slots__ = ("_due", "_perishable", "_sensing", "all", "by_point", "dead", "entry", "offline")

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], Cell] = {}
        self.by_point: dict[str, tuple[Cell, ...]] = {}
        self.offline: dict[str, Absence] = {}
        self.dead: set[str] = set()  # door contacts that cards at the lock did not move
        self._perishable: list[Cell] = []
        self.entry: frozenset[str] = frozenset()  # devices that see the way in only
        self._sensing: tuple[Cell, ...] | None = None
        self._due: datetime | None = None  # not later than the truth; None: to be counted anew

    def add(self, cell: Cell) -> None:
        """Take in a new cell."""
        self.all[cell.device, cell.point] = cell
        self.by_point[cell.point] = (*self.by_point.get(cell.point, ()), cell)
        self._sensing = None
        if cell.freshness is not None:
            self._perishable.append(cell)
            self._due = None

    def remove(self, device: str) -> list[Cell]:
        """Take out the cells of a device; which those were."""
        gone = [cell for cell in self.all.values() if cell.device == device]
        for cell in gone:
            del self.all[cell.device, cell.point]
            self.by_point[cell.point] = tuple(other for other in self.by_point[cell.point] if other is not cell)
            if cell.freshness is not None:
                self._perishable.remove(cell)
        self.dead.discard(device)
        self._due = self._sensing = None
        return gone

    def get(self, device: str, point: str) -> Cell | None:
        """The cell of one point of one device."""
        return self.all.get((device, point))

    def of(self, *points: str) -> tuple[Cell, ...]:
        """The cells of these points."""
        if len(points) == 1:
            return self.by_point.get(points[0], ())
        return tuple(cell for point in points for cell in self.by_point.get(point, ()))

    def sensing(self) -> tuple[Cell, ...]:
        """The cells whose silence can say that nobody is in."""
        if self._sensing is None:
            self._sensing = self.of("motion", "presence", "bed") or self.of("contact")
        return self._sensing

    def entry_only(self) -> bool:
        """Do all that would see a person see the way in only?"""
        return bool(self.entry) and all(cell.device in self.entry for cell in self.sensing())

    def doors(self) -> tuple[Cell, ...]:
        """The contacts that tell of the door: a lock that could but never does is none beside one that does."""
        known = self.of("door")
        return known if len(known) == 1 else tuple([cell for cell in known if cell.heard is not None]) or known

    def doorless(self) -> bool:
        """Does nothing tell of the door now?"""
        return all(cell.device in self.dead or self.away(cell) for cell in self.doors())

    def stands_open(self) -> bool:
        """Is the door open, as far as it is heard now?"""
        return any(cell.text() == "open" and cell.live for cell in self.of("door"))

    def untold(self) -> bool:
        """Has the room no contact, or only such as slept through entries?"""
        doors = self.doors()
        return all(cell.device in self.dead for cell in doors) if self.dead else not doors

    def away(self, cell: Cell) -> bool:
        """Is the cell silent beyond its limit, or its device or line down?"""
        return cell.lapsed or cell.device in self.offline

    def blind(self) -> bool:
        """Can silence not be believed: no sensor that would see a person, none heard yet, or one of them away?"""
        sensing = self.sensing()
        known = [cell for cell in sensing if cell.heard is not None]
        away = [cell for cell in (*sensing, *self.doors()) if self.away(cell)]  # no generator: at each sign of life
        return not known or bool(away)

    def deaf(self) -> bool:
        """Is there no sensor at all that would see a person move?"""
        return not any(cell.heard is not None and not self.away(cell) for cell in self.sensing())

    def on(self) -> Cell | None:
        """A sensor that is on, whatever that means so soon after the door."""
        return next((cell for cell in self.of("presence", "bed", "motion") if self._feels(cell)), None)

    def _feels(self, cell: Cell) -> bool:
        return cell.value is True and cell.live and not self.away(cell) and cell.quality is Quality.GOOD

    def held(self, now: datetime, longest: Mapping[str, timedelta]) -> Cell | None:
        """A sensor that still feels somebody, and not for so long (`longest`, by point) that it must be stuck."""
        for cell in self.of(*longest):
            if self._feels(cell) and (cell.changed is None or now - cell.changed < longest[cell.point]):
                return cell
        return None

    def forsake(self, device: str) -> None:
        """The device went away: its values are no longer live."""
        for cell in self.all.values():
            if cell.device == device:
                cell.live = cell.calm = False

    def lapse(self, now: datetime) -> list[Cell]:
        """Mark and return the cells whose values grew stale by now."""
        self._due = None
        gone = [cell for cell in self._perishable if not cell.lapsed and (cell.fresh_until() or FAR) <= now]
        for cell in gone:
            cell.lapsed, cell.calm = True, False
        return gone

    def due(self) -> datetime:
        """When the next value grows stale; it may be later, when it has been heard since."""
        if self._due is None:
            kept = (cell.fresh_until() or FAR for cell in self._perishable if not cell.lapsed)
            self._due = min(kept, default=FAR)
        return self._due

    def retime(self) -> None:
        """A value may grow stale earlier than it was said."""
        self._due = None
