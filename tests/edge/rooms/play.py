"""A room told line by line what happens: `time word value`, times of one morning or later (`1d03:00` is the next day).

`? vacant` expects an answer then; `?cleaning done`, `?request dnd`, `?conditions leak smoke`, `?stale yes` others.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.catalog import Catalog
from devices.model import CredentialClass, Device, DeviceEvent, Quality, Reading, Value
from edge.rooms.parameters import RoomParameters
from edge.rooms.room import Room, RoomDevice
from edge.rooms.signals import (
    CleaningEnded,
    ConditionCleared,
    ConditionRaised,
    DeviceHeard,
    Effect,
    Ordered,
    Override,
    RoomFacts,
    Signal,
    Tick,
)

CATALOG = Catalog.load()
DAY = datetime(2026, 11, 22, tzinfo=UTC)
USUAL = ("contact", "motion", "lock")
ON = {"on": True, "off": False}
HOME_OF = {
    "door": "contact",
    "bolt": "lock",
    "battery": "contact",
    "tamper": "contact",
    "sos": "button",
} | dict.fromkeys(("temperature", "setpoint", "mode", "request", "occupancy_input"), "thermostat")
PROFILES = {"thermostat": "smarttemp_smt131"}


def devices(*kinds: str, entry: Sequence[str] = ()) -> list[RoomDevice]:
    """Devices of room 101 with their profiles: `contact` is device `contact`, of `zigbee2mqtt/contact`."""
    found = []
    for kind in kinds:
        profile = PROFILES.get(kind, f"zigbee2mqtt/{kind}")
        device = Device(kind, "field", profile, kind, "101", "entry" if kind in entry else "room")
        found.append(RoomDevice(device, CATALOG.get(profile)))
    return found


def instant(text: str) -> datetime:
    """`9:05`, `9:05:30`, `1d03:00`."""
    days, _, clock = text.rpartition("d")
    hours, minutes, seconds = (*(float(part) for part in clock.split(":")), 0.0)[:3]
    return DAY + timedelta(days=int(days or 0), hours=hours, minutes=minutes, seconds=seconds)


def reading(point: str, value: Value, at: datetime, device: str | None = None, **more: Any) -> Reading:
    """A reading of room 101."""
    name = device or HOME_OF.get(point, point)
    return Reading(
        name, "101", point, value, more.get("quality", Quality.GOOD), None, at, 1, bool(more.get("retained"))
    )


def event(kind: str, at: datetime, device: str = "lock", **params: object) -> DeviceEvent:
    """Something that happened at a device of room 101."""
    return DeviceEvent(device, "101", kind, dict(params), None, at, 1)


def card(holder: str, at: datetime, result: str = "granted") -> DeviceEvent:
    """A card at the lock."""
    return event("access", at, result=result, credential_class=CredentialClass(holder), credential="7")


class Play:
    """One room through a script."""

    def __init__(
        self,
        *kinds: str,
        parameters: RoomParameters | None = None,
        known: bool = True,
        entry: Sequence[str] = (),
    ) -> None:
        fitted = devices(*(kinds or USUAL), entry=entry) if known else []
        self.make: Callable[[], Room] = lambda: Room("101", fitted, parameters)
        self.room = self.make()
        self.effects: list[tuple[datetime, Effect]] = []
        self.answers: list[tuple[datetime, str]] = []
        self.now = DAY

    def take(self, signal: Signal, at: datetime) -> None:
        """Let time go by up to `at`, then tell."""
        due = self.room.next_due()
        while due is not None and due <= at:
            self._take(Tick(), due)
            due = self.room.next_due()
        self._take(signal, at)
        self.now = at

    def take_until(self, since_start: timedelta) -> None:
        """Let time go by."""
        self.take(Tick(), DAY + since_start)

    def tell(self, script: str) -> "Play":
        """Play the lines, check what they expect."""
        for line in filter(str.strip, script.splitlines()):
            time, word, *values = line.split()
            if word.startswith("?"):
                self.take(Tick(), instant(time))
                assert self.answer(word[1:]) == values, line
            else:
                self.take(signal(word, values, instant(time)), instant(time))
        return self

    def answer(self, of: str) -> list[str]:
        """What the room says, in the words of a script."""
        view = self.view()
        if of == "conditions":
            return list(view["conditions"])
        if of == "stale":
            return ["yes" if view["occupancy"]["stale"] else "no"]
        if of == "codes":
            return [str(item["code"]) for item in view["occupancy"]["evidence"]]
        value = view["cleaning"]["phase"] if of == "cleaning" else view[of or "occupancy"]["value"]
        return [str(value)]

    def view(self) -> dict[str, Any]:
        """The room's state now."""
        return self.room.view(self.now)

    def told(self, *kinds: type[Effect]) -> list[Effect]:
        """The effects of these kinds, in order."""
        return [effect for _, effect in self.effects if isinstance(effect, kinds)]

    def conditions(self) -> list[str]:
        """`+key` raised, `-key` cleared."""
        return [
            ("+" if isinstance(effect, ConditionRaised) else "-") + effect.key
            for _, effect in self.effects
            if isinstance(effect, ConditionRaised | ConditionCleared)
        ]

    def outcomes(self) -> list[str]:
        """How the cleanings ended."""
        return [effect.outcome for _, effect in self.effects if isinstance(effect, CleaningEnded)]

    def restart(self) -> None:
        """A new process goes on from the snapshot."""
        snapshot = self.room.snapshot()
        self.room = self.make()
        self.room.restore(snapshot)

    def _take(self, given: Signal, at: datetime) -> None:
        self.effects += [(at, effect) for effect in self.room.take(given, at)]
        if not self.answers or self.answers[-1][1] != self.room.occupancy:
            self.answers.append((at, self.room.occupancy))


def signal(word: str, values: Sequence[str], at: datetime) -> Signal:
    """One line's signal."""
    first, second = (*values, "", "")[:2]
    match word:
        case "card":
            return card(first, at, second or "granted")
        case "egress" | "sos_event" | "forced":
            return event(word.removesuffix("_event"), at)
        case "mechanical":
            return event("access", at, result="granted", credential_class="unknown", reason="mechanical_key")
        case "clock":  # somebody leaves, and the lock's clock is off by so many minutes
            return replace(event("egress", at), device_time=at + timedelta(minutes=float(first)))
        case "rented" | "checked_out":
            rented = word == "rented"
            return RoomFacts(
                "101", rented=rented, stay="stay_1" if rented else None, guests=int(first) if rented else 0
            )
        case "override":
            until = instant(second) if second else None
            return Override("101", first, None if values[2] == "none" else values[2], until, "desk")
        case "offline" | "online":
            return DeviceHeard(first, online=word == "online", cause=second or None)
        case "ordered":
            return Ordered(HOME_OF.get(first, first), first, value_of(first, second))
        case "wait":
            return Tick()
        case _:
            return reading(word, value_of(word, first), at, second or None)


def value_of(point: str, text: str) -> Value:
    """A script's word as the point's value."""
    if text in ON and point not in ("door", "mode"):
        return ON[text]
    return float(text) if text.replace(".", "").replace("-", "").isdigit() else text
