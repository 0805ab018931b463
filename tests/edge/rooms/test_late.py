"""What a lock remembers and tells hours later is a record, and never moves the room."""

from datetime import datetime, timedelta

import pytest

from devices.model import DeviceEvent
from edge.rooms.signals import AccessHappened, RoomChanged
from tests.edge.rooms.play import Play, instant

VACANT = "7:00 motion off\n7:00 door closed\n8:00 door open\n8:00:04 door closed\n8:10:04 ? vacant\n"


def opening(received: datetime, at: datetime | None, **more: object) -> DeviceEvent:
    params = {"result": "granted", "credential_class": "housekeeping", "credential": "112", **more}
    return DeviceEvent("lock", "101", "access", params, at, received, 1)


def told(play: Play) -> list[tuple[datetime | None, bool]]:
    return [(one.at, one.late) for one in play.told(AccessHappened) if isinstance(one, AccessHappened)]


def test_a_memory_that_is_read_out_is_told_with_its_own_times_and_moves_nothing() -> None:
    play = Play().tell(VACANT)
    changed = len(play.told(RoomChanged))
    for second, earlier in enumerate((300, 200, 199, 30)):
        at = instant("14:00") + timedelta(seconds=second)
        play.take(opening(at, at - timedelta(minutes=earlier)), at)
    assert [late for _, late in told(play)] == [True] * 4
    assert told(play)[0][0] == instant("9:00")
    assert len(play.told(RoomChanged)) == changed
    play.tell("14:01 door open\n14:01:04 door closed\n14:02 motion on\n14:02 ? occupied")


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(hours=1), timedelta(minutes=11)])
def test_a_clock_that_is_off_is_known_after_one_opening(off: timedelta) -> None:
    play = Play().tell(VACANT)
    for clock in ("9:00", "10:00", "11:00"):
        at = instant(clock)
        play.take(opening(at, at - off), at)
    assert [late for _, late in told(play)] == [True, False, False]


def test_a_clock_ahead_or_none_is_now() -> None:
    play = Play().tell(VACANT)
    play.take(opening(instant("9:00"), instant("9:00") + timedelta(days=1)), instant("9:00"))
    play.take(opening(instant("9:30"), None), instant("9:30"))
    assert told(play) == [(None, False), (None, False)]


def test_a_lock_that_says_so_itself() -> None:
    play = Play().tell(VACANT)
    play.take(opening(instant("9:00"), instant("8:58"), late=True), instant("9:00"))
    assert told(play) == [(instant("8:58"), True)]


def test_nothing_that_is_remembered_happened_after_it_was_told() -> None:
    play = Play().tell(VACANT)
    play.take(opening(instant("9:00"), instant("9:30"), late=True, credential_class="nonsense"), instant("9:00"))
    [one] = play.told(AccessHappened)
    assert isinstance(one, AccessHappened)
    assert (one.at, one.credential_class) == (instant("9:00"), "unknown")


def test_who_bolts_the_door_is_not_to_be_disturbed_unless_the_panel_says_otherwise() -> None:
    play = Play("contact", "motion", "lock", "thermostat").tell("9:00 bolt on\n9:00 ?request dnd")
    assert play.view()["request"]["source"] == "lock"
    play.restart()
    assert (play.view()["request"]["value"], play.view()["request"]["stale"]) == ("dnd", True)
    play.tell("9:04 bolt off\n9:04:10 bolt on\n9:04:10 ?request dnd")
    play.tell("9:05 request mur\n9:05 ?request mur")
    assert play.view()["request"]["source"] == "panel"
    play.tell("9:06 request none\n9:06 ?request dnd\n9:10 bolt off\n9:10 ?request none")
