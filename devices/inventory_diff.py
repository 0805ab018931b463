"""What differs between two inventories: pure, so that a reload can touch that and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.model import Device

Ids = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """An inventory with the profiles its devices have."""

    inventory: Inventory
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class InventoryDiff:
    """Ids, in the order of the file. A device may be both changed (line, profile, address) and moved (room, or what it
    sees of it).
    """

    lines_added: Ids = ()
    lines_removed: Ids = ()
    lines_changed: Ids = ()
    devices_added: Ids = ()
    devices_removed: Ids = ()
    devices_changed: Ids = ()
    devices_moved: Ids = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return any(getattr(self, name) for name in self.__dataclass_fields__)

    @property
    def lines_ended(self) -> Ids:
        """Connections that are given up: their line is gone, or another one now."""
        return (*self.lines_removed, *self.lines_changed)

    @property
    def lines_begun(self) -> Ids:
        """Connections that are made."""
        return (*self.lines_added, *self.lines_changed)

    def told(self) -> dict[str, list[str]]:
        """By name, without what is empty."""
        pairs = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        return {name: list(ids) for name, ids in pairs if ids}


def differences(before: Stock, after: Stock) -> InventoryDiff:
    """From `before` to `after`. A device whose profile's own content is another one has changed too."""
    old, new = before.inventory, after.inventory
    both = [name for name in new.devices if name in old.devices]
    return InventoryDiff(
        lines_added=_only(new.lines, old.lines),
        lines_removed=_only(old.lines, new.lines),
        lines_changed=tuple(name for name in new.lines if name in old.lines and new.lines[name] != old.lines[name]),
        devices_added=_only(new.devices, old.devices),
        devices_removed=_only(old.devices, new.devices),
        devices_changed=tuple(name for name in both if _wire(before, name) != _wire(after, name)),
        devices_moved=tuple(name for name in both if _place(old.devices[name]) != _place(new.devices[name])),
    )


def lines_of(diff: InventoryDiff, before: Stock, after: Stock) -> Ids:
    """Lines that stand as they are and get other devices, or devices of other rooms."""
    names = (*diff.devices_added, *diff.devices_removed, *diff.devices_changed, *diff.devices_moved)
    found = (stock.inventory.devices.get(name) for name in names for stock in (before, after))
    lines = dict.fromkeys(device.line for device in found if device is not None)
    return tuple(line for line in lines if line not in (*diff.lines_ended, *diff.lines_begun))


def _only(one: Mapping[str, object], other: Mapping[str, object]) -> Ids:
    return tuple(name for name in one if name not in other)


def _place(device: Device) -> tuple[str | None, str]:
    return device.room, device.sees


def _wire(stock: Stock, name: str) -> tuple[object, ...]:
    device = stock.inventory.devices[name]
    return device.line, device.address, stock.catalog.get(device.profile)
