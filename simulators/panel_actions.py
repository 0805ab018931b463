"""What the buttons of the demo's panel do: a name, a room (or device), a value from the page."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from simulators.device import UseCases
from simulators.room import SimulatedRoom
from simulators.truth import Role

Value = bool | float | str | None
RoomAction = Callable[[SimulatedRoom, Value], Awaitable[None] | None]
DeviceAction = Callable[[UseCases, Value], None]
VISITOR = "visitor {}"


class WrongValueError(ValueError):
    """The page sent something that the action cannot take."""


async def guest_in(room: SimulatedRoom, _value: Value) -> None:
    """Another guest comes with a card."""
    taken = {person.name for person in room.truth.guests()}
    number = next(n for n in range(1, 99) if VISITOR.format(n) not in taken)
    await room.enters(VISITOR.format(number), Role.GUEST, number)


async def guest_out(room: SimulatedRoom, _value: Value) -> None:
    """The guest who came last goes; nothing happens in a room without guests."""
    guests = room.truth.guests()
    if guests:
        await room.leaves(guests[-1].name)


def sleep(room: SimulatedRoom, value: Value) -> None:
    """All guests fall asleep or wake up."""
    for guest in room.truth.guests():
        if _yes(value):
            room.falls_asleep(guest.name)
        else:
            room.wakes_up(guest.name)


async def attendant(room: SimulatedRoom, _value: Value) -> None:
    """An attendant cleans for twenty minutes."""
    await room.is_cleaned("panel attendant", 20, 150)


async def engineer(room: SimulatedRoom, _value: Value) -> None:
    """An engineer comes for eight minutes."""
    await room.is_visited("panel engineer", Role.ENGINEER, 8, 250)


def door(room: SimulatedRoom, value: Value) -> None:
    """The door stands open, or is shut."""
    (room.open_door if _yes(value) else room.close_door)()


def request(room: SimulatedRoom, value: Value) -> None:
    """The panel by the door."""
    if value not in {"none", "dnd", "mur"}:
        raise WrongValueError("none, dnd or mur")
    room.request(str(value))


def refused_card(room: SimulatedRoom, _value: Value) -> None:
    """A card that the lock does not know."""
    room.card("unknown", granted=False)


ROOM_ACTIONS: Mapping[str, RoomAction] = {
    "guest-in": guest_in,
    "guest-out": guest_out,
    "sleep": sleep,
    "attendant": attendant,
    "engineer": engineer,
    "door": door,
    "motion": lambda room, _value: room.motion(),
    "window": lambda room, value: room.window(_yes(value)),
    "leak": lambda room, value: room.leak(_yes(value)),
    "smoke": lambda room, value: room.smoke(_yes(value)),
    "sos": lambda room, value: room.sos(_yes(value)),
    "request": request,
    "refused-card": refused_card,
    "heating": lambda room, value: room.break_heating(_yes(value)),
}

DEVICE_ACTIONS: Mapping[str, DeviceAction] = {
    "alive": lambda device, value: device.revive() if _yes(value) else device.die(),
    "battery": lambda device, value: device.battery(_percent(value)),
    "stuck": lambda device, value: device.stick(_yes(value)),
}


def _yes(value: Value) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("true or false")
    return value


def _percent(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise WrongValueError("a number from 0 to 100")
    return float(value)


def room_truth(room: SimulatedRoom) -> dict[str, Any]:
    """How it really is in a room, for the page."""
    now, points = room.truth.now, ("door", "window", "leak", "smoke", "request", "sos")
    return {
        "number": room.number,
        "guests": now.guests,
        "asleep": now.asleep,
        "staff": now.staff,
        "cleaning": now.cleaning,
        "temperature": round(room.climate.temperature, 1),
        "heating_broken": room.heating_broken,
        **{point: room.value(point) for point in points},
        "devices": [device_truth(device) for device in room.devices.values()],
    }


def device_truth(device: UseCases) -> dict[str, Any]:
    """How it really is with a device."""
    state = device.state
    return {
        "id": device.id,
        "label": state.profile.label,
        "alive": state.alive,
        "stuck": state.stuck,
        "battery": state.values.get("battery"),
    }
