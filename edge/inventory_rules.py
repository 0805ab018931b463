"""What may be changed in the inventory, and what is wrong with what may not: pure, a reason code with its detail."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from devices.addresses import LINE_KINDS, wrong_address
from devices.errors import UnknownProfile
from devices.inventory_diff import Stock
from devices.model import Device, Profile
from edge.inventory_file import Placed
from pms.link.inventory_messages import InventoryChangeBody

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: no_such_device, id_taken, bad_id, no_such_room, no_such_line, no_such_profile, wrong_line,
    wrong_address, address_taken."""

    reason: str
    detail: str = ""


def wanted(body: InventoryChangeBody, stock: Stock) -> Device | Refusal:
    """The device as it is to be afterwards; for `remove` as it is now."""
    name = body.device or ""
    known = stock.inventory.devices.get(name)
    if body.action == "place":
        if known is not None:
            return Refusal("id_taken", name)
        if not _IDENTIFIER.fullmatch(name):
            return Refusal("bad_id", f"letters, digits, _ . - (found {name!r})")
        return Device(name, body.line or "", body.profile or "", body.address or "", body.room)
    if known is None:
        return Refusal("no_such_device", name)
    if body.action == "move":
        return replace(known, room=body.room)
    if body.action == "replace":
        address = known.address if body.address is None else body.address
        return replace(known, line=body.line or known.line, profile=body.profile or known.profile, address=address)
    return known


def refusal(device: Device, stock: Stock, rooms: Collection[str]) -> Refusal | None:
    """What is wrong with the device as it is to be."""
    if device.room is not None and device.room not in rooms:
        return Refusal("no_such_room", device.room)
    line = stock.inventory.lines.get(device.line)
    if line is None:
        return Refusal("no_such_line", device.line)
    try:
        profile = stock.catalog.get(device.profile)
    except UnknownProfile:
        return Refusal("no_such_profile", device.profile)
    if line.kind not in LINE_KINDS.get(profile.dialect, (line.kind,)):
        return Refusal("wrong_line", f"{profile.dialect}: {line.id} ({line.kind})")
    if wrong := wrong_address(device.address, line.kind, profile):
        return Refusal("wrong_address", wrong)
    return _taken(device, profile, stock)


def _taken(device: Device, profile: Profile, stock: Stock) -> Refusal | None:
    """Two parts of one thing (other profiles on one MQTT topic) may share an address."""
    parts = LINE_KINDS.get(profile.dialect) == ("mqtt",)
    for other in stock.inventory.on(device.line):
        same = other.address == device.address and (not parts or other.profile == device.profile)
        if same and other.id != device.id:
            return Refusal("address_taken", other.id)
    return None


def placed(device: Device) -> Placed:
    """As it stands in the file."""
    return Placed(device.id, device.line, device.profile, device.address, device.room)


def fulfilled(body: InventoryChangeBody, stock: Stock) -> bool:
    """Whether the inventory is already as the change wants it."""
    known = stock.inventory.devices.get(body.device or "")
    if body.action == "remove":
        return known is None
    if body.action != "place" or known is None:
        return known is not None and wanted(body, stock) == known
    told = Device(known.id, body.line or "", body.profile or "", body.address or "", body.room)
    return known == told
