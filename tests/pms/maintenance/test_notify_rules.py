"""Who is on duty, who comes next, how long a message waits: pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pms.maintenance.notify.rules import Duty, Next, digest_slot, due_at, due_steps, on_duty, pause_after, wants

BERLIN = ZoneInfo("Europe/Berlin")
ROSTER = [Duty("ann", "12345", 7 * 60, 19 * 60), Duty("bob", "1234567", 19 * 60, 7 * 60), Duty("cy", "7", 0, 0)]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-23 06:59", ["bob"]),  # a Monday; Bob's night of Sunday
        ("2026-11-23 07:00", ["ann"]),
        ("2026-11-23 18:59", ["ann"]),
        ("2026-11-23 19:00", ["bob"]),
        ("2026-11-28 12:00", []),  # a Saturday
        ("2026-11-29 12:00", ["cy"]),  # from midnight to midnight
        ("2026-11-29 20:00", ["bob", "cy"]),
    ],
)
def test_the_roster(local: str, expected: list[str]) -> None:
    assert on_duty(ROSTER, datetime.fromisoformat(local).replace(tzinfo=BERLIN)) == expected


def test_the_next_is_told_once_after_the_time() -> None:
    steps = [Next("boss", 30), Next("ann", 5), Next("bob", 5)]
    assert due_steps(steps, timedelta(minutes=4), 0) == []
    assert [step.contact for step in due_steps(steps, timedelta(minutes=5), 0)] == ["ann", "bob"]
    assert due_steps(steps, timedelta(minutes=20), 2) == []
    assert [step.contact for step in due_steps(steps, timedelta(hours=1), 2)] == ["boss"]


def test_how_urgent() -> None:
    now = datetime(2026, 11, 22, 9, 2, tzinfo=BERLIN)
    assert [wants("high", one) for one in ("critical", "high", "medium", "low")] == [True, True, False, False]
    assert (due_at("high", now), due_at("medium", now)) == (now, now + timedelta(minutes=1))
    assert digest_slot(now).minute == 5


def test_attempts_get_rarer_and_end() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 13)]
    assert pauses[:3] == [timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)]
    assert (pauses[10], pauses[11]) == (timedelta(hours=1), None)
