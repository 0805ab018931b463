"""A simulated ESPHome node: birth and last will on status, a topic for each entity, orders on command topics."""

import json
from collections.abc import Collection

from devices.model import Value
from simulators.device import State
from simulators.dialects.wifi import WifiDevice
from simulators.mqtt import BrokerAddress, Message

BINARY = ("door", "window", "contact", "motion", "leak", "smoke", "keycard")
MEASURED = {
    "temperature": ("temperature", 1),
    "humidity": ("humidity", 1),
    "co2": ("co2", 0),
    "lux": ("illuminance", 1),
    "power": ("power", 1),
    "energy": ("energy", 3),
    "voltage": ("voltage", 1),
    "current": ("current", 2),
}
"""Ends of the sensors' ids, and how many decimals they tell."""
MODES = {"vent": "fan_only", "eco": "auto"}
LOCKS = {"locked": "LOCKED", "unlocked": "UNLOCKED", "jammed": "JAMMED", "not_fully_locked": "UNLOCKING"}
ORDERED_MODES = {"OFF": "off", "HEAT": "heat", "COOL": "cool", "AUTO": "auto", "HEAT_COOL": "auto", "FAN_ONLY": "vent"}
ORDERED_FANS = ("OFF", "LOW", "MEDIUM", "HIGH", "AUTO")


class EspHomeNode(WifiDevice):
    """The service of one node, or of one entity of it (address PREFIX#OBJECT)."""

    def __init__(self, state: State, address: BrokerAddress, client: str) -> None:
        self.prefix, _, named = state.device.address.partition("#")
        self.object = named or state.device.id.replace("-", "_")
        super().__init__(state, address, client, Message(f"{self.prefix}/status", b"offline", retain=True))

    def filters(self) -> list[str]:
        """Orders to its entities."""
        return [f"{self.prefix}/+/{self.object}/command", f"{self.prefix}/climate/{self.object}/+/command"]

    def announce(self) -> None:
        """Online, then every state; states are retained, as ESPHome does unless it is told otherwise."""
        self.session.publish(Message(f"{self.prefix}/status", b"online", retain=True))
        self.heartbeat(self.state)

    def report(self, state: State, changed: Collection[str]) -> None:
        """The entities of what changed."""
        for point in changed:
            if point in state.values:
                self._tell(point, state.values[point])

    def pressed(self, word: str) -> None:
        """An event."""
        kind = {"button": "single", "sos": "panic"}.get(word, word)
        self._say(f"event/{self.object}/state", json.dumps({"event_type": kind}), retain=False)

    def heard(self, topic: str, payload: bytes) -> None:
        """An order. Raises ValueError or KeyError when it is none of ours."""
        component, *rest = topic.removeprefix(f"{self.prefix}/").split("/")
        point, value = self._order(component, rest[1] if component == "climate" else "", payload.decode())
        self.obey(point, value)

    @staticmethod
    def _order(component: str, part: str, text: str) -> tuple[str, Value]:
        if component == "light":
            return "relay", {"ON": True, "OFF": False}[json.loads(text)["state"]]
        if component == "switch":
            return "relay", {"ON": True, "OFF": False}[text.upper()]
        if component == "lock":
            return "lock", {"LOCK": "locked", "UNLOCK": "unlocked"}[text.upper()]
        if component == "number" or part == "target_temperature":
            return "setpoint", float(text)
        if part == "mode":
            return "mode", ORDERED_MODES[text.upper()]
        return "fan", ORDERED_FANS[ORDERED_FANS.index(text.upper())].lower()

    def _tell(self, point: str, value: Value) -> None:
        if told := self._entity(point, value):
            self._say(*told)

    def _entity(self, point: str, value: Value) -> tuple[str, str] | None:
        """The topic and the payload of a point."""
        has_climate = "mode" in self.state.values
        if point in BINARY:
            return f"binary_sensor/{self.object}/state", "ON" if value in (True, "open") else "OFF"
        if point == "presence":
            return f"binary_sensor/{self.object}_presence/state", "ON" if value else "OFF"
        if point in MEASURED and not (point == "temperature" and has_climate):
            name, decimals = MEASURED[point]
            return f"sensor/{self.object}_{name}/state", f"{float(value or 0):.{decimals}f}"
        if point == "relay":
            return self._relay(on=value is True)
        if point == "lock":
            return f"lock/{self.object}/state", LOCKS[str(value)]
        return self._climate(point, value) if has_climate else self._number(point, value)

    def _relay(self, on: bool) -> tuple[str, str]:
        word = "ON" if on else "OFF"
        if self.state.profile.id.endswith("/light"):
            return f"light/{self.object}/state", json.dumps({"state": word, "color_mode": "onoff"})
        return f"switch/{self.object}/state", word

    def _number(self, point: str, value: Value) -> tuple[str, str] | None:
        return (f"number/{self.object}/state", f"{float(value or 0):.1f}") if point == "setpoint" else None

    def _climate(self, point: str, value: Value) -> tuple[str, str] | None:
        place = f"climate/{self.object}"
        if point in ("temperature", "setpoint"):
            name = "current_temperature" if point == "temperature" else "target_temperature"
            return f"{place}/{name}/state", f"{float(value or 0):.1f}"
        if point == "mode":
            return f"{place}/mode/state", MODES.get(str(value), str(value))
        return (f"{place}/fan_mode/state", str(value)) if point == "fan" else None

    def _say(self, rest: str, text: str, retain: bool = True) -> None:
        self.session.publish(Message(f"{self.prefix}/{rest}", text.encode(), retain=retain))
