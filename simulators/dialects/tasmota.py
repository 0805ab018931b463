"""A simulated Tasmota device: its own connection with its last will, STATE and SENSOR, orders on cmnd/."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from devices.model import Value
from simulators.device import State, UseCases
from simulators.mqtt import BrokerAddress, Message, Session

SWITCHES = ("door", "contact", "window", "keycard", "motion", "occupancy_input")
"""Points that hang on a switch input, in the order of their numbers."""


class TasmotaDevice:
    """The service of one Tasmota device with the topic `name` (`tele/<name>/...`)."""

    def __init__(self, state: State, address: BrokerAddress, client: str, now: Callable[[], datetime]) -> None:
        self.name = state.device.address.removeprefix("tele/").removesuffix("/SENSOR")
        self.use: UseCases | None = None
        self._state = state
        self._now = now
        self._started = now()
        will = Message(f"tele/{self.name}/LWT", b"Offline", retain=True)
        self.session = Session(address, client, self, will)

    def add(self, device: UseCases) -> None:
        """The use cases through which orders change the device."""
        self.use = device

    def filters(self) -> list[str]:
        """Orders to this device."""
        return [f"cmnd/{self.name}/#"]

    def announce(self) -> None:
        """Online, then STATE and SENSOR."""
        self.session.publish(Message(f"tele/{self.name}/LWT", b"Online", retain=True))
        self.heartbeat(self._state)

    def heard(self, topic: str, payload: bytes) -> None:
        """`cmnd/<name>/POWER` with ON, OFF, TOGGLE or nothing (a question); others are unknown commands."""
        command = topic.rpartition("/")[2].upper()
        if command not in {"POWER", "POWER1"} or "relay" not in self._state.values:
            self._say("stat", "RESULT", {"Command": "Unknown"})
            return
        word = payload.decode().strip().upper()
        on = {"ON": True, "1": True, "OFF": False, "0": False}.get(word, bool(self._state.values["relay"]))
        if word in {"TOGGLE", "2"}:
            on = not on
        if self.use is None or on == self._state.values["relay"]:
            self._power()
        else:
            self.use.sense("relay", on)

    def report(self, state: State, changed: Collection[str]) -> None:
        """A switch or the relay changed: RESULT at once, SENSOR with all values."""
        if "relay" in changed:
            self._power()
        for number, point in enumerate(self._switches(), start=1):
            if point in changed:
                self._say("stat", "RESULT", {f"Switch{number}": {"Action": self._switch(state, point)}})
        if set(changed) - {"relay"}:
            self._say("tele", "SENSOR", self._sensor(state))

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:  # noqa: ARG002 one device
        """A button press."""
        self._say("stat", "RESULT", {"Button1": {"Action": str(params.get("name", kind)).upper()}})

    def heartbeat(self, state: State) -> None:
        """What comes each TelePeriod."""
        self._say("tele", "STATE", self._status())
        self._say("tele", "SENSOR", self._sensor(state))

    def died(self, state: State, noticed: bool) -> None:  # noqa: ARG002 one device
        """Power gone: the broker publishes the will."""
        if not noticed:
            self.session.cut()

    def revived(self, state: State) -> None:  # noqa: ARG002 one device
        """Power back."""
        self.session.restore()

    def _switches(self) -> list[str]:
        return [point for point in SWITCHES if point in self._state.values]

    def _switch(self, state: State, point: str) -> str:
        return "ON" if state.values[point] in (True, "open") else "OFF"

    def _power(self) -> None:
        on = "ON" if self._state.values["relay"] else "OFF"
        self._say("stat", "RESULT", {"POWER": on})
        self.session.publish(Message(f"stat/{self.name}/POWER", on.encode()))

    def _time(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%S")  # its own idea of local time, without a zone

    def _status(self) -> dict[str, Any]:
        percent = round(float(self._state.values.get("link_quality") or 165) / 2.55)
        wifi = {"AP": 1, "SSId": "hotel", "Channel": 6, "RSSI": percent, "Signal": percent // 2 - 100, "LinkCount": 1}
        uptime = int((self._now() - self._started).total_seconds())
        status: dict[str, Any] = {"Time": self._time(), "UptimeSec": uptime, "Heap": 25, "Wifi": wifi}
        if "relay" in self._state.values:
            status["POWER"] = "ON" if self._state.values["relay"] else "OFF"
        return status

    def _sensor(self, state: State) -> dict[str, Any]:
        said: dict[str, Any] = {"Time": self._time()}
        for number, point in enumerate(self._switches(), start=1):
            said[f"Switch{number}"] = self._switch(state, point)
        said |= _climate(state.values) | _energy(state.values)
        return said

    def _say(self, kind: str, what: str, body: dict[str, Any]) -> None:
        said = json.dumps(body, separators=(",", ":")).encode()
        self.session.publish(Message(f"{kind}/{self.name}/{what}", said))


def _climate(values: dict[str, Value]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if "temperature" in values:
        temperature = round(float(values["temperature"] or 0), 1)
        humidity = round(float(values.get("humidity") or 0), 1)
        dew = round(temperature - (100 - humidity) / 5, 1)
        said["SI7021"] = {"Temperature": temperature, "Humidity": humidity, "DewPoint": dew}
        said["TempUnit"] = "C"
    if "co2" in values:
        said["SCD40"] = {"CarbonDioxide": values["co2"]}
    return said


def _energy(values: dict[str, Value]) -> dict[str, Any]:
    if "power" not in values:
        return {}
    total = round(float(values.get("energy") or 0), 3)
    said = {"Total": total, "Yesterday": 0.9, "Today": 0.6, "Power": round(float(values["power"] or 0))}
    return {"ENERGY": {**said, "Voltage": values.get("voltage", 230), "Current": values.get("current", 0)}}
