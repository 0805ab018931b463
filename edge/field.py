"""What the hub asks of the gateway."""

from typing import Protocol

from devices.model import Command


class Field(Protocol):
    """What the hub asks of the gateway."""

    def submit(self, command: Command) -> None:
        """Send it before its deadline, or tell why not."""

    def pause(self) -> None:
        """Read nothing more from lines that can wait."""

    def resume(self) -> None:
        """Read on."""
