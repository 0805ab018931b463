"""A simulated Shelly Gen2+ device: its will, notifications on events/rpc, status/ topics, JSON-RPC."""

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from devices.model import Power, Value
from simulators.device import State, UseCases
from simulators.dialects.shelly_status import component_of, components, order
from simulators.mqtt import BrokerAddress, Message, Session


class ShellyDevice:
    """The service of one Shelly device with the topic prefix that is its address."""

    def __init__(self, state: State, address: BrokerAddress, client: str, now: Callable[[], datetime]) -> None:
        self.prefix, _, self.channel = state.device.address.partition("#")
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
        whole = components(state)
        names = {component_of(state, point) for point in changed} & whole.keys()
        self._notify("NotifyStatus", {name: whole[name] for name in names})
        self._status({name: whole[name] for name in names})

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        """A button press; an opened door is only the relay of its strike."""
        if kind not in ("button", "sos"):
            self.report(state, ("lock",) if "lock" in state.values else ())
            return
        number, word = int(self.channel or 0), str(params.get("name", "emergency" if kind == "sos" else "single_push"))
        event = {"component": f"input:{number}", "id": number, "event": word, "ts": self._time()}
        self._notify("NotifyEvent", {"events": [event]})

    def heartbeat(self, state: State) -> None:
        """Everything."""
        whole = components(state)
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
        params = request.get("params") or {}
        if self.channel and str(params.get("id", "")) != self.channel:
            return  # for another of our devices in the same box
        source = str(request.get("src", ""))
        answer: dict[str, Any] = {"id": request.get("id"), "src": self.prefix, "dst": source}
        answer |= self._answer(str(request.get("method")), params)
        if source:
            self._say(f"{source}/rpc", answer)

    def _answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        whole = components(self._state)
        component, _, verb = method.partition(".")
        name = f"{component.lower()}:{params.get('id', 0)}"
        if method == "Shelly.GetStatus":
            return {"result": whole}
        if verb == "GetStatus" and name in whole:
            return {"result": whole[name]}
        wanted = order(self._state, method, params) if name in whole else None
        if wanted is None or self.use is None:
            return {"error": {"code": 404, "message": f"No handler for {method}"}}
        return {"result": self._obey(*wanted)}

    def _obey(self, point: str, value: Value) -> dict[str, Any]:
        assert self.use is not None  # noqa: S101 - asked for by the caller
        before = self._state.values[point]
        if before == value:
            self.report(self._state, (point,))
        self.use.obeys(point, value)
        return {"was_on": before in (True, "unlocked")} if point in ("relay", "lock") else {"restart_required": False}

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
