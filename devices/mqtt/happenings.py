"""A press, an alarm, a turn of the inner handle: a device's word for what has no duration, and what it stands for."""

from dataclasses import dataclass
from typing import Any

from devices.model import Device, DeviceEvent
from devices.mqtt.fields import MISSING, Stamp, fetcher
from devices.mqtt.payload import Unfit

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Happening:
    """Where a profile's events are: `topic` a pattern, `path` and `count` dotted paths, `actions` word -> kind."""

    topic: str
    path: str
    count: str
    actions: dict[str, str]

    @classmethod
    def of(cls, wire: dict[str, Any]) -> "Happening | None":
        """From the profile's settings; None: the device has no events."""
        topic = wire.get("event") or ""
        if not topic:
            return None
        return cls(topic, wire.get("event_path") or "", wire.get("event_count") or "", wire.get("actions") or {})


class Happenings:
    """The events of one device. One that is told again with the same count is the same one."""

    def __init__(self, device: Device, told: Happening) -> None:
        self._device = device
        self._actions = told.actions
        self._word = fetcher(told.path)
        self._count = fetcher(told.count) if told.count else None
        self._last: object = MISSING

    def event(self, body: Any, stamp: Stamp) -> DeviceEvent | None:
        """The event of a message; None: it tells of none, or of one long past. Raises Unfit."""
        repeated = self._repeated(body)
        word = self._word(body)
        if word is MISSING or word is None or word == "" or stamp.retained or repeated:
            return None
        if not isinstance(word, str):
            raise Unfit("wrong_type", f"{word!r} where the name of an event is expected")
        kind = self._actions.get(word, "button")
        if kind == "none":
            return None
        device, params = self._device, {"name": word[:_LONGEST_NAME]} if kind == "button" else {}
        return DeviceEvent(device.id, device.room, kind, params, stamp.device_time, stamp.received, stamp.sequence)

    def _repeated(self, body: Any) -> bool:
        if self._count is None:
            return False
        before, self._last = self._last, self._count(body)
        return self._last is not MISSING and self._last == before
