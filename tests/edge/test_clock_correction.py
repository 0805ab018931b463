"""A box that starts in the past: what it hears meanwhile has the right time in the end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from edge.clock_correction import ClockDoubt, Correction, corrected
from edge.journal_rows import micros
from edge.watch import Watch
from tests.edge.messages import line_message
from tests.edge.places import START, reading
from tests.edge.test_hub import Stage, staged
from tests.waiting import until

PAST = datetime(1970, 1, 1, 0, 0, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CORRECTION = Correction(2, PAST, PAST + HOUR, START - PAST)


def test_only_instants_of_the_wrong_time_are_put_right() -> None:
    body = {
        "at": (PAST + timedelta(minutes=5)).isoformat(),
        "heard": "1970-01-01T00:10:30Z",
        "since": "2026-11-22T08:00:00+00:00",
        "later": (PAST + 2 * HOUR).isoformat(),
        "evidence": [{"code": "leak_detected", "at": PAST.isoformat(), "params": {"count": 3}}],
        "note": "a text that is long and no instant",
        "local": "1970-01-01T00:10:30",
        "none": None,
    }
    right = orjson.loads(corrected(orjson.dumps(body), CORRECTION))
    assert right == body | {
        "at": (START + timedelta(minutes=5)).isoformat(),
        "heard": (START + timedelta(minutes=10)).isoformat(),
        "evidence": [{"code": "leak_detected", "at": START.isoformat(), "params": {"count": 3}}],
    }


@pytest.mark.parametrize(
    ("last_heard", "doubted"),
    [(None, False), (PAST - HOUR, False), (PAST + timedelta(seconds=50), False), (START, True)],
)
def test_a_clock_behind_what_was_heard_last_is_doubted(last_heard: datetime | None, doubted: bool) -> None:
    doubt = ClockDoubt(2, PAST, last_heard)
    assert doubt.open is doubted
    found = doubt.clock_set(PAST + HOUR, (START - PAST).total_seconds())
    assert found == (CORRECTION if doubted else None)
    assert not doubt.open


def test_a_clock_that_is_set_by_too_little_stays_in_doubt_and_back_corrects_nothing() -> None:
    doubt = ClockDoubt(2, PAST, START)
    assert doubt.clock_set(PAST + HOUR, -5) is None
    first = doubt.clock_set(PAST + HOUR, 3600)
    assert first == Correction(2, PAST, PAST + HOUR, HOUR)
    assert doubt.open
    second = doubt.clock_set(PAST + 3 * HOUR, (START - PAST).total_seconds())
    assert second is not None
    assert second.since == PAST + 2 * HOUR
    assert not doubt.open


async def received(stage: Stage) -> list[int]:
    rows = await stage.journal._writer.write(
        lambda c: c.execute("SELECT received FROM message ORDER BY seq").fetchall()
    )
    return [at for (at,) in rows]


def hear(stage: Stage, number: int, *facts: object) -> None:
    """As a line does: with the time the clock tells."""
    done = stage.acknowledged.append
    message = line_message(number, *facts, acknowledge=lambda: done(number))  # type: ignore[arg-type]
    stage.hub.take(message._replace(received=stage.clock.clock.now()))


async def test_what_was_heard_before_the_clock_was_set_has_the_right_time_then(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        hear(stage, 1, reading("101_contact", "door", "closed"))
        await until(lambda: stage.acknowledged == [1])
    async with staged(tmp_path, "101", "102") as stage:
        stage.clock.wall = PAST
        stage.clock.clock.resync()
        watch = Watch(stage.hub, tmp_path, 1, lambda: None)
        watch.look_at_start()
        assert watch.clock_jumped
        assert "clock_wrong:clock" in stage.hub.conditions
        for _ in range(700):
            watch.look_at_clock()
        assert watch.clock_jumped, "calm is no proof that it is right"
        stage.clock.forward(600)
        hear(stage, 2, reading("102_contact", "door", "open"), reading("101_leak", "leak", True))  # noqa: FBT003
        await until(lambda: stage.acknowledged == [2])
        handed_out = len((await stage.journal.pending(0, 500)).rows)
        hear(stage, 3, reading("101_leak", "leak", False))  # noqa: FBT003 - a value
        await stage.hub.stored()
        await stage.journal.say([("access", "101", orjson.dumps({"at": stage.clock.clock.now()}))])
        stage.clock.forward(60)
        stage.clock.wall = START + timedelta(hours=5)
        watch.look_at_clock()
        await watch.correct()
        real = START + timedelta(hours=5, seconds=-60)
        assert await received(stage) == [micros(START), micros(real), micros(real)]
        assert stage.hub.house.rooms["102"].view(stage.clock.clock.now())["door"]["since"] == real
        assert "102" in stage.hub.dirty
        rows = (await stage.journal.pending(0, 500)).rows
        at = [datetime.fromisoformat(orjson.loads(row.body)["at"]) for row in rows]
        assert all(told.year == 1970 for told in at[: handed_out - 1]), "what was said is not said differently"
        assert at[-1] == real
        for _ in range(600):
            watch.look_at_clock()
        assert not watch.clock_jumped


async def test_a_clock_that_jumps_without_having_been_behind_changes_no_record(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        watch = Watch(stage.hub, tmp_path, 1, lambda: None)
        watch.look_at_start()
        hear(stage, 1, reading("101_contact", "door", "open"))
        await until(lambda: stage.acknowledged == [1])
        stage.clock.wall += timedelta(hours=2)
        watch.look_at_clock()
        await watch.correct()
        assert await received(stage) == [micros(START)]
        assert "clock_wrong:clock" in stage.hub.conditions
