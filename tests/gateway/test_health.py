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


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Questions:
    """A mains relay that answers, or does not, and what was asked of it."""

    def __init__(self, silence: float | None = 3 * 3600) -> None:
        self.asked: list[datetime] = []
        self.told: list[Told] = []
        self.answering = True
        self.now = NOON
        mains = Profile("p", "tasmota", "P", {}, Power.MAINS, silence)
        self.liveness = Liveness([(RELAY, mains)], lambda *change: self.told.append(change), NOON, self.ask)

    def ask(self, device: str) -> bool:
        assert device == "101_relay"
        self.asked.append(self.now)
        if self.answering:
            self.liveness.heard(device, self.now + timedelta(seconds=1))
        return True

    def pass_by(self, hours: float) -> None:
        """Time goes by, looked at every ten seconds."""
        until = self.now + timedelta(hours=hours)
        while self.now < until:
            self.now += timedelta(seconds=10)
            self.liveness.look(self.now)


def test_a_mains_device_is_asked_after_ten_minutes_and_stays_while_it_answers_for_days() -> None:
    relay = Questions()
    relay.liveness.heard("101_relay", NOON)
    relay.pass_by(48)
    assert relay.told == [("101_relay", True, None)]
    assert 48 * 5 <= len(relay.asked) <= 48 * 6, "about every ten minutes of silence"


def test_a_mains_device_that_used_to_answer_is_gone_after_two_questions_and_asked_less_and_less() -> None:
    relay = Questions()
    relay.liveness.heard("101_relay", NOON)
    relay.pass_by(1)
    relay.answering = False
    relay.asked.clear()
    gone = relay.now
    relay.pass_by(0.5)
    assert relay.told[1:] == [("101_relay", False, None)]
    assert relay.asked[1] - relay.asked[0] == timedelta(seconds=30)
    relay.pass_by(48)
    gaps = [later - earlier for earlier, later in zip(relay.asked[3:], relay.asked[4:], strict=False)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 2 * HOUR
    assert len(relay.asked) < 40
    relay.answering = True
    relay.pass_by(3)
    assert relay.told[2:] == [("101_relay", True, None)], f"back since {gone}"


def test_a_mains_device_that_never_answered_is_judged_by_its_silence_alone() -> None:
    relay = Questions()
    relay.answering = False
    relay.liveness.heard("101_relay", NOON)
    relay.pass_by(2.9)
    assert len(relay.told) == 1
    relay.pass_by(0.2)
    assert relay.told[1:] == [("101_relay", False, None)]


def test_a_report_that_was_due_anyway_is_no_answer() -> None:
    relay = Questions()
    relay.answering = False
    for _ in range(5):
        relay.liveness.heard("101_relay", relay.now)
        relay.pass_by(1)
    assert relay.told == [("101_relay", True, None)]


def test_a_battery_device_is_never_asked() -> None:
    asked: list[str] = []

    def ask(device: str) -> bool:
        asked.append(device)
        return True

    liveness = Liveness([(SENSOR, profile(25 * 3600))], lambda *_: None, NOON, ask)
    for hour in range(72):
        liveness.look(NOON + hour * HOUR)
    assert asked == []


def test_silence_goes_on_counting_over_restarts_and_the_time_between_does_not_count() -> None:
    liveness, _ = watch()
    liveness.heard("101_door", NOON)
    for day in range(1, 4):  # eight hours of work a day, then off for sixteen
        off = NOON + timedelta(hours=24 * (day - 1) + 8)
        memories = liveness.memories(off)
        told: list[Told] = []
        on, record = NOON + day * DAY, told.append
        members = [(SENSOR, profile(25 * 3600)), (RELAY, profile(None))]
        liveness = Liveness(members, lambda *change, to=record: to(change), on, remembered=memories)
        liveness.look(on + 7 * HOUR)
        assert told == ([] if day < 3 else [("101_door", False, None)]), day
    assert liveness.last_heard("101_door") == NOON


def test_what_was_offline_before_a_restart_is_offline_after_it_and_not_told_again() -> None:
    liveness, _ = watch()
    liveness.heard("101_door", NOON)
    liveness.look(NOON + 2 * DAY)
    told: list[Told] = []
    memories = liveness.memories(NOON + 2 * DAY)
    again = Liveness(
        [(SENSOR, profile(25 * 3600))], lambda *change: told.append(change), NOON + 3 * DAY, remembered=memories
    )
    again.look(NOON + 5 * DAY)
    assert again.online("101_door") is False
    assert told == []
    again.heard("101_door", NOON + 5 * DAY)
    assert told == [("101_door", True, None)]


def test_a_bridge_that_is_gone_is_the_cause_once_and_silence_counts_from_its_return() -> None:
    liveness, told = watch()
    liveness.heard("101_door", NOON)
    told.clear()
    for hours in (1, 2):
        liveness.parent_changed("field/zigbee2mqtt", ["101_door"], NOON + hours * HOUR, up=False)
    liveness.look(NOON + 9 * DAY)
    liveness.parent_changed("field/zigbee2mqtt", ["101_door"], NOON + 9 * DAY, up=True)
    liveness.look(NOON + 10 * DAY)
    assert told == [("101_door", False, "field/zigbee2mqtt"), ("101_door", True, "field/zigbee2mqtt")]
    liveness.look(NOON + 11 * DAY)
    assert told[2:] == [("101_door", False, None)]
