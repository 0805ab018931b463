"""A simulated Shelly of the first generation: a topic a value, its will on `online`, presses told again and again."""

import json
from collections.abc import Collection
from typing import Any

from devices.model import Power, Value
from simulators.device import State
from simulators.dialects.wifi import WifiDevice
from simulators.mqtt import BrokerAddress, Message

INPUTS = ("contact", "keycard")
IN_STATUS = ("motion", "setpoint")
"""Devices that tell everything in one JSON object."""


class ShellyGen1Device(WifiDevice):
    """The service of one device with the topics `shellies/<model>-<id>/...` (address STEM#CHANNEL: another channel)."""

    def __init__(self, state: State, address: BrokerAddress, client: str) -> None:
        self.stem, _, channel = state.device.address.partition("#")
        self.channel = channel or "0"
        self._presses = 0
        self._pressed = ""
        super().__init__(state, address, client, Message(f"{self.stem}/online", b"false", retain=True))

    def filters(self) -> list[str]:
        """Orders to its outputs, to the valve, and to all Shellies."""
        return [f"{self.stem}/+/{self.channel}/command", f"{self.stem}/thermostat/0/command/target_t"]

    def announce(self) -> None:
        """Online, then everything."""
        self._say("online", "true", retain=True)
        self.heartbeat(self.state)

    def report(self, state: State, changed: Collection[str]) -> None:
        """What changed; a battery device has just woken up and says everything."""
        if state.profile.power is Power.BATTERY or set(changed) & set(IN_STATUS):
            self.heartbeat(state)
            return
        for point in changed:
            for rest, text in self._told(point, state.values[point]):
                self._say(rest, text)

    def pressed(self, word: str) -> None:
        """A press: S short, L long."""
        self._presses += 1
        self._pressed = {"button": "S", "sos": "L"}.get(word, word)
        self._press()

    def heartbeat(self, state: State) -> None:
        """Everything, the last press among it."""
        if set(IN_STATUS) & state.values.keys():
            self._say("status", json.dumps(self._status(state.values)))
            return
        for point, value in state.values.items():
            for rest, text in self._told(point, value):
                self._say(rest, text)
        if self.state.profile.wire.get("event"):
            self._press()

    def heard(self, topic: str, payload: bytes) -> None:
        """An order. Raises ValueError or KeyError when it is none of ours."""
        word = payload.decode()
        if topic.endswith("/target_t"):
            self.obey("setpoint", float(word))
            return
        on = {"on": True, "off": False}[word]
        if "lock" in self.state.values:
            self.obey("lock", "unlocked" if on else "locked")
        else:
            self.obey("relay", on)

    def _told(self, point: str, value: Value) -> list[tuple[str, str]]:
        """Topics and payloads of a point."""
        channel, number = self.channel, float(value) if isinstance(value, int | float) else 0.0
        output = "light" if self.state.profile.id.endswith("/light") else "relay"
        meter = self.state.profile.id.endswith("/meter")
        watt = f"emeter/{channel}/power" if meter else f"{output}/{channel}/power"
        told = {
            "relay": (f"{output}/{channel}", "on" if value else "off"),
            "lock": (f"relay/{channel}", "on" if value == "unlocked" else "off"),
            "power": (watt, f"{number:.2f}"),
            "voltage": (f"emeter/{channel}/voltage", f"{number:.2f}"),
            "current": (f"emeter/{channel}/current", f"{number:.2f}"),
            "door": ("sensor/state", "open" if value == "open" else "close"),
            "window": ("sensor/state", "open" if value else "close"),
            "lux": ("sensor/lux", str(round(number))),
            "temperature": ("sensor/temperature", f"{number:.2f}"),
            "humidity": ("sensor/humidity", f"{number:.1f}"),
            "leak": ("sensor/flood", "true" if value else "false"),
            "smoke": ("sensor/smoke", "true" if value else "false"),
            "battery": ("sensor/battery", str(round(number))),
        }
        if point == "energy":  # watt-hours of a meter, watt-minutes of a relay
            return [(f"emeter/{channel}/total", f"{number * 1000:.1f}")] if meter else self._minutes(number)
        if point in INPUTS:
            return [(f"input/{channel}", "1" if value else "0")]
        return [told[point]] if point in told else []

    def _minutes(self, energy: float) -> list[tuple[str, str]]:
        return [(f"relay/{self.channel}/energy", str(round(energy * 60_000)))]

    @staticmethod
    def _status(values: dict[str, Value]) -> dict[str, Any]:
        warm = {"value": round(float(values.get("temperature") or 0), 1), "units": "C", "is_valid": True}
        if "setpoint" in values:
            target = {"enabled": True, "value": values["setpoint"], "units": "C"}
            return {"calibrated": True, "charger": False, "target_t": target, "tmp": warm, "bat": values["battery"]}
        said = {"motion": values["motion"], "timestamp": 1_795_348_800, "active": True}
        return said | {"vibration": values["tamper"], "lux": values["lux"], "bat": values["battery"], "tmp": warm}

    def _press(self) -> None:
        body = {"event": self._pressed, "event_cnt": self._presses}
        self._say(f"input_event/{self.channel}", json.dumps(body))

    def _say(self, rest: str, text: str, retain: bool = False) -> None:
        self.session.publish(Message(f"{self.stem}/{rest}", text.encode(), retain=retain))
