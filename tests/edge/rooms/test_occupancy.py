"""Is a guest in? Each case is a script of signals and the answers expected at times."""

import pytest

from edge.rooms.parameters import RoomParameters
from tests.edge.rooms.play import Play, instant

CAME_IN = """
    8:00:00 motion off
    8:00:00 door closed
    9:00:00 door open
    9:00:04 door closed
    9:00:30 motion on
    9:02:00 motion off
"""

CASES = {
    "nothing heard is unknown": "9:00 ? unknown",
    "a first reading of a closed door is no edge": """
        9:00 door closed
        9:00 motion off
        12:00 ? unknown""",
    "the door reopens the question, silence answers it": """
        8:00 motion off
        8:00 door closed
        9:00:00 door open
        9:00:05 door closed
        9:00:06 ? occupied
        9:04:00 ? occupied
        9:10:05 ? vacant""",
    "every door edge starts the silence anew": """
        8:00 motion off
        9:00 door open
        9:09 door closed
        9:41:00 ? occupied
        9:42:00 ? vacant""",
    "motion while the door closes may be somebody on the way out": """
        8:00 motion off
        9:00:00 door open
        9:00:05 door closed
        9:00:09 motion on
        9:01:39 motion off
        9:10:05 ? vacant""",
    "motion after the door is shut latches": """
        8:00 motion off
        9:00:00 door open
        9:00:05 door closed
        9:00:21 motion on
        9:01:51 motion off
        19:00 ? occupied""",
    "motion without a door is a doubt; when it goes on, somebody is there": """
        8:00 motion off
        9:00 door open
        9:00 door closed
        9:10 ? vacant
        18:30:00 motion on
        18:30:00 ? vacant
        18:33:30 motion off
        18:33:30 ? occupied""",
    "a repeated true is no new motion": """
        9:00:00 motion on
        9:00:10 door open
        9:00:14 door closed
        9:00:40 motion on
        9:01:30 motion off
        9:10:14 ? vacant""",
    "a silent night stays occupied": CAME_IN + "1d08:00 ? occupied",
    "the guest goes out": CAME_IN
    + """
        12:00:00 motion on
        12:00:10 door open
        12:00:14 door closed
        12:01:29 ? occupied
        12:01:30 motion off
        12:01:30 ? vacant""",
    "of two guests one leaves at night: the sleeper stays": "8:59 rented 2"
    + CAME_IN
    + """
        23:30:00 motion on
        23:30:10 door open
        23:30:14 door closed
        23:31:30 motion off
        1d00:30 ? occupied
        1d05:02:13 ? occupied
        1d05:02:14 ? vacant""",
    "of two guests one leaves by day: a longer search": "8:59 rented 2"
    + CAME_IN
    + """
        12:00:10 door open
        12:00:14 door closed
        12:30:00 ? occupied
        12:40:00 ? vacant""",
    "one guest leaves at night": "8:59 rented 1"
    + CAME_IN
    + """
        23:30:10 door open
        23:30:14 door closed
        1d00:20:00 ? occupied
        1d00:26:14 ? vacant""",
    "the bolt is hard evidence": """
        8:00 motion off
        9:00:00 door open
        9:00:04 door closed
        9:00:05 bolt on
        18:00 ? occupied""",
    "a key card put in is somebody inside": """
        8:00 motion off
        9:00:00 door open
        9:00:04 door closed
        9:00:40 keycard on
        18:00 ? occupied""",
    "a sensor that still feels somebody at the deadline": """
        8:00 presence off
        9:00:00 door open
        9:00:04 door closed
        9:00:05 presence on
        9:10:04 ? occupied
        18:00 ? occupied""",
    "no sensor inside: a door edge means unknown": """
        9:00 lock locked
        9:05 door closed
        9:06 door open
        9:06 ? unknown
        18:00 ? unknown""",
    "a denied card says nothing": """
        9:00 card guest denied
        9:00 ? unknown""",
    "opened from inside without a contact's word reopens the question": CAME_IN
    + """
        10:00 egress
        10:04:00 ? occupied
        10:05:30 ? vacant""",
    "a guest's card is a question, the room counts as occupied": """
        8:00 motion off
        8:00 door closed
        9:00 card guest
        9:00 ? occupied
        9:10 ? vacant""",
}


@pytest.mark.parametrize("script", CASES.values(), ids=CASES.keys())
def test_answers(script: str) -> None:
    kinds = ("contact", "motion", "lock") if "presence" not in script else ("contact", "presence", "lock")
    Play(*(("contact", "lock") if "lock locked" in script else kinds)).tell(script)


MOVING_UNTIL = {
    # rising edge 1 s after the door shut; movements go on less than 90 s apart until 90 s before `off`
    "moved on for minutes, then slept": ("9:06:00", "1d08:00 ? occupied"),
    "moved after the door was shut": ("9:01:41", "9:02:00 ? occupied"),
    "moved only on the way out": ("9:01:37", "9:10:04 ? vacant"),
    "the last motion was as late as a slow message": ("9:01:39", "9:10:04 ? vacant"),
    "still moving when the search ends": ("9:30:00", "1d08:00 ? occupied"),
}


@pytest.mark.parametrize(("off", "expected"), MOVING_UNTIL.values(), ids=MOVING_UNTIL.keys())
def test_a_falling_edge_says_when_the_last_motion_was(off: str, expected: str) -> None:
    play = Play().tell("8:00 motion off\n9:00:00 door open\n9:00:04 door closed\n9:00:05 motion on")
    play.tell(f"{off} motion off\n{expected}")


def test_without_a_known_hold_a_falling_edge_says_nothing() -> None:
    play = Play(known=False).tell("8:00 motion off\n9:00 door open\n9:00:04 door closed\n9:00:05 motion on")
    play.tell("9:06 motion off\n9:10:04 ? vacant")


def test_a_falling_edge_after_a_time_when_nobody_listened_says_nothing() -> None:
    play = Play().tell("8:00 motion off\n9:00 door open\n9:00:04 door closed\n9:00:05 motion on")
    play.tell("9:00:30 offline motion field\n9:05 online motion\n9:05:00 motion off\n9:30 ? vacant")


def test_motion_of_before_the_door_is_not_motion_after_it() -> None:
    play = Play().tell(CAME_IN).tell("12:00:00 motion on\n12:00:40 door open\n12:00:44 door closed")
    play.tell("12:02:00 motion off\n12:10:44 ? vacant")


def test_a_line_down_freezes_the_answer_and_marks_it() -> None:
    play = Play().tell(CAME_IN).tell("10:00 door open\n10:00:04 door closed\n10:00:30 offline motion field")
    play.tell("14:00 ? occupied\n14:00 ?stale yes\n14:00 online motion\n14:00 motion off")
    play.tell("14:00 ?stale no\n14:01:00 ? occupied\n14:20 ? vacant")


def test_a_vacant_room_stays_vacant_while_the_line_is_down() -> None:
    play = Play().tell("8:00 motion off\n9:00 door open\n9:00:04 door closed\n9:20 ? vacant")
    play.tell("9:30 offline contact field\n9:30 offline motion field\n15:00 ? vacant\n15:00 ?stale yes")


def test_a_door_that_moved_while_nobody_listened_gets_a_longer_search() -> None:
    play = Play().tell(CAME_IN).tell("10:00 offline contact field\n11:00 online contact\n11:00 door open")
    play.tell("11:29:59 ? occupied\n11:30 ? vacant")


def test_a_hand_wins_until_it_expires_and_the_sensors_answer_stays_visible() -> None:
    play = Play().tell("8:00 motion off\n9:00 door open\n9:00 door closed\n9:20 ? vacant")
    play.tell("9:30 override occupancy 11:30 occupied\n9:30 ? occupied")
    body = play.view()["occupancy"]
    assert (body["source"], body["detected"], body["until"]) == ("manual", "vacant", instant("11:30"))
    play.tell("11:29:59 ? occupied\n11:30 ? vacant")
    assert play.view()["occupancy"]["source"] == "detected"


def test_a_hand_may_be_withdrawn_and_wrong_ones_are_left_alone() -> None:
    play = Play().tell(CAME_IN).tell("10:00 override occupancy 12:00 vacant\n10:00 ? vacant")
    play.tell("10:05 override occupancy 12:00 none\n10:05 ? occupied\n10:06 override occupancy 12:00 perhaps")
    play.tell(
        "10:06 ? occupied\n10:07 override colour 12:00 red\n10:08 override occupancy 9:00 vacant\n10:08 ? occupied"
    )


REQUESTS = {
    "none until the panel says so": "9:00 ?request none",
    "do not disturb": "9:00 request dnd\n9:00 ?request dnd",
    "make up room, withdrawn": "9:00 request mur\n9:10 request none\n9:10 ?request none",
    "what is no request is not taken": "9:00 request dnd\n9:01 request perhaps\n9:01 ?request dnd",
    "by hand, with expiry": "9:00 request dnd\n9:01 override request 9:30 mur\n9:29 ?request mur\n9:30 ?request dnd",
}


@pytest.mark.parametrize("script", REQUESTS.values(), ids=REQUESTS.keys())
def test_requests(script: str) -> None:
    Play("contact", "motion", "thermostat").tell(script)


def test_unknown_has_no_confidence_and_no_age() -> None:
    body = Play().view()["occupancy"]
    assert (body["value"], body["confidence"], body["since"], body["heard"]) == ("unknown", 0, None, None)


def test_the_answer_says_why() -> None:
    play = Play().tell(CAME_IN).tell("10:00 door open\n10:00:04 door closed\n10:20 ? vacant")
    play.tell("10:20 ?codes motion_seen door_opened door_closed no_motion_since")


def test_timers_are_settings() -> None:
    slow = RoomParameters.of({"vacant_wait_seconds": 400, "shut_seconds": 0, "unknown_name": 5})
    play = Play(parameters=slow).tell("8:00 motion off\n9:00 door open\n9:00:04 door closed\n9:06:43 ? occupied")
    play.tell("9:06:44 ? vacant")
    play.tell("9:10 door open\n9:10:04 door closed\n9:10:05 motion on\n9:11:35 motion off\n18:00 ? occupied")
