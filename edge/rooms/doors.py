"""Doors that stand open: whose they are, and since when."""

from datetime import datetime, timedelta

from edge.rooms.cells import Cell, Cells
from edge.rooms.conditions import Conditions, Fault
from edge.rooms.parameters import RoomParameters
from edge.rooms.signals import Evidence
from edge.rooms.spans import minutes, seconds
from edge.rooms.visits import Visit


class Doors:
    """Tells the conditions of one room of doors left open.

    Staff may stand the door open: one that was opened with their card while they are there, one that they opened from
    inside while somebody is felt there. One that opens when they go (their card left the holder) is nobody's.

    The closing of a door may be lost on its way. That it was shut all the same is known by its bolt (no door moves with
    its bolt thrown) and by whoever opens it anew, with a card or from inside. A lock that says `locked` proves nothing:
    many lock by the clock, the door open or shut.
    """

    __slots__ = ("_ajar", "_anew", "_cells", "_conditions", "_entry", "_grace", "_late")

    def __init__(self, parameters: RoomParameters, cells: Cells, conditions: Conditions) -> None:
        self._cells = cells
        self._conditions = conditions
        self._ajar = minutes(parameters.ajar_minutes)
        self._entry = seconds(parameters.entry_seconds)
        self._late = seconds(parameters.late_access_seconds)
        self._grace = seconds(parameters.grace_seconds)
        self._anew: dict[str, datetime] = {}  # doors looked after, or opened once more, since they were heard to open

    def look(self, now: datetime, visit: Visit | None) -> None:
        """A door moved, or staff came or went."""
        for cell in self._cells.of("door"):
            fault = Fault("door_ajar", cell.device)
            if cell.text() != "open":
                self._anew.pop(cell.device, None)
                self._conditions.absent(fault, now)
            elif self._bolted(cell):
                self._conditions.absent(fault, now)
            elif visit is not None and self._came(cell, visit):
                self._conditions.suspend(fault)
            elif cell.live:
                self._stands(cell, now)

    def opened(self, now: datetime) -> None:
        """A card or the inner handle opened a lock: its door was shut, whatever was heard of it, and opens now."""
        for cell in self._open():
            if now - (cell.changed or now) > self._entry:
                self._begin_anew(cell, now)

    def bolt(self, now: datetime) -> None:
        """The bolt was thrown, and the door is shut; or it was drawn, and the door may open."""
        for cell in self._open():
            if self._bolted(cell):
                self._conditions.absent(Fault("door_ajar", cell.device), now)
            else:
                self._begin_anew(cell, now)

    def worked(self, visit: Visit, moved: datetime, now: datetime, *, still: bool) -> None:
        """Staff who are alone in the room moved at `moved` (`still`: go on moving): they look after the door."""
        for cell in self._open():
            opened = cell.changed
            if opened is None or moved - opened <= self._grace or self._came(cell, visit) or self._took_card(opened):
                continue
            self._anew[cell.device] = moved
            self._conditions.suspend(Fault("door_ajar", cell.device))
            if not still:
                self._stands(cell, now)

    def _begin_anew(self, cell: Cell, now: datetime) -> None:
        self._anew[cell.device] = now
        self._conditions.absent(Fault("door_ajar", cell.device), now)
        self._stands(cell, now)

    def _bolted(self, door: Cell) -> bool:
        """A bolt was thrown after the door was heard to open."""
        opened = door.changed
        return opened is not None and any(
            bolt.value is True and bolt.live and bolt.changed is not None and bolt.changed > opened
            for bolt in self._cells.of("bolt")
        )

    def _open(self) -> list[Cell]:
        return [cell for cell in self._cells.of("door") if cell.live and cell.text() == "open"]

    def _stands(self, cell: Cell, now: datetime) -> None:
        opened = cell.changed or now
        since = self._anew.get(cell.device, opened)
        why = Evidence("door_opened", opened)
        self._conditions.present(Fault("door_ajar", cell.device), now, since + self._ajar - now, (why,))

    def _took_card(self, opened: datetime) -> bool:
        """Whoever opened it had taken the card out of its holder just before."""
        return any(
            cell.value is False and cell.changed is not None and timedelta(0) <= opened - cell.changed <= self._entry
            for cell in self._cells.of("keycard", "occupancy_input")
        )

    def _came(self, cell: Cell, visit: Visit) -> bool:
        opened = cell.changed
        return opened is not None and -self._late <= opened - visit.settled <= self._entry
