"""`innkeeper explain`: what was said at the time, with its reasons, from the journal of a running or ended service."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.cli_explain import instant
from edge.explain import NothingToExplainError, explain
from edge.telling import Teller, translator
from tests.edge.places import START
from tests.edge.test_setbacks import LET, staged

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
async def data(tmp_path: Path) -> AsyncIterator[Path]:
    """The folder of an edge that runs beside: a guest went out, and the room was set back."""
    async with staged(tmp_path) as stage:
        await stage.empty()
        await stage.waits(23)
        stage.follows()
        await stage.waits(1)
        stage.told(LET.model_copy(update={"setbacks": False}))
        await stage.waits(1)
        await stage.hub.stored()
        yield tmp_path


def said(data: Path, language: str, minutes: float = 60) -> list[str]:
    words = translator()
    found = explain(data, "101", START + timedelta(minutes=minutes), timedelta(hours=2))
    lines = list(Teller(words, language, BERLIN).lines(found))
    assert words.missing == set()
    return [line.strip() for line in lines]


async def test_the_timeline_of_a_room_is_told_with_its_reasons(data: Path) -> None:
    lines = said(data, "en")
    assert lines[0] == "Room 101, 09:00 to 11:00 (Europe/Berlin)"
    assert any("In the room: nobody in (" in line for line in lines)
    assert "- no motion since 10:00" in lines
    assert "10:30  Climate: set back" in lines
    assert "- Rented, nobody in since 10:00" in lines
    assert "10:32  Climate: as set" in lines
    assert "- This room is left alone" in lines
    assert lines.index("At 11:00:") > lines.index("10:32  Climate: as set")


async def test_the_same_in_chinese(data: Path) -> None:
    lines = said(data, "zh-CN")
    assert "- 10:00 起无人活动" in lines or any("10:00" in line and "无" in line for line in lines)
    assert "10:30  温度与通风：已回调" in lines


async def test_what_came_later_is_not_told(data: Path) -> None:
    lines = said(data, "en", minutes=29)
    assert not [line for line in lines if "set back" in line]
    found = explain(data, "101", START + timedelta(minutes=29), timedelta(hours=2))
    assert found.state["occupancy"].body["value"] == "vacant"
    assert found.as_dict()["state"].keys() >= {"occupancy", "door", "desk"}


async def test_a_room_nobody_knows_is_refused_with_those_that_are(data: Path) -> None:
    with pytest.raises(NothingToExplainError, match="no room '999': 101"):
        explain(data, "999", START, timedelta(hours=1))


def test_no_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingToExplainError, match="no journal"):
        explain(tmp_path, "101", START, timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, NOW),
        ("2026-11-21T08:00", datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        ("2026-11-21T08:00+00:00", datetime(2026, 11, 21, 8, 0, tzinfo=UTC)),
        ("09:30", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("10:30", datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_or_the_last_time_of_that_clock(text: str | None, wanted: datetime) -> None:
    assert instant(text, BERLIN, NOW) == wanted


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        instant("yesterday", BERLIN, NOW)
