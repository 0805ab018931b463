"""What simulated Wi-Fi devices have in common: a connection of their own, whose will tells that they are gone."""

from collections.abc import Collection
from typing import Any

from devices.model import Value
from simulators.device import State, UseCases
from simulators.mqtt import BrokerAddress, Message, Session


class WifiDevice:
    """The service of one device. A dialect says what it announces, reports and understands."""

    def __init__(self, state: State, address: BrokerAddress, client: str, will: Message) -> None:
        self.use: UseCases | None = None
        self.state = state
        self.session = Session(address, client, self, will)

    def add(self, device: UseCases) -> None:
        """The use cases through which orders change the device."""
        self.use = device

    def filters(self) -> list[str]:
        """Orders to it."""
        raise NotImplementedError

    def announce(self) -> None:
        """It is there."""
        raise NotImplementedError

    def heard(self, topic: str, payload: bytes) -> None:
        """An order. Raises ValueError or KeyError when it is none of ours."""
        raise NotImplementedError

    def report(self, state: State, changed: Collection[str]) -> None:
        """What changed."""
        raise NotImplementedError

    def pressed(self, word: str) -> None:
        """A press, in the dialect's way."""
        raise NotImplementedError

    def heartbeat(self, state: State) -> None:
        """Everything."""
        self.report(state, list(state.values))

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        """A press; an opened door is only the state of its lock."""
        if kind in ("button", "sos"):
            self.pressed(str(params.get("name", kind)))
        elif "lock" in state.values:
            self.report(state, ("lock",))

    def died(self, state: State, noticed: bool) -> None:  # noqa: ARG002 one device, one state
        """Power gone: the broker publishes the will."""
        if not noticed:
            self.session.cut()

    def revived(self, state: State) -> None:  # noqa: ARG002 one device, one state
        """Power back."""
        self.session.restore()

    def obey(self, point: str, value: Value) -> None:
        """An order; one that changes nothing is answered all the same. Raises KeyError: it has no such point."""
        if self.use is None or point not in self.state.values:
            raise KeyError(point)
        if self.state.values[point] == value:
            self.report(self.state, (point,))
        self.use.obeys(point, value)
