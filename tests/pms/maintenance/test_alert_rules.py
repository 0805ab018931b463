"""Rules of alerts: the table, shelving, what a condition's coming and going does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pms.maintenance.catalog import KINDS, OTHER, PRIORITIES, kind_of, priority_of
from pms.maintenance.rules import (
    NEVER_SHELVED,
    OPEN,
    REOPEN_WITHIN,
    TRANSITIONS,
    Action,
    AlertState,
    after,
    refusals,
    same_fault,
    shelf_end,
)

S = AlertState
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_every_action_has_a_row_and_ends_in_a_known_state() -> None:
    assert set(TRANSITIONS) == set(Action)
    assert all(set(row) <= set(S) and set(row.values()) <= set(S) for row in TRANSITIONS.values())


def test_acknowledging_does_not_clear_and_clearing_does_not_acknowledge() -> None:
    assert after(Action.ACKNOWLEDGE, S.NEW) is S.ACKNOWLEDGED
    assert after(Action.CLEAR, S.NEW) is S.CLEARED_UNACKNOWLEDGED
    assert after(Action.CLEAR, S.ACKNOWLEDGED) is S.RESOLVED
    assert after(Action.ACKNOWLEDGE, S.CLEARED_UNACKNOWLEDGED) is S.RESOLVED


def test_a_shelved_alert_stays_on_its_shelf_however_the_fault_chatters() -> None:
    assert after(Action.CLEAR, S.SHELVED) is S.SHELVED
    assert after(Action.RAISE_AGAIN, S.SHELVED) is S.SHELVED


@pytest.mark.parametrize("kind", sorted(NEVER_SHELVED))
def test_nobody_looks_away_from_danger(kind: str) -> None:
    assert refusals(Action.SHELVE, S.NEW, kind) == ("kind_never_shelved",)
    assert refusals(Action.ACKNOWLEDGE, S.NEW, kind) == ()


def test_a_refusal_names_the_state() -> None:
    assert refusals(Action.ACKNOWLEDGE, S.RESOLVED, "leak") == ("alert_resolved",)
    assert refusals(Action.SHELVE, S.NEW, "low_battery") == ()


def test_a_fault_that_comes_back_soon_is_the_same_fault() -> None:
    assert same_fault(NOW, NOW + REOPEN_WITHIN, resolved_by_hand=False)
    assert not same_fault(NOW, NOW + REOPEN_WITHIN + timedelta(seconds=1), resolved_by_hand=False)
    assert not same_fault(NOW, NOW + timedelta(seconds=1), resolved_by_hand=True)
    assert same_fault(None, NOW, resolved_by_hand=False)


def test_the_shelf_ends_by_itself() -> None:
    assert shelf_end(NOW, NOW + timedelta(seconds=1), present=True) is None
    assert shelf_end(NOW, None, present=True) is None
    assert shelf_end(NOW, NOW, present=True) is Action.RETURN
    assert shelf_end(NOW, NOW, present=False) is Action.LAPSE


def test_every_kind_of_the_design_is_in_the_catalogue() -> None:
    design = (
        "line_down device_offline low_battery door_ajar door_forced leak smoke sos setpoint_not_reached sensor_stuck "
        "sensor_implausible lock_tampered unknown_credential clock_wrong disk_low"
    )
    assert set(design.split()) <= set(KINDS)
    assert all(kind.priority in PRIORITIES for kind in KINDS.values())


def test_an_unknown_kind_is_shown_and_not_dropped() -> None:
    assert kind_of("bathtub_overflow") is OTHER
    assert priority_of("bathtub_overflow", "") == "medium"
    assert priority_of("leak", "high") == "high"
    assert priority_of("leak", "urgent!") == "critical"


class AlertMachine(RuleBasedStateMachine):
    """Conditions come and go while people act: an alert is never lost while its condition is there and untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.present, self.seen, self.by_hand = S.NEW, True, False, False

    def _move(self, action: Action) -> bool:
        target = after(action, self.state)
        if target is None:
            return False
        self.state = target
        return True

    @rule(action=st.sampled_from([Action.ACKNOWLEDGE, Action.SHELVE, Action.RESOLVE]))
    def person_acts(self, action: Action) -> None:
        if self._move(action):
            self.seen = True
            self.by_hand = action is Action.RESOLVE or self.by_hand

    @rule()
    def condition_clears(self) -> None:
        if self.present:
            self.present = False
            self._move(Action.CLEAR)

    @rule()
    def condition_returns(self) -> None:
        if not self.present and not self.by_hand:
            self.present = True
            self._move(Action.RAISE_AGAIN)

    @rule()
    def shelf_ends(self) -> None:
        if self.state is S.SHELVED:
            self._move(Action.RETURN if self.present else Action.LAPSE)

    @invariant()
    def a_present_fault_is_shown_until_a_person_says_otherwise(self) -> None:
        assert not self.present or self.by_hand or self.state in OPEN

    @invariant()
    def nothing_vanishes_unseen(self) -> None:
        assert self.seen or self.state is not S.RESOLVED


AlertMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAlertMachine = AlertMachine.TestCase
