"""Cases, row by row: when they open, when they close; and any order of looks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pms.housekeeping.case_rules import (
    DEFAULTS,
    CaseKind,
    CaseState,
    Finding,
    Limits,
    Move,
    Present,
    RoomFactsNow,
    Verdict,
    look,
    step,
)

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 22)
LIMITS = Limits.of({})
K = CaseKind


def clock(hour: float, day: int = 22) -> datetime:
    """An hour in Berlin, in UTC."""
    return datetime(2026, 11, day, tzinfo=BERLIN).astimezone(UTC) + timedelta(hours=hour)


def room(now: datetime, **more: Any) -> RoomFactsNow:
    """An occupied room of two guests who stay on, and were last seen."""
    usual: dict[str, Any] = {
        "zone": BERLIN, "today": TODAY, "front_office": "occupied", "stay": "stay_1", "guests": 2,
        "arrived": clock(15, 20), "departure": date(2026, 11, 25), "sensed": "occupied",
        "since": now - timedelta(hours=1), "confidence": 0.9,
    }  # fmt: skip
    return RoomFactsNow(now=now, **(usual | more))


def vacant(now: datetime, **more: Any) -> RoomFactsNow:
    """One that the desk has as vacant."""
    return room(
        now, **({"front_office": "vacant", "stay": None, "guests": 0, "arrived": None, "departure": None} | more)
    )


OUT = {"sensed": "vacant"}
LEAVES = {"departure": TODAY, "sensed": "vacant"}
CASES: dict[str, tuple[CaseKind, RoomFactsNow, Verdict]] = {
    "out for dinner is no skip": (K.SKIP, room(clock(22), since=clock(18), **OUT), Verdict.NO),
    "out all day is no skip": (K.SKIP, room(clock(21), since=clock(8), **OUT), Verdict.NO),
    "out, and the night is not over": (K.SKIP, room(clock(5), since=clock(20, 21), **OUT), Verdict.NO),
    "the bed was not slept in": (K.SKIP, room(clock(7), since=clock(20, 21), **OUT), Verdict.YES),
    "still so in the afternoon": (K.SKIP, room(clock(16), since=clock(20, 21), **OUT), Verdict.YES),
    "came home at three": (K.SKIP, room(clock(7), since=clock(6.5), **OUT), Verdict.NO),
    "arrived in the night": (K.SKIP, room(clock(7), since=clock(20, 21), arrived=clock(3), **OUT), Verdict.NO),
    "in at last": (K.SKIP, room(clock(7), since=clock(6)), Verdict.NO),
    "due out: that is another case": (K.SKIP, room(clock(7), since=clock(20, 21), **LEAVES), Verdict.SETTLED),
    "checked out": (K.SKIP, vacant(clock(7)), Verdict.SETTLED),
    "a stale answer says nothing": (K.SKIP, room(clock(7), sensed=None, since=None), Verdict.UNKNOWN),
    "a doubtful answer says nothing": (
        K.SKIP, room(clock(7), since=clock(20, 21), confidence=0.4, **OUT), Verdict.UNKNOWN
    ),
    "people work on the room": (K.SKIP, room(clock(7), since=clock(20, 21), maintenance=True, **OUT), Verdict.UNKNOWN),
    "somebody in a vacant room": (K.SLEEP, vacant(clock(14), since=clock(13)), Verdict.YES),
    "in a vacant room, just now": (K.SLEEP, vacant(clock(14), since=clock(13.75)), Verdict.NO),
    "staff in a vacant room": (K.SLEEP, vacant(clock(14), since=clock(13), staff_inside=True), Verdict.NO),
    "nobody in a vacant room": (K.SLEEP, vacant(clock(14), sensed="vacant", since=clock(8)), Verdict.NO),
    "checked in meanwhile": (K.SLEEP, room(clock(14)), Verdict.SETTLED),
    "three in a room of two": (K.PERSONS, room(clock(10), persons=3, persons_at=clock(9)), Verdict.YES),
    "two in a room of two": (K.PERSONS, room(clock(10), persons=2, persons_at=clock(9)), Verdict.SETTLED),
    "counted the day before yesterday": (K.PERSONS, room(clock(10), persons=3, persons_at=clock(9, 20)), Verdict.NO),
    "counted before they came": (
        K.PERSONS, room(clock(10), persons=3, persons_at=clock(9), arrived=clock(9.5)), Verdict.NO
    ),
    "nobody counted": (K.PERSONS, room(clock(10)), Verdict.NO),
    "left without a word": (K.DEPARTED, room(clock(11), since=clock(9), **LEAVES), Verdict.YES),
    "left a moment ago": (K.DEPARTED, room(clock(11), since=clock(10.5), **LEAVES), Verdict.NO),
    "left, and an attendant is in": (
        K.DEPARTED, room(clock(11), since=clock(9), staff_inside=True, **LEAVES), Verdict.NO
    ),
    "left the evening before: from the morning on": (
        K.DEPARTED, room(clock(5.5), since=clock(22, 21), **LEAVES), Verdict.NO
    ),
    "not due": (K.DEPARTED, room(clock(11), since=clock(9), **OUT), Verdict.SETTLED),
    "may be cleaned early": (K.EARLY, room(clock(9.5), since=clock(9), **LEAVES), Verdict.YES),
    "at breakfast": (K.EARLY, room(clock(9.2), since=clock(9), **LEAVES), Verdict.NO),
    "the cleaning is planned": (K.EARLY, room(clock(9.5), since=clock(9), task_open=True, **LEAVES), Verdict.SETTLED),
    "do not disturb": (K.EARLY, room(clock(9.5), since=clock(9), request="dnd", **LEAVES), Verdict.SETTLED),
    "came back": (K.EARLY, room(clock(9.5), departure=TODAY), Verdict.NO),
    "the hour has passed": (K.OVERDUE, room(clock(12.1), departure=TODAY), Verdict.YES),
    "the hour has not passed": (K.OVERDUE, room(clock(11.9), departure=TODAY), Verdict.NO),
    "gone by then": (K.OVERDUE, room(clock(12.1), since=clock(9), **LEAVES), Verdict.NO),
    "a day over": (K.OVERDUE, room(clock(8), departure=date(2026, 11, 21)), Verdict.YES),
    "not disturbed for a day": (K.WELFARE, room(clock(10), request="dnd", request_since=clock(9.5, 21)), Verdict.YES),
    "not disturbed for less": (K.WELFARE, room(clock(10), request="dnd", request_since=clock(11, 21)), Verdict.SETTLED),
    "somebody looked meanwhile": (
        K.WELFARE, room(clock(10), request="dnd", request_since=clock(9, 20), looked_at=clock(18, 21)), Verdict.SETTLED
    ),
    "the sign of the guest before": (
        K.WELFARE, room(clock(10), request="dnd", request_since=clock(9, 20), arrived=clock(16, 21)), Verdict.SETTLED
    ),
    "the sign is gone": (K.WELFARE, room(clock(10), request_since=clock(9, 20)), Verdict.SETTLED),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "facts", "verdict"), CASES.values(), ids=CASES.keys())
def test_what_a_look_says(kind: CaseKind, facts: RoomFactsNow, verdict: Verdict) -> None:
    found = look(facts, LIMITS)[kind]
    assert found.verdict is verdict
    assert bool(found.evidence) == (verdict is Verdict.YES)


def test_every_kind_is_looked_at_and_the_house_may_change_every_limit() -> None:
    assert set(look(room(clock(10)), LIMITS)) == set(CaseKind)
    changed = Limits.of({"sleep_minutes": 90, "other": 3})
    assert set(changed.values) == set(DEFAULTS)
    assert look(vacant(clock(14), since=clock(13)), changed)[K.SLEEP].verdict is Verdict.NO


def test_the_night_on_which_the_clocks_change_is_a_night() -> None:
    morning = datetime(2026, 10, 25, 7, tzinfo=BERLIN).astimezone(UTC)
    since = datetime(2026, 10, 24, 20, tzinfo=BERLIN).astimezone(UTC)
    facts = replace(room(morning, since=since, sensed="vacant"), arrived=since - timedelta(days=2))
    assert look(facts, LIMITS)[K.SKIP].verdict is Verdict.YES


YES, NO = Finding(Verdict.YES, clock(9)), Finding(Verdict.NO)
SETTLED, UNKNOWN = Finding(Verdict.SETTLED), Finding(Verdict.UNKNOWN)
OPEN = Present(CaseState.OPEN, "stay_1")
GOING = Present(CaseState.OPEN, "stay_1", clock(9.9))
GONE = Present(CaseState.OPEN, "stay_1", clock(9.8))
STEPS: dict[str, tuple[Present | None, Finding, Move]] = {
    "nothing there": (None, NO, Move.NOTHING),
    "opens": (None, YES, Move.OPEN),
    "unknown opens nothing": (None, UNKNOWN, Move.NOTHING),
    "goes on": (OPEN, YES, Move.NOTHING),
    "unknown closes nothing": (GONE, UNKNOWN, Move.NOTHING),
    "gone a moment ago": (OPEN, NO, Move.WAIT),
    "gone for a while, not long enough": (GOING, NO, Move.NOTHING),
    "flapped back": (GOING, YES, Move.REFRESH),
    "gone for long": (GONE, NO, Move.CLOSE),
    "the books have changed": (OPEN, SETTLED, Move.CLOSE),
    "another stay": (Present(CaseState.OPEN, "stay_0"), YES, Move.CLOSE),
    "dealt with, and still so": (Present(CaseState.DISMISSED, "stay_1"), YES, Move.NOTHING),
    "dealt with, and over": (Present(CaseState.DISMISSED, "stay_1", clock(9.8)), NO, Move.CLOSE),
}


@pytest.mark.parametrize(("case", "finding", "move"), STEPS.values(), ids=STEPS.keys())
def test_what_follows_from_a_look(case: Present | None, finding: Finding, move: Move) -> None:
    assert step(case, finding, room(clock(10)), LIMITS) is move


class CaseMachine(RuleBasedStateMachine):
    """Any order of looks, each once or twice: a case opens only on a yes and closes only when it was settled, or not
    seen for long enough; the second of two equal looks changes nothing."""

    @initialize()
    def begin(self) -> None:
        self.now = clock(8)
        self.case: Present | None = None
        self.absent_since: datetime | None = None

    @rule(verdict=st.sampled_from(list(Verdict)), minutes=st.integers(0, 12), twice=st.booleans())
    def see(self, verdict: Verdict, minutes: int, twice: bool) -> None:
        self.now += timedelta(minutes=minutes)
        if verdict is Verdict.YES:
            self.absent_since = None
        elif verdict is Verdict.NO:
            self.absent_since = self.absent_since or self.now
        move = self._take(verdict)
        if twice and move is not Move.CLOSE:
            assert self._take(verdict) is Move.NOTHING

    @rule()
    def dismissed(self) -> None:
        if self.case is not None:
            self.case = replace(self.case, state=CaseState.DISMISSED)

    @invariant()
    def what_waits_has_been_seen_to_be_gone(self) -> None:
        case = getattr(self, "case", None)
        if case is not None and case.gone_since is not None:
            assert self.absent_since is not None

    def _take(self, verdict: Verdict) -> Move:
        finding = Finding(verdict, self.now if verdict is Verdict.YES else None)
        move = step(self.case, finding, room(self.now), LIMITS)
        if move is Move.OPEN:
            assert self.case is None
            assert verdict is Verdict.YES
            self.case = Present(CaseState.OPEN, "stay_1")
        elif move is Move.CLOSE:
            assert self.case is not None
            settled = verdict is Verdict.SETTLED
            assert settled or (
                self.absent_since and self.now - self.absent_since >= LIMITS.minutes("case_settle_minutes")
            )
            self.case = None
        elif move in {Move.WAIT, Move.REFRESH} and self.case is not None:
            self.case = replace(self.case, gone_since=self.now if move is Move.WAIT else None)
        return move


CaseMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
TestCaseMachine = CaseMachine.TestCase
