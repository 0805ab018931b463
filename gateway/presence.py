"""Which devices are there, as the gateway sees it: what they and their bridges say, and the questions to them."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from devices.model import Device, LineState, LineStatus, Profile
from devices.mqtt.asking import questions
from gateway.health import Changes, Liveness, Memory
from gateway.lines.line import LineDownError
from gateway.parents import family_of, for_rooms
from gateway.ports import GatewayPorts, LineMessage

ASKED_AT_ONCE = 20
"""Devices that came back and are asked for their state at one look: a floor that returns does not flood its radio."""

Member = tuple[Device, Profile]
Publish = Callable[[str, str, bytes], None]
"""Line, topic, payload. Raises LineDownError."""


class Presence:
    """Tells the user of the gateway each change once, and asks a device that is back what it missed."""

    def __init__(
        self,
        members: Mapping[str, Member],
        ports: GatewayPorts,
        now: datetime,
        publish: Publish,
        remembered: Mapping[str, Memory],
    ) -> None:
        self._members = members
        self._ports = ports
        self._publish = publish
        self._back: deque[str] = deque()
        self._parents: dict[str, bool] = {}
        self._down: dict[str, str] = {}  # device: the bridge that is gone
        self.liveness = Liveness(tuple(members.values()), self._changed, now, self.ask, remembered)

    def look(self, now: datetime) -> None:
        """To be called each second."""
        self.liveness.look(now)
        for _ in range(min(ASKED_AT_ONCE, len(self._back))):
            self.ask(self._back.popleft())

    def change(self, members: Mapping[str, Member], change: Changes, now: datetime) -> None:
        """Other devices from now on; the new room of one that is away hears of it."""
        self._members = members
        self._back = deque(device for device in self._back if device in members)
        self._down = {
            device: parent
            for device, parent in self._down.items()
            if device in members and device not in change.exchanged
        }
        for parent in [name for name, up in self._parents.items() if not up and name not in self._down.values()]:
            del self._parents[parent]  # nobody is left behind it of whom it could tell anything
            self._ports.line_changed(LineStatus(parent, LineState.UP, now))
        self.liveness.change(tuple(members.values()), change, now)
        for device in change.moved:
            if self.liveness.online(device) is False:
                cause = self.liveness.cause(device) or self._down.get(device)
                self._changed(device, online=False, cause=cause)

    def heard(self, device: str, now: datetime) -> None:
        """A live message of the device; what comes through a bridge shows that it is there."""
        self._bridge_heard(device, now)
        self.liveness.heard(device, now)

    def said(self, device: str, now: datetime, *, online: bool, live: bool) -> None:
        """The device or its bridge says whether it is there."""
        if live:
            self._bridge_heard(device, now)
        self.liveness.said(device, online=online)

    def spoken_for(self, message: LineMessage) -> LineMessage:
        """What a message says of the presence of several devices is taken here; the rest of it is given back."""
        family = family_of(message)
        if family is None:
            return message
        self._tell(family.name, family.online, message.received, up=family.up)
        if family.up:
            for device, online in family.online.items():
                self.liveness.said(device, online=online)
        return message._replace(decoded=for_rooms(message.decoded))

    def ask(self, device: str) -> bool:
        """Ask a device for its state; whether that was possible."""
        known, profile = self._members[device]
        asked = questions(known, profile)
        try:
            for topic, payload in asked:
                self._publish(known.line, topic, payload)
        except LineDownError:
            return False
        return bool(asked)

    def _bridge_heard(self, device: str, now: datetime) -> None:
        if self._down and (parent := self._down.get(device)):
            self._tell(parent, [name for name, of in self._down.items() if of == parent], now, up=True)

    def _tell(self, parent: str, devices: Iterable[str], now: datetime, *, up: bool) -> None:
        children = list(devices)
        if self._parents.get(parent) is not up:
            self._parents[parent] = up
            state = LineState.UP if up else LineState.DOWN
            self._ports.line_changed(LineStatus(parent, state, now, None if up else "bridge_offline"))
        for device in children:
            if up:
                self._down.pop(device, None)
            else:
                self._down[device] = parent
        self.liveness.parent_changed(parent, children, now, up=up)

    def _changed(self, device: str, online: bool, cause: str | None) -> None:
        if online:
            self._back.append(device)
        self._ports.device_health(device, online, cause)
