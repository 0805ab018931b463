"""From the journal to a hub that goes on where the last one stopped."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.mqtt.router import MqttRouter
from edge import bodies
from edge.house import House
from edge.hub import Hub
from edge.journal_rows import KeptMessage, Loaded
from edge.rooms.parameters import RoomParameters
from edge.rooms.room import Room
from edge.rooms.spares import is_spare
from gateway.parents import for_rooms
from pms.link.down import PropertyBody, RoomFactsBody

log = structlog.get_logger()


def told_property(loaded: Loaded) -> PropertyBody | None:
    """The property as the PMS told it last; None: it never did."""
    kept = loaded.facts.get("property", {}).get("")
    if kept is None:
        return None
    try:
        return PropertyBody.model_validate_json(kept)
    except ValidationError as error:
        log.warning("property.unusable", error=str(error)[:200])
        return None


def told_facts(loaded: Loaded) -> Iterator[RoomFactsBody]:
    """What the PMS told last of each room."""
    for kept in loaded.facts.get("room_facts", {}).values():
        try:
            yield RoomFactsBody.model_validate_json(kept)
        except ValidationError as error:
            log.warning("room_facts.unusable", error=str(error)[:200])


def parameters(timers: dict[str, float], zone: str, now: datetime) -> RoomParameters:
    """The rooms' limits, with the hotel's present distance from UTC."""
    offset = now.astimezone(ZoneInfo(zone)).utcoffset()
    minutes = offset.total_seconds() / 60 if offset is not None else 0.0
    return RoomParameters.of({**timers, "utc_offset_minutes": minutes})


def learn(hub: Hub, body: RoomFactsBody) -> None:
    """Tell a room what the front desk believes of it and what was set by hand."""
    room = hub.house.rooms.get(body.room)
    if room is None:
        hub.counters["facts_of_unknown_rooms"] += 1
        return
    hub.signal(room, bodies.room_facts(body))
    by_hand = bodies.override(body)
    if not _stands(room, by_hand.value, by_hand.until, hub.clock.now()):
        hub.signal(room, by_hand)


def recover(hub: Hub, inventory: Inventory, catalog: Catalog, loaded: Loaded) -> None:
    """Bring the rooms up to the last message of the journal, and forget faults of what is no longer configured."""
    for body in told_facts(loaded):
        learn(hub, body)
    _replay(hub, inventory, catalog, loaded)
    hub.fit(inventory, catalog)  # a room may remember devices that were moved or removed meanwhile
    for gone in list(hub.conditions.orphans(lambda room, device: _gone(hub.house, (inventory, catalog), room, device))):
        hub.condition(gone)
    for key in hub.conditions.of_other_lines(inventory.lines):
        hub.clear_condition(key)


def _replay(hub: Hub, inventory: Inventory, catalog: Catalog, loaded: Loaded) -> None:
    """Messages that were committed (and acknowledged) just before a crash and are in no room's snapshot yet."""
    routers: dict[str, MqttRouter] = {}
    for message in loaded.uncovered:
        line = inventory.lines.get(message.line)
        if line is None or line.kind != "mqtt":
            continue  # what is polled is polled again
        router = routers.get(message.line) or MqttRouter(inventory.on(message.line), catalog)
        routers[message.line] = router
        _again(hub, router, message, loaded)
    if loaded.uncovered:
        log.info("rooms.replayed", messages=len(loaded.uncovered))


def _again(hub: Hub, router: MqttRouter, message: KeptMessage, loaded: Loaded) -> None:
    decoded = router.decode(
        message.source, message.payload, message.received, message.line_sequence, retained=message.retained
    )
    for item in for_rooms(decoded).facts:
        room = hub.house.room(item.room)
        snapshot = loaded.rooms.get(room.number)
        if snapshot is None or message.seq > snapshot.covers:
            hub.replay(room, item, message.received)


def _gone(house: House, known: tuple[Inventory, Catalog], room: str | None, device: str | None) -> bool:
    """Nobody is to hear of it any more: the room or the device is not configured, or the device is a spare now."""
    if room is not None and room not in house.rooms:
        return True
    inventory, catalog = known
    found = inventory.devices.get(device) if device is not None else None
    return device is not None and (found is None or is_spare(found, catalog.get(found.profile)))


def _stands(room: Room, value: str | None, until: datetime | None, now: datetime) -> bool:
    shown = room.view(now)["occupancy"]
    if shown["source"] != "manual":
        return value is None
    return bool(shown["value"] == value and shown["until"] == until)
