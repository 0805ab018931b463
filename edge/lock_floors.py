"""Keeps the locks on lines told which key cards still open: the lowest sequence, for every lock of a room.

What counts is what the lock itself reports, not that an order was sent: so it holds over restarts and outages, and a
lock that forgot (a new battery) is told again. The orders are of no worth by themselves and are not kept.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime

import structlog

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.model import Command, CommandResult, Device
from edge.card_key import SEQUENCE
from edge.hub import Hub
from edge.lock_rules import ORDER_LASTS, Decision, Lock, Untold, decide
from edge.rooms.signals import ConditionCleared, ConditionRaised, Evidence
from pms.link.down import RoomFactsBody

log = structlog.get_logger()

ROUND_SECONDS = 1.0
KIND = "lock_not_told"


class LockFloors:
    """Give it a task: `await floors.run()`. `learn` each room's facts, also those kept from before the start."""

    def __init__(self, hub: Hub, inventory: Inventory, catalog: Catalog) -> None:
        self._hub = hub
        self._locks = [device for device in inventory.devices.values() if _is_told(device, catalog)]
        self._floors: dict[str, int] = {}
        self._untold: dict[str, Untold] = {}
        self._ours: set[str] = set()
        self._orders = 0
        self._wake = asyncio.Event()

    def change(self, inventory: Inventory, catalog: Catalog) -> None:
        """Other devices from now on."""
        self._locks = [device for device in inventory.devices.values() if _is_told(device, catalog)]
        known = {device.id for device in self._locks}
        self._untold = {device: untold for device, untold in self._untold.items() if device in known}
        self._forget_what_is_gone()
        self._wake.set()

    def learn(self, body: RoomFactsBody) -> None:
        """What the front desk says of a room."""
        self._floors[body.room] = body.key_floor
        self._wake.set()

    def ended(self, result: CommandResult) -> bool:
        """Whether this is the end of an order of ours. How it ended does not matter: the lock says where it stands."""
        if result.id not in self._ours:
            return False
        self._ours.discard(result.id)
        self._hub.counters[f"lock_orders_{result.state}"] += 1
        return True

    async def run(self) -> None:
        """Look once a second, and at once when a floor has changed, until cancelled."""
        self._forget_what_is_gone()
        while True:
            self._wake.clear()
            self.look(self._hub.clock.now())
            try:
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def look(self, now: datetime) -> None:
        """See which locks are behind their room, and do what is due."""
        for device in self._locks:
            floor, before = self._floors.get(device.room or "", 0), self._untold.get(device.id)
            decision = decide(floor, self._lock(device), before, now)
            self._follow(device, decision, now)

    def behind(self) -> int:
        """Locks that have not said that they hold their room's floor."""
        return len(self._untold)

    def _lock(self, device: Device) -> Lock:
        room = self._hub.house.room(device.room)
        said = room.reported(device.id, SEQUENCE)
        number = isinstance(said, int | float) and not isinstance(said, bool)
        return Lock(int(said) if number and said is not None else None, not room.misses(device.id))

    def _follow(self, device: Device, decision: Decision, now: datetime) -> None:
        if decision.untold is None:
            self._untold.pop(device.id, None)
            if _key(device) in self._hub.conditions:
                self._hub.condition(ConditionCleared(_key(device), KIND, device.room, device.id))
            return
        if self._hub.house.room(device.room).muted and _key(device) in self._hub.conditions:
            self._hub.condition(ConditionCleared(_key(device), KIND, device.room, device.id))
        self._untold[device.id] = decision.untold
        if decision.order:
            self._order(device, decision.untold.floor, now)
        if decision.raise_fault and _key(device) not in self._hub.conditions:
            self._raise(device, decision.untold)

    def _order(self, device: Device, floor: int, now: datetime) -> None:
        field = self._hub.field
        if field is None:
            return
        self._orders += 1
        name = f"lock-{self._hub.journal.boot}-{self._orders}"
        self._ours.add(name)
        field.submit(Command(name, device.id, SEQUENCE, floor, now + ORDER_LASTS, by="edge", room=device.room))

    def _raise(self, device: Device, untold: Untold) -> None:
        lock = self._lock(device)
        params = {"floor": untold.floor, "reported": lock.reported, "online": lock.online}
        log.warning("lock.not_told", device=device.id, room=device.room, **params)
        since = Evidence("lock_not_told", untold.since, params)
        self._hub.condition(ConditionRaised(_key(device), KIND, device.room, device.id, "high", (since,)))

    def _forget_what_is_gone(self) -> None:
        """A lock that is no longer configured, or no longer takes the point: nobody can tell it any more."""
        known = {_key(device) for device in self._locks}
        for key in self._standing():
            if key not in known:
                device = key.partition(":")[2]
                self._hub.condition(ConditionCleared(key, KIND, self._hub.house.room_of(device).number or None, device))

    def _standing(self) -> Iterable[str]:
        return [key for key in self._hub.conditions.standing() if key.startswith(f"{KIND}:")]


def _is_told(device: Device, catalog: Catalog) -> bool:
    point = catalog.get(device.profile).points.get(SEQUENCE)
    return device.room is not None and point is not None and point.writable


def _key(device: Device) -> str:
    return f"{KIND}:{device.id}"
