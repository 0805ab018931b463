"""Commands from the PMS: stored before anything is sent, sent once, and ended in exactly one way.

What is stored and not sent goes out after a restart, if it is not too late. That it goes out now is on disk before:
what was sent and has no result after a restart is unknown, and never sent again.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from pydantic import ValidationError

from devices.catalog import Catalog
from devices.command_values import INTERNAL, Orderable, orderables
from devices.inventory import Inventory
from devices.model import Command, CommandResult, CommandState, Device
from edge.hub import Hub
from edge.journal import Journal
from edge.journal_rows import StoredCommand
from edge.rooms.signals import Ordered
from edge.sqlite_writer import DiskError
from pms.link.down import CommandBody

log = structlog.get_logger()


class Orders:
    """Hands stored commands to the gateway, and tells the PMS how far each of them is."""

    def __init__(self, hub: Hub, inventory: Inventory, catalog: Catalog) -> None:
        self._hub = hub
        self._journal: Journal = hub.journal
        self._inventory = inventory
        self._catalog = catalog
        self._told: set[str] = set()
        """Commands of the PMS that are on their way."""
        self.clock_is_wrong: Callable[[], bool] = lambda: False
        """Whether it is known to be: a deadline cannot be kept by it then."""

    def change(self, inventory: Inventory, catalog: Catalog) -> None:
        """Other devices from now on."""
        self._inventory, self._catalog = inventory, catalog

    def taken_by(self, device: str) -> tuple[Orderable, ...]:
        """What can be ordered of a device."""
        known = self._inventory.devices.get(device)
        return orderables(self._catalog.get(known.profile)) if known else ()

    def recover(self) -> None:
        """After a start: what was sent and not answered is unknown, what was only stored is still to be sent."""
        for stored in self._journal.loaded.unfinished:
            if stored.state == "accepted":
                self.send(stored)
            else:
                self._end(stored.id, CommandState.UNKNOWN, "restarted")

    def send(self, stored: StoredCommand) -> None:
        """Send a command that has been stored."""
        try:
            body = CommandBody.model_validate_json(stored.body)
        except ValidationError as error:
            log.warning("command.unusable", command=stored.id, error=str(error)[:200])
            self._end(stored.id, CommandState.FAILED, "unusable")
            return
        device = self._device(body)
        if body.deadline <= self._now():
            self._end(stored.id, CommandState.EXPIRED, "deadline")
        elif self.clock_is_wrong():
            self._end(stored.id, CommandState.FAILED, "clock_wrong")
        elif device is None or self._hub.field is None:
            self._end(stored.id, CommandState.FAILED, "no_such_device")
        else:
            self._told.add(body.id)
            order = Command(body.id, device.id, body.point, body.value, body.deadline, by=body.by, room=device.room)
            if device.room is not None and (room := self._hub.house.rooms.get(device.room)) is not None:
                self._hub.signal(room, Ordered(device.id, body.point, body.value))
            self._hub.field.submit(order)

    async def again(self, command_id: str) -> None:
        """A command has come once more: nothing is sent; how it ended is told again, once it has."""
        if (end := await self._journal.command_end(command_id)) is not None:
            self._tell(command_id, CommandState(end[0]), end[1])

    async def sending(self, command_id: str) -> bool:
        """It goes out now; False: the disk does not take that, so that it must not go out."""
        if command_id not in self._told:
            return True  # the house's own: stored as sent, or of no worth
        try:
            await self._journal.command_sent(command_id)
        except DiskError as error:
            log.warning("command.not_stored", command=command_id, error=str(error))
            return False
        self._tell(command_id, CommandState.SENT)
        return True

    def acknowledged(self, command_id: str) -> None:
        """The device, or its broker, has taken it."""
        if command_id in self._told:
            self._tell(command_id, CommandState.ACKNOWLEDGED)

    def ended(self, result: CommandResult) -> None:
        """Its one end."""
        self._told.discard(result.id)
        self._hub.command_done(result)

    def _device(self, body: CommandBody) -> Device | None:
        if body.point in INTERNAL:
            return None
        if body.device is not None:
            found = self._inventory.devices.get(body.device)
            return found if found is None or body.room in (None, found.room) else None
        for device in self._inventory.in_room(body.room):
            point = self._catalog.get(device.profile).points.get(body.point)
            if point is not None and point.writable:
                return device
        return None

    def _now(self) -> datetime:
        return self._hub.clock.now()

    def _tell(self, command_id: str, state: CommandState, reason: str | None = None) -> None:
        self._hub.command_step(CommandResult(command_id, state, self._now(), reason))

    def _end(self, command_id: str, state: CommandState, reason: str) -> None:
        self._hub.command_done(CommandResult(command_id, state, self._now(), reason))
