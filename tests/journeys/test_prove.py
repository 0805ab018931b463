"""A proof that finds nothing proves nothing: it passes the build as it is, and finds every promise that was broken."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from simulators.bench.product import descendants
from simulators.prove import power
from simulators.prove.house import STOP_S, House
from simulators.prove.run import Outcome, Plan, prove
from simulators.prove.script import Kind
from tests.journeys import broken_builds
from tests.journeys.broken_builds import VARIABLE

pytestmark = [pytest.mark.real("mosquitto", "strace"), pytest.mark.timeout(240)]

BROKEN = broken_builds.__name__


async def of_broken(monkeypatch: pytest.MonkeyPatch, what: str, seconds: float, *kinds: Kind) -> Outcome:
    """What a proof says of a build in which these promises are broken."""
    monkeypatch.setenv(VARIABLE, what)
    return await prove(Plan(1, seconds, kinds, power_loss=False, patience=6, product=BROKEN), print)


async def test_this_build_loses_repeats_delays_and_distorts_nothing() -> None:
    plan = Plan(seed=1, seconds=20)
    outcome = await prove(plan, print)
    told = outcome.as_json(plan)
    assert outcome.verdict.good, json.dumps(told, indent=1)
    assert told["sent"] > 1000
    assert {fault["name"] for fault in told["faults"]} >= {"power_loss", "unit_late", "message_retained"}
    assert told["skipped"] == []
    assert outcome.folder is None


@pytest.fixture
def kept_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a proof keeps of a failure goes with the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.usefixtures("kept_here")
async def test_early_acknowledgements_and_old_news_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = (Kind.KILLED_UNCOMMITTED, Kind.RETAINED)
    outcome = await of_broken(monkeypatch, "acknowledge_first retained_is_news", 7, *kinds)
    assert outcome.verdict.lost > 0, outcome
    assert outcome.verdict.duplicated > 0, outcome
    assert "lock events in the PMS" in outcome.verdict.examples["duplicated"][0]
    assert outcome.verdict.wrong == 0, outcome
    assert outcome.folder is not None
    assert json.loads((outcome.folder / "records.json").read_text())["verdict"]["lost"] == outcome.verdict.lost


@pytest.mark.usefixtures("kept_here")
async def test_forgotten_duplicates_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await of_broken(monkeypatch, "forget_duplicates", 6, Kind.KILLED_UNHEARD)
    assert outcome.verdict.duplicated > 0, outcome


@pytest.mark.usefixtures("kept_here")
async def test_answers_to_other_questions_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await of_broken(monkeypatch, "answer_to_anything", 8, Kind.UNIT_LATE)
    assert outcome.verdict.wrong > 0, outcome


@pytest.mark.parametrize("broken", ["", "synchronous_normal"])
async def test_what_power_takes_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: str) -> None:
    monkeypatch.setenv(VARIABLE, broken)
    found = await power.lost(House(tmp_path / "house", BROKEN, with_units=False), 1)
    assert found.moments > 20
    assert bool(found.examples) is bool(broken), found


def left(folder: Path, processes: list[int]) -> tuple[list[int], list[Path]]:
    """Which of the processes, and what in the folder, is still there."""
    return [pid for pid in processes if Path(f"/proc/{pid}").exists()], list(folder.iterdir())


async def test_ctrl_c_ends_everything_and_leaves_nothing(tmp_path: Path) -> None:
    words = (sys.executable, "-m", "edge.cli", "prove", "--minutes", "1")
    place = os.environ | {"TMPDIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, env=place)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b" s  " not in await process.stdout.readline():
                assert process.returncode is None
        started = descendants(process.pid)[1:]
        assert len(started) >= 3
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 3 * STOP_S + 30) == 130
        assert left(tmp_path, started) == ([], [])
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
