"""What a dialect is: the door between the router and one file per way of speaking MQTT."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from devices.errors import NotSupported
from devices.model import Command, Decoded, Device, PointSpec, Profile, Value

Handler = Callable[[bytes, datetime, int, bool], Decoded]  # payload, received, sequence, retained
Member = tuple[Device, Profile]

NOTHING = Decoded()
IGNORED = ""  # a topic of the dialect that carries nothing for us


class Dialect(Protocol):
    """One way of speaking MQTT, for the devices of a line that speak it."""

    def __init__(self, members: Sequence[Member]) -> None: ...

    @property
    def filters(self) -> tuple[str, ...]:
        """Subscriptions, wide enough to hear devices that nobody declared."""

    def handlers(self) -> list[tuple[str, Handler]]:
        """Each topic of the declared devices with what decodes it; a topic may come more than once."""

    def verdict(self, topic: str) -> str | None:
        """For a topic without handler: a reason code, IGNORED, or None when it is not this dialect's at all."""

    def encode(self, command: Command, device: Device, spec: PointSpec) -> list[tuple[str, bytes]]:
        """The messages that carry out the command; raises NotSupported."""


@runtime_checkable
class Finder(Protocol):
    """A dialect whose devices choose their topics themselves: those are known when they are heard."""

    def find(self, topic: str) -> Handler | None:
        """Who understands a topic that is not among `handlers()`; None: nobody here."""


def command_value(command: Command, spec: PointSpec) -> Value:
    """The value as the device spells it; raises NotSupported(value, range)."""
    wire = spec.wire["command"] or {}
    told = wire.get("values") or _reversed(spec.wire["values"])
    if told:
        key = str(command.value).lower() if isinstance(command.value, bool) else str(command.value)
        if key not in told:
            raise NotSupported("value", f"{command.value!r} is none of {sorted(told)}")
        return told[key]
    return _checked(command.value, spec)


def _reversed(values: dict[str, Value] | None) -> dict[str, Value]:
    """Our value -> theirs; the first of several that mean the same is written."""
    found: dict[str, Value] = {}
    for theirs, ours in (values or {}).items():
        key = str(ours).lower() if isinstance(ours, bool) else str(ours)
        spelled: Value = {"true": True, "false": False}.get(theirs, theirs)
        found.setdefault(key, spelled)
    return found


def _checked(value: Value, spec: PointSpec) -> Value:
    if spec.wire["kind"] == "boolean":
        if isinstance(value, bool):
            return value
        raise NotSupported("value", f"{value!r} is not true or false")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotSupported("value", f"{value!r} is not a number")
    lowest, highest = spec.minimum, spec.maximum
    if not (lowest is None or value >= lowest) or not (highest is None or value <= highest) or value != value:
        raise NotSupported("range", f"{value} is not within {lowest} to {highest}")
    return value
