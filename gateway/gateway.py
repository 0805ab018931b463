"""The gateway: takes an inventory, yields what its devices say, takes commands. One place wires lines and workers."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from devices.catalog import Catalog
from devices.clock import Clock
from devices.encoders.jobs import CardJob
from devices.inventory import Inventory
from devices.inventory_diff import Stock
from devices.model import Command, Device, LineState, LineStatus, Reading
from gateway.changing import GatewayChange, prepared
from gateway.dispatch import Dispatch
from gateway.encoders.account import Desk
from gateway.encoders.encoders import Encoders
from gateway.health import Changes, Memory
from gateway.lines.line import FieldLine, LineDownError, LineUser
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings
from gateway.making import Home, LineMaker, Made, Member, members_of, polled
from gateway.mqtt_orders import MqttOrders
from gateway.poller import Poller, PollerPorts
from gateway.ports import DeviceFigures, GatewayPorts, GatewayStatus, LineMessage
from gateway.presence import Presence

__all__ = ["Gateway", "Home"]

LOOK_S = 1.0
JUMP = timedelta(minutes=1)
"""The clock was set, or its speed changed, when it moved so much more or less than time went by."""
Worker = Poller | MqttOrders
RETIREMENT_S = 5.0
"""Who carried out the orders of a line that is given up ends those that are under way, for so long at least."""


class Gateway:
    """Everything between the field and the hub. `run()` never ends by itself; a line that cannot be opened is down."""

    def __init__(
        self, inventory: Inventory, catalog: Catalog, clock: Clock, ports: GatewayPorts, home: Home | None = None
    ) -> None:
        self._stock = Stock(inventory, catalog)
        self._clock = clock
        self._ports = ports
        self._home = home = home or Home()
        self._members: Mapping[str, Member] = members_of(self._stock)
        self._heard: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._unknown = 0
        self._presence = Presence(self._members, ports, clock.now(), self._publish, home.remembered)
        self._liveness = self._presence.liveness
        self._dispatch = Dispatch(inventory, clock, ports)
        serve = (ports.card_progress, ports.card_done, self._encoder_heard, self._liveness.missed, self._take)
        self._encoders = Encoders(Desk(clock, *serve), home.cards)
        user = LineUser(self._take, self._line_changed, clock.now)
        self._maker = LineMaker(clock, home, user, PollerPorts(self._take_polled, self._missed))
        self._lines: dict[str, FieldLine] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._running: dict[str, list[asyncio.Task[None]]] = {}
        self._retired: list[tuple[Worker, asyncio.Task[None], float]] = []
        self._paused = False
        for line in inventory.lines.values():
            self._install(self._maker.make(self._stock, line))

    async def run(self) -> None:
        """Serve all lines until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for name in self._lines:
                self._start(name, tasks)
            tasks.create_task(self._look(), name="liveness")

    def _install(self, made: Made) -> None:
        name = made.line.status.line
        self._lines[name] = made.line
        if made.worker is not None:
            self._dispatch.workers[name] = made.worker
        if made.encoder is not None:
            self._encoders.add(made.encoder.device, made.encoder.line, made.encoder.timeout_s)
        if self._paused and isinstance(made.line, MqttLine):
            made.line.pause()

    def _start(self, name: str, tasks: asyncio.TaskGroup) -> None:
        worker, encoder = self._dispatch.workers.get(name), self._encoders.workers.get(name)
        running = [tasks.create_task(self._lines[name].run(), name=f"line {name}")]
        if encoder is not None:
            running.append(tasks.create_task(encoder.run(), name=f"encoder on {name}"))
        if worker is not None:
            running.append(tasks.create_task(worker.run(), name=f"worker {name}"))
        self._running[name] = running

    def prepare(self, after: Stock) -> GatewayChange:
        """Everything for other lines and devices, made and not begun; raises what makes them impossible."""
        return prepared(self._stock, after, self._maker)

    def working(self, change: GatewayChange) -> list[str]:
        """Encoders that the change would take away from a job."""
        busy = [one for one in self._encoders.figures if one.busy or one.waiting]
        return [one.device for one in busy if one.line in change.ended]

    async def stop(self, change: GatewayChange) -> None:
        """End the connections that are given up. Orders under way there end as they would if the line were down."""
        loop = asyncio.get_running_loop()
        for name in change.ended:
            running, worker = self._running.pop(name, []), self._dispatch.workers.get(name)
            if worker is not None and running:
                self._retired.append((worker, running.pop(), loop.time()))
                if isinstance(worker, MqttOrders):
                    await worker.retire()
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)

    def switch(self, change: GatewayChange) -> None:
        """These lines and devices from now on. What stands keeps its connection, and what is known of it."""
        now, diff = self._clock.now(), change.diff
        for name in change.ended:
            del self._lines[name]
            self._dispatch.workers.pop(name, None)
            self._encoders.remove(name)
        self._stock, self._members = change.after, change.members
        self._dispatch.change(change.after.inventory)
        self._reroute(change)
        down = frozenset(name for name, line in self._lines.items() if line.status.state is LineState.DOWN)
        for made in change.begun.values():
            self._install(made)
        changes = Changes(frozenset(diff.devices_changed), frozenset(diff.devices_moved), down)
        self._presence.change(change.members, changes, now)
        for name in diff.devices_removed:
            del self._heard[name], self._rejected[name]
        if self._tasks is not None:
            for name in change.begun:
                self._start(name, self._tasks)

    def _reroute(self, change: GatewayChange) -> None:
        for name, router in change.routers.items():
            line, worker = self._lines[name], self._dispatch.workers.get(name)
            if isinstance(line, MqttLine) and isinstance(worker, MqttOrders):
                worker.route(router)
                line.route(router)
        for name in change.polled:
            if isinstance(worker := self._dispatch.workers.get(name), Poller):
                worker.change(polled(change.after, name))

    def _retire(self) -> None:
        """End those who have nothing left to end."""
        now = asyncio.get_running_loop().time()
        for retired in list(self._retired):
            worker, task, since = retired
            idle = not worker.waiting and not (isinstance(worker, MqttOrders) and worker.open)
            if idle and now - since > RETIREMENT_S:
                task.cancel()
                self._retired.remove(retired)

    def submit(self, command: Command) -> None:
        """Send a command before its deadline; its one result comes to `command_done`."""
        self._dispatch.submit(command)

    def card(self, job: CardJob) -> None:
        """Give a job to its encoder; its steps come to `card_progress`, its one result to `card_done`."""
        self._encoders.card(job)

    def cancel_card(self, job_id: str) -> None:
        """End a card job of which nothing has been written yet; its result says `cancelled`. Any other goes on."""
        self._encoders.cancel(job_id)

    def pause(self) -> None:
        """Read nothing more from lines whose messages can wait at their broker."""
        self._paused = True
        for line in self._lines.values():
            if isinstance(line, MqttLine):
                line.pause()

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        for line in self._lines.values():
            if isinstance(line, MqttLine):
                line.resume()

    def status(self) -> GatewayStatus:
        """Lines, devices and counters now."""
        return GatewayStatus(
            tuple(line.status for line in self._lines.values()),
            tuple(self._figures(device) for device, _ in self._members.values()),
            dict(self._reasons),
            self._unknown,
            self._dispatch.waiting,
            self._encoders.figures,
        )

    def mqtt_lines(self) -> dict[str, MqttSettings]:
        """How the MQTT lines reach their brokers, by line."""
        return {name: line.settings for name, line in self._lines.items() if isinstance(line, MqttLine)}

    def memories(self) -> dict[str, Memory]:
        """What the next run is to know of the devices."""
        return self._liveness.memories(self._clock.now())

    def _publish(self, line: str, topic: str, payload: bytes) -> None:
        found = self._lines[line]
        if not isinstance(found, MqttLine):
            raise LineDownError("not_sent", line)
        found.publish(topic, payload)

    def _figures(self, device: Device) -> DeviceFigures:
        name = device.id
        last, online = self._liveness.last_heard(name), self._liveness.online(name)
        return DeviceFigures(name, device.line, self._heard[name], self._rejected[name], last, online)

    def _encoder_heard(self, device: str) -> None:
        self._heard[device] += 1
        self._presence.heard(device, self._clock.now())

    def _take_polled(self, message: LineMessage) -> None:
        """What was asked before a change and answered after it is of no device any more, or of another room."""
        decoded = message.decoded
        known = all(self._is_in(fact.device, fact.room) for fact in decoded.facts)
        if known and all(one.device is None or one.device in self._members for one in decoded.rejected):
            self._take(message)

    def _is_in(self, device: str, room: str | None) -> bool:
        member = self._members.get(device)
        return member is not None and member[0].room == room

    def _missed(self, device: str) -> None:
        if device in self._members:
            self._liveness.missed(device)

    def _take(self, message: LineMessage) -> None:
        message = self._presence.spoken_for(message) if len(message.decoded.facts) > 1 else message
        decoded, orders = message.decoded, self._open_orders(message.line)
        speaking = None
        for fact in decoded.facts:
            if type(fact) is Reading:
                if fact.point == "online" and isinstance(fact.value, bool):
                    self._presence.said(fact.device, message.received, online=fact.value, live=not message.retained)
                    continue
                if orders is not None:
                    orders.heard(fact)
            if fact.device != speaking and not message.retained:
                speaking = fact.device
                self._heard[speaking] += 1
                self._presence.heard(speaking, message.received)
        if orders is not None:
            for answer in decoded.answers:
                orders.heard(answer)
        for rejected in decoded.rejected:
            self._reasons[rejected.reason] += 1
            if rejected.device is None:
                self._unknown += 1
            else:
                self._rejected[rejected.device] += 1
        self._ports.take(message)

    def _open_orders(self, line: str) -> MqttOrders | None:
        """Those who wait for what devices of this line say; None: nobody does."""
        worker = self._dispatch.workers.get(line)
        return worker if isinstance(worker, MqttOrders) and worker.open else None

    def _line_changed(self, status: LineStatus) -> None:
        worker = self._dispatch.workers.get(status.line)
        if isinstance(worker, Poller):
            worker.line_changed()
        if encoder := self._encoders.workers.get(status.line):
            encoder.line_changed()
        self._ports.line_changed(status)
        if status.state in (LineState.UP, LineState.DOWN):
            self._liveness.line_changed(status.line, status.at, up=status.state is LineState.UP)

    async def _look(self) -> None:
        loop, clock = asyncio.get_running_loop(), self._clock
        while True:
            began, at = clock.now(), loop.time()
            await asyncio.sleep(LOOK_S)
            now = clock.now()
            went_by = timedelta(seconds=(loop.time() - at) * clock.speed)
            if abs(now - began - went_by) > JUMP:
                self._liveness.clock_jumped(now)
            self._presence.look(now)
            self._retire()
