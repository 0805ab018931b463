"""Commands to devices: each ends in exactly one of done, failed, expired, unknown; none is sent after its deadline.

Modbus orders go to the poller of their line, which reads back what it wrote. MQTT commands are published by a worker a
line and are done when the device itself says so; silence until the deadline is unknown, never a success.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from devices.clock import Clock
from devices.errors import NotSupported
from devices.inventory import Inventory
from devices.model import Command, CommandResult, CommandState, Reading
from devices.mqtt.router import MqttRouter
from gateway.lines.mqtt import MqttLine
from gateway.poller import Poller
from gateway.units import Order

LOOK_UP_S = 0.5

Finished = Callable[[Command, CommandState, str | None], None]


class MqttOrders:
    """The commands of one MQTT line."""

    def __init__(self, line: MqttLine, router: MqttRouter, clock: Clock) -> None:
        self._line = line
        self._router = router
        self._clock = clock
        self._waiting: deque[Order] = deque()
        self.open: dict[str, Order] = {}
        """Sent, and waiting for the device to say so."""
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Commands not yet sent."""
        return len(self._waiting)

    def route(self, router: MqttRouter) -> None:
        """Other devices are on the line."""
        self._router = router

    def order(self, order: Order) -> None:
        """Send it soon."""
        self._waiting.append(order)
        self._wake.set()

    def answer(self, reading: Reading) -> None:
        """A reading may show that a command was carried out."""
        for order in [one for one in self.open.values() if self._router.answered(one.command, reading)]:
            self._end(order, CommandState.DONE)

    async def run(self) -> None:
        """Send and time out until cancelled."""
        while True:
            self._wake.clear()
            now = self._clock.now()
            for order in [one for one in self.open.values() if one.command.deadline <= now]:
                self._end(order, CommandState.UNKNOWN, "no_answer")
            for order in [one for one in self._waiting if one.command.deadline <= now]:
                self._waiting.remove(order)
                order.finished(order.command, CommandState.EXPIRED, None)
            while self._waiting and self._line.subscribed:
                self._send(self._waiting.popleft())
            await self._rest()

    async def _rest(self) -> None:
        wait = LOOK_UP_S
        if deadlines := [one.command.deadline for one in (*self.open.values(), *self._waiting)]:
            left = (min(deadlines) - self._clock.now()) / timedelta(seconds=1)
            wait = min(wait, max(0.01, self._clock.real(left)))
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    def _send(self, order: Order) -> None:
        command = order.command
        try:
            messages = self._router.encode(command)
        except NotSupported as error:
            order.finished(command, CommandState.FAILED, error.reason)
            return
        self.open[command.id] = order
        order.sent(command.id)
        for topic, payload in messages:
            self._line.publish(topic, payload)

    def _end(self, order: Order, state: CommandState, reason: str | None = None) -> None:
        if self.open.pop(order.command.id, None):
            order.finished(order.command, state, reason)


class Dispatch:
    """Finds the worker of a command's line, and keeps the promise of exactly one result."""

    def __init__(self, inventory: Inventory, clock: Clock, done: Callable[[CommandResult], None]) -> None:
        self._inventory = inventory
        self._clock = clock
        self._done = done
        self._pending: set[str] = set()
        self.workers: dict[str, Poller | MqttOrders] = {}
        self.sent: Callable[[str], None] = lambda _id: None

    @property
    def waiting(self) -> int:
        """Commands not yet sent, all lines."""
        return sum(worker.waiting for worker in self.workers.values())

    def change(self, inventory: Inventory) -> None:
        """Other devices from now on."""
        self._inventory = inventory

    def submit(self, command: Command) -> None:
        """Give it to its line's worker, or say at once why not. The same id again, while pending, is ignored."""
        if command.id in self._pending:
            return
        self._pending.add(command.id)
        device = self._inventory.devices.get(command.device)
        if device is None:
            self._finish(command, CommandState.FAILED, "unknown_device")
        elif command.deadline <= self._clock.now():
            self._finish(command, CommandState.EXPIRED, None)
        elif (worker := self.workers.get(device.line)) is None:
            self._finish(command, CommandState.FAILED, "read_only")
        else:
            worker.order(Order(command, device, self.sent, self._finish))

    def _finish(self, command: Command, state: CommandState, reason: str | None) -> None:
        if command.id in self._pending:
            self._pending.discard(command.id)
            self._done(CommandResult(command.id, state, self._clock.now(), reason))
