"""The scorer on a room counted by hand, and the whole command on a small hotel."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.catalog import Catalog
from devices.model import Device
from edge.cli_truth import purpose_of
from edge.commands import app
from edge.replay import replay
from edge.rooms.signals import RoomFacts, StaffVisit
from edge.truth.report import Report
from edge.truth.run import Tally, played
from edge.truth.visits import NOBODY, NOT_SEEN, Tasks, rows
from edge.truth.words import Cleaning, Event, Fault, Stretch, Visit

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NINE + timedelta(minutes=minute)


@dataclass
class ByHand:
    """One guest comes at 9:00, goes at 10:00; an attendant is in from 11:00 to 11:20; water on the floor at 11:40."""

    room: str = "7"
    scored_from: datetime = NINE
    end: datetime = NOON
    devices: Sequence[Device] = ()
    events: Iterable[Event] = field(
        default_factory=lambda: [
            (at(0), "7", "pms", "guests", 1), (at(0), "7", "pms", "rented", True),
            (at(0), "7", "lock", "access", "guest"),
            (at(0.1), "7", "door", "door", "open"), (at(0.2), "7", "door", "door", "closed"),
            (at(1), "7", "pir", "motion", True), (at(3), "7", "pir", "motion", False),
            (at(59.8), "7", "door", "door", "open"), (at(60), "7", "door", "door", "closed"),
            (at(119.9), "7", "lock", "access", "housekeeping"),
            (at(120), "7", "door", "door", "open"), (at(120.1), "7", "door", "door", "closed"),
            (at(122), "7", "pir", "motion", True), (at(135), "7", "pir", "motion", False),
            (at(140), "7", "door", "door", "open"), (at(140.1), "7", "door", "door", "closed"),
            (at(160), "7", "leak", "leak", True),
        ]
    )  # fmt: skip
    occupied: Sequence[Stretch] = ((at(0), at(60), "occupied"),)
    asleep: Sequence[Stretch] = ()
    situations: Sequence[Stretch] = (
        (at(0), at(60), "awake"), (at(60), at(120), "empty_rented"), (at(120), at(140), "staff"),
        (at(140), at(180), "empty_rented"),
    )  # fmt: skip
    errors: Sequence[Stretch] = ((at(60), at(90), "late_event"),)
    cleanings: Sequence[Cleaning] = ((at(120), at(140), "stayover", True, False),)
    visits: Sequence[Visit] = ((at(120), at(140), "cleaning", True),)
    faults: Sequence[Fault] = (
        ("leak", "leak", at(160), at(160.1), at(170)),
        ("door_ajar", "door", at(100), at(106), at(110)),
    )
    counts: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return played(ByHand(), Catalog.load())


def test_every_minute_is_in_the_table_once(tally: Tally) -> None:
    assert sum(tally.situations.values()) == 180 == tally.score.minutes
    assert sum(count for (name, _, _), count in tally.situations.items() if name == "awake") == 60
    assert sum(count for (name, truth, _), count in tally.situations.items() if name == "staff" and not truth) == 20
    assert sum(count for (name, _, _), count in tally.errors.items() if name == "late_event") == 30
    wrong = sum(count for (_, truth, answer), count in tally.situations.items() if truth == (answer == "vacant"))
    assert wrong == tally.score.minutes - tally.score.right


def test_the_cleaning_and_the_alerts_are_compared(tally: Tally) -> None:
    found = tally.cleaned.figures()
    assert (found["cleanings"], found["detected_pct"], found["false_pct"]) == (1, 100.0, 0.0)
    assert found["minutes_off_median"] is not None
    assert found["minutes_off_median"] < 2
    alerts = tally.alerted.figures(1)
    assert (alerts["injected"], alerts["in_time"], alerts["never"], alerts["false"]) == (2, 1, 1, 0)
    assert alerts["kinds"]["leak"]["in_time"] == 1


def test_visits_are_held_against_what_the_staff_came_for() -> None:
    catalog = Catalog.load()
    assert played(ByHand(), catalog, judge=purpose_of).visited == {("cleaning", "cleaning"): 1}
    uncarded = ((at(20), at(30), "look", False),)
    nobody = played(ByHand(visits=uncarded), catalog, judge=purpose_of).visited
    assert nobody == {("look, no card", NOT_SEEN): 1, (NOBODY, "cleaning"): 1}
    assert [row["right_pct"] for row in rows(nobody)] == [0, None]


def test_the_task_of_a_room_is_that_of_the_day() -> None:
    tasks, visit = Tasks(), StaffVisit("7", "v", "master", None, at(0), at(3))
    tasks.told(RoomFacts("7", rented=True, stay="a"), at(0))
    assert tasks.seen(visit, at(3), cleaned=False).task is None, "who came today is not cleaned for"
    assert tasks.seen(visit, at(24 * 60), cleaned=False).task == ("stayover", "pending")
    tasks.cleaned(at(25 * 60))
    assert tasks.seen(visit, at(26 * 60), cleaned=False).task == ("stayover", "proposed")
    tasks.told(RoomFacts("7", rented=False), at(27 * 60))
    assert tasks.seen(visit, at(28 * 60), cleaned=False).task == ("departure", "pending")


def test_a_false_alert_and_a_false_cleaning_are_counted() -> None:
    life = ByHand(cleanings=(), faults=())
    found = played(life, Catalog.load())
    assert found.cleaned.figures()["false_pct"] == 100.0
    assert found.alerted.figures(1)["false"] == 1


def test_rooms_add_up(tally: Tally) -> None:
    double = Tally()
    double += tally
    double += tally
    assert double.score.minutes == 360
    assert double.cleaned.true == 2
    assert double.alerted.raised["leak"] == 2
    text = Report(2, 1, 1, double, Tally(), Tally(), 0.1).text()
    assert "empty_rented" in text
    assert "alerts_in_time_pct" in text


def test_a_small_hotel_in_one_command() -> None:
    answer = CliRunner().invoke(app, ["truth", "--rooms", "2", "--days", "2", "--processes", "1", "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert sum(row["minutes"] for row in found["situations"]) == 2 * 2 * 1440
    assert found["occupancy"]["days"] == 4.0
    assert found["occupancy"]["accuracy"] > 50
    assert {row["name"] for row in found["targets"]} >= {"accuracy", "cleaning_detected_pct", "alerts_fault_free_day"}


def test_processes_change_nothing() -> None:
    def asked(processes: str) -> dict[str, object]:
        words = ["truth", "--rooms", "3", "--days", "1", "--seed", "4", "--json", "--processes", processes]
        found: dict[str, object] = json.loads(CliRunner().invoke(app, words).stdout)
        return {key: value for key, value in found.items() if key not in {"took_s", "signals_per_s"}}

    assert asked("1") == asked("2")


def test_a_room_can_be_written_and_replayed(tmp_path: Path) -> None:
    words = ["truth", "--rooms", "2", "--days", "2", "--write", str(tmp_path / "out"), "--json"]
    log, away, asleep = map(Path, json.loads(CliRunner().invoke(app, words).stdout)["written"])
    result = replay(log, away, asleep)
    assert not result.rejects.reasons
    assert result.overall is not None
    assert result.overall.minutes > 2000


def test_other_numbers_of_the_logic_can_be_tried() -> None:
    def accuracy(*words: str) -> float:
        few = ["truth", "--rooms", "2", "--days", "2", "--processes", "1", "--json", *words]
        return float(json.loads(CliRunner().invoke(app, few).stdout)["occupancy"]["accuracy"])

    assert accuracy("--set", "vacant_above=1") < accuracy() - 10, "never vacant"


@pytest.mark.parametrize("said", ["no_such_number=1", "vacant_above=much", "vacant_above"])
def test_a_number_that_is_none_is_refused_and_named(said: str) -> None:
    answer = CliRunner().invoke(app, ["truth", "--rooms", "1", "--days", "1", "--set", said])
    assert answer.exit_code == 2
    assert said in answer.output


@pytest.mark.parametrize("words", [["--rooms", "0"], ["--days", "x"], ["--start", "yesterday"]])
def test_wrong_words_are_refused(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["truth", *words]).exit_code == 2
