"""A small hotel for tests of the hub: room 101 with contact, motion, leak and lock, on the MQTT line `field`."""

from datetime import UTC, datetime, timedelta

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import Inventory, Line
from devices.model import Command, CommandResult, CommandState, Device, Quality, Reading, Value
from edge.house import House, Plan
from edge.rooms.parameters import RoomParameters

CATALOG = Catalog.load()
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KINDS = ("contact", "motion", "leak", "lock")


def inventory(*rooms: str) -> Inventory:
    """These rooms with one device of each kind."""
    devices = {
        f"{room}_{kind}": Device(f"{room}_{kind}", "field", f"zigbee2mqtt/{kind}", f"zigbee2mqtt/{room}_{kind}", room)
        for room in rooms
        for kind in KINDS
    }
    return Inventory({"field": Line("field", "mqtt")}, devices)


def house(*rooms: str) -> House:
    """Rooms with the default parameters."""
    return House(Plan(inventory(*rooms), CATALOG, frozenset(rooms), RoomParameters()))


class HandClock:
    """Moves when told."""

    def __init__(self) -> None:
        self.wall = START
        self.monotonic = 1000.0
        self.clock = Clock(wall=lambda: self.wall, monotonic=lambda: self.monotonic)

    def forward(self, seconds: float) -> None:
        """Both clocks go on."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds


def reading(device: str, point: str, value: Value, at: datetime = START) -> Reading:
    """A good reading of a device of room 101 (or whatever its name begins with)."""
    return Reading(device, device.partition("_")[0], point, value, Quality.GOOD, None, at, 1)


class FieldOfTests:
    """Keeps what it is given; answers nothing by itself."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.paused = 0
        self.resumed = 0

    def submit(self, command: Command) -> None:
        self.commands.append(command)

    def pause(self) -> None:
        self.paused += 1

    def resume(self) -> None:
        self.resumed += 1


def done(command: Command) -> CommandResult:
    """It went well."""
    return CommandResult(command.id, CommandState.DONE, START)
