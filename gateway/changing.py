"""A change of the inventory while the gateway runs: everything that can fail is made first, then it is switched to."""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.inventory_diff import InventoryDiff, Stock, differences, lines_of
from devices.mqtt.router import MqttRouter
from gateway.making import ROUTED, LineMaker, Made, Member, members_of, router_of


@dataclass(frozen=True, slots=True)
class GatewayChange:
    """What is ready to be switched to. `ended`: lines whose connection is given up, before `begun` are connected.

    `routers` and `polled`: lines that stand and get other devices (MQTT, Modbus).
    """

    after: Stock
    diff: InventoryDiff
    members: Mapping[str, Member]
    ended: tuple[str, ...]
    begun: Mapping[str, Made]
    routers: Mapping[str, MqttRouter]
    polled: tuple[str, ...]


def prepared(before: Stock, after: Stock, maker: LineMaker) -> GatewayChange:
    """Nothing has happened yet. Raises whatever makes the new devices impossible (UnknownProfile, KeyError ...)."""
    diff, lines = differences(before, after), after.inventory.lines
    standing = lines_of(diff, before, after)
    anew = tuple(name for name in standing if lines[name].kind not in ROUTED)  # a byte line is its one device
    begun = {name: maker.make(after, lines[name]) for name in (*diff.lines_begun, *anew)}
    routers = {name: router_of(after, name) for name in standing if lines[name].kind == "mqtt"}
    polled = tuple(name for name in standing if lines[name].kind in ROUTED and name not in routers)
    return GatewayChange(after, diff, members_of(after), (*diff.lines_ended, *anew), begun, routers, polled)
