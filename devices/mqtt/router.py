"""Which topic is whose: one look-up a message, then the closure that was compiled for it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import entry_points
from math import isclose

from devices.catalog import Catalog
from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, PointSpec, Quality, Reading, Rejected
from devices.mqtt.dialect import IGNORED, NOTHING, Dialect, Finder, Handler, Member
from devices.mqtt.esphome import EspHome
from devices.mqtt.homie import Homie
from devices.mqtt.mapped import Mapped
from devices.mqtt.shelly import Shelly
from devices.mqtt.shelly_gen1 import ShellyGen1
from devices.mqtt.tasmota import Tasmota
from devices.mqtt.topical import together
from devices.mqtt.topics import fewest
from devices.mqtt.zigbee2mqtt import Zigbee2Mqtt

ENTRY_POINTS = "innkeeper.dialects"
BUILT_IN: dict[str, type[Dialect]] = {
    "zigbee2mqtt": Zigbee2Mqtt,
    "tasmota": Tasmota,
    "shelly": Shelly,
    "shelly_gen1": ShellyGen1,
    "esphome": EspHome,
    "homie": Homie,
    "mapped": Mapped,
}


def dialects() -> dict[str, type[Dialect]]:
    """The built-in dialects and those of installed extensions."""
    return BUILT_IN | {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


class MqttRouter:
    """The codec of one MQTT line: made from its devices, used for every message on it."""

    def __init__(self, devices: Sequence[Device], catalog: Catalog) -> None:
        self._members: dict[str, Member] = {device.id: (device, catalog.get(device.profile)) for device in devices}
        known = dialects()
        by_dialect: dict[str, list[Member]] = defaultdict(list)
        for member in self._members.values():
            by_dialect[member[1].dialect].append(member)
        self._dialects = {name: known[name](members) for name, members in by_dialect.items()}
        self._handlers = _table(list(self._dialects.values()))
        self._finders = [dialect for dialect in self._dialects.values() if isinstance(dialect, Finder)]
        self.filters: tuple[str, ...] = fewest(one for dialect in self._dialects.values() for one in dialect.filters)

    def decode(self, topic: str, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        """What the message says. Never raises: what cannot be understood is in `rejected`, with a reason code."""
        handler = self._handlers.get(topic) or self._found(topic)
        if handler is None:
            return self._unheard_of(topic)
        return handler(payload, received, sequence, retained)

    def _found(self, topic: str) -> Handler | None:
        """Who understands a topic that no profile could name beforehand."""
        found = (finder.find(topic) for finder in self._finders)
        return next((handler for handler in found if handler is not None), None)

    def _unheard_of(self, topic: str) -> Decoded:
        verdicts = [verdict for dialect in self._dialects.values() if (verdict := dialect.verdict(topic)) is not None]
        if IGNORED in verdicts:
            return NOTHING
        return Decoded((), (Rejected(topic, verdicts[0] if verdicts else "unknown_topic"),))

    def encode(self, command: Command) -> list[tuple[str, bytes]]:
        """Topic and payload of each message that carries the command out; raises NotSupported with a reason code."""
        device, spec = self._target(command)
        profile = self._members[device.id][1]
        return self._dialects[profile.dialect].encode(command, device, spec)

    def _target(self, command: Command) -> tuple[Device, PointSpec]:
        if command.device not in self._members:
            raise NotSupported("unknown_device", command.device)
        device, profile = self._members[command.device]
        spec = profile.points.get(command.point)
        if spec is None:
            raise NotSupported("unknown_point", command.point)
        if not spec.writable:
            raise NotSupported("read_only", command.point)
        return device, spec

    def answered(self, command: Command, reading: Reading) -> bool:
        """Whether the reading shows that the command was carried out; a retained or bad one shows nothing."""
        if (reading.device, reading.point) != (command.device, command.point) or reading.quality is not Quality.GOOD:
            return False
        return same(command.value, reading.value)


def same(wanted: object, found: object) -> bool:
    """Equal, numbers within what a device rounds away (a twentieth)."""
    if isinstance(wanted, bool) or isinstance(found, bool) or isinstance(wanted, str):
        return wanted is found or (type(wanted) is type(found) and wanted == found)
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return isclose(wanted, found, abs_tol=0.051)
    return False


def _table(dialects: Sequence[Dialect]) -> dict[str, Handler]:
    grouped: dict[str, list[Handler]] = defaultdict(list)
    for dialect in dialects:
        for topic, handler in dialect.handlers():
            grouped[topic].append(handler)
    return {topic: handlers[0] if len(handlers) == 1 else _all_of(handlers) for topic, handlers in grouped.items()}


def _all_of(handlers: Sequence[Handler]) -> Handler:
    """Several devices in one message: each takes its part."""

    def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
        return together([handler(payload, received, sequence, retained) for handler in handlers])

    return handle
