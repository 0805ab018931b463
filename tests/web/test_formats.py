"""How values look to a reader."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pms.kernel import formats

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-3, ("age.seconds", {"n": 0})),
        (59.9, ("age.seconds", {"n": 59})),
        (60, ("age.minutes", {"n": 1})),
        (7500, ("age.hours_minutes", {"h": 2, "m": 5})),
        (7200, ("age.hours", {"n": 2})),
        (36000 + 300, ("age.hours", {"n": 10})),
        (200_000, ("age.days", {"n": 2})),
    ],
)
def test_ages_are_short(seconds: float, told: tuple[str, dict[str, int]]) -> None:
    assert formats.age(seconds) == told


def test_moments_are_on_the_hotels_clock_and_name_the_day_when_it_is_another() -> None:
    assert formats.moment("2026-11-22T09:02:00Z", NOON, BERLIN, "en") == "10:02"
    assert formats.moment("2026-11-21T23:30:00Z", NOON, BERLIN, "en") == "00:30"
    assert formats.moment("2026-11-21T09:02:00Z", NOON, BERLIN, "zh-CN") == "11月21日 10:02"


def test_days_numbers_and_shares_follow_the_language() -> None:
    assert formats.day(date(2026, 11, 23), "en") == "Mon, Nov 23"
    assert formats.day("2026-11-23", "zh-CN") == "11月23日周一"
    assert formats.number(96011, 0, "en") == "96,011"
    assert formats.number(21.44, 1, "zh-CN") == "21.4"
    assert formats.percent(0.97, "en") == "97%"


def test_an_instant_for_a_machine_is_utc() -> None:
    assert formats.instant(NOON.astimezone(BERLIN)) == "2026-11-22T11:00:00Z"
