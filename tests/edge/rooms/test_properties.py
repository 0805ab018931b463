"""What holds for any order of signals."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.model import CredentialClass, Quality, Reading
from edge.rooms.cells import CHOICES
from edge.rooms.occupancy import Occupancy
from edge.rooms.signals import ConditionRaised, DeviceHeard, Override, RoomChanged, RoomFacts, Signal, Tick
from tests.edge.rooms.play import DAY, HOME_OF, Play, card, event, reading

KINDS = ("contact", "motion", "lock", "leak", "presence", "thermostat")
DEVICES = (*KINDS, "stranger")
SWITCHES = (
    "motion",
    "presence",
    "keycard",
    "bolt",
    "leak",
    "tamper",
    "battery_low",
    "occupancy_input",
    "online",
    "window",
)
WILD = st.one_of(st.none(), st.booleans(), st.text(max_size=3), st.floats(), st.just(2**63), st.integers(-5, 120))
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sensible() -> st.SearchStrategy[Signal]:
    """Signals as devices, people and the PMS send them."""
    switch = st.builds(lambda point, value: reading(point, value, DAY), st.sampled_from(SWITCHES), st.booleans())
    choice = st.sampled_from(sorted((point, value) for point, values in CHOICES.items() for value in values))
    chosen = choice.map(lambda pair: reading(pair[0], pair[1], DAY))
    number = st.builds(
        lambda point, value: reading(point, value, DAY),
        st.sampled_from(["temperature", "setpoint", "battery"]),
        st.integers(0, 40),
    )
    cards = st.sampled_from(list(CredentialClass)).map(lambda kind: card(kind, DAY))
    events = st.sampled_from(["egress", "sos", "forced", "button"]).map(lambda kind: event(kind, DAY))
    facts = st.builds(lambda rented, guests: RoomFacts("101", rented, guests=guests), st.booleans(), st.integers(0, 3))
    heard = st.builds(DeviceHeard, st.sampled_from(DEVICES), st.booleans(), st.sampled_from([None, "field"]))
    return st.one_of(switch, switch, chosen, number, cards, events, facts, heard, st.just(Tick()))


def senseless() -> st.SearchStrategy[Signal]:
    """Anything at all of the right type."""
    points = st.sampled_from([*HOME_OF, *SWITCHES, "humidity", "nonsense"])
    wild = st.builds(
        lambda device, point, value, quality, retained: Reading(
            device, "101", point, value, quality, None, DAY, 1, retained
        ),
        st.sampled_from(DEVICES),
        points,
        WILD,
        st.sampled_from(list(Quality)),
        st.booleans(),
    )
    params = st.dictionaries(st.sampled_from(["result", "credential_class", "credential", "name"]), WILD, max_size=3)
    events = st.builds(
        lambda kind, what: event(kind, DAY, **what), st.sampled_from(["access", "egress", "sos", "what"]), params
    )
    until = st.one_of(st.none(), st.integers(-10, 600).map(lambda minutes: DAY + timedelta(minutes=minutes)))
    hands = st.builds(
        Override,
        st.just("101"),
        st.sampled_from(["occupancy", "request", "colour"]),
        st.sampled_from([None, "occupied", "vacant", "unknown", "dnd", "odd"]),
        until,
        st.just("desk"),
    )
    return st.one_of(wild, wild, events, hands, sensible())


def steps(signals: st.SearchStrategy[Signal]) -> st.SearchStrategy[list[tuple[float, Signal]]]:
    """Signals with the seconds before each."""
    gaps = st.one_of(st.integers(0, 30), st.integers(0, 900), st.integers(0, 20_000)).map(float)
    return st.lists(st.tuples(gaps, signals), max_size=40)


def played(given_steps: list[tuple[float, Signal]]) -> Play:
    play = Play(*KINDS)
    for gap, each in given_steps:
        play.take(each, play.now + timedelta(seconds=gap))
    return play


@QUIET
@given(steps(senseless()), st.integers(-100, 10))
def test_nothing_raises_and_the_state_can_always_be_told_and_kept(
    given_steps: list[tuple[float, Signal]], jump: int
) -> None:
    play = played(given_steps)
    play.room.take(Tick(), play.now + timedelta(hours=jump))  # a clock that jumps
    orjson.dumps(play.view())
    orjson.dumps(play.room.snapshot())
    play.restart()
    assert play.room.occupancy in ("unknown", "vacant", "occupied")


@QUIET
@given(steps(sensible()))
def test_conditions_alternate(given_steps: list[tuple[float, Signal]]) -> None:
    seen: dict[str, str] = {}
    for told in played(given_steps).conditions():
        sign, key = told[0], told[1:]
        assert seen.get(key, "-") != sign, told
        seen[key] = sign


def opens(signal: Signal) -> bool:
    """May the signal reopen the question?"""
    if isinstance(signal, Reading):
        return signal.point in ("door", "keycard", "occupancy_input")  # a card taken out is a departure
    return getattr(signal, "kind", "") in ("access", "egress")


@QUIET
@given(steps(sensible().filter(lambda signal: not opens(signal))))
def test_while_latched_nothing_but_a_door_makes_it_vacant(given_steps: list[tuple[float, Signal]]) -> None:
    play = Play(*KINDS).tell("0:00 motion off\n0:01 door open\n0:01:05 door closed\n0:02 motion on\n0:04 motion off")
    before = len(play.answers)
    for gap, each in given_steps:
        play.take(each, play.now + timedelta(seconds=gap))
    play.take(Tick(), play.now + timedelta(days=2))
    assert [answer for _, answer in play.answers[before:]] == []
    assert play.room.occupancy == "occupied"


@QUIET
@given(steps(sensible()), st.integers(0, 39))
def test_a_restart_changes_no_answer_and_no_age(given_steps: list[tuple[float, Signal]], at: int) -> None:
    play = played(given_steps[:at])
    before = play.view()
    play.restart()
    assert _without_doubt(play.view()) == _without_doubt(before)


@QUIET
@given(steps(sensible()))
def test_versions_only_grow_and_every_change_is_told(given_steps: list[tuple[float, Signal]]) -> None:
    play = Play(*KINDS)
    for gap, each in given_steps:
        version, told = play.room.version, len(play.told(RoomChanged))
        play.take(each, play.now + timedelta(seconds=gap))
        assert play.room.version - version == len(play.told(RoomChanged)) - told
    assert all(each.room == "101" for each in play.told(ConditionRaised) if isinstance(each, ConditionRaised))


def _without_doubt(view: dict[str, Any]) -> dict[str, Any]:
    """All but what a restart must change: the version, and that nothing has been heard since."""
    kept = {key: value for key, value in view.items() if key != "version"}
    for name in ("occupancy", "request", "door", "lock"):
        kept[name] = {key: value for key, value in view[name].items() if key not in ("stale", "confidence", "evidence")}
    return kept


class Thorough(Occupancy):
    """Always looks at what silence says."""

    __slots__ = ()

    def early(self) -> datetime | None:
        return None


@QUIET
@given(steps(sensible()))
def test_looking_late_at_what_silence_says_changes_nothing(given_steps: list[tuple[float, Signal]]) -> None:
    cheap, thorough = Play(*KINDS), Play(*KINDS)
    thorough.room._people.occupancy.__class__ = Thorough
    for gap, each in given_steps:
        for play in (cheap, thorough):
            play.take(each, play.now + timedelta(seconds=gap))
    for play in (cheap, thorough):
        play.room.take(Tick(), play.now + timedelta(hours=3))
    assert cheap.view() == thorough.view()
    assert cheap.conditions() == thorough.conditions()
