"""The shape of a room whose truth is known, as its maker gives it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from devices.model import Device, Value

Event = tuple[datetime, str, str, str, Value]
"""Time, room, device, point, value: a line of the replay format (design section 7). Beside its points: those of the
books (device `pms`: `guests`, `stay`, `due_out`, `rented` last), events (`egress`, `forced`, `tamper`), every point of
a device; None is a value that is bad."""
Stretch = tuple[datetime, datetime, str]
Cleaning = tuple[datetime, datetime, str, bool, bool]
"""From, to, kind, whether the attendant had a card, whether guests were inside."""
Visit = tuple[datetime, datetime, str, bool]
"""Of staff: from, to, what for, whether with a card of their own."""
Fault = tuple[str, str, datetime, datetime | None, datetime]
"""Kind of condition, device, beginning, when it is due to be raised at the latest, end. Due None: an alert is true,
but is not asked for (it was mended too soon, or staff were there)."""


class Life(Protocol):
    """One room. `situations` cover its time once; `errors` may overlap."""

    @property
    def room(self) -> str:
        """Its number."""

    @property
    def scored_from(self) -> datetime:
        """Before it the room only finds out who is in."""

    @property
    def end(self) -> datetime:
        """The last instant that is scored."""

    @property
    def devices(self) -> Sequence[Device]:
        """What it is fitted with."""

    @property
    def events(self) -> Iterable[Event]:
        """In order of time."""

    @property
    def occupied(self) -> Sequence[Stretch]:
        """When a guest or a visitor was in."""

    @property
    def asleep(self) -> Sequence[Stretch]:
        """When somebody slept in it."""

    @property
    def situations(self) -> Sequence[Stretch]:
        """What was going on."""

    @property
    def errors(self) -> Sequence[Stretch]:
        """Where a message was lost or late, or nobody moved."""

    @property
    def cleanings(self) -> Sequence[Cleaning]:
        """In order."""

    @property
    def visits(self) -> Sequence[Visit]:
        """Of staff, in the order they were meant."""

    @property
    def faults(self) -> Sequence[Fault]:
        """Injected ones."""

    @property
    def counts(self) -> dict[str, int]:
        """How many messages there were, and how many were lost, late, nobody's."""
