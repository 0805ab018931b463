"""The state machine of a room's setbacks: what is remembered, what is ordered, how often. Pure.

What a device reports counts, not that an order was sent: so an order whose end nobody knows does no harm, and a knob
that somebody turned is seen. What the guest had set is remembered before anything is ordered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from devices.model import Value
from edge.rooms.setback_goal import Goal, because, goal_of
from edge.rooms.setback_limits import PACE, Limits
from edge.rooms.setback_state import Control, Decision, Held, Order, Phase, Plan, Seen
from edge.rooms.signals import Evidence

NEAR_K = 0.6
"""Devices round to half a degree or a whole one."""
DIRECTION = {"heat": -1, "cool": 1}


def decide(seen: Seen, before: Plan, limits: Limits, now: datetime) -> Decision:
    """What to do about the climate of a room now."""
    plan = _notice(seen, before, limits, now)
    plan = _heed_hands(seen, plan, now)
    goal = goal_of(seen, plan, limits, now)
    if goal.phase is not Phase.COMFORT and (mode := _left_alone(seen, plan, limits)) is not None:
        goal = Goal(Phase.COMFORT, goal.still, because("mode_left", now, mode=mode))
    return _Round(plan, goal, limits, now).run(seen.controls)


def _notice(seen: Seen, plan: Plan, limits: Limits, now: datetime) -> Plan:
    """Windows, check-ins and check-outs, and that somebody came or went."""
    window = (plan.window_since or now) if seen.window else None
    if window != plan.window_since:
        plan = replace(plan, window_since=window)
    if (seen.rented, seen.stay) != (plan.told, plan.stay):
        plan = _told(seen, plan, limits, now)
    if seen.occupancy == "occupied" and plan.let_since is not None:
        plan = replace(plan, let_since=None)
    if plan.by_hand is not None and seen.since is not None and plan.by_hand < seen.since:
        plan = replace(plan, by_hand=None)
    return plan


def _told(seen: Seen, plan: Plan, limits: Limits, now: datetime) -> Plan:
    """The front desk says something else than before. Another guest is not given back what the last one had set."""
    let = seen.rented is True and plan.told is not None
    over = plan.told is True and (seen.rented is False or seen.stay != plan.stay)
    held = plan.held
    if over and limits.welcome_c:
        held = {key: _welcomed(key, one, limits.welcome_c) for key, one in held.items()}
    return replace(
        plan,
        told=seen.rented,
        stay=seen.stay,
        let_since=now if let else None,
        by_hand=None if let or over else plan.by_hand,
        held=held,
    )


def _welcomed(key: str, held: Held, welcome: float) -> Held:
    return replace(held, guest=welcome) if key.endswith("/setpoint") else held


def _heed_hands(seen: Seen, plan: Plan, now: datetime) -> Plan:
    """What a device says that is neither ours nor the guest's was set by hand, and is the guest's setting from now."""
    known = {control.key: control.value for control in seen.controls}
    compared = {key: _compared(known[key], one, now) for key, one in plan.held.items() if key in known}
    held = {key: one for key, one in compared.items() if one is not None}
    if held == plan.held:
        return plan
    return replace(plan, held=held, by_hand=now if None in compared.values() else plan.by_hand)


def _compared(value: Value, held: Held, now: datetime) -> Held | None:
    """What is remembered of a control that says `value`; None: somebody else has set it."""
    if value is None:
        return held
    if near(value, held.wanted):
        return held if held.reached or held.back else replace(held, reached=True, tries=0)
    if near(value, held.guest):
        return held if held.back or not held.reached else None
    if not _settled(held, now) and any(near(value, sent) for sent in held.sent):
        return held  # an order of before has arrived after all
    if not held.reached and held.was is not None and near(value, held.was):
        return held  # what was asked has not come to it yet
    if held.reached or held.asked is None or not _between(value, held):
        return None
    if held.back:
        return None if _settled(held, now) else held
    return replace(held, wanted=value, reached=True, tries=0)  # the device goes only so far


def _anew(held: Held, wanted: Value, value: Value) -> Held:
    """It is to be something else now. What was ordered before may still arrive, and what it says is nobody's doing."""
    return Held(held.guest, wanted, wanted, asked=held.asked, was=value, sent=held.sent)


def _ordered(held: Held, order: Value, value: Value, now: datetime) -> Held:
    """`order` goes out, while the control says `value`."""
    on_their_way = () if _settled(held, now) else held.sent
    return replace(held, tries=held.tries + 1, asked=now, was=value, sent=(*on_their_way, order))


def _settled(held: Held, now: datetime) -> bool:
    """Whatever was ordered has come to its end by now."""
    return held.asked is None or now - held.asked >= PACE.lasts


def _between(value: Value, held: Held) -> bool:
    ends = (held.guest, held.wanted)
    numbers = [end for end in (value, *ends) if isinstance(end, int | float) and not isinstance(end, bool)]
    return len(numbers) == 3 and min(numbers[1:]) <= numbers[0] <= max(numbers[1:])


def near(one: Value, other: Value) -> bool:
    """The same, as far as a device can say it."""
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str) or isinstance(other, str):
        return one == other
    if one is None or other is None:
        return one is other
    return abs(one - other) <= NEAR_K


def direction(mode: str | None, limits: Limits) -> int:
    """Which way saves: -1 down, 1 up, 0 the unit is left alone (off, eco, and by itself where nobody has said)."""
    if mode in (None, "auto"):
        return DIRECTION.get(limits.auto_means, 0)
    return DIRECTION.get(mode or "", 0)


def _left_alone(seen: Seen, plan: Plan, limits: Limits) -> str | None:
    """The mode for which no setpoint of the room is touched; None: one can be."""
    units = [control for control in seen.controls if control.point == "setpoint"]
    if any(control.key in plan.held or direction(control.mode, limits) for control in units):
        return None
    return (units[0].mode or "unknown") if units else "none"


def lowered(control: Control, base: Value, phase: Phase, limits: Limits) -> Value:
    """What a setpoint is to be instead of `base`; None: it stays. Never less saving than what is there."""
    way = direction(control.mode, limits)
    if way == 0 or isinstance(base, bool) or not isinstance(base, int | float):
        return None
    if phase is Phase.SETBACK:
        value = base + way * limits.rented_shift_k
    else:
        value = min(base, limits.deep_heat_c) if way < 0 else max(base, limits.deep_cool_c)
    value = round(value * 2) / 2
    if control.low is not None:
        value = max(value, control.low)
    if control.high is not None:
        value = min(value, control.high)
    return value if (value - base) * way > NEAR_K else None


def aim(control: Control, base: Value, goal: Goal, limits: Limits) -> Value:
    """What a control is to be for a goal; None: as the guest has it."""
    if control.point == "setpoint":
        return None if goal.phase is Phase.COMFORT else lowered(control, base, goal.phase, limits)
    if not goal.still:
        return None
    if control.point == "mode":
        return "off" if base == "vent" else None
    return False if base is True else None


@dataclass(slots=True)
class _Round:
    """One look at all controls of a room."""

    plan: Plan
    goal: Goal
    limits: Limits
    now: datetime

    def run(self, controls: Sequence[Control]) -> Decision:
        """The plan from now on, and the orders."""
        recent = tuple(at for at in self.plan.orders if self.now - at < PACE.hour)
        held = dict(self.plan.held)
        orders: list[Order] = []
        for control in controls:
            given = len(recent) + len(orders)
            order = self._one(control, held, given)
            if order is not None:
                orders.append(order)
        changed = (self.goal.phase, self.goal.still) != (self.plan.phase, self.plan.still)
        plan = replace(
            self.plan,
            phase=self.goal.phase,
            still=self.goal.still,
            since=self.now if changed or self.plan.since is None else self.plan.since,
            why=self._why(),
            held=held,
            orders=recent + (self.now,) * len(orders),
        )
        return Decision(plan, tuple(orders))

    def _why(self) -> Evidence:
        """The same reason keeps the instant at which it was first given."""
        before = self.plan.why
        return before if before is not None and before.code == self.goal.why.code and _loose(before) else self.goal.why

    def _one(self, control: Control, held: dict[str, Held], given: int) -> Order | None:
        if control.value is None:
            return None
        before = held.get(control.key)
        base = control.value if before is None else before.guest
        wanted = aim(control, base, self.goal, self.limits)
        if wanted is None:
            return None if before is None else self._give_back(control, before, held, given)
        return self._take_back(control, before or Held(base, wanted, wanted), wanted, (held, given))

    def _give_back(self, control: Control, before: Held, held: dict[str, Held], given: int) -> Order | None:
        there = near(control.value, before.guest)
        if there and _settled(before, self.now):
            del held[control.key]
            return None
        if there and before.back:
            return None  # what was ordered before may still arrive
        turned = before if before.back else replace(before, back=True, reached=False, tries=0)
        held[control.key] = turned
        if given >= self.limits.orders_an_hour or not self._due(turned):
            return None
        held[control.key] = _ordered(turned, before.guest, control.value, self.now)
        return Order(control.device, control.point, before.guest, lowers=False)

    def _take_back(
        self, control: Control, before: Held, wanted: Value, so_far: tuple[dict[str, Held], int]
    ) -> Order | None:
        held, given = so_far
        if before.back or not near(before.aimed, wanted):
            before = _anew(before, wanted, control.value)
        if near(control.value, before.wanted):
            held[control.key] = replace(before, reached=True)
            return None
        unheard = self.goal.why.code == "not_heard"  # what was stays, and is not ordered again either
        if unheard or given >= self.limits.lowering_an_hour or not self._due(before):
            if control.key in held:
                held[control.key] = before
            return None
        held[control.key] = _ordered(before, before.aimed, control.value, self.now)
        return Order(control.device, control.point, before.aimed, lowers=True)

    def _due(self, held: Held) -> bool:
        if held.asked is None or held.tries == 0:
            return True
        return self.now - held.asked >= PACE.again[min(held.tries, len(PACE.again)) - 1]


def _loose(why: Evidence) -> bool:
    """Reasons whose instant is that of the look: they began when they were first given."""
    return why.code in LOOSE


LOOSE = frozenset(
    {
        "unknown",
        "no_device",
        "sensors_away",
        "not_told",
        "not_heard",
        "mode_left",
        "switched_off",
        "opted_out",
        "maintenance",
    }
)
