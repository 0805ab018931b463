"""Takes back the climate of empty rooms, and gives it back: looks at each room, remembers first, orders then.

What the guest had set, and the order, are one commit; only then does the order take the way of every order. So neither
a kill nor an outage loses the guest's setting. All that decides is in `edge.rooms.setbacks`.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import structlog

from devices.catalog import Catalog
from devices.inventory import Inventory
from edge.bodies import Fact, fact
from edge.energy_table import EnergyTable
from edge.hub import Hub
from edge.journal_rows import StoredCommand
from edge.rooms.energy_count import NAMES, Count, add
from edge.rooms.packing import pack, unpack
from edge.rooms.room import Room
from edge.rooms.setback_limits import PACE
from edge.rooms.setback_state import Order, Plan, Seen
from edge.rooms.setbacks import decide
from edge.setback_seen import Fixture, Told, fixtures, look
from pms.link.down import CommandBody, PropertyBody, RoomFactsBody

log = structlog.get_logger()

ROUND_SECONDS = 2.0
COUNTED_AT_ONCE_SECONDS = 30.0
"""Real seconds between two looks above which nobody looked in between: they are not counted."""
COUNTS_KEPT_EVERY_SECONDS = 60.0
AT_ONCE = 10
"""Rooms looked at without a pause: a millisecond of work."""
BY = "setback"
NO_DEVICES = Fixture((), frozenset(), (), ())


class Setbacks:
    """Give `run` a task. `learn` the facts of each room and `house` those of the property, also those from before."""

    def __init__(
        self, hub: Hub, table: EnergyTable, send: Callable[[StoredCommand], None], zone: Callable[[], str]
    ) -> None:
        self._hub = hub
        self._table = table
        self._limits = table.limits
        self._send = send
        self._zone = zone
        self._switch: bool | None = None
        self._told: dict[str, Told] = {}
        self._fixtures: dict[str, Fixture] = {}
        self._plans = {room: plan for room, kept in hub.journal.loaded.plans.items() if (plan := _plan(room, kept))}
        self._counts = {key: _count(body) for key, body in hub.journal.loaded.days.items()}
        self._uncounted: set[tuple[str, str]] = set()
        self._shown: dict[str, dict[str, Any]] = {}
        self._looked: tuple[float, datetime] | None = None
        self._kept_at = time.monotonic()
        self._orders = 0
        hub.shown_beside = self.shown

    def change(self, inventory: Inventory, catalog: Catalog) -> None:
        """Other devices from now on."""
        self._fixtures = fixtures(inventory, catalog, self._table.ventilation)

    def learn(self, body: RoomFactsBody) -> None:
        """What the front desk says of a room."""
        self._told[body.room] = Told(body.setbacks, body.expected)

    def house(self, body: PropertyBody) -> None:
        """What the PMS says of the hotel."""
        self._switch = body.setbacks

    @property
    def on(self) -> bool:
        """The hotel's switch, else the configuration."""
        return self._table.setbacks == "auto" if self._switch is None else self._switch

    def shown(self, room: str) -> dict[str, Any]:
        """What is shown of a room beside its own state."""
        return {"energy": self._shown[room]} if room in self._shown else {}

    async def run(self) -> None:
        """Look at all rooms again and again until cancelled."""
        try:
            while True:
                await self.look(ROUND_SECONDS)
        finally:
            self._keep_counts(self._hub.clock.now())

    async def look(self, spread: float = 0.0) -> None:
        """One round, in `spread` seconds: a house of many rooms goes on meanwhile."""
        seconds, rooms = self._since_last(), [room for room in self._hub.house.rooms.values() if room.number]
        parts = [rooms[first : first + AT_ONCE] for first in range(0, len(rooms), AT_ONCE)]
        for part in parts or [[]]:
            await self._look_at(part, seconds)
            await asyncio.sleep(spread / max(1, len(parts)))
        if time.monotonic() - self._kept_at >= COUNTS_KEPT_EVERY_SECONDS:
            self._keep_counts(self._hub.clock.now())

    async def _look_at(self, rooms: Iterable[Room], seconds: float) -> None:
        """What is ordered has been stored before; a disk that does not take it stops the orders."""
        now, known = self._hub.clock.now(), self._hub.house.rooms
        orders = [order for room in rooms if known.get(room.number) is room for order in self._room(room, now, seconds)]
        if orders:
            await self._hub.stored()
            for order in orders:
                self._send(order)

    def _room(self, room: Room, now: datetime, seconds: float) -> list[StoredCommand]:
        number = room.number
        fixture = self._fixtures.get(number, NO_DEVICES)
        seen = look(room, fixture, self._told_of(number), now, self._limits.least_confidence)
        before = self._plans.get(number, Plan())
        if not self.on and seen.off is None:
            seen = _switched_off(seen)
        decision = decide(seen, before, self._limits, now)
        self._add(number, (seen, decision.plan), now, (seconds, len(decision.orders)))
        orders = [self._order(number, order, decision.plan, now) for order in decision.orders]
        if decision.plan != before:
            self._plans[number] = decision.plan
            self._hub.keep(number, orjson.dumps(pack(decision.plan)), orders)
        self._show(number, decision.plan)
        return [stored for stored, _ in orders]

    def _told_of(self, number: str) -> Told:
        return self._told.get(number, Told())

    def _order(self, room: str, order: Order, plan: Plan, now: datetime) -> tuple[StoredCommand, Fact]:
        self._orders += 1
        deadline = now + PACE.lasts
        body = CommandBody(
            id=f"{BY}-{self._hub.journal.epoch[:12]}-{self._hub.journal.boot}-{self._orders}",
            room=room,
            device=order.device,
            point=order.point,
            value=order.value,
            deadline=deadline,
            by=BY,
        )
        why = plan.why.code if plan.why else ""
        said = fact("order", body.id, body.model_dump(mode="json") | {"at": now, "why": why})
        self._hub.counters["setback_orders_" + ("lower" if order.lowers else "restore")] += 1
        return StoredCommand(body.id, "accepted", body.model_dump_json().encode(), deadline.isoformat()), said

    def _show(self, number: str, plan: Plan) -> None:
        shown = shown_plan(plan)
        if self._shown.get(number) != shown:
            self._shown[number] = shown
            self._hub.show(number)

    def _since_last(self) -> float:
        """Seconds of the hotel since the last look; 0 when nobody looked in between."""
        real, now = time.monotonic(), self._hub.clock.now()
        before, self._looked = self._looked, (real, now)
        if before is None or real - before[0] > COUNTED_AT_ONCE_SECONDS:
            return 0.0
        return max(0.0, (now - before[1]).total_seconds())

    def _add(self, number: str, state: tuple[Seen, Plan], now: datetime, more: tuple[float, int]) -> None:
        seconds, orders = more
        if not seconds and not orders:
            return
        key = (number, now.astimezone(ZoneInfo(self._zone())).date().isoformat())
        before = self._counts.get(key, Count())
        self._counts[key] = add(before, *state, seconds, orders)
        self._uncounted.add(key)

    def _keep_counts(self, now: datetime) -> None:
        self._kept_at = time.monotonic()
        keys, self._uncounted = self._uncounted, set()
        bodies = {key: {name: getattr(self._counts[key], name) for name in NAMES} for key in keys}
        said = [
            fact("energy", f"{room}/{day}", {"room": room, "day": day, "at": now, **body})
            for (room, day), body in bodies.items()
        ]
        self._hub.count({key: orjson.dumps(body) for key, body in bodies.items()}, said)
        last = max((day for _, day in self._counts), default="")
        self._counts = {key: count for key, count in self._counts.items() if key[1] == last}


def shown_plan(plan: Plan) -> dict[str, Any]:
    """A plan in the shape of the link's `SensedEnergy`."""
    held = next((one for key, one in plan.held.items() if key.endswith("/setpoint")), None)
    return {
        "phase": str(plan.phase),
        "since": plan.since,
        "why": {"code": plan.why.code, "at": plan.why.at, "params": plan.why.params} if plan.why else None,
        "guest_c": held.guest if held else None,
        "wanted_c": held.wanted if held else None,
        "reached": held is not None and held.reached,
        "still": plan.still,
    }


def _switched_off(seen: Seen) -> Seen:
    return replace(seen, off="switched_off")


def _plan(room: str, kept: bytes) -> Plan | None:
    try:
        plan: Plan = unpack(Plan, orjson.loads(kept))
    except (ValueError, TypeError, KeyError) as error:
        log.warning("setback.plan_unusable", room=room, error=str(error))
        return None
    return plan


def _count(body: bytes) -> Count:
    kept: Mapping[str, Any] = orjson.loads(body)
    return Count(**{name: value for name, value in kept.items() if name in NAMES})
