"""A simulated Zigbee2MQTT bridge with its devices: one connection, retained availability, cached fields repeated."""

import json
from collections.abc import Callable, Collection
from typing import Any

from devices.model import Power, Value
from simulators.device import NOBODY, State, UseCases
from simulators.mqtt import BrokerAddress, Message, Session

ONLINE, OFFLINE = b'{"state":"online"}', b'{"state":"offline"}'
WHY_NOT_NOW = frozenset({"expired", "no_right"})
"""Refusals that Zigbee knows as those of a schedule; all others are those of an unknown card."""

Properties = dict[str, Any]


def _lock(value: Value) -> Properties:
    states = {"locked": "LOCK", "unlocked": "UNLOCK"}
    return {"lock_state": value if value in states else "not_fully_locked", "state": states.get(str(value), "UNLOCK")}


def _plain(name: str) -> Callable[[Value], Properties]:
    return lambda value: {name: value}


PROPERTIES: dict[str, Callable[[Value], Properties]] = {
    "door": lambda value: {"contact": value == "closed"},
    "window": lambda value: {"contact": not value},
    "contact": lambda value: {"contact": not value},
    "motion": _plain("occupancy"),
    "presence": _plain("presence"),
    "leak": _plain("water_leak"),
    "smoke": _plain("smoke"),
    "tamper": _plain("tamper"),
    "temperature": lambda value: {"temperature": round(float(value or 0), 2)},
    "humidity": lambda value: {"humidity": round(float(value or 0), 2)},
    "co2": _plain("co2"),
    "lux": _plain("illuminance"),
    "lock": _lock,
    "bolt": _plain("privacy"),
    "relay": lambda value: {"state": "ON" if value else "OFF"},
    "power": _plain("power"),
    "energy": _plain("energy"),
    "voltage": _plain("voltage"),
    "current": _plain("current"),
    "battery": _plain("battery"),
    "battery_low": _plain("battery_low"),
    "link_quality": _plain("linkquality"),
    "keycard": lambda value: {"contact": value},
    "fan": _plain("fan_mode"),
    "pressure": _plain("pressure"),
    "voc": _plain("voc"),
    "setpoint": _plain("occupied_heating_setpoint"),
    "key_sequence": _plain("key_sequence"),
    "record": _plain("record"),
    "mode": lambda value: {"system_mode": {"vent": "fan_only", "eco": "auto"}.get(str(value), value)},
}
"""How each point is spelled. A value the device never learned (sos and button are events) is not said."""


SWITCH: dict[str, tuple[str, Value]] = {
    "LOCK": ("lock", "locked"),
    "UNLOCK": ("lock", "unlocked"),
    "ON": ("relay", True),
    "OFF": ("relay", False),
}


def payload(state: State) -> Properties:
    """Everything the bridge has cached of the device: each message repeats it all."""
    said: Properties = {}
    for point, value in state.values.items():
        if point in PROPERTIES:
            said.update(PROPERTIES[point](value))
    if "setpoint" in state.values and "temperature" in said:
        said["local_temperature"] = said.pop("temperature")
    return said


def wanted(order: Properties) -> dict[str, Value]:
    """What a `/set` payload orders, as points. An unknown property is ignored, as the real one does."""
    points: dict[str, Value] = {}
    state = str(order.get("state", "")).upper()
    if state in SWITCH:
        point, value = SWITCH[state]
        points[point] = value
    if "occupied_heating_setpoint" in order:
        points["setpoint"] = float(order["occupied_heating_setpoint"])
    if "system_mode" in order:
        points["mode"] = "vent" if order["system_mode"] == "fan_only" else str(order["system_mode"])
    sequence = order.get("key_sequence")
    if type(sequence) is int and sequence >= 0:
        points["key_sequence"] = sequence
    return points


class Zigbee2MqttBridge:
    """The bridge's service: the devices it speaks for, and its own topics under `base`."""

    def __init__(self, base: str, address: BrokerAddress, name: str) -> None:
        self.base = base
        self.devices: dict[str, list[UseCases]] = {}  # by topic; one thing may be two devices of the inventory
        will = Message(f"{base}/bridge/state", OFFLINE, retain=True)
        self.session = Session(address, name, self, will)

    def add(self, device: UseCases) -> None:
        """Pair a device with the bridge."""
        self.devices.setdefault(device.state.device.address, []).append(device)

    def filters(self) -> list[str]:
        """What the real bridge listens to: requests to itself, orders to its devices."""
        orders = [f"{topic}/{verb}" for topic in self.devices for verb in ("set", "get")]
        return [f"{self.base}/bridge/request/#", *orders]

    def announce(self) -> None:
        """Bridge online, who is paired, and every cached state again (not retained)."""
        self._say("bridge/state", ONLINE, retain=True)
        self._say("bridge/info", _json({"version": "2.12.1", "config": {}, "permit_join": False}), retain=True)
        self._say("bridge/devices", _json([_paired(parts[0].state) for parts in self.devices.values()]), retain=True)
        for parts in self.devices.values():
            state = parts[0].state
            self._availability(state, ONLINE if state.alive else OFFLINE)
            if state.alive:
                self.report(state, ())

    def heard(self, topic: str, payload: bytes) -> None:
        """An order to a device, or a request to the bridge. Raises ValueError when it is not JSON."""
        if topic.startswith(f"{self.base}/bridge/request/"):
            self._answer(topic.removeprefix(f"{self.base}/bridge/request/"), payload)
            return
        name, _, verb = topic.rpartition("/")
        parts = self.devices[name]
        if not parts[0].state.alive:
            return  # a real order to a dead device ends in the bridge's log
        if verb == "set":
            for point, value in wanted(json.loads(payload)).items():
                for part in parts:
                    part.obeys(point, value)
        self.report(parts[0].state, ())

    def report(self, state: State, changed: Collection[str]) -> None:  # noqa: ARG002 the whole cache is said anyway
        """One message with everything cached."""
        self._publish(state, self._cached(state))

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        """An action: said once with the cached state, then emptied."""
        said = self._cached(state)
        self._publish(state, {**said, **_action(kind, params)})
        self._publish(state, {**said, "action": ""})

    def heartbeat(self, state: State) -> None:
        """The device reports by itself from time to time."""
        for part in self.devices[state.device.address]:
            part.jitter()
        self.report(state, ())

    def died(self, state: State, noticed: bool) -> None:
        """Silence; the bridge says so once it has noticed."""
        if noticed:
            self._availability(state, OFFLINE)

    def revived(self, state: State) -> None:
        """Available again, and its state read anew."""
        self._availability(state, ONLINE)
        self.report(state, ())

    def _answer(self, request: str, payload: bytes) -> None:
        body = json.loads(payload) if payload.strip().startswith(b"{") else {}
        answer: Properties = {"data": {}, "status": "error", "error": f"unknown request {request}"}
        if request == "health_check":
            answer = {"data": {"healthy": True}, "status": "ok"}
        if "transaction" in body:
            answer["transaction"] = body["transaction"]
        self._say(f"bridge/response/{request}", _json(answer))

    def _cached(self, state: State) -> Properties:
        said: Properties = {}
        for part in self.devices[state.device.address]:
            said.update(payload(part.state))
        return said

    def _availability(self, state: State, said: bytes) -> None:
        self.session.publish(Message(f"{state.device.address}/availability", said, retain=True))

    def _publish(self, state: State, said: Properties) -> None:
        self.session.publish(Message(state.device.address, _json(said)))

    def _say(self, topic: str, said: bytes, retain: bool = False) -> None:
        self.session.publish(Message(f"{self.base}/{topic}", said, retain=retain))


def _action(kind: str, params: dict[str, Any]) -> Properties:
    if kind == "access":
        told = {key: value for key, value in params.items() if key not in {"result", "user"}}
        by_card = {"action_source": 3, "action_source_name": "rfid", "action_user": params["user"]}
        return {"action": _access(params), **by_card, **told}
    if kind == "egress":
        inside = {"action": "manual_unlock", "action_source": 2, "action_source_name": "manual"}
        return {**inside, "action_user": NOBODY}
    if kind == "sos":
        return {"action": "emergency"}
    return {"action": str(params.get("name", "single"))}


def _access(params: dict[str, Any]) -> str:
    if params["result"] == "granted":
        return "unlock"
    schedule = params.get("denied_reason") in WHY_NOT_NOW
    return "unlock_failure_invalid_schedule" if schedule else "unlock_failure_invalid_pin_or_id"


def _paired(state: State) -> Properties:
    source = "Battery" if state.profile.power is Power.BATTERY else "Mains (single phase)"
    return {
        "friendly_name": state.device.address.partition("/")[2],
        "ieee_address": f"0x{abs(hash_of(state.device.id)):016x}",
        "type": "EndDevice" if state.profile.power is Power.BATTERY else "Router",
        "power_source": source,
        "supported": True,
        "interview_completed": True,
        "definition": {"model": state.profile.id, "vendor": "Simulated", "description": state.profile.label},
    }


def hash_of(text: str) -> int:
    """A number for a name that is the same in every run."""
    return int.from_bytes(text.encode()[:8].rjust(8, b"\0"), "big")


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
