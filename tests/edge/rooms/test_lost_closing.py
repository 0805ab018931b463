"""A door whose closing was lost on the way: what proves all the same that it was shut, and what does not."""

import pytest

from tests.edge.rooms.play import Play

CAME = "7:00 motion off\n7:00 door closed\n9:00 card guest\n9:00:02 door open\n"
AJAR, GONE = "+door_ajar:contact", "-door_ajar:contact"

CASES: dict[str, tuple[str, list[str]]] = {
    "the bolt is thrown: the door is shut": (CAME + "9:02 bolt on\n12:00 wait x", []),
    "the bolt is thrown too late for the alert": (CAME + "9:06 bolt on\n12:00 wait x", [AJAR, GONE]),
    "staff who come and go do not open it again": (
        CAME + "9:02 bolt on\n10:00 motion on\n10:01 motion off\n14:00 wait x",
        [],
    ),
    "the bolt is drawn, and from then on the door may stand open": (
        CAME + "9:02 bolt on\n11:00 bolt off\n11:04:59 ?conditions\n11:05 ?conditions door_ajar",
        [AJAR],
    ),
    "a bolt that was thrown before the door opened proves nothing of it": (
        "7:00 door closed\n8:00 bolt on\n9:00 door open\n9:05 ?conditions door_ajar",
        [AJAR],
    ),
    "an old word of the bolt proves nothing": (
        CAME + "9:01 bolt on\n9:02 offline lock\n9:03 card guest\n9:08 wait x",
        ["+device_offline:lock", AJAR],
    ),
    "somebody opens it from inside: it was shut, and is open now": (
        CAME + "9:04 egress x\n9:04:03 door closed\n12:00 wait x",
        [],
    ),
    "and the five minutes begin anew": (
        CAME + "9:04 egress x\n9:08:59 ?conditions\n9:09 ?conditions door_ajar",
        [AJAR],
    ),
    "the handle with which it was opened is no proof that it was shut since": (
        "7:00 door closed\n9:00 door open\n9:00:05 egress x\n9:05 ?conditions door_ajar",
        [AJAR],
    ),
    "a lock that locks by the clock proves nothing": (
        CAME + "9:00:01 lock unlocked\n9:00:06 lock locked\n9:05:02 ?conditions door_ajar",
        [AJAR],
    ),
    "nor does somebody who moves in the room": (
        CAME + "9:01 motion on\n9:03 motion off\n9:04 motion on\n9:05:02 ?conditions door_ajar",
        [AJAR],
    ),
}


@pytest.mark.parametrize(("script", "expected"), CASES.values(), ids=CASES.keys())
def test_a_lost_closing(script: str, expected: list[str]) -> None:
    assert Play().tell(script).conditions() == expected
