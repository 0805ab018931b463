"""Commands to devices: each ends in exactly one of done, failed, expired, unknown; none is sent after its deadline.

Modbus orders go to the poller of their line, which reads back what it wrote. MQTT commands are published by a worker a
line (`mqtt_orders`) and are done when the device itself says so; silence until the deadline is unknown, no success.
"""

from devices.clock import Clock
from devices.inventory import Inventory
from devices.model import Command, CommandResult, CommandState
from gateway.mqtt_orders import MqttOrders
from gateway.orders import Order, Steps
from gateway.poller import Poller
from gateway.ports import GatewayPorts


class Dispatch:
    """Finds the worker of a command's line, and keeps the promise of exactly one result."""

    def __init__(self, inventory: Inventory, clock: Clock, ports: GatewayPorts) -> None:
        self._inventory = inventory
        self._clock = clock
        self._done = ports.command_done
        self._pending: set[str] = set()
        self._steps = Steps(ports.command_sending, ports.command_acknowledged, self._finish)
        self.workers: dict[str, Poller | MqttOrders] = {}

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
            self._finish(command, CommandState.EXPIRED, "deadline")
        elif (worker := self.workers.get(device.line)) is None:
            self._finish(command, CommandState.FAILED, "read_only")
        else:
            worker.order(Order(command, device, self._steps))

    def _finish(self, command: Command, state: CommandState, reason: str | None) -> None:
        if command.id in self._pending:
            self._pending.discard(command.id)
            self._done(CommandResult(command.id, state, self._clock.now(), reason))
