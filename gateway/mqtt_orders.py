"""The commands of one MQTT line, over a connection of their own that speaks MQTT 5.

Each publish carries how long it may wait at the broker, so that a device which comes online after the deadline never
gets it; it is never retained. The connection has no subscriptions and no session: the broker's acknowledgement is seen
also while the line's own reader is paused, nothing of the telemetry pays for MQTT 5, and nothing is left for later.
"""

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from devices.clock import Clock
from devices.errors import NotSupported
from devices.model import CommandAnswer, CommandState, Decoded, LineStatus, Reading
from devices.mqtt.router import MqttRouter
from gateway.lines.line import LineDownError, LineUser
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import Parcel
from gateway.order_book import OrderBook
from gateway.orders import Order
from gateway.ports import LineMessage

LOOK_UP_S = 0.5
SHORTEST_EXPIRY_S = 1
"""The wire counts whole seconds, and 0 would mean for ever."""


class Nothing:
    """A connection that only sends."""

    filters: tuple[str, ...] = ()

    def decode(self, *_message: object) -> Decoded:
        """Nothing was subscribed to, so that nothing comes."""
        return Decoded()


class MqttOrders:
    """Give `run()` a task; it keeps the connection for orders too."""

    def __init__(self, line: MqttLine, router: MqttRouter, clock: Clock) -> None:
        told = line.settings
        own = replace(told, client_id=f"{told.client_id}-orders", state_topic=None, persistent=False, version=5)
        self.wire = MqttLine(f"{line.id}-orders", own, Nothing(), LineUser(_unheard, self._wire_changed, _now))
        self.book = OrderBook()
        self._line = line
        self._router = router
        self._clock = clock
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Commands not yet sent."""
        return self.book.waiting

    @property
    def open(self) -> int:
        """Sent, and waiting for the device to say so."""
        return self.book.open

    def route(self, router: MqttRouter) -> None:
        """Other devices are on the line."""
        self._router = router

    def order(self, order: Order) -> None:
        """Send it soon."""
        self.book.add(order)
        self._wake.set()

    def heard(self, told: Reading | CommandAnswer) -> None:
        """A device says what it holds, which may show that a command was carried out, or speaks of the command."""
        if isinstance(told, Reading):
            self.book.reported(told)
        else:
            self.book.answered(told)

    async def run(self) -> None:
        """Send and time out until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.wire.run(), name=f"orders on {self._line.id}")
            tasks.create_task(self._serve(), name=f"order book of {self._line.id}")

    @property
    def _up(self) -> bool:
        """Both ways: an order whose answer could not be heard is not sent."""
        return self.wire.subscribed and self._line.subscribed

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            self.book.look(self._clock.now(), up=self._up)
            while self._up and (order := self.book.next(self._clock.now())) is not None:
                await self._send(order)
            await self._rest()

    async def _rest(self) -> None:
        wait = LOOK_UP_S
        if deadlines := self.book.deadlines():
            left = (min(deadlines) - self._clock.now()) / timedelta(seconds=1)
            wait = min(wait, max(0.01, self._clock.real(left)))
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _send(self, order: Order) -> None:
        try:
            messages = self._router.encode(order.command)
        except NotSupported as error:
            order.finish(CommandState.FAILED, error.reason)
            return
        if not await order.steps.sending(order.command.id):
            order.finish(CommandState.FAILED, "not_stored")
        elif order.late(self._clock.now()):
            order.finish(CommandState.EXPIRED, "deadline")
        else:
            self._publish(order, messages)

    def _publish(self, order: Order, messages: list[tuple[str, bytes]]) -> None:
        """The first message is the order; what comes after it asks for the state, and is of no worth without it."""
        left, taken = self._seconds_left(order), partial(self._taken, order.command.id)
        (topic, payload), *questions = messages
        self.book.sent(order)
        try:
            self.wire.order(Parcel(topic, payload, left, taken))
        except LineDownError:
            self.book.unsent(order)
            return
        with contextlib.suppress(LineDownError):
            for topic, payload in questions:
                self.wire.order(Parcel(topic, payload, left))

    def _seconds_left(self, order: Order) -> int:
        left = (order.command.deadline - self._clock.now()) / timedelta(seconds=1)
        return max(SHORTEST_EXPIRY_S, int(self._clock.real(left)))

    def _taken(self, name: str, refused: str | None) -> None:
        self.book.acknowledged(name, refused)

    def _wire_changed(self, _status: LineStatus) -> None:
        self._wake.set()


def _unheard(_message: LineMessage) -> None:
    """There are no subscriptions."""


def _now() -> datetime:
    return datetime.now(UTC)
