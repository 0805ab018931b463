"""A simulated Shelly Gen2+ device: its will, notifications on events/rpc, status/ topics, JSON-RPC."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from devices.model import Power, Value
from simulators.device import State, UseCases
from simulators.mqtt import BrokerAddress, Message, Session

Component = tuple[str, dict[str, Any]]
INPUTS = ("contact", "keycard", "window", "motion")
ALARMS = {"leak": "flood", "smoke": "smoke"}


def _switch(values: dict[str, Value]) -> list[Component]:
    if "relay" not in values:
        return []
    said: dict[str, Any] = {"id": 0, "source": "MQTT", "output": bool(values["relay"])}
    if "power" in values:
        watt_hours = round(float(values.get("energy") or 0) * 1000, 1)  # Shelly counts Wh
        said |= {"apower": values["power"], "voltage": values.get("voltage", 230.0)}
        said |= {"current": values.get("current", 0.0), "aenergy": {"total": watt_hours}}
    return [("switch:0", said)]


def _inputs(values: dict[str, Value]) -> list[Component]:
    present = [point for point in INPUTS if point in values]
    return [(f"input:{number}", {"id": number, "state": bool(values[point])}) for number, point in enumerate(present)]


def _alarms(values: dict[str, Value]) -> list[Component]:
    present = [point for point in ALARMS if point in values]
    return [(f"{ALARMS[point]}:0", {"id": 0, "alarm": bool(values[point]), "mute": False}) for point in present]


def _measured(values: dict[str, Value]) -> list[Component]:
    said: list[Component] = []
    if "temperature" in values:
        celsius = round(float(values["temperature"] or 0), 1)
        said.append(("temperature:0", {"id": 0, "tC": celsius, "tF": round(celsius * 1.8 + 32, 1)}))
    if "humidity" in values:
        said.append(("humidity:0", {"id": 0, "rh": round(float(values["humidity"] or 0), 1)}))
    if "battery" in values:
        percent = int(float(values["battery"] or 0))
        volts = round(4.0 + percent / 50, 2)
        cell = {"V": volts, "percent": percent}
        said.append(("devicepower:0", {"id": 0, "battery": cell, "external": {"present": False}}))
    return said


def components(values: dict[str, Value]) -> dict[str, dict[str, Any]]:
    """The device's whole status, by component."""
    return dict(_switch(values) + _inputs(values) + _alarms(values) + _measured(values))


COMPONENT_OF = {"relay": "switch:0", "power": "switch:0", "energy": "switch:0", "battery": "devicepower:0"} | {
    "temperature": "temperature:0",
    "humidity": "humidity:0",
    "leak": "flood:0",
    "smoke": "smoke:0",
}


class ShellyDevice:
    """The service of one Shelly device with the topic prefix that is its address."""

    def __init__(self, state: State, address: BrokerAddress, client: str, now: Callable[[], datetime]) -> None:
        self.prefix = state.device.address
        self.use: UseCases | None = None
        self._state = state
        self._now = now
        will = Message(f"{self.prefix}/online", b"false", retain=True)
        self.session = Session(address, client, self, will)

    def add(self, device: UseCases) -> None:
        """The use cases through which orders change the device."""
        self.use = device

    def filters(self) -> list[str]:
        """JSON-RPC requests."""
        return [f"{self.prefix}/rpc"]

    def announce(self) -> None:
        """Online, and everything as NotifyFullStatus and as status topics."""
        self.session.publish(Message(f"{self.prefix}/online", b"true", retain=True))
        self.heartbeat(self._state)

    def report(self, state: State, changed: Collection[str]) -> None:
        """What changed, as a delta; a battery device has just woken up and says everything."""
        if state.profile.power is Power.BATTERY:
            self.heartbeat(state)
            return
        whole = components(state.values)
        names = {COMPONENT_OF.get(point, "input:0") for point in changed} & whole.keys()
        self._notify("NotifyStatus", {name: whole[name] for name in names})
        self._status({name: whole[name] for name in names})

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:  # noqa: ARG002 one device, one state
        """A button press."""
        event = {"component": "input:0", "id": 0, "event": str(params.get("name", "single_push")), "ts": self._time()}
        self._notify("NotifyEvent", {"events": [event]})

    def heartbeat(self, state: State) -> None:
        """Everything."""
        whole = components(state.values)
        self._notify("NotifyFullStatus", whole)
        self._status(whole)

    def died(self, state: State, noticed: bool) -> None:  # noqa: ARG002 one device, one state
        """Power gone: the broker publishes the will."""
        if not noticed:
            self.session.cut()

    def revived(self, state: State) -> None:  # noqa: ARG002 one device, one state
        """Power back."""
        self.session.restore()

    def heard(self, topic: str, payload: bytes) -> None:  # noqa: ARG002 there is only the one topic
        """A JSON-RPC request; the answer goes to `<src>/rpc`. Raises ValueError when it is not JSON."""
        request = json.loads(payload)
        source = str(request.get("src", ""))
        answer: dict[str, Any] = {"id": request.get("id"), "src": self.prefix, "dst": source}
        answer |= self._answer(str(request.get("method")), request.get("params") or {})
        if source:
            self._say(f"{source}/rpc", answer)

    def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        whole = components(self._state.values)
        component, _, verb = method.partition(".")
        name = f"{component.lower()}:{params.get('id', 0)}"
        if method in {"Shelly.GetStatus"}:
            return {"result": whole}
        if verb == "GetStatus" and name in whole:
            return {"result": whole[name]}
        if method in {"Switch.Set", "Switch.Toggle"} and name in whole and self.use is not None:
            before = bool(self._state.values["relay"])
            self.use.sense("relay", bool(params["on"]) if verb == "Set" else not before)
            return {"result": {"was_on": before}}
        return {"error": {"code": 404, "message": f"No handler for {method}"}}

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        body = {"src": self.prefix, "dst": f"{self.prefix}/events", "method": method}
        self._say(f"{self.prefix}/events/rpc", {**body, "params": {"ts": self._time(), **params}})

    def _status(self, parts: dict[str, dict[str, Any]]) -> None:
        for name, part in parts.items():
            self._say(f"{self.prefix}/status/{name}", part)

    def _time(self) -> float:
        return round(self._now().timestamp(), 2)

    def _say(self, topic: str, body: dict[str, Any]) -> None:
        self.session.publish(Message(topic, json.dumps(body, separators=(",", ":")).encode()))
