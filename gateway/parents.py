"""A bridge speaks for the devices behind it: one message that says of several whether they are there. Pure.

When it is gone, so is every device behind it, and the bridge is why: one fault, not one for each of them.
"""

from dataclasses import dataclass

from devices.model import Decoded, Reading
from gateway.ports import LineMessage


@dataclass(frozen=True, slots=True)
class Family:
    """What such a message says. `name` is "<line>/<bridge>"; `up`: the bridge is there, though a device may not be."""

    name: str
    online: dict[str, bool]

    @property
    def up(self) -> bool:
        """A bridge that is there knows at least one device that is."""
        return any(self.online.values())


def family_of(message: LineMessage) -> Family | None:
    """The family a message speaks for; None for any other message."""
    found = _online(message.decoded)
    if len(found) < 2:
        return None
    bridge = message.source.removesuffix("/state").removesuffix("/bridge")
    return Family(f"{message.line}/{bridge}", found)


def for_rooms(decoded: Decoded) -> Decoded:
    """The message as a room may take it: that a bridge is gone is no fault of the room's device."""
    found = _online(decoded)
    return Decoded(rejected=decoded.rejected) if len(found) > 1 and not any(found.values()) else decoded


def _online(decoded: Decoded) -> dict[str, bool]:
    """Device and whether it is there; empty when the message says anything else."""
    found: dict[str, bool] = {}
    for fact in decoded.facts:
        if type(fact) is not Reading or fact.point != "online" or not isinstance(fact.value, bool):
            return {}
        found[fact.device] = fact.value
    return found
