"""Messages that did not arrive, by their rate; records of a lock that were passed over, each of them."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rooms.gaps import Numbers
from edge.rooms.signals import ConditionRaised, DeviceHeard
from tests.edge.rooms.play import DAY, Play, devices, instant, reading
from tests.edge.rooms.test_fitting import cleared, exchanged

RECORDS, MESSAGES = "audit_gap:lock", "sequence_gap:contact"
NINE = DAY + timedelta(hours=9)

AUDIT: dict[str, tuple[str, list[str]]] = {
    "records one after the other": ("9:00 record 41 lock\n9:05 record 42 lock\n9:09 record 43 lock\n12:00 wait x", []),
    "one that never comes": (
        "9:00 record 41 lock\n9:05 record 43 lock\n9:14:59 ?conditions\n9:15 ?conditions audit_gap",
        [f"+{RECORDS}"],
    ),
    "one that comes late, but in time": (
        "9:00 record 41 lock\n9:05 record 43 lock\n9:14 record 42 lock\n12:00 wait x",
        [],
    ),
    "some that come too late, in any order": (
        """
        9:00 record 41 lock
        9:05 record 45 lock
        10:00 record 43 lock
        10:01 record 44 lock
        10:02 ?conditions audit_gap
        10:03 record 42 lock
        10:03 ?conditions
        """,
        [f"+{RECORDS}", f"-{RECORDS}"],
    ),
    "a second gap waits for itself when the first is filled": (
        """
        9:00 record 41 lock
        9:01 record 43 lock
        9:08 record 45 lock
        9:09 record 42 lock
        9:17 ?conditions
        9:18 ?conditions audit_gap
        """,
        [f"+{RECORDS}"],
    ),
    "a lock that was given a new battery counts anew": (
        "9:00 record 41 lock\n9:05 record 0 lock\n9:06 record 1 lock\n9:07 record 2 lock\n12:00 wait x",
        [],
    ),
    "the first records after that were lost": ("9:00 record 41 lock\n9:05 record 3 lock\n12:00 wait x", []),
    "a counter of 16 bits comes to its end": (
        "9:00 record 65534 lock\n9:05 record 65535 lock\n9:06 record 0 lock\n9:07 record 1 lock\n12:00 wait x",
        [],
    ),
    "a record that is told again": (
        "9:00 record 141 lock\n9:05 record 142 lock\n9:06 record 100 lock\n9:07 record 143 lock\n12:00 wait x",
        [],
    ),
    "another lock was put in its place, and nobody said so": (
        "9:00 record 41 lock\n9:05 record 50000 lock\n9:06 record 50001 lock\n12:00 wait x",
        [],
    ),
    "what was not told in a week is given up": (
        """
        9:00 record 41 lock
        9:05 record 43 lock
        7d09:04 record 44 lock
        7d09:04 ?conditions audit_gap
        7d09:06 record 45 lock
        7d09:06 ?conditions
        """,
        [f"+{RECORDS}", f"-{RECORDS}"],
    ),
    "records of the time when the line was down": (
        "9:00 record 41 lock\n9:05 offline lock field\n10:00 online lock\n10:00 record 44 lock\n10:10 wait x",
        [f"+{RECORDS}"],
    ),
}


@pytest.mark.parametrize(("script", "expected"), AUDIT.values(), ids=AUDIT.keys())
def test_the_records_of_a_lock(script: str, expected: list[str]) -> None:
    assert Play().tell(script).conditions() == expected


def test_the_alert_says_which_records() -> None:
    play = Play().tell("9:00 record 41 lock\n9:05 record 44 lock\n9:10 record 46 lock\n9:15 wait x")
    [raised] = play.told(ConditionRaised)
    assert isinstance(raised, ConditionRaised)
    why = raised.evidence[0]
    assert (raised.priority, why.code, why.at) == ("medium", "records_missing", instant("9:05"))
    assert why.params == {"count": 3, "first": 42, "last": 45}


def send(play: Play, numbers: Iterable[int], every: float = 60) -> list[str]:
    """Messages of the contact with these numbers, one each `every` seconds; what this raised and cleared."""
    before = len(play.conditions())
    start = max(play.now, NINE)
    for place, number in enumerate(numbers, 1):
        at = start + timedelta(seconds=place * every)
        play.take(reading("message_number", float(number), at, "contact"), at)
    return play.conditions()[before:]


def test_one_lost_message_is_no_alert_and_many_are_until_they_arrive_again() -> None:
    play = Play()
    assert send(play, [1, 2, 3, 5, 6, 7, 9, *range(10, 60)]) == []
    assert send(play, range(61, 90, 2)) == [f"+{MESSAGES}"]
    assert send(play, range(90, 110)) == []
    assert send(play, range(110, 170)) == [f"-{MESSAGES}"]


def test_a_long_silence_is_one_gap_and_not_many() -> None:
    assert send(Play(), [1, 2, 3, 103, 104, 105]) == []


def test_a_talkative_device_may_lose_more() -> None:
    play = Play()
    numbers = [number for number in range(1, 3000) if number % 100]
    assert send(play, numbers, every=2) == []
    assert send(play, [number for number in range(3000, 5000) if number % 10], every=2) == [f"+{MESSAGES}"]


@pytest.mark.parametrize("numbers", [[250, 252, 255, 0, 1, 2, 3], [7, 9, 11, 0, 1, 2, 3], [7, 9, 11, 2, 3, 4]])
def test_a_device_that_restarts_or_a_counter_that_wraps_loses_nothing(numbers: list[int]) -> None:
    assert send(Play(), numbers) == []


def test_messages_that_overtake_each_other_are_not_lost() -> None:
    assert send(Play(), [20, 22, 21, 24, 23, 27, 25, 26, 29, 28]) == []


def test_what_is_sent_while_the_line_is_down_is_not_lost_by_the_device() -> None:
    play = Play()
    number = 1
    for _ in range(5):
        assert send(play, range(number, number + 3)) == []
        number += 10
        play.take(DeviceHeard("contact", online=False, cause="field"), play.now)
        play.take(DeviceHeard("contact", online=True), play.now)


def test_a_retained_number_is_of_unknown_age() -> None:
    play = Play()
    for number in (1, 5, 9, 13):
        at = NINE + timedelta(minutes=number)
        play.take(reading("message_number", float(number), at, "contact", retained=True), at)
        play.take(reading("record", float(number), at, "lock", retained=True), at)
    assert play.tell("12:00 wait x").conditions() == []


def test_a_restart_forgets_no_record() -> None:
    play = Play().tell("9:00 record 41 lock\n9:05 record 43 lock")
    play.restart()
    play.tell("9:06 record 44 lock\n9:15 ?conditions audit_gap")
    play.restart()
    play.tell("10:00 record 42 lock\n10:00 ?conditions\n10:30 record 46 lock")
    play.restart()
    play.tell("10:31 record 47 lock\n10:41 ?conditions audit_gap")


def test_a_snapshot_of_an_older_release_knows_no_numbers() -> None:
    play = Play().tell("9:00 record 41 lock")
    snapshot = play.room.snapshot()
    del snapshot["gaps"]
    play.room = play.make()
    play.room.restore(snapshot)
    play.tell("9:01 record 50 lock\n12:00 wait x")
    assert play.conditions() == []


def test_another_device_in_its_place_has_lost_nothing() -> None:
    play = Play("contact", "lock").tell("9:00 record 41 lock\n9:05 record 43 lock\n9:15 ?conditions audit_gap")
    send(play, range(1, 20, 2))
    assert play.answer("conditions") == ["audit_gap", "sequence_gap"]
    members = [exchanged("contact", "zigbee2mqtt/contact"), exchanged("lock", "zigbee2mqtt/lock")]
    assert cleared(play.room, members, "10:00") == [(MESSAGES, "device_replaced"), (RECORDS, "device_replaced")]
    play.tell("10:01 record 7 lock\n10:02 message_number 900 contact\n12:00 ?conditions")
    assert play.room.reported("lock", "record") == 7


def test_a_device_that_is_taken_away_takes_its_gaps_with_it() -> None:
    play = Play("contact", "lock").tell("9:00 record 41 lock\n9:05 record 43 lock\n9:15 wait x")
    assert cleared(play.room, devices("contact"), "10:00") == [(RECORDS, "device_removed")]
    assert play.room.snapshot()["gaps"]["records"] == {}


@given(st.permutations(range(101, 141)))
def test_in_whatever_order_all_arrive_none_is_missing(numbers: list[int]) -> None:
    count = Numbers.beginning(100, NINE)
    for number in numbers:
        count.take(number, NINE)
    assert (count.last, count.missing) == (140, [])


@given(st.permutations(range(101, 140)), st.sets(st.integers(101, 139)))
def test_what_is_lost_is_counted(order: list[int], gone: set[int]) -> None:
    numbers = [number for number in order if number not in gone] + [140]
    count = Numbers.beginning(100, NINE)
    for number in numbers:
        count.take(number, NINE)
    missing = {number for run in count.missing for number in range(run.first, run.end)}
    assert (missing, count.lost()) == (gone, len(gone))
