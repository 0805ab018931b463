"""What the filter promises: sleepers are held, ghosts are doubted, lost doors are survived, unknown is said."""

from datetime import timedelta

import pytest

from edge.rooms.belief import Belief
from edge.rooms.parameters import RoomParameters
from edge.rooms.weighing import Weighing
from tests.edge.rooms.play import DAY, Play, instant

QUIET = "7:00 motion off\n7:00 presence off\n7:00 door closed\n"
CAME_IN = QUIET + "8:00 door open\n8:00:04 door closed\n8:00:30 motion on\n8:02 motion off\n"
BACK = "9:00:00 motion on\n9:00:10 door open\n9:00:14 door closed\n9:01:30 motion off\n"
OUT_ALL_DAY = "{day}9:00 door open\n{day}9:00:04 door closed\n{day}17:00 door open\n{day}17:00:05 door closed\n"

NIGHTS = {
    "a sleeper alone, silent for ten hours": "6:59 rented 1\n"
    + CAME_IN
    + "22:00 motion on\n22:02 motion off\n1d08:00 ? occupied",
    "a sleeper whose card stays in": "6:59 rented 1\n" + CAME_IN + "8:01 keycard on\n1d08:00 ? occupied",
    "of two one leaves early, the other sleeps on": "6:59 rented 2\n"
    + CAME_IN
    + "1d05:30 motion on\n1d05:30:10 door open\n1d05:30:14 door closed\n1d05:31:40 motion off\n1d09:00 ? occupied",
    "of two one goes out for the evening": "6:59 rented 2\n"
    + CAME_IN
    + "22:30 door open\n22:30:04 door closed\n1d03:00 ? occupied\n1d03:10 door open\n1d03:10:04 door closed"
    + "\n1d08:00 ? occupied",
    "one takes the tray in at night": "6:59 rented 1\n"
    + CAME_IN
    + "23:10 door open\n23:10:06 door closed\n23:10:15 motion on\n23:11:45 motion off\n1d08:00 ? occupied",
    "the bolt is on": "6:59 rented 1\n"
    + CAME_IN
    + "23:10 door open\n23:10:06 door closed\n23:10:08 bolt on\n1d07:00 ? occupied",
}


@pytest.mark.parametrize("script", NIGHTS.values(), ids=NIGHTS.keys())
def test_nobody_asleep_is_called_vacant(script: str) -> None:
    Play("contact", "motion", "presence", "lock", "keycard").tell(script)


def test_one_of_two_leaving_by_day_leaves_the_other() -> None:
    play = Play().tell("6:59 rented 2\n" + CAME_IN + BACK + "9:10 ? occupied\n9:12 motion on\n9:14 motion off")
    play.tell("18:00 ? occupied")


def test_a_lone_event_in_an_empty_room_is_a_doubt() -> None:
    play = Play("contact", "motion", "presence").tell(CAME_IN + BACK + "9:20 ? vacant\n17:00 ? vacant")
    before = play.view()["occupancy"]["confidence"]
    play.tell("17:00 presence on\n17:00:01 presence off")
    body = play.view()["occupancy"]
    assert body["confidence"] < before
    assert "lone_event" in {item["code"] for item in body["evidence"]} or body["value"] == "occupied"
    play.tell("17:30 ? vacant")


def test_a_second_sensor_confirms_who_came_through_a_door_nobody_heard() -> None:
    play = Play("contact", "motion", "presence").tell(CAME_IN + BACK + "9:20 ? vacant")
    play.tell("17:00 presence on\n17:00:40 motion on\n17:00:41 ? occupied\n17:02:10 motion off\n17:05 presence off")
    play.tell("20:00 ? occupied")


def days_of_leaving(play: Play, days: int) -> None:
    """Each day out by the entry, seen by `motion`, and long quiet hours after `presence` in between."""
    for day in range(days):
        play.tell(
            f"""
            {day}d08:00 presence on
            {day}d08:01 presence off
            {day}d09:00:00 motion on
            {day}d09:00:10 door open
            {day}d09:00:14 door closed
            {day}d09:01:30 motion off
            {day}d16:00:00 door open
            {day}d16:00:05 door closed
            {day}d16:00:40 presence on
            {day}d16:02:00 motion on
            {day}d16:03:30 motion off
            {day}d16:04:00 presence off
            {day}d20:00:00 presence on
            {day}d20:01:00 presence off
            {day}d20:02:00 motion on
            {day}d20:03:30 motion off
            {day}d20:05:00 presence on
            {day}d20:06:00 presence off
            """
        )


def test_a_departure_nobody_heard_is_told_by_where_people_leave_from() -> None:
    play = Play("contact", "motion", "presence").tell(QUIET)
    days_of_leaving(play, 12)
    play.tell(
        "12d08:00 presence on\n12d08:01 presence off\n12d09:00 ? occupied\n12d09:00 motion on\n12d09:01:30 motion off"
    )
    play.tell("12d12:00 ? vacant\n12d12:00 ?codes door_opened door_closed motion_seen left_unseen")


def test_at_night_silence_tells_of_no_departure() -> None:
    play = Play("contact", "motion", "presence").tell(QUIET)
    days_of_leaving(play, 12)
    play.tell("11d22:30 motion on\n11d22:31:30 motion off\n12d08:00 ? occupied")


def test_a_door_contact_that_never_moves_while_the_lock_opens_makes_vacant_unknown() -> None:
    play = Play().tell(QUIET + "8:00 door open\n8:00:04 door closed\n8:20 ? vacant")
    play.tell("9:00 card guest\n10:00 card guest\n11:00 card guest")
    play.tell("11:00:30 ?conditions sensor_stuck\n18:00 ? unknown")
    play.tell("18:10 motion on\n18:10 ? occupied\n18:12 motion off\n21:00 ? unknown\n21:00 ?stale no")
    assert "door_not_told" in play.answer("codes")


def test_a_room_without_a_contact_is_occupied_while_somebody_moves_and_unknown_after() -> None:
    play = Play("motion").tell("8:00 motion on\n8:02 motion off\n8:30 ? occupied\n12:00 ? unknown")
    assert play.view()["occupancy"]["confidence"] == 0


STAYS_UNSEEN = """
    7:00 rented 1
    7:00 motion off
    7:00 door closed
    7:10 motion on
    7:12 motion off
    7:12 ? occupied
    8:00:00 door open
    8:00:04 door closed
"""


def test_a_sensor_that_is_placed_at_the_entry_never_empties_a_room_but_feels_who_comes() -> None:
    play = Play(entry=("motion",)).tell(STAYS_UNSEEN)
    play.tell("12:00 ? unknown\n12:00 ?stale no")
    assert "sees_entry_only" in play.answer("codes")
    play.tell("12:01 motion on\n12:02 ? occupied")
    assert Play().tell(STAYS_UNSEEN + "12:00 ? vacant"), "the same, seen by one that sees the room"


def test_a_second_sensor_sees_what_the_one_at_the_entry_does_not() -> None:
    bed = "7:00 presence off presence\n7:11 presence on presence\n7:13 presence off presence\n"
    Play("contact", "motion", "presence", "lock", entry=("motion",)).tell(bed + STAYS_UNSEEN + "14:00 ? vacant")


def test_a_sensor_that_sees_the_entry_only_makes_vacant_unknown() -> None:
    play = Play().tell(QUIET)
    for day in range(8):  # they come in, take a parcel in, stay unseen for hours, and are seen again on the way out
        play.tell(
            f"""
            {day}d09:00:00 door open
            {day}d09:00:02 motion on
            {day}d09:00:04 door closed
            {day}d09:01:32 motion off
            {day}d12:00:00 door open
            {day}d12:00:02 motion on
            {day}d12:00:04 door closed
            {day}d12:01:32 motion off
            {day}d18:00:00 motion on
            {day}d18:00:20 door open
            {day}d18:00:24 door closed
            {day}d18:01:50 motion off
            """
        )
    said = [(at, answer) for at, answer in play.answers if answer != "occupied"]
    assert "vacant" in {answer for at, answer in said if at < instant("5d00:00")}
    assert {answer for at, answer in said if at > instant("5d12:00")} == {"unknown"}


SIGNS = {
    "a card taken out with the door": ("9:00:06 keycard off keycard\n", "9:00:10 keycard on keycard\n", "above"),
    "CO2 that rises": ("9:05 co2 700 climate\n9:16 co2 800 climate\n", "", "below"),
    "CO2 that falls": ("9:05 co2 800 climate\n9:16 co2 700 climate\n", "", "above"),
    "a kettle": ("9:05 power 2 plug\n9:06 power 1900 plug\n", "", "below"),
    "a thermostat that is set": ("9:05 setpoint 21\n9:06 setpoint 23\n", "", "below"),
}


@pytest.mark.parametrize(("given", "instead", "which"), SIGNS.values(), ids=SIGNS.keys())
def test_what_speaks_without_deciding(given: str, instead: str, which: str) -> None:
    start = "6:59 rented 2\n" + CAME_IN + "8:05 keycard on keycard\n9:00 door open\n9:00:04 door closed\n"
    vacancy = []
    for more in (given, instead):
        play = Play("contact", "motion", "lock", "keycard", "thermostat", "climate", "plug").tell(start + more)
        play.tell("9:17 wait x")
        vacancy.append(play.room._people.occupancy.belief.vacancy(instant("9:17")))
    assert vacancy[0] > vacancy[1] if which == "above" else vacancy[0] < vacancy[1]


def test_a_spare_card_in_the_holder_keeps_nobody_in() -> None:
    Play("contact", "motion", "keycard").tell(CAME_IN + "8:01 keycard on\n" + BACK + "9:10 ? occupied\n9:40 ? vacant")


def test_who_opens_from_inside_was_inside() -> None:
    play = Play().tell(CAME_IN + BACK + "9:20 ? vacant\n15:00 egress\n15:00 ? occupied")
    assert play.answer("codes")[-1] == "door_opened"


def days_with_a_card(play: Play, days: int) -> None:
    """Each day out at nine and back at five by card; the lock tells of every card."""
    for day in range(days):
        play.tell(
            f"""
            {day}d09:00:00 motion on
            {day}d09:00:10 door open
            {day}d09:00:14 door closed
            {day}d09:01:30 motion off
            {day}d16:59:58 card guest
            {day}d17:00:00 door open
            {day}d17:00:05 door closed
            {day}d17:00:40 motion on
            {day}d17:02:10 motion off
            {day}d17:05:00 motion on
            {day}d17:06:30 motion off
            """
        )


def test_a_door_that_no_card_opened_was_opened_from_inside() -> None:
    """Where the lock tells of cards; the room was thought empty for a while, as one of two had left unheard."""
    vacancy = []
    for days in (0, 8):
        play = Play().tell("6:59 rented 2\n" + QUIET)
        days_with_a_card(play, days)
        play.tell(f"{days}d09:00 door open\n{days}d09:00:04 door closed\n{days}d10:00 ? vacant")
        play.tell(f"{days}d10:00 door open\n{days}d10:00:04 door closed\n{days}d10:00:06 wait x")
        vacancy.append(play.room._people.occupancy.belief.vacancy(play.now))
    assert vacancy[1] > 2 * vacancy[0], "who was in may have left now; nobody came in without a card"


def test_of_two_the_second_to_leave_empties_the_room() -> None:
    out = "{0}:00 door open\n{0}:04 door closed\n"
    both = Play().tell("6:59 rented 2\n" + CAME_IN + out.format("12:00") + "12:00:05 wait x")
    first = both.room._people.occupancy.belief.vacancy(both.now)
    both.tell("12:02 motion on\n12:20 motion off\n" + out.format("13:00") + "13:00:05 wait x")
    assert both.room._people.occupancy.belief.vacancy(both.now) > first


NIGHT_EVENTS = {
    "rented: somebody sleeps in it": ("6:59 rented 1\n", "occupied"),
    "of which the books say nothing: a doubt": ("", "vacant"),
}


@pytest.mark.parametrize(("books", "said"), NIGHT_EVENTS.values(), ids=NIGHT_EVENTS.keys())
def test_one_event_at_night(books: str, said: str) -> None:
    """The room was thought vacant since the door moved at seven; whoever had come to it had not gone with it."""
    play = Play("contact", "motion", "lock").tell(books + CAME_IN + "18:55 motion on\n18:57 motion off")
    play.tell("19:00 door open\n19:00:06 door closed\n22:30 ? vacant")
    play.tell(f"23:10 motion on\n23:11:30 motion off\n23:12 ? {said}\n1d06:30 ? {said}")


def test_who_has_checked_out_and_is_silent_has_left() -> None:
    gone = "9:30 door open\n9:31:00 door closed\n9:40 wait x\n"
    quiet, out = (Play().tell("6:59 rented 2\n" + CAME_IN + gone + more) for more in ("", "9:40 checked_out\n"))
    assert out.room._people.occupancy.belief.vacancy(out.now) > quiet.room._people.occupancy.belief.vacancy(quiet.now)


def test_what_the_house_ordered_is_no_hand_in_the_room() -> None:
    out = "8:10 setpoint 21\n9:00 door open\n9:00:04 door closed\n9:30 ? vacant\n"
    start = "6:59 rented 1\n" + CAME_IN + BACK + out
    for how in ("9:31 ordered setpoint 18.5\n", "9:31 ordered setpoint 18.3\n"):
        play = Play("contact", "motion", "lock", "thermostat").tell(start + how)
        play.restart()
        play.tell("9:39 setpoint 21\n9:40 setpoint 18.5\n9:41 ? vacant")
        assert "setting_changed" not in play.answer("codes")
        play.tell("9:50 setpoint 22\n9:50 wait x")
        assert "setting_changed" in play.answer("codes"), "that was somebody"


def test_a_wish_that_is_taken_back_is_no_hand_in_the_room() -> None:
    out = "8:30 request mur\n9:00 door open\n9:00:04 door closed\n"
    play = Play("contact", "motion", "lock", "thermostat").tell("6:59 rented 2\n" + CAME_IN + out + "9:03 request none")
    assert "setting_changed" not in play.answer("codes")


def test_what_a_room_learned_outlives_a_restart() -> None:
    play = Play("contact", "motion", "presence").tell(QUIET)
    days_of_leaving(play, 6)
    lessons = play.room._people.occupancy.belief.lessons
    play.restart()
    assert play.room._people.occupancy.belief.lessons == lessons
    assert lessons.habits["motion"].departures > 0


def test_a_snapshot_of_the_first_format_goes_on_with_its_answer() -> None:
    play = Play().tell(CAME_IN + BACK + "9:20 ? vacant")
    snapshot = play.room.snapshot()
    for later in ("belief", "belief_before", "lessons"):
        del snapshot[later]
    room = play.make()
    room.restore(snapshot | {"format": 1})
    assert (room.occupancy, room.view(instant("9:20"))["occupancy"]["confidence"] > 0.4) == ("vacant", True)


def test_every_number_has_its_reason() -> None:
    assert all(RoomParameters.why().values())


def test_asking_what_silence_says_teaches_nothing() -> None:
    belief = Belief(Weighing())
    belief.certain(DAY)
    belief.state.sensor = "motion"
    belief.vacancy(DAY + timedelta(hours=5))
    belief.empty_at()
    assert (belief.lessons.habits, belief.lessons.revision) == ({}, 0)
