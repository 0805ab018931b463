"""A line that brings what cannot be used: told at one in a hundred over an hour, gone at half of that."""

from datetime import timedelta
from pathlib import Path

from edge.line_quality import ErrorRate, LineQuality, Sample
from gateway.ports import DeviceFigures
from tests.edge.places import START, reading
from tests.edge.test_hub import staged
from tests.waiting import until


def figures(heard: int, rejected: int) -> list[DeviceFigures]:
    half = DeviceFigures("101_leak", "field", heard // 2, rejected, None, online=True)
    return [half, DeviceFigures("101_lock", "field", heard - heard // 2, 0, None, online=True)]


async def test_a_noisy_line_is_one_fault_and_clears(tmp_path: Path) -> None:
    told = figures(0, 0)
    async with staged(tmp_path) as stage:
        quality = LineQuality(stage.hub, lambda: told)
        for minute, heard, rejected in ((0, 0, 0), (1, 100, 50), (2, 1000, 50), (3, 1100, 50), (70, 9000, 50)):
            told = figures(heard, rejected)
            quality.look(START + timedelta(minutes=minute))
        await until(lambda: stage.hub.uncommitted == 0)
        await stage.hub.stored()
        said = await stage.said("condition")
    assert [(one["key"], one["state"]) for one in said] == [
        ("comm_errors:field", "raised"),
        ("comm_errors:field", "cleared"),
    ]
    assert said[0]["evidence"][0]["params"] == {"line": "field", "share": 4.8}


async def test_a_fault_of_a_device_names_its_line(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.hear(1, reading("101_leak", "leak", value=True))
        await stage.hub.stored()
        [said] = await stage.said("condition")
    assert (said["device"], said["line"]) == ("101_leak", "field")


def test_a_counter_that_begins_anew_is_no_error() -> None:
    rate = ErrorRate()
    rate.take(Sample(START, 1000, 500))
    assert rate.take(Sample(START + timedelta(minutes=1), 3, 0)) == (0.0, 0)
    assert rate.take(Sample(START + timedelta(minutes=2), 300, 3)) == (0.01, 300)
