"""From events to bands: nothing is drawn that was not said, and nothing outside of the day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pms.web.timeline_rules import WIDTH, Happening, hours, parts, told

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
END = START + timedelta(days=1)


def sensed(hour: float, occupancy: str, **more: Any) -> Happening:
    return Happening(START + timedelta(hours=hour), "room.sensed", {"occupancy": occupancy, **more})


def test_each_change_is_a_piece_of_its_own_length() -> None:
    bands = parts([sensed(6, "occupied"), sensed(12, "vacant"), sensed(13, "vacant")], START, END)
    assert [(part.value, part.x, part.width) for part in bands["occupancy"]] == [
        ("occupied", WIDTH / 4, WIDTH / 4),
        ("vacant", WIDTH / 2, WIDTH / 2),
    ]


def test_what_was_before_goes_on_and_what_is_not_known_is_not_drawn() -> None:
    assert parts([], START, END)["occupancy"] == []
    (piece,) = parts([sensed(-5, "vacant")], START, END)["occupancy"]
    assert (piece.start, piece.end, piece.width) == (START, END, WIDTH)


def test_it_became_so_when_the_room_says_and_not_when_the_house_heard_of_it() -> None:
    late = sensed(9, "vacant", since=(START + timedelta(hours=7)).isoformat())
    first, second = parts([sensed(1, "occupied"), late], START, END)["occupancy"]
    assert first.end == second.start == START + timedelta(hours=7)


def test_an_answer_set_by_hand_or_grown_old_is_a_piece_of_its_own() -> None:
    pieces = parts(
        [sensed(1, "vacant"), sensed(2, "vacant", stale=True), sensed(3, "vacant", by_hand=True)], START, END
    )
    assert [(one.stale, one.by_hand) for one in pieces["occupancy"]] == [(False, False), (True, False), (False, True)]


def test_the_words_say_all_that_the_picture_shows() -> None:
    energy = {"phase": "setback", "why": {"code": "vacant_rented", "at": START.isoformat(), "params": {}}}
    reason = [{"code": "no_motion_since", "at": START.isoformat(), "params": {}}]
    desk = Happening(START + timedelta(hours=2), "room.front_office", {"front_office": "occupied"})
    bands = parts([desk, sensed(3, "vacant", energy=energy, evidence=reason, cleaning="in_progress")], START, END)
    lines = [(band, part.value) for band, part in told(bands)]
    assert lines == [("desk", "occupied"), ("occupancy", "vacant"), ("cleaning", "in_progress"), ("energy", "setback")]
    assert bands["energy"][0].why == energy["why"]
    assert bands["occupancy"][0].evidence == reason


def test_the_axis_has_a_mark_every_three_hours() -> None:
    assert [at.hour for _, at in hours(START, END)] == [0, 3, 6, 9, 12, 15, 18, 21, 0]
    odd = START + timedelta(hours=1, minutes=20)
    assert [at.hour for _, at in hours(odd, odd + timedelta(days=1))] == [3, 6, 9, 12, 15, 18, 21, 0]
