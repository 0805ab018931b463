"""Somebody moves in a room that is locked, vacant and not rented: nobody came in by the door. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge.rooms.cells import Cells

TOGETHER = timedelta(minutes=10)
ENOUGH = 3
"""Signs. One or two edges of a motion sensor may be the sun or a fly; one that it goes on is a sign of its own."""
GOES_ON = timedelta(seconds=30)


@dataclass(slots=True)
class IntrusionState:
    """What a restart must keep: the last time the room may have been entered, and the motion since."""

    entered: datetime | None = None
    moved: list[datetime] = field(default_factory=list)


class Intrusion:
    """Told of every way in and of every motion; `quiet`: so long nobody came before it counts."""

    __slots__ = ("_cells", "_quiet", "rented", "state")

    def __init__(self, cells: Cells, quiet: timedelta) -> None:
        self.state = IntrusionState()
        self.rented: bool | None = None  # None: the front desk has not said
        self._cells = cells
        self._quiet = quiet

    def entered(self, now: datetime) -> None:
        """The door moved, a card opened it, or the guest was checked out: somebody may be in."""
        self.state.entered = now
        self.state.moved.clear()

    def moved(self, now: datetime, *, vacant: bool) -> bool:
        """A sensor felt somebody where the sensors had said `vacant` or not; whether nobody can have come in."""
        if self.rented is not False or not self._shut():
            return False
        seen_empty = vacant or bool(self.state.moved)
        if self.state.entered is None or not seen_empty or now - self.state.entered < self._quiet:
            self.state.entered = now  # whoever came in is still there
            return False
        self.state.moved = [at for at in self.state.moved if now - at <= TOGETHER] + [now]
        return len(self.state.moved) >= ENOUGH

    def went_on(self, until: datetime) -> bool:
        """A sensor that felt somebody where nobody can be felt them until then; whether that is enough."""
        moved = self.state.moved
        if not moved or until - moved[-1] < GOES_ON:
            return False
        moved.append(until)
        return len(moved) >= ENOUGH

    def _shut(self) -> bool:
        """Every door is known to be closed, and would have said so if it had opened."""
        doors = self._cells.doors()
        return bool(doors) and all(
            door.text() == "closed" and door.live and not self._cells.away(door) for door in doors
        )
