"""What a visit was for, case by case; and a lock's memory, in any order and however often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pms.housekeeping.visit_rules import (
    Department,
    Entry,
    Seen,
    VisitFacts,
    VisitKind,
    department_of,
    kind_of,
    left_by,
    reconcile,
)

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
K = VisitKind


def visit(
    card_class: str = "housekeeping", minutes: float | None = 25, own: str | None = None, **more: Any
) -> VisitFacts:
    department = department_of(card_class, own)
    return VisitFacts(
        card_class, department, None if minutes is None else timedelta(minutes=minutes), more.pop("hour", 10), **more
    )


KINDS: dict[str, tuple[VisitFacts, VisitKind]] = {
    "an attendant cleans": (visit(cleaned=True), K.CLEANING),
    "an attendant cleans beside the guest": (visit(cleaned=True, guests=True, rented=True), K.CLEANING),
    "a cleaning that no card announced": (visit("unknown", cleaned=True), K.CLEANING),
    "an attendant brings towels": (visit(minutes=4, guests=True, rented=True), K.ERRAND),
    "an attendant looks in": (visit(minutes=1), K.LOOK),
    "an attendant, five minutes, by day": (visit(minutes=5), K.OTHER),
    "the bed is turned down, as planned": (visit(minutes=5, hour=19, rented=True, task_type="turndown"), K.TURNDOWN),
    "the bed is turned down, unplanned": (visit(minutes=5, hour=19, rented=True), K.TURNDOWN),
    "a long turndown that looked like a cleaning": (
        visit(minutes=10, hour=19, cleaned=True, rented=True, task_type="turndown"),
        K.TURNDOWN,
    ),
    "a late cleaning of a room nobody has": (visit(minutes=30, hour=18, cleaned=True), K.CLEANING),
    "five minutes in the evening while the guest is in": (
        visit(minutes=5, hour=19, rented=True, guests=True),
        K.ERRAND,
    ),
    "an inspector by an own card": (visit(minutes=3, own="inspection"), K.INSPECTION),
    "a manager looks at what was done": (visit("master", minutes=3, task_state="done"), K.INSPECTION),
    "a manager confirms what was proposed": (visit("master", minutes=3, task_state="proposed"), K.INSPECTION),
    "a manager for no known reason": (visit("master", minutes=5), K.OTHER),
    "a manager on a round": (visit("master", minutes=2, round_of=3), K.INSPECTION),
    "a supervisor with an attendant's card, on a round": (visit(minutes=3, round_of=4), K.INSPECTION),
    "a manager stays for half an hour": (visit("master", minutes=30, task_state="done"), K.OTHER),
    "an engineer": (visit("engineering", minutes=15), K.ENGINEERING),
    "an engineer is never an attendant": (visit("engineering", minutes=30, cleaned=True), K.ENGINEERING),
    "an engineer for half a minute": (visit("engineering", minutes=0.5), K.ENGINEERING),
    "room service by its card": (visit(minutes=4, own="room_service", guests=True), K.ROOM_SERVICE),
    "somebody looks after a guest who is not to be disturbed": (visit(minutes=2, request="dnd"), K.WELFARE),
    "security with the emergency card": (visit("emergency", minutes=3), K.SECURITY),
    "a guest": (visit("guest", minutes=120), K.GUEST),
    "seen coming only": (visit(minutes=None), K.OTHER),
    "an inspector, seen coming only": (visit(minutes=None, own="inspection"), K.INSPECTION),
    "nobody known, three minutes": (visit("unknown", minutes=3), K.OTHER),
}


@pytest.mark.parametrize(("facts", "kind"), KINDS.values(), ids=KINDS.keys())
def test_what_a_visit_was_for(facts: VisitFacts, kind: VisitKind) -> None:
    assert kind_of(facts) is kind


def test_whose_card_it_is() -> None:
    assert department_of("housekeeping", None) is Department.HOUSEKEEPING
    assert department_of("housekeeping", "inspection") is Department.INSPECTION
    assert department_of("unknown", None) is None


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def seen(name: str, start: float, end: float, credential: str | None = None) -> Seen:
    return Seen(name, at(start), at(end), "housekeeping" if credential else "unknown", credential)


def test_an_opening_names_a_visit_whose_card_was_not_heard() -> None:
    made = reconcile([seen("a", 0, 25)], [Entry("112", "housekeeping", at(-1))])
    assert made.known == {"a": Entry("112", "housekeeping", at(-1))}
    assert made.unseen == ()


def test_an_opening_of_a_visit_that_was_heard_adds_nothing() -> None:
    made = reconcile(
        [seen("a", 0, 25, "112")], [Entry("112", "housekeeping", at(0)), Entry("112", "housekeeping", at(9))]
    )
    assert (made.known, made.unseen) == ({}, ())


def test_an_opening_that_nobody_saw_is_a_visit_once() -> None:
    openings = [Entry("112", "housekeeping", at(0)), Entry("112", "housekeeping", at(10)), Entry("7", "guest", at(60))]
    assert reconcile([], openings).unseen == (openings[0],)


def test_when_they_left_is_known_by_the_next_door() -> None:
    assert left_by(at(0), [at(-5), at(33), at(40)]) == at(33)
    assert left_by(at(0), [at(200)]) is None
    assert left_by(at(0), []) is None


entries = st.lists(
    st.builds(
        lambda card, minute: Entry(card, "guest" if card == "g" else "housekeeping", at(minute)),
        st.sampled_from(["112", "113", "g"]),
        st.integers(-30, 300),
    ),
    max_size=12,
)
spans = st.lists(st.tuples(st.integers(0, 250), st.integers(1, 60), st.sampled_from([None, "112"])), max_size=6)


@settings(max_examples=150, deadline=None)
@given(entries, spans, st.randoms())
def test_the_order_and_number_of_what_is_told_do_not_matter(
    told: list[Entry], lengths: list[tuple[int, int, str | None]], random: Any
) -> None:
    visits = [seen(str(number), start, start + long, card) for number, (start, long, card) in enumerate(lengths)]
    once = reconcile(visits, told)
    again = [*told, *told[:3]]
    random.shuffle(again)
    random.shuffle(visits)
    assert reconcile(visits, again) == once
    assert all(entry.card_class != "guest" for entry in (*once.unseen, *once.known.values()))
    assert all(visit.credential is None for visit in visits if visit.id in once.known)
