"""A simulated Tasmota device: its own connection with its last will, STATE and SENSOR, orders on cmnd/."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from devices.model import Value
from simulators.device import State, UseCases
from simulators.mqtt import BrokerAddress, Message, Session

SWITCHES = ("door", "contact", "window", "keycard", "motion", "occupancy_input", "presence", "leak", "smoke")
"""Points that hang on a switch input, in the order of their numbers."""


class TasmotaDevice:
    """The service of one Tasmota device with the topic `name` (`tele/<name>/...`)."""

    def __init__(self, state: State, address: BrokerAddress, client: str, now: Callable[[], datetime]) -> None:
        self.name, _, channel = state.device.address.removeprefix("tele/").removesuffix("/SENSOR").partition("#")
        self.channel = channel  # the number of its relay, switch or button; empty: it has one
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
        """`cmnd/<name>/POWER` with ON, OFF, TOGGLE or nothing (a question); the thermostat's; others are unknown."""
        command, word = topic.rpartition("/")[2].upper(), payload.decode().strip().upper()
        number = self.channel or 1
        if command in self._power_names() and self._output is not None:
            self._switch_output(word)
        elif command == f"TEMPTARGETSET{number}" and "setpoint" in self._state.values:
            self._obey("setpoint", float(word))
        elif command == f"THERMOSTATMODESET{number}" and "mode" in self._state.values:
            self._obey("mode", {"0": "off", "1": "auto"}[word])
        elif not self.channel or not command.startswith("POWER"):  # another channel is another of our devices
            self._say("stat", "RESULT", {"Command": "Unknown"})

    @property
    def _output(self) -> str | None:
        """The point that hangs on the relay."""
        return next((point for point in ("relay", "lock") if point in self._state.values), None)

    def _power_names(self) -> tuple[str, ...]:
        return (f"POWER{self.channel}",) if self.channel else ("POWER", "POWER1")

    def _is_on(self) -> bool:
        return self._state.values[str(self._output)] in (True, "unlocked")

    def _switch_output(self, word: str) -> None:
        on = {"ON": True, "1": True, "OFF": False, "0": False}.get(word, self._is_on())
        if word in {"TOGGLE", "2"}:
            on = not on
        if self.use is None or on == self._is_on():
            self._power()
        elif self._output == "lock":
            self.use.obeys("lock", "unlocked" if on else "locked")
        else:
            self.use.sense("relay", on)

    def _obey(self, point: str, value: Value) -> None:
        if self.use is None or self._state.values[point] == value:
            self._thermostat(point)
        else:
            self.use.obeys(point, value)

    def _thermostat(self, point: str) -> None:
        values, number = self._state.values, self.channel or 1
        mode = 0 if values.get("mode") == "off" else 1
        target = {f"TempTargetSet{number}": values.get("setpoint")}
        self._say("stat", "RESULT", target if point == "setpoint" else {f"ThermostatModeSet{number}": mode})

    def report(self, state: State, changed: Collection[str]) -> None:
        """A switch or the relay changed: RESULT at once, SENSOR with all values."""
        if self._output in changed:
            self._power()
        for point in ("setpoint", "mode"):
            if point in changed:
                self._thermostat(point)
        for number, point in self._switches():
            if point in changed:
                self._say("stat", "RESULT", {f"Switch{number}": {"Action": self._switch(state, point)}})
        if set(changed) - {"relay", "lock", "setpoint", "mode"}:
            self._say("tele", "SENSOR", self._sensor(state))

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:  # noqa: ARG002 one device
        """A button press; an opened door is only the relay of its strike."""
        if kind in ("button", "sos"):
            button = f"Button{self.channel or 1}"
            self._say("stat", "RESULT", {button: {"Action": str(params.get("name", kind)).upper()}})
        elif self._output == "lock":
            self._power()

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

    def _switches(self) -> list[tuple[int, str]]:
        present = [point for point in SWITCHES if point in self._state.values]
        return list(enumerate(present, start=int(self.channel or 1)))

    def _switch(self, state: State, point: str) -> str:
        return "ON" if state.values[point] in (True, "open") else "OFF"

    def _power(self) -> None:
        on, name = "ON" if self._is_on() else "OFF", self._power_names()[0]
        self._say("stat", "RESULT", {name: on})
        self.session.publish(Message(f"stat/{self.name}/{name}", on.encode()))

    def _time(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%S")  # its own idea of local time, without a zone

    def _status(self) -> dict[str, Any]:
        percent = round(float(self._state.values.get("link_quality") or 165) / 2.55)
        wifi = {"AP": 1, "SSId": "hotel", "Channel": 6, "RSSI": percent, "Signal": percent // 2 - 100, "LinkCount": 1}
        uptime = int((self._now() - self._started).total_seconds())
        status: dict[str, Any] = {"Time": self._time(), "UptimeSec": uptime, "Heap": 25, "Wifi": wifi}
        if self._output is not None:
            status[self._power_names()[0]] = "ON" if self._is_on() else "OFF"
        return status

    def _sensor(self, state: State) -> dict[str, Any]:
        said: dict[str, Any] = {"Time": self._time()}
        for number, point in self._switches():
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
    if "lux" in values:
        said["BH1750"] = {"Illuminance": values["lux"]}
    return said


def _energy(values: dict[str, Value]) -> dict[str, Any]:
    if "power" not in values:
        return {}
    total = round(float(values.get("energy") or 0), 3)
    said: dict[str, Any] = {"Total": total, "Yesterday": 0.9, "Today": 0.6, "Power": round(float(values["power"] or 0))}
    said |= {"Frequency": values["frequency"]} if "frequency" in values else {}
    return {"ENERGY": {**said, "Voltage": values.get("voltage", 230), "Current": values.get("current", 0)}}
