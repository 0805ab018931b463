"""hotel.toml: taken whole, or refused naming file, table, key and line."""

from pathlib import Path

import pytest

from pms.hotelfile import HotelFileError, Problem, hotel_schema, load_hotel

GOOD = """\
[property]
id = "example"
name = "Example"
time_zone = "Asia/Shanghai"
[[floor]]
id = "1"
name = "First"
[[room_type]]
code = "STD"
name = "Standard"
[[room]]
number = "101"
type = "STD"
floor = "1"
"""


def problems(tmp_path: Path, text: str) -> list[Problem]:
    path = tmp_path / "hotel.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(HotelFileError) as caught:
        load_hotel(path)
    assert all(problem.file == "hotel.toml" for problem in caught.value.problems)
    return caught.value.problems


def test_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "hotel.toml").write_text(GOOD, "utf-8")
    hotel = load_hotel(tmp_path / "hotel.toml")
    assert (hotel.house.id, hotel.house.currency, hotel.rooms) == ("example", "EUR", frozenset({"101"}))
    assert hotel.house.day_starts.isoformat() == "04:00:00"


def test_an_unknown_key_names_table_key_and_line(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, GOOD + 'colour = "red"\n')
    assert (found.table, found.key, found.line) == ("room", "colour", 15)
    assert str(found) == "hotel.toml:15: [room] colour: unknown key"


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("Asia/Shanghai", "Asia/Atlantis").replace('id = "example"', 'id = "Example House"')
    assert {(found.table, found.key, found.line) for found in problems(tmp_path, text)} == {
        ("property", "id", 2),
        ("property", "time_zone", 4),
    }


def test_what_a_room_refers_to_must_be_there(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace('type = "STD"', 'type = "DLX"').replace('floor = "1"', 'floor = "9"'))
    assert {(problem.table, problem.key, problem.line) for problem in found} == {
        ("room", "type", 13),
        ("room", "floor", 14),
    }


def test_a_number_that_is_there_twice(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, GOOD + '[[room]]\nnumber = "101"\ntype = "STD"\nfloor = "1"\n')
    assert (found.table, found.key, found.line) == ("room", "number", 16)


def test_what_is_not_toml_has_its_line(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "[property\n")
    assert found.line == 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(HotelFileError, match="cannot be read"):
        load_hotel(tmp_path / "hotel.toml")


def test_a_missing_table(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, GOOD.split("[[room]]", maxsplit=1)[0])
    assert found.table == "room"


def test_the_schema_is_published() -> None:
    assert set(hotel_schema()["properties"]) == {"property", "floor", "room_type", "room", "keys", "timers"}


def test_how_keys_are_made_is_said_or_the_usual(tmp_path: Path) -> None:
    path = tmp_path / "hotel.toml"
    path.write_text(GOOD, "utf-8")
    assert load_hotel(path).keys.model_dump(mode="json") == {
        "check_out_time": "12:00:00",
        "grace_minutes": 0,
        "deadline_seconds": 60,
    }
    path.write_text(GOOD + "[keys]\ncheck_out_time = 11:00:00\ngrace_minutes = 30\n", "utf-8")
    keys = load_hotel(path).keys
    assert (keys.check_out_time.isoformat(), keys.grace_minutes) == ("11:00:00", 30)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("grace_minutes = -1", "grace_minutes"),
        ("grace_minutes = 1441", "grace_minutes"),
        ("deadline_seconds = 5", "deadline_seconds"),
        ('check_out_time = "25:00"', "check_out_time"),
        ('check_out_time = "11:00+08:00"', "check_out_time"),
        ("minibar = true", "minibar"),
    ],
)
def test_a_wrong_key_setting_is_named(tmp_path: Path, line: str, key: str) -> None:
    [problem] = problems(tmp_path, f"{GOOD}[keys]\n{line}\n")
    assert (problem.table, problem.key) == ("keys", key)
