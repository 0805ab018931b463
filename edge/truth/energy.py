"""Setbacks against the truth: how much of the time in which really nobody was in they used, how soon, and how wrongly.

The rules of the edge (`decide`) look at what the room shows, minute by minute. The simulated thermostat follows its
guest alone, so that what is ordered is taken to be set with the next look, until the guest sets something else.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Self

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.model import Value
from edge.rooms.energy_count import Count, add
from edge.rooms.room import Room
from edge.rooms.setback_limits import MOST_RENTED_MINUTES, MOST_VENTILATION_MINUTES, Limits
from edge.rooms.setback_state import Control, Plan
from edge.rooms.setbacks import decide
from edge.scoring import MINUTE, Spans
from edge.setback_seen import Fixture, Told, fixtures, look
from edge.truth.words import Life

NO_DEVICES = Fixture((), frozenset(), (), ())
NOBODY_TOLD = Told()
HOUR_S = 3600


@dataclass
class EnergyScore:
    """Minutes, unless named otherwise. `rented_set` of `rented`: set back of those in which nobody at all was in.

    `false`: set back with a guest or visitor in. `absences` begin with the last guest or visitor who leaves, not with
    staff; `delays`: from there until it was set back.
    """

    minutes: int = 0
    rented: int = 0
    rented_set: int = 0
    unrented: int = 0
    unrented_set: int = 0
    false: int = 0
    false_asleep: int = 0
    degree_s: float = 0.0
    orders: int = 0
    absences: int = 0
    set_in_time: int = 0
    still_in_time: int = 0
    delays: list[int] = field(default_factory=list)

    def __iadd__(self, other: "EnergyScore") -> Self:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def figures(self) -> dict[str, float | int | None]:
        """For each day and room: hours, minutes of error, kelvin times hours, orders; shares in per cent."""
        days = self.minutes / 1440
        return {
            "rented_empty_hours_per_day": _each(self.rented / 60, days),
            "rented_setback_hours_per_day": _each(self.rented_set / 60, days),
            "rented_setback_pct": _each(100 * self.rented_set, self.rented),
            "unrented_empty_hours_per_day": _each(self.unrented / 60, days),
            "unrented_setback_hours_per_day": _each(self.unrented_set / 60, days),
            "unrented_setback_pct": _each(100 * self.unrented_set, self.unrented),
            "absences_over_30_min": self.absences,
            "setback_within_30_min_pct": _each(100 * self.set_in_time, self.absences),
            "setback_after_min_median": median(self.delays) if self.delays else None,
            "ventilation_off_within_20_min_pct": _each(100 * self.still_in_time, self.absences),
            "false_setback_min_per_day": _each(self.false, days),
            "false_setback_asleep_min_per_day": _each(self.false_asleep, days),
            "degree_hours_per_day": _each(self.degree_s / HOUR_S, days),
            "orders_per_day": _each(self.orders, days),
        }


@dataclass(slots=True)
class _Absence:
    """Minutes of one that goes on."""

    length: int = 0
    set_after: int | None = None
    still_after: int | None = None


class EnergyWatch:
    """Looks at one room at every whole minute before something is told to it."""

    def __init__(self, life: Life, catalog: Catalog) -> None:
        devices = {device.id: device for device in life.devices}
        self.score = EnergyScore()
        self._fixture = fixtures(Inventory({}, devices), catalog, ()).get(life.room, NO_DEVICES)
        self._limits = Limits()
        self._plan = Plan()
        self._set: dict[str, tuple[Value, Value]] = {}  # by control: what its guest had set, what was ordered since
        self._from, self._at = life.scored_from, life.scored_from - timedelta(days=1)
        self._occupied = Spans([(start, end) for start, end, _ in life.occupied])
        self._asleep = Spans([(start, end) for start, end, _ in life.asleep])
        self._staff = Spans([(start, end) for start, end, name in life.situations if name.startswith("staff")])
        self._absence: _Absence | None = None
        self._was_in = False

    def until(self, room: Room, end: datetime) -> None:
        """Every minute before `end` that was not looked at."""
        while self._at < end:
            self._look(room, self._at)
            self._at += MINUTE

    def _look(self, room: Room, at: datetime) -> None:
        seen = look(room, self._fixture, NOBODY_TOLD, at, self._limits.least_confidence)
        seen = replace(seen, controls=tuple(self._as_ordered(control) for control in seen.controls))
        decision = decide(seen, self._plan, self._limits, at)
        self._plan = decision.plan
        if at >= self._from:
            self.score.orders += len(decision.orders)
            self._count(at, add(Count(), seen, self._plan, MINUTE.total_seconds()), rented=seen.rented is True)
        by_key = {control.key: control.value for control in seen.controls}
        for order in decision.orders:
            key = f"{order.device}/{order.point}"
            self._set[key] = (self._set[key][0] if key in self._set else by_key[key], order.value)

    def _as_ordered(self, control: Control) -> Control:
        """What the thermostat would say, had it heard the orders."""
        by_guest, ordered = self._set.get(control.key, (None, None))
        if control.value is None or control.key not in self._set:
            return control
        if control.value != by_guest:
            del self._set[control.key]
            return control
        return replace(control, value=ordered)

    def _count(self, at: datetime, count: Count, *, rented: bool) -> None:
        score, is_set = self.score, count.setback_s + count.deep_s > 0
        score.minutes += 1
        score.degree_s += count.degree_s
        if at in self._occupied:
            score.false += is_set
            score.false_asleep += is_set and at in self._asleep
            self._was_in = True
            self.close()
            return
        if at not in self._staff:
            if not rented:
                score.unrented += 1
                score.unrented_set += is_set
            else:
                score.rented += 1
                score.rented_set += is_set
                self._goes_on(is_set=is_set)
                return
        self._was_in = False
        self.close()

    def _goes_on(self, *, is_set: bool) -> None:
        if self._was_in:
            self._absence, self._was_in = _Absence(), False
        if (absence := self._absence) is None:
            return
        if is_set and absence.set_after is None:
            absence.set_after = absence.length
        if self._plan.still and absence.still_after is None:
            absence.still_after = absence.length
        absence.length += 1

    def close(self) -> None:
        """Somebody comes, or it is over: an absence of more than the code's limit is judged."""
        absence, self._absence = self._absence, None
        if absence is None or absence.length <= MOST_RENTED_MINUTES:
            return
        score, after, still = self.score, absence.set_after, absence.still_after
        score.absences += 1
        score.set_in_time += after is not None and after <= MOST_RENTED_MINUTES
        score.still_in_time += still is not None and still <= MOST_VENTILATION_MINUTES
        if after is not None:
            score.delays.append(after)


def _each(value: float, of: float) -> float | None:
    return round(value / of, 2) if of else None
