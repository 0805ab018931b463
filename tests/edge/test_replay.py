"""`innkeeper replay`: a small log counted by hand, wrong rows, and the public recordings where they are at hand."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from edge.replay import ReplayResult, replay, run
from edge.replay_log import WrongFileError

SHARED = Path(__file__).parents[3] / "shared"

LOG = """time,room,device,point,value
2026-11-22T09:00:00,7,door,door,open
2026-11-22T09:00:05,7,door,door,closed
2026-11-22T09:00:40,7,pir,motion,on
2026-11-22T09:02:10,7,pir,motion,off
2026-11-22T10:00:00,7,door,door,open
2026-11-22T10:00:05,7,door,door,closed
2026-11-22T11:00:00,7,door,door,open
2026-11-22T11:00:05,7,door,door,closed
2026-11-22T11:00:30,7,pir,motion,on
2026-11-22T12:00:00,7,pir,motion,off
"""
AWAY = "left,returned\n2026-11-22T10:00:05,2026-11-22T11:00:00\n"
ASLEEP = "start,end\n2026-11-22T09:30:00,2026-11-22T09:50:00\n"


def written(folder: Path, **files: str) -> dict[str, Path]:
    found = {}
    for name, text in files.items():
        found[name] = folder / f"home.{name}.csv"
        found[name].write_text(text)
    return found


def scored(result: ReplayResult) -> dict[str, Any]:
    assert result.overall is not None
    return result.overall.figures()


def test_a_log_counted_by_hand(tmp_path: Path) -> None:
    files = written(tmp_path, log=LOG, away=AWAY, asleep=ASLEEP)
    result = replay(files["log"], files["away"], files["asleep"], tmp_path / "timeline.csv")
    # Shown: occupied from 09:00:40 (unknown while no sensor was heard), vacant from 10:01:14, occupied from 11:00:00.
    # Of the 180 minutes 09:01 to 12:00, 10:01 to 10:59 (59) are truly vacant, and 10:02 to 10:59 (58) shown so.
    assert scored(result) == {
        "days": 0.12, "absences": 1, "accuracy": 99.44, "f1_vacant": 0.9915, "f1_occupied": 0.9959, "fv_per_day": 0.0,
        "fv_asleep_per_day": 0.0, "fv_episodes_per_day": 0.0, "fo_per_day": 8.0, "missed": 0, "delay_median": 1.9,
        "delay_p90": 1.9, "unknown_pct": 0.0,
    }  # fmt: skip
    assert (tmp_path / "timeline.csv").read_text().splitlines() == [
        "time,room,occupancy",
        "2026-11-22T09:00:40,7,occupied",
        "2026-11-22T10:01:14,7,vacant",
        "2026-11-22T11:00:00,7,occupied",
    ]


def test_false_vacant_and_missed_by_hand(tmp_path: Path) -> None:
    away = "left,returned\n2026-11-22T09:20:00,2026-11-22T09:40:00\n"
    asleep = "start,end\n2026-11-22T10:30:00,2026-11-22T10:45:00\n"
    figures = scored(replay(**_paths(written(tmp_path, log=LOG, away=away, asleep=asleep))))
    # false-vacant 10:02 to 10:59 (58 minutes, 15 of them asleep, one episode); 09:20 to 09:39 (20) false-occupied
    assert (figures["fv_per_day"], figures["fv_asleep_per_day"], figures["fv_episodes_per_day"]) == (464.0, 120.0, 8.0)
    assert (figures["fo_per_day"], figures["missed"], figures["accuracy"]) == (160.0, 1, 56.67)


def test_masked_minutes_are_not_scored(tmp_path: Path) -> None:
    mask = "start,end\n2026-11-22T10:00:00,2026-11-22T10:11:00\n"
    figures = scored(replay(**_paths(written(tmp_path, log=LOG, away=AWAY, mask=mask))))
    assert (figures["accuracy"], figures["fo_per_day"]) == (100.0, 0.0)


def test_zones_and_rooms(tmp_path: Path) -> None:
    rows = [line.split(",") for line in LOG.splitlines()[1:]]
    doubled = [[f"{time}+08:00", room, *rest] for time, *rest in ([r[0], *r[2:]] for r in rows) for room in ("7", "8")]
    log = "time,room,device,point,value\n" + "\n".join(",".join(row) for row in doubled)
    away = "left,returned,room\n2026-11-22T02:00:05Z,2026-11-22T03:00:00Z,7\n2026-11-22T11:30,2026-11-22T11:50,8\n"
    result = replay(**_paths(written(tmp_path, log=log, away=away)), timeline=tmp_path / "timeline.csv")
    assert {room: score.figures()["missed"] for room, score in result.scores.items()} == {"7": 0, "8": 1}
    assert result.changes[0].time == datetime.fromisoformat("2026-11-22T09:00:40+08:00")
    assert "2026-11-22T10:01:14+08:00,7,vacant" in (tmp_path / "timeline.csv").read_text()


BAD = {
    "wrong_number_of_fields": "2026-11-22T09:30:00,7,door,door",
    "not_a_time": "yesterday,7,door,door,open",
    "absurd_time": "0001-01-01T00:00:00,7,door,door,open",
    "mixed_zones": "2026-11-22T09:30:00Z,7,door,door,open",
    "out_of_order": "2026-11-22T08:30:00,7,door,door,open",
    "no_room": "2026-11-22T12:30:00,,door,door,open",
    "wrong_value": "2026-11-22T12:30:00,7,door,door,ajar",
    "unknown_point": "2026-11-22T12:30:00,7,door,colour,red",
    "not_a_number": "2026-11-22T12:30:00,7,t,temperature,warm",
    "absurd_value": "2026-11-22T12:30:00,7,t,temperature,nan",
}


@pytest.mark.parametrize(("reason", "row"), BAD.items(), ids=BAD.keys())
def test_a_bad_row_is_counted_and_changes_nothing(tmp_path: Path, reason: str, row: str) -> None:
    files = written(tmp_path, log=LOG + row + "\n2026-11-22T12:30:00,7,pir,motion,on\n", good=LOG)
    result = replay(files["log"])
    assert result.rejects.reasons == {reason: 1}
    assert result.rows == 11
    assert result.changes == replay(files["good"]).changes


def test_bytes_that_are_no_text_are_bad_rows(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(LOG.encode() + b'\xff\xfe\x00,"\r\n' + b"2026-11-22T12:30:00,7,pir,motion,on\n")
    result = replay(log)
    assert sum(result.rejects.reasons.values()) >= 1
    assert len(result.changes) == 3


def test_wrong_files_are_refused_with_their_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "empty.csv").write_text("")
    for name in ("other.csv", "empty.csv", "absent.csv"):
        with pytest.raises(WrongFileError, match=name):
            replay(tmp_path / name)
    assert run(tmp_path / "other.csv", None, None, None) == 2
    assert "other.csv" in capsys.readouterr().err


def test_a_list_with_a_bad_line_keeps_its_good_ones(tmp_path: Path) -> None:
    away = AWAY + "2026-11-22T12:00:00,2026-11-22T11:00:00\nnever,2026-11-22T11:00:00\nnothing\n"
    result = replay(**_paths(written(tmp_path, log=LOG, away=away)))
    assert scored(result)["absences"] == 1
    assert result.rejects.reasons == {"ends_before_it_starts": 1, "not_a_time": 1, "wrong_number_of_fields": 1}


def test_no_decision_uses_a_later_line(tmp_path: Path) -> None:
    whole = replay(written(tmp_path, log=LOG)["log"]).changes
    lines = LOG.splitlines(keepends=True)
    for end in range(2, len(lines)):
        part = replay(written(tmp_path, part="".join(lines[:end]))["part"]).changes
        last = datetime.fromisoformat(lines[end - 1].split(",")[0])
        assert part == [change for change in whole if change.time <= last]


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path, log=LOG, away=AWAY)
    assert run(files["log"], files["away"], None, None, as_json=True) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["rows"], printed["overall"]["accuracy"], list(printed["rooms"])) == (10, 99.44, ["7"])
    assert run(files["log"], files["away"], None, None) == 0
    assert "accuracy             99.44" in capsys.readouterr().out


RECORDINGS = {
    # accuracy at least, false-vacant and false-occupied minutes a day at most, none missed
    "casas": (("casas_al_days01-20.txt",), (96.88, 0.0, 44.9)),
    "ordonez": (("ordonez_a_sensors.txt", "ordonez_a_activities.txt"), (98.33, 13.6, 10.44)),
    "kasteren": (("kasteren_a_sensors.txt", "kasteren_a_activities.txt"), (98.05, 13.6, 14.5)),
}


@pytest.mark.parametrize(("name", "recording"), RECORDINGS.items(), ids=RECORDINGS.keys())
def test_a_recorded_home(tmp_path: Path, name: str, recording: tuple[tuple[str, ...], tuple[float, ...]]) -> None:
    sources, (accuracy, false_vacant, false_occupied) = recording
    prefix = converted(tmp_path, name, sources)
    away, asleep = Path(f"{prefix}.away.csv"), Path(f"{prefix}.asleep.csv")
    timeline = tmp_path / "timeline.csv"
    result = replay(Path(f"{prefix}.csv"), away, asleep, timeline)
    figures = scored(result)
    assert figures["accuracy"] >= accuracy
    assert figures["fv_per_day"] <= false_vacant
    assert figures["fo_per_day"] <= false_occupied
    assert figures["missed"] == 0
    assert not result.rejects.reasons
    judged = tool("score_occupancy.py", str(timeline), prefix, "--json")
    assert figures == json.loads(judged)


def converted(folder: Path, name: str, sources: tuple[str, ...]) -> str:
    """A recording in the replay format; skips the test where it is absent."""
    paths = [SHARED / "data/occupancy" / source for source in sources]
    absent = [str(path) for path in (SHARED / "tools/to_replay.py", *paths) if not path.exists()]
    if absent:
        pytest.skip(f"recording absent: {', '.join(absent)}")
    prefix = str(folder / name)
    tool("to_replay.py", name, *map(str, paths), prefix)
    return prefix


def tool(script: str, *words: str) -> str:
    """What a tool beside the recordings prints."""
    command = [sys.executable, str(SHARED / "tools" / script), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _paths(files: dict[str, Path]) -> dict[str, Path]:
    """Those that `replay` is told of: the mask is found beside the absences."""
    return {name: path for name, path in files.items() if name in ("log", "away", "asleep")}
