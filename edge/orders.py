"""Commands from the PMS: stored before anything is sent, sent once, and ended in exactly one way."""

from collections.abc import Callable

import structlog
from pydantic import ValidationError

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.model import Command, CommandResult, CommandState, Device
from edge.hub import Hub
from edge.journal import Journal
from edge.journal_rows import StoredCommand
from pms.link.messages import CommandBody

log = structlog.get_logger()


class Orders:
    """Hands stored commands to the gateway. A command is marked sent before: what has no result later is unknown."""

    def __init__(self, hub: Hub, inventory: Inventory, catalog: Catalog) -> None:
        self._hub = hub
        self._journal: Journal = hub.journal
        self._inventory = inventory
        self._catalog = catalog
        self.clock_is_wrong: Callable[[], bool] = lambda: False
        """Whether it is known to be: a deadline cannot be kept by it then."""

    async def recover(self) -> None:
        """After a start: what was handed over and not answered is unknown, what was only stored is still to be sent."""
        for stored in self._journal.loaded.unfinished:
            if stored.state == "accepted":
                await self.send(stored)
            else:
                self._end(stored.id, CommandState.UNKNOWN, "restarted")

    async def send(self, stored: StoredCommand) -> None:
        """Send a command that has been stored."""
        try:
            body = CommandBody.model_validate_json(stored.body)
        except ValidationError as error:
            log.warning("command.unusable", command=stored.id, error=str(error)[:200])
            self._end(stored.id, CommandState.FAILED, "unusable")
            return
        now = self._hub.clock.now()
        device = self._device(body)
        if body.deadline <= now:
            self._end(stored.id, CommandState.EXPIRED, "deadline")
        elif self.clock_is_wrong():
            self._end(stored.id, CommandState.FAILED, "clock_wrong")
        elif device is None or self._hub.field is None:
            self._end(stored.id, CommandState.FAILED, "no_such_device")
        else:
            await self._journal.command(stored.id, "sent")
            value = body.value
            self._hub.field.submit(
                Command(body.id, device.id, body.point, value, body.deadline, by=body.by, room=device.room)
            )

    def _device(self, body: CommandBody) -> Device | None:
        if body.device is not None:
            return self._inventory.devices.get(body.device)
        for device in self._inventory.in_room(body.room):
            point = self._catalog.get(device.profile).points.get(body.point)
            if point is not None and point.writable:
                return device
        return None

    def _end(self, command_id: str, state: CommandState, reason: str) -> None:
        self._hub.command_done(CommandResult(command_id, state, self._hub.clock.now(), reason))
