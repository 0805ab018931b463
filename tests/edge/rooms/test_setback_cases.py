"""Setbacks as a table: what is seen, and what is then done with the room, for each rule in its turn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from edge.rooms.setback_goal import goal_of
from edge.rooms.setback_limits import (
    LEAST_DEEP_COOL_C,
    LEAST_SHIFT_K,
    MOST_DEEP_HEAT_C,
    MOST_PREHEAT_MINUTES,
    MOST_RENTED_MINUTES,
    MOST_VENTILATION_MINUTES,
    Limits,
)
from edge.rooms.setback_state import Control, Decision, Doubt, Phase, Plan, Seen
from edge.rooms.setbacks import decide

NOW = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
LIMITS = Limits()
UNIT = Control("101_thermostat", "setpoint", 21.0, 5, 35, "heat")
EMPTY = Seen("vacant", NOW - timedelta(hours=1), Doubt.NONE, rented=True, stay="s1", controls=(UNIT,))
KEPT = Plan(told=True, stay="s1")


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


CASES = [
    ("rented and empty for an hour", {}, {}, Phase.SETBACK, "vacant_rented"),
    ("rented and empty for a moment", {"since": ago(14)}, {}, Phase.COMFORT, "waiting"),
    ("not rented, empty", {"rented": False, "stay": None}, {}, Phase.DEEP, "vacant_unrented"),
    ("not rented, left just now", {"rented": False, "since": ago(19)}, {}, Phase.COMFORT, "waiting"),
    ("somebody in", {"occupancy": "occupied"}, {}, Phase.COMFORT, "occupied"),
    ("nobody knows", {"occupancy": "unknown"}, {}, Phase.COMFORT, "unknown"),
    ("nobody knows since when", {"since": None}, {}, Phase.COMFORT, "unknown"),
    ("a sensor is away", {"doubt": Doubt.AWAY}, {}, Phase.COMFORT, "sensors_away"),
    ("a sensor is away, not rented", {"doubt": Doubt.AWAY, "rented": False}, {}, Phase.COMFORT, "sensors_away"),
    ("nothing heard since the start", {"doubt": Doubt.UNHEARD}, {}, Phase.COMFORT, "not_heard"),
    ("the same, set back before", {"doubt": Doubt.UNHEARD}, {"phase": Phase.DEEP}, Phase.DEEP, "not_heard"),
    ("the desk has never told", {"rented": None}, {}, Phase.COMFORT, "not_told"),
    ("switched off", {"off": "switched_off"}, {"phase": Phase.DEEP}, Phase.COMFORT, "switched_off"),
    ("opted out", {"off": "opted_out"}, {}, Phase.COMFORT, "opted_out"),
    ("nothing takes orders", {"controls": ()}, {}, Phase.COMFORT, "no_device"),
    ("just checked in", {}, {"let_since": ago(59)}, Phase.COMFORT, "arriving"),
    ("checked in an hour ago, never came", {}, {"let_since": ago(60)}, Phase.SETBACK, "vacant_rented"),
    ("expected in an hour", {"rented": False, "expected": NOW + timedelta(minutes=60)}, {}, Phase.COMFORT, "expected"),
    (
        "expected later",
        {"rented": False, "expected": NOW + timedelta(minutes=61)},
        {},
        Phase.DEEP,
        "vacant_unrented",
    ),
    ("expected, did not come", {"rented": False, "expected": ago(360)}, {}, Phase.DEEP, "vacant_unrented"),
    ("set by hand meanwhile", {}, {"by_hand": ago(10)}, Phase.COMFORT, "set_by_hand"),
    ("set by hand long ago", {}, {"by_hand": ago(481)}, Phase.SETBACK, "vacant_rented"),
    ("window open, guest in", {"occupancy": "occupied"}, {"window_since": ago(2)}, Phase.WINDOW, "window_open"),
    ("window just opened", {"occupancy": "occupied"}, {"window_since": ago(1)}, Phase.COMFORT, "occupied"),
    (
        "the guest wants it so",
        {"occupancy": "occupied"},
        {"window_since": ago(9), "by_hand": ago(3)},
        Phase.COMFORT,
        "occupied",
    ),
    ("window open, nobody knows", {"occupancy": "unknown"}, {"window_since": ago(5)}, Phase.WINDOW, "window_open"),
    ("check-out", {"rented": False, "since": ago(9)}, {"phase": Phase.SETBACK}, Phase.SETBACK, "vacant_rented"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "plan", "phase", "code"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_first_rule_that_speaks_decides(
    seen: dict[str, object], plan: dict[str, object], phase: Phase, code: str
) -> None:
    goal = goal_of(replace(EMPTY, **seen), replace(KEPT, **plan), LIMITS, NOW)  # type: ignore[arg-type]
    assert (goal.phase, goal.why.code) == (phase, code)


def test_the_defaults_keep_the_code() -> None:
    assert LIMITS.rented_minutes + 10 <= MOST_RENTED_MINUTES, "ten minutes of silence come before"
    assert LIMITS.rented_shift_k >= LEAST_SHIFT_K
    assert LIMITS.deep_heat_c <= MOST_DEEP_HEAT_C
    assert LIMITS.deep_cool_c >= LEAST_DEEP_COOL_C
    assert LIMITS.ventilation_minutes + 10 <= MOST_VENTILATION_MINUTES
    assert LIMITS.preheat_minutes <= MOST_PREHEAT_MINUTES


def test_a_room_that_is_waited_for_says_until_when() -> None:
    goal = goal_of(replace(EMPTY, since=ago(10)), KEPT, LIMITS, NOW)
    assert (goal.why.code, goal.why.at) == ("waiting", NOW + timedelta(minutes=5))
    assert goal.still, "ventilation goes off first"


SETPOINTS = [
    ("heat", 21.0, Phase.SETBACK, 18.5),
    ("heat", 21.0, Phase.DEEP, 15.5),
    ("cool", 22.0, Phase.SETBACK, 24.5),
    ("cool", 22.0, Phase.DEEP, 27.0),
    ("heat", 15.0, Phase.DEEP, None),
    ("cool", 28.0, Phase.DEEP, None),
    ("off", 21.0, Phase.DEEP, None),
    ("eco", 21.0, Phase.DEEP, None),
    ("auto", 21.0, Phase.SETBACK, None),
    (None, 21.0, Phase.SETBACK, None),
]


@pytest.mark.parametrize(("mode", "setpoint", "phase", "wanted"), SETPOINTS)
def test_the_setpoint_goes_the_way_that_saves(
    mode: str | None, setpoint: float, phase: Phase, wanted: float | None
) -> None:
    seen = replace(EMPTY, rented=phase is Phase.SETBACK, controls=(replace(UNIT, value=setpoint, mode=mode),))
    decision = decide(seen, replace(KEPT, told=seen.rented), LIMITS, NOW)
    assert [order.value for order in decision.orders] == ([] if wanted is None else [wanted])


def test_a_unit_that_heats_and_cools_by_itself_is_left_alone_until_somebody_says_what_it_does() -> None:
    seen = replace(EMPTY, controls=(replace(UNIT, mode="auto"),))
    left = decide(seen, KEPT, LIMITS, NOW)
    assert (left.plan.phase, left.plan.why and left.plan.why.code, left.orders) == (Phase.COMFORT, "mode_left", ())
    told = decide(seen, KEPT, replace(LIMITS, auto_means="heat"), NOW)
    assert [order.value for order in told.orders] == [18.5]


def test_the_limits_of_the_device_are_kept() -> None:
    seen = replace(EMPTY, rented=False, controls=(replace(UNIT, low=17.0),))
    assert [order.value for order in decide(seen, replace(KEPT, told=False), LIMITS, NOW).orders] == [17.0]


def test_what_is_not_known_of_a_device_is_not_changed() -> None:
    decision = decide(replace(EMPTY, controls=(replace(UNIT, value=None),)), KEPT, LIMITS, NOW)
    assert (decision.orders, decision.plan.held) == ((), {})


def set_to(value: float, seen: Seen = EMPTY) -> Seen:
    return replace(seen, controls=(replace(UNIT, value=value),))


def later(plan: Plan, seen: Seen, minutes: float) -> Decision:
    return decide(seen, plan, LIMITS, NOW + timedelta(minutes=minutes))


def reached() -> Plan:
    """The room is set back, and the device has said so."""
    ordered = decide(EMPTY, KEPT, LIMITS, NOW)
    assert [order.value for order in ordered.orders] == [18.5]
    return later(ordered.plan, set_to(18.5), 1).plan


BACK = replace(EMPTY, occupancy="occupied", since=NOW + timedelta(minutes=5))


def test_the_guest_gets_back_what_the_guest_had_set() -> None:
    given = later(reached(), set_to(18.5, BACK), 5)
    assert [(order.value, order.lowers) for order in given.orders] == [(21.0, False)]
    assert not later(given.plan, set_to(21.0, BACK), 7).plan.held


def test_an_order_that_was_lost_is_given_again_and_not_at_once() -> None:
    given = later(reached(), set_to(18.5, BACK), 5)
    assert later(given.plan, set_to(18.5, BACK), 6).orders == ()
    assert [order.value for order in later(given.plan, set_to(18.5, BACK), 7).orders] == [21.0]


def test_a_guest_who_returns_while_the_order_is_on_its_way_gets_the_setting_back_all_the_same() -> None:
    ordered = decide(EMPTY, KEPT, LIMITS, NOW)
    given = later(ordered.plan, set_to(21.0, BACK), 0.1)
    assert [order.value for order in given.orders] == [21.0]
    landed = later(given.plan, set_to(18.5, BACK), 3)
    assert [order.value for order in landed.orders] == [21.0], "the first order arrived after all"


@pytest.mark.parametrize("turned", [21.0, 23.0, 16.0])
def test_a_knob_that_is_turned_meanwhile_counts(turned: float) -> None:
    decision = later(reached(), set_to(turned), 5)
    assert (decision.orders, decision.plan.held, decision.plan.phase) == ((), {}, Phase.COMFORT)
    assert decision.plan.why is not None
    assert decision.plan.why.code == "set_by_hand"
    assert later(decision.plan, set_to(turned), 60).orders == ()


def test_a_device_that_goes_only_so_far_is_where_it_was_to_be() -> None:
    ordered = decide(replace(EMPTY, rented=False), replace(KEPT, told=False), LIMITS, NOW)
    there = later(ordered.plan, replace(set_to(17.0), rented=False), 1)
    assert (there.orders, there.plan.phase) == ((), Phase.DEEP)
    assert later(there.plan, replace(set_to(17.0), rented=False), 90).orders == ()


def test_a_check_out_takes_the_room_further_back_and_the_next_guest_is_welcomed() -> None:
    limits = replace(LIMITS, welcome_c=22.0)
    out = replace(set_to(18.5), rented=False, stay=None)
    deep = decide(out, reached(), limits, NOW + timedelta(minutes=2))
    assert [order.value for order in deep.orders] == [15.5]
    welcome = replace(set_to(15.5), stay="s2")
    given = decide(welcome, deep.plan, limits, NOW + timedelta(minutes=30))
    assert [order.value for order in given.orders] == [22.0]


def test_ventilation_goes_off_and_comes_back() -> None:
    fan = Control("101_fan", "relay", True)  # noqa: FBT003 - what it says
    seen = replace(EMPTY, since=ago(10), controls=(UNIT, fan))
    off = decide(seen, KEPT, LIMITS, NOW)
    assert [(order.device, order.value) for order in off.orders] == [("101_fan", False)]
    quiet = replace(seen, controls=(UNIT, replace(fan, value=False)))
    still = decide(quiet, off.plan, LIMITS, NOW + timedelta(minutes=2))
    assert still.orders == ()
    back = decide(replace(quiet, occupancy="occupied"), still.plan, LIMITS, NOW + timedelta(minutes=4))
    assert [(order.device, order.value) for order in back.orders] == [("101_fan", True)]


def test_a_window_takes_it_back_and_gives_it_back() -> None:
    seen = replace(EMPTY, occupancy="occupied", window=True)
    opened = decide(seen, KEPT, LIMITS, NOW)
    assert opened.orders == ()
    shut_off = decide(seen, opened.plan, LIMITS, NOW + timedelta(minutes=2))
    assert [order.value for order in shut_off.orders] == [15.5]
    there = decide(set_to(15.5, seen), shut_off.plan, LIMITS, NOW + timedelta(minutes=3))
    closed = decide(set_to(15.5, replace(seen, window=False)), there.plan, LIMITS, NOW + timedelta(minutes=9))
    assert [order.value for order in closed.orders] == [21.0]


def test_another_setback_while_the_device_still_says_the_former_one_is_no_hand() -> None:
    seen = replace(EMPTY, window=True, since=NOW - timedelta(minutes=10))
    shut_off = decide(seen, replace(KEPT, window_since=NOW - timedelta(minutes=2)), LIMITS, NOW)
    there = later(shut_off.plan, set_to(15.5, seen), 1)
    shut = set_to(15.5, replace(seen, window=False))
    closed = later(there.plan, shut, 21)
    assert [order.value for order in closed.orders] == [18.5], "the window is shut, nobody is in"
    waiting = later(closed.plan, shut, 21.5)
    assert (waiting.orders, waiting.plan.by_hand) == ((), None)
    back = later(waiting.plan, set_to(18.5, replace(BACK, since=NOW + timedelta(minutes=22))), 22)
    assert [order.value for order in back.orders] == [21.0]


@pytest.mark.parametrize(("quiet", "phase"), [(14, Phase.COMFORT), (16, Phase.SETBACK)])
def test_the_minutes_count_from_the_last_sign_of_life(quiet: float, phase: Phase) -> None:
    """The code gives 30 minutes from when the room is empty, not from when the sensors are sure of it."""
    seen = replace(EMPTY, since=NOW - timedelta(minutes=1), quiet_since=NOW - timedelta(minutes=quiet))
    assert decide(seen, Plan(), Limits(), NOW).plan.phase is phase
