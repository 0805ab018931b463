"""When to ask which unit next, with seconds as values."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.schedule import PROBE_SHARE, Schedule


def run(schedule: Schedule, seconds: float, cost: dict[str, float], dead: set[str]) -> tuple[dict[str, int], float]:
    """Play the bus: polls by unit, and the time spent on dead ones."""
    now, polls, wasted = 0.0, dict.fromkeys(cost, 0), 0.0
    while now < seconds:
        turn = schedule.next(now)
        assert turn is not None
        now = max(now, schedule.wait_until(turn))
        began, now = now, now + cost[turn.unit]
        polls[turn.unit] += 1
        if turn.unit in dead:
            wasted += now - began
            schedule.missed(turn.unit, began, now)
        else:
            schedule.answered(turn.unit, now)
        schedule.served(turn.unit, began, now)
    return polls, wasted


def test_polls_are_spread_and_do_not_drift() -> None:
    units = {f"u{i}": 10.0 for i in range(10)}
    polls, _ = run(Schedule(units, 0.0), 1000, dict.fromkeys(units, 0.02), set())
    assert all(100 <= count <= 102 for count in polls.values())


def test_a_dead_unit_costs_its_neighbours_under_a_twentieth_of_the_bus() -> None:
    units = {f"u{i}": 1.0 for i in range(20)}
    cost = {unit: 1.5 if unit == "u0" else 0.02 for unit in units}
    polls, wasted = run(Schedule(units, 0.0), 1000, cost, {"u0"})
    assert wasted - 3 * 1.5 <= PROBE_SHARE * 1000 + 1.5, "after the three misses that open the breaker"
    assert min(count for unit, count in polls.items() if unit != "u0") > 900


@given(st.sets(st.sampled_from([f"u{i}" for i in range(8)]), max_size=8))
def test_however_many_are_dead_they_share_the_twentieth(dead: set[str]) -> None:
    units = {f"u{i}": 1.0 for i in range(8)}
    cost = {unit: 1.5 if unit in dead else 0.02 for unit in units}
    _, wasted = run(Schedule(units, 0.0), 500, cost, dead)
    assert wasted <= 3 * 1.5 * len(dead) + PROBE_SHARE * 500 + 1.5


def test_each_dead_unit_gets_its_probes() -> None:
    units = {f"u{i}": 1.0 for i in range(8)}
    dead = {"u0", "u1", "u2"}
    cost = {unit: 1.5 if unit in dead else 0.02 for unit in units}
    polls, _ = run(Schedule(units, 0.0), 5000, cost, dead)
    probes = [polls[unit] for unit in sorted(dead)]
    assert min(probes) > 40
    assert max(probes) - min(probes) <= 5


def test_a_unit_that_answers_again_is_back_in_its_turn() -> None:
    schedule = Schedule({"u": 1.0}, 0.0)
    for now in (0.0, 1.0, 2.0, 3.0):
        schedule.missed("u", now, now + 0.5)
    assert schedule.turn("u").open
    schedule.answered("u", 30.0)
    assert not schedule.turn("u").open
    assert schedule.wait_until(schedule.turn("u")) <= 31.0


def test_a_faster_clock_shortens_what_is_left_to_wait() -> None:
    schedule = Schedule({"u": 10.0}, 0.0)
    schedule.answered("u", 0.0)
    left = schedule.wait_until(schedule.turn("u"))
    schedule.stretch(0.1, 0.0)
    assert schedule.wait_until(schedule.turn("u")) == left * 0.1


def test_a_slow_unit_takes_what_the_others_leave() -> None:
    """Its 0.4 s a poll would fill a bus that is full already."""
    units = {f"u{i}": 1.0 for i in range(50)}
    cost = {unit: 0.4 if unit == "u7" else 0.02 for unit in units}
    polls, _ = run(Schedule(units, 0.0), 600, cost, set())
    assert min(count for unit, count in polls.items() if unit != "u7") > 570
    assert polls["u7"] >= 600 / 30, "and it is not forgotten"


def test_a_slow_unit_on_an_idle_bus_is_asked_as_often_as_any() -> None:
    units = {f"u{i}": 1.0 for i in range(10)}
    cost = {unit: 0.4 if unit == "u7" else 0.02 for unit in units}
    polls, _ = run(Schedule(units, 0.0), 300, cost, set())
    assert min(polls.values()) >= 299


def test_where_the_bus_cannot_carry_all_each_waits_the_same() -> None:
    schedule, now, last, longest = Schedule({f"u{i}": 1.0 for i in range(50)}, 0.0), 0.0, dict[str, float](), 0.0
    while now < 200:
        turn = schedule.next(now)
        assert turn is not None
        now = max(now, schedule.wait_until(turn))
        longest = max(longest, now - last.get(turn.unit, now))
        last[turn.unit] = now
        began, now = now, now + 0.022 + (0.002 if turn.unit == "u3" else 0.0)
        schedule.answered(turn.unit, now)
        schedule.served(turn.unit, began, now)
    assert len(last) == 50
    assert longest < 1.2
