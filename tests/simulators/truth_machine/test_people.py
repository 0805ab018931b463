"""The people of the truth machine: possible lives, and no more of anything than is documented."""

from collections import defaultdict
from itertools import pairwise

import pytest

from simulators.truth_machine.doings import DAY_S, Deed
from simulators.truth_machine.hotel import lives, scripts
from simulators.truth_machine.life import Life, live
from simulators.truth_machine.parameters import Hotel, Rounds

HOTEL = Hotel(rooms=60, days=6, seed=3)


@pytest.fixture(scope="module")
def house() -> list[Life]:
    return list(lives(HOTEL))


def test_nobody_is_in_two_rooms(house: list[Life]) -> None:
    spans: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for life in house:
        since: dict[str, float] = {}
        for step in life.steps:
            for name in step.doing.who if step.doing.deed in (Deed.COME, Deed.GO) else ():
                if step.doing.deed is Deed.COME:
                    since[name] = step.doing.at
                else:
                    spans[name].append((since.pop(name), step.doing.at, life.room))
    assert len({room for name, stays in spans.items() if name.startswith("attendant 0") for _, _, room in stays}) > 5
    for name, stays in spans.items():
        for (_, left, one), (came, _, two) in pairwise(sorted(stays)):
            assert left <= came or one == two, name


def test_nobody_leaves_who_did_not_come_and_the_door_is_shut_between(house: list[Life]) -> None:
    for life in house:
        inside: set[str] = set()
        shut = float("-inf")
        for step in life.steps:
            doing = step.doing
            if step.moves_door:
                assert doing.at > shut
                shut = doing.at + doing.open_s
            if doing.deed is Deed.COME:
                assert not inside & set(doing.who)
                inside |= set(doing.who)
            elif doing.deed is Deed.GO:
                assert set(doing.who) <= inside
                inside -= set(doing.who)
            assert step.after | step.staff == inside


def test_situations_cover_the_time_once_and_agree_with_the_truth(house: list[Life]) -> None:
    empty = {"empty_rented", "empty_unrented", "card_cheat", "staff", "staff_without_card"}
    for life in house:
        assert life.situations[-1].end == life.end
        assert all(one.end == two.start for one, two in pairwise(life.situations))
        for start, end, name in life.situations:
            middle = start + (end - start) / 2
            occupied = any(a <= middle < b for a, b, _ in life.occupied)
            assert occupied != (name in empty) or name == "staff_with_guest", (life.room, start, name)


def test_the_documented_mix_comes_out() -> None:
    hotel = Hotel(rooms=200, days=20)
    parties = [doing for script in scripts(hotel) for doing in script.doings if doing.deed is Deed.CHECK_IN]
    two = sum(len(doing.who) == 2 for doing in parties) / len(parties)
    more = sum(len(doing.who) > 2 for doing in parties) / len(parties)
    assert len(parties) > 1500
    assert two == pytest.approx(0.40, abs=0.04)
    assert more == pytest.approx(0.05, abs=0.02)


def test_every_situation_that_no_recording_has_is_there(house: list[Life]) -> None:
    found = {name for life in house for _, _, name in life.situations}
    assert found >= {"asleep", "awake", "one_left_awake", "one_left_asleep", "visitor", "staff", "staff_without_card",
                     "staff_with_guest", "card_cheat", "empty_rented", "empty_unrented"}  # fmt: skip
    assert {name for life in house for _, _, name in life.errors} == {"lost_door", "late_event", "ghost"}


def test_left_rooms_are_cleaned_and_nobody_cleans_beside_a_sleeper(house: list[Life]) -> None:
    cleaned = [(life, spell) for life in house for spell in life.cleanings]
    assert {spell.kind for _, spell in cleaned} == {"departure", "stayover"}
    for life, spell in cleaned:
        assert 14 * 60 <= (spell.end - spell.start).total_seconds() <= 38 * 60
        if spell.kind == "departure":
            assert not spell.guests_inside
        assert not any(start < spell.start < end for start, end, _ in life.asleep)


def test_the_same_seed_is_the_same_hotel_and_a_room_needs_no_other() -> None:
    hotel = Hotel(rooms=4, days=2, seed=5)
    first, again = ([life.events for life in lives(hotel)] for _ in range(2))
    assert first == again
    assert [life.events for life in lives(Hotel(rooms=4, days=2, seed=6))] != first
    assert live(list(scripts(hotel))[2], hotel).events == first[2]


def test_beds_are_turned_down_while_guests_are_out(house: list[Life]) -> None:
    came = 0
    for life in house:
        for step in life.steps:
            if step.doing.deed is Deed.COME and step.doing.who[0].startswith("evening attendant"):
                came += 1
                assert not step.after, "nobody is disturbed"
    wanted = HOTEL.rounds.turndown * HOTEL.rooms * HOTEL.days
    assert wanted / 5 < came < wanted


def test_lives_are_calibrated_to_the_recordings() -> None:
    """Occupancy 5 and 6: 2.5 absences and 7.8 door cycles a day, 10.2 silences of half an hour. One guest, no staff."""
    quiet = Rounds(turndown=0.0, engineer_per_room=0.0, shift=(8.5, 8.5))
    lonely = Hotel(rooms=40, days=8, errors=None, faults=None, rounds=quiet)
    days = absences = cycles = silences = 0.0
    for life in lives(lonely):
        stays = [doing.at for doing in (step.doing for step in life.steps) if doing.deed is Deed.CHECK_IN]
        days += sum((end - start).total_seconds() for start, end, _ in life.occupied) / DAY_S
        absences += sum(1 for step in life.steps if step.doing.deed is Deed.GO and step.before and not step.after)
        absences -= len(stays)
        cycles += sum(event.point == "door" and event.value == "open" for event in life.events)
        seen = [event.time for event in life.events if event.point == "motion" and event.device.endswith("_motion")]
        for start, end, _ in life.occupied:
            inside = [start, *(at for at in seen if start < at < end), end]
            silences += sum((two - one).total_seconds() > 1800 for one, two in pairwise(inside))
    assert 1.0 < absences / days < 3.5
    assert 4.0 < cycles / days < 11.0
    assert 6.0 < silences / days < 15.0
