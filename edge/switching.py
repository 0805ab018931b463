"""Gives the parts of the edge other devices, all at the same instant: nothing here waits."""

from dataclasses import dataclass, replace
from typing import Protocol

from devices.catalog import Catalog
from devices.inventory import Inventory
from edge.configuration import Configuration, over_own_broker
from edge.health import HealthReport
from edge.home_assistant.opening import shown
from edge.home_assistant.output import HomeAssistantOutput
from edge.hub import Hub
from edge.orders import Orders
from edge.rooms.signals import Evidence
from gateway.changing import GatewayChange
from gateway.gateway import Gateway


class Follower(Protocol):
    """Somebody else who has to do with devices."""

    def change(self, inventory: Inventory, catalog: Catalog) -> None:
        """Other devices from now on."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Those who know the devices."""

    hub: Hub
    gateway: Gateway
    orders: Orders
    followers: tuple[Follower, ...]
    health: HealthReport
    home_assistant: HomeAssistantOutput | None


def switch(parts: Parts, configuration: Configuration, change: GatewayChange) -> list[str]:
    """Returns the rooms with other devices. They come first: the gateway tells them at once who is away."""
    inventory, catalog = change.after.inventory, change.after.catalog
    rooms = parts.hub.fit(configuration.inventory, catalog)
    parts.gateway.switch(change)
    parts.orders.change(inventory, catalog)
    for follower in parts.followers:
        follower.change(inventory, catalog)
    parts.health.change(inventory, over_own_broker(configuration.inventory))
    if parts.home_assistant is not None:
        parts.home_assistant.show(shown(configuration))
    _forget_what_is_gone(parts.hub, inventory)
    return rooms


def _forget_what_is_gone(hub: Hub, inventory: Inventory) -> None:
    """Faults of lines and devices that nobody speaks of any more."""
    for key in hub.conditions.of_other_lines(inventory.lines):
        hub.clear_condition(key)
    now = hub.clock.now()
    for gone in list(hub.conditions.orphans(lambda _, device: device is not None and device not in inventory.devices)):
        why = Evidence("device_removed", now, {"device": gone.device})
        hub.condition(replace(gone, evidence=(why,)))
