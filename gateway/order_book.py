"""The orders of one MQTT line as a state machine: waiting, sent, acknowledged, ended in one way. Nothing awaits."""

from dataclasses import dataclass
from datetime import datetime

from devices.model import CommandAnswer, CommandState, Quality, Reading
from devices.mqtt.router import same
from gateway.orders import Order, Waiting

JAMMED = "jammed"


@dataclass(slots=True)
class _Open:
    """Sent and not ended. `otherwise`: since then the device has reported something else than what was ordered."""

    order: Order
    acknowledged: bool = False
    otherwise: bool = False


class OrderBook:
    """Every order that is added ends exactly once, and none is handed out after its deadline."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        self._open: dict[str, _Open] = {}

    @property
    def waiting(self) -> int:
        """Orders not yet sent."""
        return len(self._waiting)

    @property
    def open(self) -> int:
        """Orders sent, whose device has not said yet that it is done."""
        return len(self._open)

    def deadlines(self) -> list[datetime]:
        """When something has to be looked at."""
        return [order.command.deadline for order in (*self._waiting, *(one.order for one in self._open.values()))]

    def add(self, order: Order) -> None:
        """An order to be sent soon."""
        self._waiting.add(order)

    def next(self, now: datetime) -> Order | None:
        """The next one to send, if it is not too late for it."""
        return self._waiting.next(now)

    def back(self, order: Order) -> None:
        """It was not sent: it waits on."""
        self._waiting.back(order)

    def sent(self, order: Order) -> None:
        """It goes out now. What an earlier one for the same place came to cannot be told any more."""
        for name, older in list(self._open.items()):
            if older.order.place == order.place:
                self._end(name, CommandState.UNKNOWN, "superseded")
        self._open[order.command.id] = _Open(order)

    def unsent(self, order: Order) -> None:
        """It did not go out after all: it waits on."""
        if self._open.pop(order.command.id, None) is not None:
            self._waiting.back(order)

    def acknowledged(self, name: str, refused: str | None = None) -> None:
        """The broker, or the device, has taken it, or has refused it for this reason."""
        found = self._open.get(name)
        if found is None:
            return
        if refused is not None:
            self._end(name, CommandState.FAILED, refused)
        elif not found.acknowledged:
            found.acknowledged = True
            found.order.steps.acknowledged(name)

    def answered(self, answer: CommandAnswer) -> None:
        """The device's own word on an order."""
        found = self._open.get(answer.command)
        if found is not None and found.order.command.device == answer.device:
            self.acknowledged(answer.command, None if answer.accepted else "device_refused")

    def reported(self, reading: Reading) -> None:
        """A device says what it holds. What it holds for a moment only (a lock that locks again) counts as done."""
        if reading.quality is not Quality.GOOD:
            return
        place = (reading.device, reading.point)
        for name, found in list(self._open.items()):
            if found.order.place == place:
                self._compare(name, found, reading)

    def _compare(self, name: str, found: _Open, reading: Reading) -> None:
        if same(found.order.command.value, reading.value):
            self._end(name, CommandState.DONE)
        elif reading.value == JAMMED:
            self._end(name, CommandState.FAILED, JAMMED)
        else:
            found.otherwise = True

    def look(self, now: datetime, *, up: bool) -> None:
        """End what is past its deadline; `up`: the line can be sent on, and what devices say is heard."""
        self._waiting.expire(now, "deadline" if up else "line_down")
        for name, found in list(self._open.items()):
            if not found.order.late(now):
                continue
            if found.otherwise:
                self._end(name, CommandState.FAILED, "not_verified")
            else:
                self._end(name, CommandState.UNKNOWN, "no_answer" if up else "line_down")

    def _end(self, name: str, state: CommandState, reason: str | None = None) -> None:
        self._open.pop(name).order.finish(state, reason)
