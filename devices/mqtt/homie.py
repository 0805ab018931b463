"""Homie 4 and 5: devices that describe themselves, a property a topic, `$state` as last will, orders on `.../set`.

A device's address is its whole topic (`homie/101-climate`; Homie 5: `homie/5/101-climate`), or TOPIC#NODE for one of
several nodes that are alike. What a property is (datatype, format, unit, settable) the device says itself, and its word
counts: a Fahrenheit sensor is read as one, a property that cannot be set takes no orders. Before it has said so, values
are read as the profile's points need them. A root device of Homie 5 that is lost takes its children with it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, PointSpec, Rejected
from devices.mqtt.dialect import IGNORED, NOTHING, Handler, Member
from devices.mqtt.fields import Stamp
from devices.mqtt.homie_part import Part, Told
from devices.mqtt.homie_tree import Described, Tree
from devices.mqtt.homie_values import order_text, text_of
from devices.mqtt.patterns import stem_of
from devices.mqtt.payload import Unfit
from devices.mqtt.topical import together
from devices.mqtt.topics import matches

STATES: dict[str, bool | None] = {
    "init": None,
    "ready": True,
    "sleeping": True,
    "alert": True,  # of Homie 4: it is there and wants to be looked at
    "disconnected": False,
    "lost": False,
    "": False,  # taken away
}
"""Whether a device in that state is there; None: it is about to say so."""
ATTRIBUTES = {"$datatype": "datatype", "$format": "format", "$unit": "unit", "$settable": "settable"}
_FIFTH = "5"
_MOST_STRANGERS = 5_000
_Taker = Callable[["_Thing", bytes, Stamp], Decoded]


class Homie:
    """The Homie devices of a line."""

    def __init__(self, members: Sequence[Member]) -> None:
        grouped: dict[str, list[Part]] = defaultdict(list)
        for device, profile in members:
            grouped[stem_of(device.address)].append(Part(device, profile))
        self._things = {stem: _Thing(stem, parts) for stem, parts in grouped.items()}
        self._roots = sorted({stem.rpartition("/")[0] for stem in self._things})
        self._strangers: dict[str, bool | None] = {}  # states of devices that are not declared: roots, perhaps

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything beside the declared devices."""
        return tuple(f"{root}/#" for root in self._roots)

    def handlers(self) -> list[tuple[str, Handler]]:
        """None that are known beforehand but the state."""
        return [(f"{stem}/$state", self._handler(thing, _Thing.state)) for stem, thing in self._things.items()]

    def find(self, topic: str) -> Handler | None:
        """A property or the description of a declared device, or the state of what may be its root."""
        thing, rest = self._split(topic)
        if thing is None:
            return self._root_state(topic) if topic.endswith("/$state") else None
        taker = thing.taker(rest)
        return self._handler(thing, taker) if taker else None

    def verdict(self, topic: str) -> str | None:
        """A declared device's other topics carry nothing for a room, and neither does a broadcast."""
        if not any(matches(pattern, topic) for pattern in self.filters):
            return None
        thing, _ = self._split(topic)
        return IGNORED if thing is not None or "/$broadcast/" in topic else "unknown_device"

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """`<address>/<node>/<property>/set`; raises NotSupported."""
        thing = self._things[stem_of(device.address)]
        path = thing.path_of(device, spec)
        if path is None:
            raise NotSupported("unheard", f"{spec.name}: the device has not described itself yet")
        text = order_text(command, spec, thing.tree.properties.get(path, Described()))
        return [(f"{thing.stem}/{path}/set", text.encode())]

    def _split(self, topic: str) -> tuple["_Thing | None", str]:
        for root in self._roots:
            if not topic.startswith(f"{root}/"):
                continue
            name, _, rest = topic[len(root) + 1 :].partition("/")
            thing = self._things.get(f"{root}/{name}")
            if thing is not None and rest:
                return thing, rest
        return None, ""

    def _handler(self, thing: "_Thing", taker: _Taker) -> Handler:
        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            stamp = Stamp(received, sequence, retained)
            before = thing.tree.root
            decoded = taker(thing, payload, stamp)
            if thing.tree.root != before:
                thing.root_there = self._state_of(thing.root_stem)
                return together([decoded, thing.online(stamp)])
            children = self._children(thing.stem) if taker is _Thing.state else []
            return together([decoded, *(self._with_root(child, thing.there, stamp) for child in children)])

        return handle

    def _children(self, stem: str) -> list["_Thing"]:
        return [thing for thing in self._things.values() if thing.root_stem == stem and thing.stem != stem]

    def _state_of(self, stem: str) -> bool | None:
        known = self._things.get(stem)
        return known.there if known is not None else self._strangers.get(stem)

    @staticmethod
    def _with_root(child: "_Thing", there: bool | None, stamp: Stamp) -> Decoded:
        child.root_there = there
        return child.online(stamp)

    def _root_state(self, topic: str) -> Handler | None:
        """The state of a device nobody declared: kept, for it may be the root of others."""
        stem = topic.removesuffix("/$state")
        if stem.rpartition("/")[0] not in self._roots or stem.rpartition("/")[0].rpartition("/")[2] != _FIFTH:
            return None

        def handle(payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:
            children = self._children(stem)
            try:
                there = state_of(payload)
            except Unfit as unfit:
                return Decoded((), (unfit.rejected(topic, None),))
            if stem in self._strangers or len(self._strangers) < _MOST_STRANGERS:
                self._strangers[stem] = there
            if not children:
                return Decoded((), (Rejected(topic, "unknown_device"),))
            stamp = Stamp(received, sequence, retained)
            return together([self._with_root(child, there, stamp) for child in children])

        return handle


def state_of(payload: bytes) -> bool | None:
    """Whether a `$state` says that the device is there; raises Unfit(unknown_value)."""
    text = text_of(payload) or ""
    if text not in STATES:
        raise Unfit("unknown_value", text)
    return STATES[text]


class _Thing:
    """One Homie device: what it says of itself, and the devices of this hotel that are parts of it."""

    def __init__(self, stem: str, parts: Sequence[Part]) -> None:
        self.stem = stem
        self.parts = parts
        self.tree = Tree()
        self.there: bool | None = None
        self.root_there: bool | None = None
        self._domain = stem.rpartition("/")[0]
        self._fifth = self._domain.rpartition("/")[2] == _FIFTH

    @property
    def root_stem(self) -> str:
        """The topic of the root device; empty: it is its own."""
        return f"{self._domain}/{self.tree.root}" if self.tree.root else ""

    def taker(self, rest: str) -> _Taker | None:
        """What is done with a topic below the device's own."""
        levels = rest.split("/")
        if rest == "$description" and self._fifth:
            return _Thing.described
        if len(levels) == 3 and levels[2] in ATTRIBUTES and not self._fifth:
            return lambda thing, payload, _stamp: thing.attribute("/".join(levels[:2]), levels[2], payload)
        if len(levels) == 2 and not any(level.startswith("$") for level in levels):
            return lambda thing, payload, stamp: thing.value(rest, payload, stamp)
        return None

    def state(self, payload: bytes, stamp: Stamp) -> Decoded:
        """`$state`, the last will among them."""
        try:
            self.there = state_of(payload)
        except Unfit as unfit:
            return self._refused("$state", unfit)
        return self.online(stamp)

    def online(self, stamp: Stamp) -> Decoded:
        """Whether it is there: when it says so, and its root does not say otherwise."""
        if self.there is None:
            return NOTHING
        value = self.there and self.root_there is not False
        return Decoded(tuple(part.online(stamp, value=value) for part in self.parts))

    def described(self, payload: bytes, _stamp: Stamp) -> Decoded:
        """`$description`."""
        if not payload:
            self.tree = Tree()
            return NOTHING
        try:
            self.tree.take_document(payload)
        except Unfit as unfit:
            return self._refused("$description", unfit)
        return NOTHING

    def attribute(self, path: str, name: str, payload: bytes) -> Decoded:
        """One attribute of a property."""
        try:
            self.tree.take_attribute(path, ATTRIBUTES[name], text_of(payload) or "")
        except Unfit as unfit:
            return self._refused(f"{path}/{name}", unfit)
        return NOTHING

    def value(self, path: str, payload: bytes, stamp: Stamp) -> Decoded:
        """A property's value."""
        try:
            text = text_of(payload)
        except Unfit as unfit:
            return self._refused(path, unfit)
        described = self.tree.properties.get(path, Described())
        told = Told(path, text, described, stamp, f"{self.stem}/{path}")
        return together([part.heard(told) for part in self.parts])

    def path_of(self, device: Device, spec: PointSpec) -> str | None:
        """Where a device's point is: as heard, or as described."""
        part = next(part for part in self.parts if part.device.id == device.id)
        return part.path_of(spec.name, self.tree.properties)

    def _refused(self, rest: str, unfit: Unfit) -> Decoded:
        return Decoded((), (unfit.rejected(f"{self.stem}/{rest}", self.parts[0].device.id),))
