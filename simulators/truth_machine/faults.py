"""Injected faults: what breaks and when, what the messages become, and when the alert is due at the latest."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from devices.model import Value
from simulators.truth_machine.doings import DAY_S, HOUR_S, MINUTE_S, Deed, Doing
from simulators.truth_machine.parameters import FaultRates
from simulators.truth_machine.signs import Fittings, Sign

YEAR_S = 365.25 * DAY_S
SLACK_S = 60.0
"""Within this of its stated time an alert is in time."""
SILENT_S = 25 * HOUR_S
"""Silence after which the bridge calls a battery device offline (its profile says the same)."""
AJAR_S, STUCK_S, STILL_S = 5 * MINUTE_S, 2 * HOUR_S, 24 * HOUR_S
SLEPT = {"motion": 5, "door": 3}
"""Entries by card that a motion sensor or a door contact sleeps through until it is called stuck."""
CRITICAL_PERCENT = 10.0


class Fault(NamedTuple):
    """What is wrong with which device, from when to when, and when at the latest it is to be raised.

    Due None: it may be raised and need not: it was over too soon, or staff were there to see it.
    """

    kind: str
    device: str
    start: float
    due: float | None
    end: float


@dataclass(frozen=True, slots=True)
class Break:
    """A fault before it is known what it does: `name` is a rate's."""

    name: str
    part: str
    start: float
    end: float


TARGETS: dict[str, tuple[str, ...]] = {
    "dead": ("door", "motion", "bath", "lock", "keycard", "thermostat", "window"),
    "motion_stuck": ("motion", "bath"),
    "motion_blind": ("motion",),
    "contact_stuck": ("door",),
    "temperature_stuck": ("thermostat",),
    "implausible": ("thermostat",),
    "heating": ("thermostat",),
    "ajar": ("door",),
    "leak": ("leak",),
    "smoke": ("smoke",),
    "forced": ("lock",),
    "unknown_credential": ("lock",),
    "tamper": ("lock",),
}
HOURS = {"dead": (40, 72), "motion_stuck": (4, 24), "motion_blind": (72, 120), "contact_stuck": (48, 96)}
HOURS |= {"temperature_stuck": (30, 60), "implausible": (2, 12), "heating": (8, 30)}
"""How long until somebody mends it; assumed. Others last an hour."""


def breaks(fittings: Fittings, rates: FaultRates, span: tuple[float, float], random: Random) -> list[Break]:
    """What breaks in one room within a span: at most one fault a device, so that each has one cause."""
    found: dict[str, Break] = {}
    for name, parts in TARGETS.items():
        for part in parts:
            mean = getattr(rates, name) * (span[1] - span[0]) / YEAR_S
            happens = fittings.has(part) and random.random() < 1 - math.exp(-mean)
            start = random.uniform(*span)
            end = start + random.uniform(*HOURS.get(name, (1, 1))) * HOUR_S
            if happens and end < span[1]:
                found.setdefault(part, Break(name, part, start, end))
    return sorted(found.values(), key=lambda one: one.start)


def ajar(doings: list[Doing], broken: Iterable[Break], random: Random) -> list[Doing]:
    """The next guest who goes out leaves the door open, unless somebody comes soon."""
    found = sorted(doings, key=lambda doing: doing.at)
    for one in broken:
        if one.name != "ajar":
            continue
        for index, doing in enumerate(found):
            gap = found[index + 1].at - doing.at if index + 1 < len(found) else math.inf
            if doing.at > one.start and doing.deed is Deed.GO and doing.key is None and gap > 2 * AJAR_S:
                open_s = random.uniform(AJAR_S + 2 * MINUTE_S, min(gap - MINUTE_S, 40 * MINUTE_S))
                found[index] = replace(doing, open_s=open_s, sure=True)
                break
    return found


class Damage:
    """Applies breaks to the signs of one room that arrived. `faults` fills as it goes."""

    def __init__(self, fittings: Fittings, end: float) -> None:
        self.faults: list[Fault] = []
        self._fittings = fittings
        self._end = end
        self._table: dict[str, Callable[[list[Sign], Break], list[Sign]]] = {
            "dead": self._dead,
            "motion_stuck": self._motion_stuck,
            "motion_blind": self._asleep,
            "contact_stuck": self._asleep,
            "temperature_stuck": self._still,
            "implausible": self._implausible,
            "leak": self._alarm,
            "smoke": self._alarm,
            "forced": self._event,
            "tamper": self._event,
            "unknown_credential": self._event,
        }

    def done(self, signs: list[Sign], broken: Iterable[Break]) -> list[Sign]:
        """What is heard with these things broken, in order."""
        for one in broken:
            apply = self._table.get(one.name)
            if apply is not None:
                signs = sorted(apply(signs, one), key=lambda sign: sign.at)
        return signs

    def note(self, kind: str, device: str, times: tuple[float, float | None, float]) -> None:
        """A fault that was injected elsewhere: its beginning, when it is due, its end."""
        start, due, end = times
        asked = due is not None and due <= min(self._end, end)
        self.faults.append(Fault(kind, device, start, due if asked else None, end))

    def _note(self, kind: str, one: Break, due: float | None, end: float | None = None) -> None:
        self.note(kind, self._fittings.name(one.part), (one.start, due, one.end if end is None else end))

    def _without(self, signs: Iterable[Sign], one: Break, point: str | None = None) -> list[Sign]:
        device = self._fittings.name(one.part)
        return [
            sign
            for sign in signs
            if sign.device != device or not one.start <= sign.at < one.end or point not in (None, sign.point)
        ]

    def _dead(self, signs: list[Sign], one: Break) -> list[Sign]:
        device = self._fittings.name(one.part)
        gone = max((sign.at for sign in signs if sign.device == device and sign.at < one.start), default=one.start)
        silent = gone + SILENT_S
        self._note("device_offline", one, silent + SLACK_S)
        told = [Sign(silent, device, "online", value=False), Sign(one.end, device, "online", value=True)]
        return [*self._without(signs, one), *told]

    def _motion_stuck(self, signs: list[Sign], one: Break) -> list[Sign]:
        device = self._fittings.name(one.part)
        self._note("sensor_stuck", one, one.start + STUCK_S + SLACK_S)
        told = [Sign(one.start, device, "motion", value=True), Sign(one.end, device, "motion", value=False)]
        return [*self._without(signs, one, "motion"), *told]

    def _asleep(self, signs: list[Sign], one: Break) -> list[Sign]:
        """A motion sensor that sees nothing, a contact that never moves: told by the cards that open the lock."""
        point = "door" if one.part == "door" else "motion"
        entries = list(_entries(signs, one))
        enough = len(entries) >= SLEPT[point]
        self._note("sensor_stuck", one, entries[SLEPT[point] - 1] + SLACK_S if enough else None)
        device = self._fittings.name(one.part)
        rest = "closed" if point == "door" else False
        return [*self._without(signs, one, point), Sign(one.start, device, point, rest)]

    def _still(self, signs: list[Sign], one: Break) -> list[Sign]:
        device = self._fittings.name(one.part)
        known: Value = None
        found: list[Sign] = []
        reported = [sign.at for sign in signs if sign.device == device and sign.point == "temperature"]
        for sign in signs:
            mine = sign.device == device and sign.point == "temperature"
            if mine and one.start <= sign.at < one.end and known is not None:
                found.append(sign._replace(value=known))
                continue
            known = sign.value if mine else known
            found.append(sign)
        due = next((at for at in reported if at >= one.start + STILL_S), None)
        self._note("sensor_stuck", one, None if due is None else due + SLACK_S)
        return found

    def _implausible(self, signs: list[Sign], one: Break) -> list[Sign]:
        device = self._fittings.name(one.part)
        bad: list[float] = []
        found: list[Sign] = []
        for sign in signs:
            wrong = sign.device == device and sign.point == "temperature" and one.start <= sign.at < one.end
            found.append(sign._replace(value=None) if wrong else sign)
            bad += [sign.at] if wrong else []
        self._note("sensor_implausible", one, bad[2] + SLACK_S if len(bad) >= 3 else None, one.end + 2 * HOUR_S)
        return found

    def _alarm(self, signs: list[Sign], one: Break) -> list[Sign]:
        device = self._fittings.name(one.part)
        self._note(one.name, one, one.start + 2)
        return [*signs, Sign(one.start, device, one.part, value=True), Sign(one.end, device, one.part, value=False)]

    def _event(self, signs: list[Sign], one: Break) -> list[Sign]:
        kinds = {"forced": "door_forced", "tamper": "lock_tampered", "unknown_credential": "unknown_credential"}
        self._note(kinds[one.name], one, one.start + 2)
        device = self._fittings.name(one.part)
        said = ("access", "unknown") if one.name == "unknown_credential" else (one.name, True)
        return [*signs, Sign(one.start, device, *said)]


def _entries(signs: Sequence[Sign], one: Break) -> Iterator[float]:
    """Cards that opened the lock, those within a minute as one."""
    last = -math.inf
    for sign in signs:
        if sign.point == "access" and one.start <= sign.at < one.end and sign.at - last > MINUTE_S:
            last = sign.at
            yield sign.at
