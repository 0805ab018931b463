"""Staff in the room: whose door edge, whose motion; cleaning that starts and ends by itself."""

import pytest

from edge.rooms.signals import AccessHappened, CleaningEnded, CleaningStarted
from tests.edge.rooms.play import Play, instant

QUIET = "7:00 motion off\n7:00 door closed\n"
VACANT = QUIET + "8:00 door open\n8:00:04 door closed\n8:10:04 ? vacant\n"
OCCUPIED = QUIET + "8:00 door open\n8:00:04 door closed\n8:00:30 motion on\n8:02 motion off\n8:20 ? occupied\n"
COMES = """
    {0}:00 card {1}
    {0}:02 door open
    {0}:05 door closed
    {0}:06 motion on
"""
GOES = """
    {0}:00 motion on
    {0}:05 door open
    {0}:08 door closed
    {1}:30 motion off
"""


def comes(minute: str, holder: str = "housekeeping") -> str:
    """Card, door, movements that go on."""
    return COMES.format(minute, holder)


def goes(minute: str, after: str) -> str:
    """A last movement, door."""
    return GOES.format(minute, after)


VISITS = {
    "vacant before, vacant while they clean, vacant after": VACANT
    + comes("10:00")
    + "10:03 ?cleaning in_progress\n10:03 ? vacant\n10:29 ? vacant"
    + goes("10:30", "10:31")
    + "10:40:07 ?cleaning in_progress\n10:40:08 ?cleaning done\n10:40:08 ? vacant\n18:00 ? vacant",
    "occupied before, occupied after: the guest was in all the time": OCCUPIED
    + comes("10:00")
    + "10:15 ? occupied"
    + goes("10:30", "10:31")
    + "10:41 ?cleaning done\n10:41 ? occupied\n12:00 ? occupied\n12:05 ? vacant",
    "unknown before: judged by the silence after them": QUIET
    + comes("10:00")
    + "10:15 ? unknown"
    + goes("10:30", "10:31")
    + "10:40:08 ? vacant",
    "a glance is a visit": VACANT + comes("10:00") + goes("10:05", "10:06") + "10:20 ?cleaning none\n10:20 ? vacant",
    "an engineer does not clean": VACANT
    + comes("10:00", "engineering")
    + "10:20 ?cleaning none\n10:20 ? vacant"
    + goes("10:30", "10:31")
    + "10:45 ?cleaning none\n10:45 ? vacant",
    "a guest's card while they clean: a guest is in": VACANT
    + comes("10:00")
    + "10:10 card guest\n10:10:02 door open\n10:10:05 door closed\n10:10:40 ? occupied"
    + goes("10:30", "10:31")
    + "10:30:08 ? occupied",
    "the guest comes after they left: the cleaning has ended, a guest is in": VACANT
    + comes("10:00")
    + goes("10:30", "10:31")
    + "10:35 card guest\n10:35 ? occupied\n10:35 ?cleaning none\n10:35:02 door open\n10:35:05 door closed"
    + "\n10:35:40 motion on\n10:37:10 motion off\n18:00 ? occupied",
    "their key card in the holder is not a guest's": VACANT
    + comes("10:00")
    + "10:00:20 keycard on keycard\n10:15 ? vacant\n10:29:50 keycard off keycard"
    + goes("10:30", "10:31")
    + "10:41 ? vacant",
    "a presence sensor feels them and not a guest": VACANT
    + comes("10:00")
    + "10:00:20 presence on presence\n10:15 ? vacant"
    + goes("10:30", "10:31")
    + "10:30:38 presence off presence\n10:41 ? vacant",
    "the thermostat's key-card input, read late": VACANT
    + "9:59 occupancy_input off\n"
    + comes("10:00")
    + "10:00:30 occupancy_input on\n10:15 ? vacant"
    + goes("10:30", "10:31")
    + "10:31:00 occupancy_input off\n10:41 ? vacant",
    "the guest went out a moment before: their motion does not hold the question open": OCCUPIED
    + "9:57:40 door open\n9:57:44 door closed\n"
    + comes("9:58")
    + "9:58:28 ? occupied\n9:59:04 ? vacant\n10:20 ? vacant"
    + goes("10:30", "10:31")
    + "10:41 ? vacant\n18:00 ? vacant",
    "checked out and gone a moment before: vacant when the work begins": "6:59 rented 2\n"
    + OCCUPIED
    + "9:57:40 door open\n9:57:44 door closed\n9:57:50 checked_out\n"
    + comes("9:58")
    + "9:58:20 ? occupied\n10:00 ?cleaning in_progress\n10:00 ? vacant"
    + goes("10:30", "10:31")
    + "10:41 ? vacant",
    "a guest came in a moment before: the question stays open for them": VACANT
    + "9:55 card guest\n9:55:02 door open\n9:55:05 door closed\n"
    + comes("9:58")
    + "10:20 ? occupied"
    + goes("10:30", "10:31")
    + "10:30:10 ? occupied",
    "of two guests one went out: the other may be still inside": "6:59 rented 2\n"
    + OCCUPIED
    + "9:55 door open\n9:55:04 door closed\n"
    + comes("9:58")
    + "10:20 ? occupied",
    "a lock that speaks after the door": VACANT
    + "10:00:00 door open\n10:00:01 ? occupied\n10:00:03 door closed\n10:00:05 card housekeeping\n10:00:05 ? vacant",
    "a card and no door: nobody came in": VACANT
    + "10:00 card housekeeping\n10:10:01 wait x\n10:11 motion on\n10:17 motion off\n10:17 ? occupied",
    "a card, and the door was not heard: whoever moves soon after is of the staff": VACANT
    + "10:00 card housekeeping\n10:05 motion on\n10:05 ? vacant\n10:05 ?cleaning in_progress"
    + goes("10:30", "10:31")
    + "10:41 ?cleaning done\n10:41 ? vacant",
    "a card that nobody followed in: who opens the door later is a guest": VACANT
    + "10:00 card housekeeping\n10:03 door open\n10:03:04 door closed\n10:03:30 motion on\n10:03:30 ? occupied",
    "silent in a bathroom without a sensor": VACANT
    + "10:00 card housekeeping\n10:00:02 door open\n10:00:05 door closed\n10:14 motion on\n10:14 ? vacant"
    + "\n10:14 ?cleaning in_progress"
    + goes("10:30", "10:31")
    + "10:41 ?cleaning done\n10:41 ? vacant",
    "a look through the door, and the guest comes back a quarter of an hour later": VACANT
    + "10:00 card housekeeping\n10:00:02 door open\n10:00:05 door closed\n10:15 card guest\n10:15:02 door open"
    + "\n10:15:05 door closed\n10:16 motion on\n10:16 ? occupied\n10:30 ?cleaning none",
    "the guest comes back while they clean: they clean on": VACANT
    + comes("10:00")
    + "10:10 door open\n10:10:07 door closed\n10:10:08 card guest\n10:12 ?cleaning in_progress\n10:12 ? occupied"
    + goes("10:30", "10:31")
    + "10:41 ?cleaning done",
    "short movements that no longer go on when the sensor falls": VACANT
    + "10:00 card housekeeping\n10:00:02 door open\n10:00:05 door closed\n10:00:06 motion on\n10:06:00 motion off"
    + "\n10:06 ?cleaning in_progress\n10:20 ?cleaning in_progress\n10:20 ? vacant",
    "the door stands open while they work": VACANT
    + "10:00 card housekeeping\n10:00:02 door open\n10:00:06 motion on\n10:03 ?cleaning in_progress\n10:20 ?conditions",
}


@pytest.mark.parametrize("script", VISITS.values(), ids=VISITS.keys())
def test_visits(script: str) -> None:
    Play("contact", "motion", "lock", "keycard", "thermostat").tell(script)


GLANCE = """
    10:00:00 card housekeeping
    10:00:02 door open
    10:00:05 door closed
    10:00:30 door open
    10:00:33 door closed
"""
SPELLS: dict[str, tuple[str, list[str]]] = {
    "twenty minutes": (comes("10:00") + goes("10:20", "10:21"), ["cleaned"]),
    "eight minutes are enough": (comes("10:00") + goes("10:08", "10:09"), ["cleaned"]),
    "five are a visit": (comes("10:00") + goes("10:05", "10:06"), ["visit"]),
    "less than two are not told at all": (GLANCE, []),
    "a master key does not clean": (comes("10:00", "master") + goes("10:20", "10:21"), []),
    "in and out with the linen": (
        comes("10:00") + goes("10:10", "10:11") + comes("10:13") + goes("10:25", "10:26"),
        ["cleaned"],
    ),
}


@pytest.mark.parametrize(("script", "outcomes"), SPELLS.values(), ids=SPELLS.keys())
def test_cleaning_spells(script: str, outcomes: list[str]) -> None:
    assert Play().tell(VACANT).tell(script).tell("12:00 wait x").outcomes() == outcomes


def test_both_messages_of_a_cleaning_name_it_and_its_times() -> None:
    play = Play().tell(VACANT).tell(comes("10:00")).tell(goes("10:30", "10:31")).tell("12:00 wait x")
    started, ended = play.told(CleaningStarted, CleaningEnded)
    assert isinstance(started, CleaningStarted)
    assert isinstance(ended, CleaningEnded)
    assert (started.spell, started.at, started.by) == (ended.spell, ended.started, ended.by) == (
        started.spell, instant("10:00"), "7")  # fmt: skip
    assert ended.at == instant("10:30:08")


def test_every_card_is_told_also_a_denied_one() -> None:
    play = Play().tell("9:00 card guest\n9:05 card housekeeping denied\n9:06 card unknown")
    told = [
        (each.result, each.credential_class) for each in play.told(AccessHappened) if isinstance(each, AccessHappened)
    ]
    assert told == [("granted", "guest"), ("denied", "housekeeping"), ("granted", "unknown")]
    assert play.conditions() == ["+unknown_credential:lock"]
