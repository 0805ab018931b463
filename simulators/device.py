"""A simulated device: `State` (what it believes), a `Service` (how it speaks), `UseCases` (what may happen to it)."""

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from devices.model import CredentialClass, Device, Profile, Value
from simulators.timers import Timer, Timers

MOTION_HOLD_S = 90.0
"""Hotel seconds after the last motion at which a detector says that it sees none: a timer, not an observation."""
RELOCK_S = 5.0
NOBODY = 65_535
"""The user number of a lock's event in which no user number is concerned."""
NOTICED_S = 10.0
"""Hotel seconds until a bridge has noticed that a device is gone (the real one takes from minutes to a day)."""

CARD_RANGES = {
    CredentialClass.GUEST: 1,
    CredentialClass.HOUSEKEEPING: 100,
    CredentialClass.ENGINEERING: 200,
    CredentialClass.MASTER: 900,
    CredentialClass.EMERGENCY: 950,
    CredentialClass.UNKNOWN: 5000,
}
"""First card number of each class at the simulated locks."""

INITIAL: dict[str, Value] = {
    "door": "closed",
    "lock": "locked",
    "request": "none",
    "mode": "auto",
    "fan": "auto",
    "battery": 97,
    "link_quality": 120,
    "temperature": 21.0,
    "setpoint": 22.0,
    "humidity": 45.0,
    "co2": 450,
    "lux": 80,
    "power": 0.0,
    "energy": 12.0,
    "voltage": 230.1,
    "current": 0.0,
    "frequency": 50.0,
    "voc": 120,
    "sound": 32.0,
    "temperature_remote": 21.0,
    "heating_output": 0,
    "key_sequence": 0,
    "record": 0,
    "cooling_output": 0,
}
"""What a device believes when it is switched on; a point not named here is False."""

ABSENT = {
    "zigbee2mqtt/lock": frozenset({"door", "tamper"}),
    "zigbee2mqtt/climate": frozenset({"voc", "pressure"}),
    "shelly_gen1/button": frozenset({"message_number"}),
}
"""Points a profile knows but the simulated make of it does not have, or counts itself when it speaks."""


@dataclass(slots=True)
class State:
    """What the device believes."""

    device: Device
    profile: Profile
    values: dict[str, Value] = field(default_factory=dict)
    alive: bool = True
    stuck: bool = False  # it no longer notices what happens around it

    @classmethod
    def fresh(cls, device: Device, profile: Profile) -> "State":
        """A device just switched on."""
        absent = ABSENT.get(profile.id, frozenset({"online"}))
        points = [point for point in profile.points if point not in absent]
        return cls(device, profile, {point: INITIAL.get(point, False) for point in points})


class Service(Protocol):
    """How a device speaks."""

    def report(self, state: State, changed: Collection[str]) -> None:
        """These points changed: say so as this kind of device does (a polled one waits until it is asked)."""

    def happened(self, state: State, kind: str, params: dict[str, Any]) -> None:
        """Something happened that has no duration (`access`, `egress`, `sos`, `button`)."""

    def heartbeat(self, state: State) -> None:
        """Time to say everything again."""

    def died(self, state: State, noticed: bool) -> None:
        """It fell silent; `noticed` says whether who speaks for it knows by now."""

    def revived(self, state: State) -> None:
        """It is back."""


class UseCases:
    """What a test, a demo or a person may make happen to a device. All at once, nothing waits."""

    def __init__(self, state: State, service: Service, timers: Timers, seed: int = 0) -> None:
        self.state = state
        self._service = service
        self._timers = timers
        self._random = random.Random(f"{seed}/{state.device.id}")
        self._timer: Timer | None = None

    @property
    def id(self) -> str:
        """The device's id in the inventory."""
        return self.state.device.id

    def has(self, point: str) -> bool:
        """Does the device have this point?"""
        return point in self.state.values

    def sense(self, point: str, value: Value) -> None:
        """The world changed: the device notices it, believes it, and says so when it is new."""
        if point not in self.state.values or self.state.stuck or self.state.values[point] == value:
            return
        self.state.values[point] = value
        if self.state.alive:
            self._service.report(self.state, (point,))

    def motion(self, point: str = "motion", hold_s: float = MOTION_HOLD_S) -> None:
        """Somebody moves in front of it; it says that nobody does `hold_s` after the last time."""
        self.sense(point, value=True)
        self._later(hold_s, lambda: self.sense(point, value=False))

    def happen(self, kind: str, **params: Any) -> None:
        """An event at the device. A lock numbers its records, those that nobody hears too."""
        if self.has("record"):
            self.learns("record", int(self.state.values["record"] or 0) + 1)
        if self.state.alive:
            self._service.happened(self.state, kind, params)

    def heartbeat(self) -> None:
        """Say everything again."""
        if self.state.alive:
            self._service.heartbeat(self.state)

    def battery(self, percent: float) -> None:
        """The battery has this much left."""
        self.sense("battery", round(percent))
        self.sense("battery_low", percent <= 10)

    def stick(self, stuck: bool = True) -> None:
        """It stops noticing (or notices again) what happens around it, but goes on speaking."""
        self.state.stuck = stuck

    def die(self, noticed_after_s: float = NOTICED_S) -> None:
        """It falls silent; who speaks for it notices later."""
        if not self.state.alive:
            return
        self.state.alive = False
        self._service.died(self.state, noticed=False)
        self._timers.after(noticed_after_s, self._noticed)

    def _noticed(self) -> None:
        if not self.state.alive:
            self._service.died(self.state, noticed=True)

    def revive(self) -> None:
        """It is back and says everything."""
        if not self.state.alive:
            self.state.alive = True
            self._service.revived(self.state)

    def card(self, credential_class: str, number: int | None = None, granted: bool = True) -> None:
        """A card is held to the lock: the lock opens and locks itself again, or refuses."""
        first = CARD_RANGES.get(CredentialClass(credential_class), CARD_RANGES[CredentialClass.UNKNOWN])
        user = first if number is None else number
        if not granted:
            self.happen("access", result="denied", user=user)
            return
        self._opens(user=user)

    def card_read(self, told: dict[str, Any], reason: str | None) -> None:
        """The lock's own reader has decided on a card: it opens, or refuses for that reason; `told` says of which."""
        if reason is None:
            self._opens(user=NOBODY, **told)
        else:
            self.happen("access", result="denied", user=NOBODY, denied_reason=reason, **told)

    def _opens(self, **told: Any) -> None:
        self.state.values.update({"lock": "unlocked"} if self.has("lock") else {})
        self.happen("access", result="granted", **told)
        self._later(RELOCK_S, lambda: self.sense("lock", "locked"))

    def learns(self, point: str, value: Value) -> None:
        """It believes something new, and says so with its next word."""
        if point in self.state.values:
            self.state.values[point] = value

    def obeys(self, point: str, value: Value) -> None:
        """An order that came over the wire; a lock that is opened from afar locks itself again."""
        self.sense(point, value)
        if point == "lock" and value == "unlocked":
            self._later(RELOCK_S, lambda: self.sense("lock", "locked"))

    def opened_from_inside(self) -> None:
        """The inner handle is pressed. The lock's own account of its bolt comes late, as with real ones."""
        self.happen("egress")

    def vary(self, **values: float) -> None:
        """Measured values drift; they are said with the next report."""
        self.state.values.update({point: value for point, value in values.items() if self.has(point)})

    def jitter(self) -> None:
        """The radio link is a little different each time."""
        if self.has("link_quality"):
            self.state.values["link_quality"] = self._random.randint(90, 180)

    def _later(self, seconds: float, call: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timers.after(seconds, call)
