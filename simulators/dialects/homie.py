"""A simulated Homie device, 4 or 5 by its address: it describes itself, keeps its tree retained, obeys `set`."""

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from devices.model import Value
from simulators.device import State
from simulators.dialects.wifi import WifiDevice
from simulators.mqtt import BrokerAddress, Message


class Property(NamedTuple):
    """How a point is offered."""

    name: str
    datatype: str
    format: str = ""
    unit: str = ""
    settable: bool = False


PROPERTIES = {
    "door": Property("open", "boolean"),
    "window": Property("open", "boolean"),
    "contact": Property("contact", "boolean"),
    "motion": Property("motion", "boolean"),
    "presence": Property("presence", "boolean"),
    "leak": Property("leak", "boolean"),
    "smoke": Property("smoke", "boolean"),
    "keycard": Property("card", "enum", "in,out"),
    "relay": Property("power", "boolean", settable=True),
    "lux": Property("illuminance", "float", unit="lx"),
    "temperature": Property("temperature", "float", unit="°C"),
    "humidity": Property("humidity", "float", "0:100", "%"),
    "co2": Property("co2", "integer", unit="ppm"),
    "battery": Property("battery", "integer", "0:100", "%"),
    "power": Property("power", "float", unit="W"),
    "energy": Property("energy", "float", unit="Wh"),
    "voltage": Property("voltage", "float", unit="V"),
    "current": Property("current", "float", unit="A"),
    "setpoint": Property("setpoint", "float", "10:30:0.5", "°C", settable=True),
    "mode": Property("mode", "enum", "off,heat,cool,auto,fan", settable=True),
    "fan": Property("fan", "enum", "off,low,medium,high,auto", settable=True),
    "lock": Property("lock", "enum", "locked,unlocked,jammed", settable=True),
}
EVENT = Property("action", "enum", "single,double,panic")
MODES = {"vent": "fan", "eco": "auto"}


class HomieDevice(WifiDevice):
    """The service of one Homie device, or of one node of it (address TOPIC#NODE)."""

    def __init__(self, state: State, address: BrokerAddress, client: str) -> None:
        self.topic, _, named = state.device.address.partition("#")
        self.node = named or state.profile.id.rpartition("/")[2].replace("_", "-")
        self.fifth = self.topic.split("/")[-2] == "5"
        self._offered = {point: PROPERTIES[point] for point in state.values if point in PROPERTIES}
        super().__init__(state, address, client, Message(f"{self.topic}/$state", b"lost", retain=True))

    def filters(self) -> list[str]:
        """Orders to its properties."""
        return [f"{self.topic}/{self.node}/+/set"]

    def announce(self) -> None:
        """init, what it is, every value, ready."""
        self._say("$state", "init")
        for rest, text in self._description():
            self._say(rest, text)
        self.heartbeat(self.state)
        self._say("$state", "ready")

    def _description(self) -> list[tuple[str, str]]:
        properties = {offered.name: offered for offered in self._offered.values()}
        if self.state.profile.wire.get("event"):
            properties[EVENT.name] = EVENT
        return [("$description", json.dumps(self._document(properties)))] if self.fifth else self._tree(properties)

    def _document(self, properties: dict[str, Property]) -> dict[str, Any]:
        told = {name: self._told(offered) for name, offered in properties.items()}
        node = {"name": self.node, "type": "room", "properties": told}
        name = self.state.device.id
        return {"homie": "5.0", "version": 1, "name": name, "nodes": {self.node: node}}

    @staticmethod
    def _told(offered: Property) -> dict[str, Any]:
        said: dict[str, Any] = {"name": offered.name, "datatype": offered.datatype, "settable": offered.settable}
        said |= {"retained": offered is not EVENT}
        return said | {key: getattr(offered, key) for key in ("format", "unit") if getattr(offered, key)}

    def _tree(self, properties: dict[str, Property]) -> list[tuple[str, str]]:
        said = [("$homie", "4.0.0"), ("$name", self.state.device.id), ("$extensions", ""), ("$nodes", self.node)]
        said += [(f"{self.node}/$name", self.node), (f"{self.node}/$type", "room")]
        said.append((f"{self.node}/$properties", ",".join(properties)))
        for name, offered in properties.items():
            place = f"{self.node}/{name}"
            said += [(f"{place}/$name", name), (f"{place}/$datatype", offered.datatype)]
            said += [(f"{place}/$settable", "true" if offered.settable else "false")]
            said += [(f"{place}/${key}", getattr(offered, key)) for key in ("format", "unit") if getattr(offered, key)]
        return said

    def report(self, state: State, changed: Collection[str]) -> None:
        """The properties of what changed."""
        for point in changed:
            if offered := self._offered.get(point):
                self._say(f"{self.node}/{offered.name}", _spelled(point, state.values[point], offered))

    def pressed(self, word: str) -> None:
        """A property that is not retained."""
        kind = {"button": "single", "sos": "panic"}.get(word, word)
        self._say(f"{self.node}/{EVENT.name}", kind, retain=False)

    def heard(self, topic: str, payload: bytes) -> None:
        """An order. Raises ValueError or KeyError when it is none, or out of the declared format."""
        name = topic.split("/")[-2]
        point = next(one for one, offered in self._offered.items() if offered.name == name and offered.settable)
        value = _meant(point, payload.decode(), self._offered[point])
        if self.fifth:
            self._say(f"{self.node}/{name}/$target", payload.decode())
        self.obey(point, value)

    def _say(self, rest: str, text: str, retain: bool = True) -> None:
        self.session.publish(Message(f"{self.topic}/{rest}", text.encode(), retain=retain))


def _spelled(point: str, value: Value, offered: Property) -> str:
    if offered.datatype == "boolean":
        return "true" if value in (True, "open") else "false"
    if point == "keycard":
        return "in" if value else "out"
    if point == "mode":
        return MODES.get(str(value), str(value))
    if point == "energy":
        return str(round(float(value or 0) * 1000, 1))  # told in Wh
    return str(round(float(value), 3)) if isinstance(value, float) else str(value)


def _meant(point: str, text: str, offered: Property) -> Value:
    if offered.datatype == "boolean":
        return {"true": True, "false": False}[text]
    if offered.datatype == "float":
        lowest, highest, _ = (float(part) for part in offered.format.split(":"))
        if not lowest <= float(text) <= highest:
            raise ValueError(f"{point} takes {offered.format}")
        return float(text)
    if text not in offered.format.split(","):
        raise ValueError(f"{point} takes {offered.format}")
    return {"fan": "vent"}.get(text, text) if point == "mode" else text
