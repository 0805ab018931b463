"""What may be asked of the inventory, what takes it back, and which candidates place themselves. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pms.kernel.errors import FieldError

ACTIONS = ("place", "move", "replace", "remove", "ignore", "unignore")
OPEN_STATES, END_STATES = ("accepted",), ("done", "failed", "expired", "unknown")
STATES = OPEN_STATES + END_STATES
NO_ANSWER = "no_answer"

IDENTIFIER = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")
"""What `devices.toml` takes as the id of a device."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "place": ("device", "line", "profile", "address"),
    "move": ("device",),
    "replace": ("device", "line", "address"),
    "remove": ("device",),
    "ignore": ("line", "address"),
    "unignore": ("line", "address"),
}
"""The fields that each action cannot do without; `room` left out means: a spare."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change as somebody asks for it."""

    action: str
    device: str | None = None
    line: str | None = None
    profile: str | None = None
    address: str | None = None
    room: str | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What a change is held against: room numbers, devices (id -> room), candidates (line, address)."""

    rooms: Collection[str]
    devices: Mapping[str, str | None]
    candidates: Collection[tuple[str, str]]


def wrong(wanted: Wanted, house: House) -> list[FieldError]:
    """Everything that speaks against the change, by field; the edge looks again and has the last word."""
    missing = [
        FieldError(name, "missing", f"{wanted.action} needs it")
        for name in NEEDS[wanted.action]
        if not getattr(wanted, name)
    ]
    return missing or [*_device(wanted, house), *_address(wanted, house), *_room(wanted, house)]


def _device(wanted: Wanted, house: House) -> Iterable[FieldError]:
    if wanted.device is None:
        return
    if wanted.action == "place":
        if not IDENTIFIER.match(wanted.device):
            yield FieldError("device", "wrong_id", "1 to 64 letters, digits, _ . -")
        elif wanted.device in house.devices:
            yield FieldError("device", "taken", "another device has this id")
    elif wanted.device not in house.devices:
        yield FieldError("device", "unknown", "no such device")


def _address(wanted: Wanted, house: House) -> Iterable[FieldError]:
    """A device that is ignored is on the list; nothing else is asked of one that nobody hears."""
    heard = (wanted.line, wanted.address) in house.candidates
    if wanted.action in {"place", "replace", "ignore"} and not heard:
        yield FieldError("address", "not_heard", "no device is heard there that is not configured")


def _room(wanted: Wanted, house: House) -> Iterable[FieldError]:
    if wanted.room is not None and wanted.room not in house.rooms:
        yield FieldError("room", "unknown", "no such room")
    elif wanted.action == "move" and (wanted.device, wanted.room) in house.devices.items():
        yield FieldError("room", "same", "the device is there already")


def takes_back(change: Wanted, room_before: str | None) -> Wanted | None:
    """The change that undoes another; None: nothing does (the edge alone knows the address a device had)."""
    if change.action == "place":
        return Wanted("remove", device=change.device)
    if change.action == "move":
        return Wanted("move", device=change.device, room=room_before)
    if change.action in {"ignore", "unignore"}:
        other = "unignore" if change.action == "ignore" else "ignore"
        return Wanted(other, line=change.line, address=change.address)
    return None


def by_naming_rules(candidates: Sequence[Mapping[str, Any]], house: House) -> list[Wanted]:
    """The placements that need no person: a room and an id by the naming rules, and one profile it looks like."""
    found: list[Wanted] = []
    taken = set(house.devices)
    for one in candidates:
        wanted = placement(one)
        if wanted is None or wanted.room is None or wanted.device in taken or wrong(wanted, house):
            continue
        taken.add(str(wanted.device))
        found.append(wanted)
    return found


def placement(candidate: Mapping[str, Any]) -> Wanted | None:
    """Where a candidate goes as proposed; None: nobody knows what it is, or what to call it."""
    looks = candidate.get("looks_like") or ()
    if not looks or not candidate.get("device"):
        return None
    return Wanted(
        "place",
        device=candidate["device"],
        line=candidate["line"],
        profile=looks[0]["profile"],
        address=candidate["address"],
        room=candidate.get("room"),
    )


def identity(items: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """What of the list is news for a page: who is on it, where it would go, what it looks like. Times are not."""
    return sorted(
        (
            one["line"],
            one["address"],
            one.get("room") or "",
            one.get("device") or "",
            *[look["profile"] for look in one.get("looks_like") or ()],
        )
        for one in items
    )
