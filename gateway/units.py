"""A Modbus unit as its line's worker sees it, and the orders on their way to it."""

from collections.abc import Callable
from dataclasses import dataclass

from devices.modbus.plan import Block, words_of
from devices.model import Command, CommandState, Device, PointSpec, Profile

Outcome = tuple[CommandState, str | None]
"""How a command ended, and why when it did not end well."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command on its way to a unit; `finished` is called exactly once."""

    command: Command
    device: Device
    sent: Callable[[str], None]
    finished: Callable[[Command, CommandState, str | None], None]


@dataclass(slots=True)
class Unit:
    """A device behind a unit number. `blocks` shrink around registers that the unit refuses."""

    device: Device
    profile: Profile
    blocks: list[Block]
    recognised: bool = False

    @property
    def address(self) -> int:
        """The unit number on the bus."""
        return int(self.device.address)


def block_of(function: int, points: tuple[PointSpec, ...]) -> Block:
    """One read that covers these points."""
    start = min(point.wire["address"] for point in points)
    end = max(point.wire["address"] + words_of(point) for point in points)
    return Block(function, start, end - start, points)


def halves(block: Block) -> list[Block]:
    """Two reads for one."""
    middle = len(block.points) // 2
    return [block_of(block.function, block.points[:middle]), block_of(block.function, block.points[middle:])]
