"""A simulated Zigbee sensor behind a Tasmota bridge: the bridge says what the sensor sent, one attribute at a time."""

import json
from collections.abc import Collection
from typing import Any

from simulators.device import State
from simulators.dialects.wifi import WifiDevice
from simulators.mqtt import BrokerAddress, Message

ATTRIBUTES = {"temperature": "Temperature", "humidity": "Humidity", "battery": "BatteryPercentage"}


class ZigbeeBehindTasmota(WifiDevice):
    """The service of one sensor with the address BRIDGE#DEVICE; the connection and its will are the bridge's."""

    def __init__(self, state: State, address: BrokerAddress, client: str) -> None:
        self.bridge, _, self.device = state.device.address.partition("#")
        super().__init__(state, address, client, Message(f"tele/{self.bridge}/LWT", b"Offline", retain=True))

    def filters(self) -> list[str]:
        """A sensor takes no orders."""
        return []

    def announce(self) -> None:
        """The bridge is there; a sensor speaks when it likes."""
        self.session.publish(Message(f"tele/{self.bridge}/LWT", b"Online", retain=True))
        self.heartbeat(self.state)

    def report(self, state: State, changed: Collection[str]) -> None:
        """A message for each attribute."""
        link = int(float(state.values.get("link_quality") or 0))
        for point in changed:
            if point in ATTRIBUTES:
                value = round(float(state.values[point] or 0), 2)
                said: dict[str, Any] = {"Device": self.device, ATTRIBUTES[point]: value, "Endpoint": 1}
                body = {"ZbReceived": {self.device: said | {"LinkQuality": link}}}
                self.session.publish(Message(f"tele/{self.bridge}/SENSOR", json.dumps(body).encode()))

    def died(self, state: State, noticed: bool) -> None:
        """A sensor that falls silent: its bridge does not notice."""

    def revived(self, state: State) -> None:
        """It speaks again."""
        self.heartbeat(state)

    def heard(self, topic: str, payload: bytes) -> None:
        """Nothing is heard."""

    def pressed(self, word: str) -> None:
        """It has no button."""
