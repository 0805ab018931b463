"""Which devices are there, with `now` as a value, over hours and days."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.model import Device, Power, Profile
from gateway.health import Liveness

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SENSOR = Device("101_door", "field", "zigbee2mqtt/contact", "zigbee2mqtt/101_door", "101")
RELAY = Device("101_relay", "field", "tasmota/relay", "r101", "101")
DAY = timedelta(days=1)

Told = tuple[str, bool, str | None]


def profile(offline_after_s: float | None) -> Profile:
    return Profile("p", "zigbee2mqtt", "P", {}, Power.BATTERY, offline_after_s)


def watch(offline_after_s: float | None = 25 * 3600) -> tuple[Liveness, list[Told]]:
    told: list[Told] = []
    members = [(SENSOR, profile(offline_after_s)), (RELAY, profile(None))]
    return Liveness(members, lambda *change: told.append(change), NOON), told


def test_a_battery_sensor_may_be_silent_for_a_day_and_not_for_longer() -> None:
    liveness, told = watch()
    liveness.heard("101_door", NOON)
    liveness.look(NOON + DAY)
    assert told == [("101_door", True, None)]
    liveness.look(NOON + timedelta(hours=25, seconds=1))
    liveness.look(NOON + 3 * DAY)
    assert told[1:] == [("101_door", False, None)]
    liveness.heard("101_door", NOON + 4 * DAY)
    assert told[2:] == [("101_door", True, None)]


def test_a_device_that_was_never_heard_is_offline_only_after_its_time() -> None:
    liveness, told = watch()
    liveness.look(NOON + DAY)
    assert liveness.online("101_door") is None
    liveness.look(NOON + 2 * DAY)
    assert told == [("101_door", False, None)]


def test_a_device_without_a_limit_is_never_judged_by_silence() -> None:
    liveness, told = watch(None)
    liveness.look(NOON + 400 * DAY)
    assert told == []


def test_a_line_that_is_down_is_the_cause_for_each_of_its_devices_once_and_back() -> None:
    liveness, told = watch()
    liveness.heard("101_door", NOON)
    liveness.said("101_relay", online=True)
    told.clear()
    liveness.line_changed("field", NOON, up=False)
    liveness.line_changed("field", NOON + DAY, up=False)
    liveness.look(NOON + 9 * DAY)
    assert told == [("101_door", False, "field"), ("101_relay", False, "field")]
    told.clear()
    liveness.line_changed("field", NOON + 9 * DAY, up=True)
    liveness.look(NOON + 10 * DAY)
    assert told == [("101_door", True, "field"), ("101_relay", True, "field")]
    liveness.look(NOON + 11 * DAY)
    assert told[2:] == [("101_door", False, None)], "silence counts from the line's return"


@pytest.mark.parametrize(("spoke_after", "online"), [(False, False), (True, True)])
def test_what_the_bridge_says_stands_until_the_device_speaks(spoke_after: bool, online: bool) -> None:
    liveness, _ = watch()
    liveness.said("101_door", online=False)
    if spoke_after:
        liveness.heard("101_door", NOON)
    assert liveness.online("101_door") is online


@pytest.mark.parametrize("jump", [timedelta(days=14), -timedelta(days=14)])
def test_a_clock_that_was_set_makes_no_silence(jump: timedelta) -> None:
    liveness, told = watch()
    liveness.heard("101_door", NOON)
    liveness.clock_jumped(NOON + jump)
    liveness.look(NOON + jump + DAY)
    assert told == [("101_door", True, None)]
    liveness.look(NOON + jump + 2 * DAY)
    assert told[1:] == [("101_door", False, None)]


def test_a_unit_that_missed_its_polls_is_offline_until_it_answers() -> None:
    liveness, told = watch()
    liveness.heard("101_door", NOON)
    liveness.missed("101_door")
    liveness.missed("101_door")
    liveness.heard("101_door", NOON + timedelta(minutes=1))
    assert [online for _, online, _ in told] == [True, False, True]
