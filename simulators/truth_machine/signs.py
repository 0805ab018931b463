"""What the devices of a room say, before it is sent; and which devices there are."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from devices.model import Device, Value
from simulators.truth_machine.parameters import Equipment

PMS = "pms"
"""The "device" of what the books say: `guests`, `stay`, `due_out`, and `rented` as the last of them."""
ALWAYS = 0
"""The happening of what is never lost: alarms repeat themselves, the books are not on the radio."""
PROFILES = {
    "door": "zigbee2mqtt/contact",
    "motion": "zigbee2mqtt/motion",
    "bath": "zigbee2mqtt/motion",
    "lock": "zigbee2mqtt/lock",
    "keycard": "zigbee2mqtt/keycard",
    "thermostat": "zigbee2mqtt/thermostat",
    "air": "zigbee2mqtt/climate",
    "window": "zigbee2mqtt/window",
    "leak": "zigbee2mqtt/leak",
    "smoke": "zigbee2mqtt/smoke",
    "panel": "mapped/panel",
}
MAINS = frozenset({"thermostat", "panel"})


class Sign(NamedTuple):
    """A message: `happening` is shared by what is lost together (the two edges of one passage)."""

    at: float
    device: str
    point: str
    value: Value
    happening: int = ALWAYS


@dataclass(frozen=True, slots=True)
class Fittings:
    """What a room has. Devices are named `<room>_<part>`."""

    room: str
    parts: tuple[str, ...]
    telling_handle: bool

    @classmethod
    def of(cls, room: str, equipment: Equipment, seed: int) -> "Fittings":
        """As the seed wants it."""
        random = Random(f"{seed}/{room}/fittings")
        some = {"keycard": equipment.holders, "bath": equipment.bath_sensors, "air": equipment.air_sensors}
        drawn = {part: random.random() < share for part, share in some.items()}
        parts = tuple(part for part in PROFILES if drawn.get(part, True))
        return cls(room, parts, random.random() < equipment.telling_handles)

    def has(self, part: str) -> bool:
        """Is there such a device?"""
        return part in self.parts

    def name(self, part: str) -> str:
        """The device's id."""
        return f"{self.room}_{part}"

    def devices(self) -> tuple[Device, ...]:
        """As an inventory has them."""
        return tuple(
            Device(self.name(part), "field", PROFILES[part], f"field/{self.name(part)}", self.room)
            for part in self.parts
        )

    def batteries(self) -> tuple[str, ...]:
        """The parts that run on one."""
        return tuple(part for part in self.parts if part not in MAINS)
