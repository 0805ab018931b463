"""Orders on their way to devices: whom their steps are told, and in which order they wait. Nothing here awaits."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from devices.model import Command, CommandState, Device

Outcome = tuple[CommandState, str | None]
"""How a command ended, and why when it did not end well."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Whom an order tells how far it is. `sending` is awaited before anything goes out: True once that is on disk."""

    sending: Callable[[str], Awaitable[bool]]
    acknowledged: Callable[[str], None]
    finished: Callable[[Command, CommandState, str | None], None]


@dataclass(frozen=True, slots=True)
class Order:
    """A command on its way to a device; `finish` is called exactly once."""

    command: Command
    device: Device
    steps: Steps

    @property
    def place(self) -> tuple[str, str]:
        """The device and its point: of two orders for one place the later counts."""
        return self.command.device, self.command.point

    def late(self, now: datetime) -> bool:
        """Its deadline has come: it is not sent any more."""
        return self.command.deadline <= now

    def finish(self, state: CommandState, reason: str | None = None) -> None:
        """Its one end."""
        self.steps.finished(self.command, state, reason)


class Waiting:
    """Orders that have not been sent: first come, first sent. A later one for the same place ends an older one."""

    def __init__(self) -> None:
        self._orders: deque[Order] = deque()

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders)

    def add(self, order: Order) -> None:
        """At the end of the queue, in place of an older one for the same place."""
        for older in [one for one in self._orders if one.place == order.place]:
            self._orders.remove(older)
            older.finish(CommandState.FAILED, "superseded")
        self._orders.append(order)

    def back(self, order: Order) -> None:
        """Nothing of it went out: it is the first again, unless a later one for its place has come meanwhile."""
        if any(one.place == order.place for one in self._orders):
            order.finish(CommandState.FAILED, "superseded")
        else:
            self._orders.appendleft(order)

    def next(self, now: datetime) -> Order | None:
        """The first that is not late; the late ones before it end."""
        while self._orders:
            order = self._orders.popleft()
            if not order.late(now):
                return order
            order.finish(CommandState.EXPIRED, "deadline")
        return None

    def expire(self, now: datetime, reason: str) -> None:
        """End those whose deadline has come."""
        for order in [one for one in self._orders if one.late(now)]:
            self._orders.remove(order)
            order.finish(CommandState.EXPIRED, reason)
