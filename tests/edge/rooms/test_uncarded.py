"""Cleanings that no card announced, and what is told of every visit of staff."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rooms.signals import CleaningEnded, CleaningStarted, RoomFacts, StaffVisit
from tests.edge.rooms.play import Play, instant

NIGHT = """
    7:00 motion off
    7:00 door closed
    7:30 rented 1
    15:00 card guest
    15:00:02 door open
    15:00:05 door closed
    15:01 motion on
    15:10 motion off
    1d09:00 motion on
    1d09:00:10 door open
    1d09:00:14 door closed
    1d09:01:30 motion off
    1d09:20 ? vacant
"""
WORK = """
    1d10:00 door open
    1d10:00:05 door closed
    1d10:01 motion on
    1d10:{last} motion on
    1d10:{last}:30 door open
    1d10:{last}:35 door closed
    1d10:{end} motion off
"""
OUT = "1d09:30 checked_out\n"


def work(last: str, end: str) -> str:
    """Somebody comes without a card, moves, leaves."""
    return WORK.format(last=last, end=end)


FOUND: dict[str, tuple[str, list[str]]] = {
    "a departure, a mechanical key": (NIGHT + OUT + work("30", "32"), ["cleaned"]),
    "a stayover, the card was not heard": (NIGHT + work("25", "27"), ["cleaned"]),
    "too short": (NIGHT + OUT + work("05", "07"), []),
    "too long for a stayover: a guest whose card was not heard": (NIGHT + work("58", "59"), []),
    "with the guest's card": (NIGHT + "1d09:59:58 card guest\n" + work("25", "27"), []),
    "the guest's card came late": (NIGHT + "1d10:00 door open\n1d10:00:05 door closed\n1d10:00:08 card guest", []),
    "in the evening": (NIGHT.replace("1d09", "1d17") + work("25", "27").replace("1d10", "1d20"), []),
    "once a day": (
        NIGHT + work("25", "27") + work("25", "27").replace("1d10", "1d12"),
        ["cleaned"],
    ),
    "nobody slept there": ("7:00 motion off\n7:00 door closed\n" + work("25", "27").replace("1d", ""), []),
}


@pytest.mark.parametrize(("script", "outcomes"), FOUND.values(), ids=FOUND.keys())
def test_cleanings_without_a_card(script: str, outcomes: list[str]) -> None:
    play = Play().tell(script).tell("1d23:00 wait x")
    assert [one.outcome for one in play.told(CleaningEnded) if isinstance(one, CleaningEnded)] == outcomes
    visits = [one for one in play.told(StaffVisit) if isinstance(one, StaffVisit)]
    assert [(one.by, one.credential, one.moved) for one in visits] == [("unknown", None, True)] * len(outcomes)


DUE_OUT = NIGHT.split("1d09:00 motion on", maxsplit=1)[0]
LEAVES = "1d09:55 motion on\n1d09:55:10 door open\n1d09:55:14 door closed\n1d09:56:30 motion off\n"


@pytest.mark.parametrize(
    ("checked_out", "outcomes"),
    [
        pytest.param("1d10:12 checked_out\n1d10:13 motion on", ["cleaned"], id="at work after the check-out"),
        pytest.param("1d10:13 motion on", [], id="the guest packs and leaves"),
    ],
)
def test_somebody_in_a_room_that_is_due_out(checked_out: str, outcomes: list[str]) -> None:
    play = Play().tell(DUE_OUT)
    play.take(RoomFacts("101", rented=True, stay="stay_1", guests=1, due_out=True), instant("1d09:00"))
    play.tell(LEAVES + work("25", "27").replace("1d10:25 motion on", "1d10:02 motion off\n" + checked_out))
    play.tell("1d10:40 checked_out\n1d23:00 wait x")
    assert play.outcomes() == outcomes


def test_a_room_whose_lock_tells_no_cards_is_not_guessed_at_while_it_is_rented() -> None:
    silent = NIGHT.replace("    15:00 card guest\n", "")
    assert Play().tell(silent).tell(work("25", "27")).tell("1d23:00 wait x").outcomes() == []


def test_work_in_an_unrented_room_is_shown_while_it_goes_on() -> None:
    play = Play().tell(NIGHT + OUT).tell("1d10:00 door open\n1d10:00:05 door closed\n1d10:01 motion on")
    play.tell("1d10:02 motion off\n1d10:05 motion on\n1d10:06 motion off\n1d10:06 ?cleaning none")
    play.tell("1d10:12 motion on\n1d10:12 ?cleaning in_progress\n1d10:13 motion off")
    play.tell("1d10:30 motion on\n1d10:30:30 door open\n1d10:30:35 door closed\n1d10:45 ?cleaning done")
    started, ended = play.told(CleaningStarted, CleaningEnded)
    assert isinstance(started, CleaningStarted)
    assert isinstance(ended, CleaningEnded)
    assert (started.at, ended.at) == (instant("1d10:00"), instant("1d10:30:35"))


def test_a_slow_lock_the_attendant_came_with_the_door() -> None:
    play = Play().tell(NIGHT + OUT + "1d10:00 door open\n1d10:00:05 door closed\n1d10:01 motion on")
    play.tell("1d10:04 card housekeeping\n1d10:25 motion on\n1d10:25:10 door open\n1d10:25:15 door closed")
    play.tell("1d10:26:40 motion off\n1d11:00 wait x")
    (visit,) = play.told(StaffVisit)
    assert isinstance(visit, StaffVisit)
    assert (visit.by, visit.entered, visit.left) == ("housekeeping", instant("1d10:00"), instant("1d10:25:15"))


def test_a_visit_tells_who_came_to_them_and_what_the_room_asked_for() -> None:
    play = Play("contact", "motion", "lock", "thermostat").tell("7:00 motion off\n7:00 door closed\n9:00 request mur")
    play.tell("10:00 card housekeeping\n10:00:02 door open\n10:00:05 door closed\n10:01 motion on")
    play.tell("10:10 card master\n10:10:02 door open\n10:10:05 door closed\n10:20 motion on")
    play.tell("10:20:05 door open\n10:20:09 door closed\n10:21:30 motion off\n11:00 wait x")
    (visit,) = play.told(StaffVisit)
    (ended,) = play.told(CleaningEnded)
    assert isinstance(visit, StaffVisit)
    assert isinstance(ended, CleaningEnded)
    assert (visit.request, visit.spell, visit.moved, visit.guests) == ("mur", ended.spell, True, False)
    assert [(other.by, other.credential) for other in visit.others] == []  # the same card in this script
    assert visit.left == instant("10:20:09")


def test_who_looks_after_a_guest_not_to_be_disturbed_does_not_clean() -> None:
    came = "10:00 card housekeeping\n10:00:02 door open\n10:00:05 door closed\n10:01 motion on\n10:04 ?cleaning none"
    play = Play("contact", "motion", "lock", "thermostat").tell("7:00 motion off\n7:00 door closed\n9:00 request dnd")
    play.tell(came).tell("10:05 motion off\n10:06 door open\n10:06:04 door closed\n10:30 ?cleaning none")
    (visit,) = play.told(StaffVisit)
    assert isinstance(visit, StaffVisit)
    assert (visit.request, visit.spell, play.outcomes()) == ("dnd", None, [])


def test_a_restart_in_the_middle_forgets_nobody() -> None:
    play = Play().tell(NIGHT + OUT + "1d10:00 door open\n1d10:00:05 door closed\n1d10:01 motion on")
    play.restart()
    play.tell("1d10:20 motion on\n1d10:25 motion off\n1d10:25:30 motion on\n1d10:26 door open\n1d10:26:05 door closed")
    play.tell("1d10:27:30 motion off\n1d11:30 wait x")
    assert play.outcomes() == ["cleaned"]


WORDS = ("door open", "door closed", "motion on", "motion off", "card guest", "card housekeeping", "card master",
         "rented 1", "checked_out", "bolt on", "bolt off", "request mur", "request none")  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from(WORDS)), min_size=5, max_size=60), st.randoms())
def test_disorder_and_duplicates_leave_every_spell_and_visit_whole(
    happenings: Sequence[tuple[int, str]], random: object
) -> None:
    play = Play("contact", "motion", "lock", "thermostat").tell("7:00 motion off\n7:00 door closed")
    at = instant("8:00")
    for minutes, word in happenings:
        clock = at + timedelta(minutes=minutes)  # earlier ones come too: a late message
        for _ in range(1 + minutes % 2):  # and twice
            hours = (clock - instant("0:00")).total_seconds() / 3600
            play.tell(f"{int(hours)}:{int(hours * 60) % 60:02} {word}")
    play.tell("2d00:00 wait x")
    started = [one for one in play.told(CleaningStarted) if isinstance(one, CleaningStarted)]
    ended = [one for one in play.told(CleaningEnded) if isinstance(one, CleaningEnded)]
    visits = [one for one in play.told(StaffVisit) if isinstance(one, StaffVisit)]
    assert [one.spell for one in started] == [one.spell for one in ended]
    assert len({one.spell for one in ended}) == len(ended)
    assert all(one.started <= one.at for one in ended)
    assert all(one.entered <= one.left for one in visits)
    assert len({one.visit for one in visits}) == len(visits)
    assert {one.spell for one in visits if one.spell} <= {one.spell for one in ended}
