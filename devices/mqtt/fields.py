"""Values of a JSON payload to readings: the profile's points compiled once, run for each message (the hot path)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Any, NamedTuple

from devices.model import Device, Fact, PointSpec, Quality, Reading, Rejected, Value
from devices.mqtt.payload import Unfit
from devices.points import Kind

MISSING: Any = object()
Converter = Callable[[Any], Value]
Fetch = Callable[[dict[str, Any]], Any]

_FARTHEST = 1e12  # no point of a hotel holds a number beyond


class Stamp(NamedTuple):
    """What all readings of one wire message share."""

    received: datetime
    sequence: int
    retained: bool
    device_time: datetime | None = None


class Field(NamedTuple):
    """A point compiled: where its value is and how it is understood."""

    point: str
    key: str  # the plain key when the path is one, else ""
    fetch: Fetch
    convert: Converter


class Facts:
    """The readings of one device's messages."""

    __slots__ = ("_device", "_fields", "_id", "_room")

    def __init__(self, device: Device, fields: Sequence[Field]) -> None:
        self._device = device
        self._id = device.id
        self._room = device.room
        self._fields = tuple(fields)

    def read(self, body: dict[str, Any], stamp: Stamp, source: str) -> tuple[list[Fact], tuple[Rejected, ...]]:
        """What the body says, point by point; a point that is not in it is left alone, null is unknown (value None)."""
        received, sequence, retained, device_time = stamp
        quality = Quality.STALE if retained else Quality.GOOD
        device, room = self._id, self._room
        facts: list[Fact] = []
        rejected: tuple[Rejected, ...] = ()
        for point, key, fetch, convert in self._fields:
            raw = body.get(key, MISSING) if key else fetch(body)
            if raw is MISSING:
                continue
            try:
                facts.append(
                    _new(
                        Reading,
                        (
                            device,
                            room,
                            point,
                            None if raw is None else convert(raw),
                            Quality.BAD if raw is None else quality,
                            device_time,
                            received,
                            sequence,
                            retained,
                        ),
                    )
                )
            except Unfit as unfit:
                facts += self._bad(point, unfit, stamp)
                rejected = (*rejected, Rejected(source, unfit.reason, device, f"{point}: {unfit.detail}"))
        return facts, rejected

    def _bad(self, point: str, unfit: Unfit, stamp: Stamp) -> tuple[Reading, ...]:
        """A value that was told and is not believed is a bad reading; what is no value at all is none."""
        if unfit.reason not in ("absurd_value", "unknown_value"):
            return ()
        return (self.reading(point, unfit.value, Quality.BAD, stamp),)

    def reading(self, point: str, value: Value, quality: Quality, stamp: Stamp) -> Reading:
        """One reading of this device."""
        received, sequence, retained, device_time = stamp
        return Reading(self._id, self._room, point, value, quality, device_time, received, sequence, retained)


_new = tuple.__new__  # Reading(...) without the keyword machinery: this runs for every value that arrives


def compile_field(spec: PointSpec) -> Field:
    """One point of a JSON profile, ready to run."""
    path, fallback = spec.wire["path"], spec.wire["fallback"]
    plain = path if path and not fallback and "." not in path and path != "*" else ""
    fetch = first_of(fetcher(path), fetcher(fallback)) if fallback else fetcher(path)
    return Field(spec.name, plain, fetch, converter(spec))


@cache
def fetcher(path: str) -> Fetch:
    """A function that follows a dotted path; MISSING when it leads nowhere. One for all devices that have it."""
    steps = tuple(path.split(".")) if path else ()

    def fetch(body: Any) -> Any:
        for place, step in enumerate(steps):
            if step == "*":
                return _any_object(body, fetcher(".".join(steps[place + 1 :])))
            if type(body) is not dict:
                return MISSING
            body = body.get(step, MISSING)
        return body

    return fetch


def first_of(first: Fetch, second: Fetch) -> Fetch:
    """The first path's value, or the second's when the first is absent or null."""

    def fetch(body: dict[str, Any]) -> Any:
        value = first(body)
        if value is not MISSING and value is not None and type(value) is not dict:
            return value
        other = second(body)
        return value if other is MISSING else other

    return fetch


_NOT_A_SENSOR = frozenset({"ESP32", "Wifi", "ENERGY"})  # a chip's own temperature is not the room's


def _any_object(body: Any, fetch: Fetch) -> Any:
    if type(body) is not dict:
        return MISSING
    inside = (fetch(value) for key, value in body.items() if type(value) is dict and key not in _NOT_A_SENSOR)
    return next((value for value in inside if value is not MISSING), MISSING)


def converter(spec: PointSpec) -> Converter:
    """How the point's raw JSON value becomes ours; the function raises Unfit."""
    if spec.wire["values"]:
        return _chosen(spec.wire["values"])
    if spec.wire["kind"] == Kind.BOOLEAN:
        return _boolean
    lowest = -_FARTHEST if spec.minimum is None else spec.minimum
    highest = _FARTHEST if spec.maximum is None else spec.maximum
    return _number(spec.wire["scale"], spec.wire["offset"], lowest, highest)


def _boolean(raw: Any) -> bool:
    if raw is True or raw is False:
        return bool(raw)
    raise Unfit("wrong_type", f"{raw!r} where true or false is expected")


def _chosen(values: dict[str, Value]) -> Converter:
    def convert(raw: Any) -> Value:
        if type(raw) is str:
            key = raw
        elif raw is True:
            key = "true"
        elif raw is False:
            key = "false"
        elif type(raw) is int:
            key = str(raw)
        else:
            raise Unfit("wrong_type", f"{raw!r} where one of {sorted(values)} is expected")
        try:
            return values[key]
        except KeyError:
            raise Unfit("unknown_value", repr(raw)) from None

    return convert


@cache
def _number(scale: float, offset: float, lowest: float, highest: float) -> Converter:
    plain = scale == 1 and offset == 0

    def convert(raw: Any) -> Value:
        if type(raw) is not float and type(raw) is not int:
            raise Unfit("wrong_type", f"{raw!r} where a number is expected")
        value: float = raw if plain else round(raw * scale + offset, 6)
        if lowest <= value <= highest:
            return value
        raise Unfit("absurd_value", raw, float(value) if isfinite(value) else None)

    return convert
