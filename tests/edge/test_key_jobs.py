"""Key jobs: stored first, handed over once, ended once, whatever kills the edge meanwhile."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.encoders.jobs import CardFound, CardJob, CardProgress, CardResult, CardState, CardStep, CardTask
from devices.encoders.payload import CardContent
from edge.bodies import Fact
from edge.journal import Journal
from edge.journal_keys import StoredKeyJob
from edge.key_jobs import KeyJobs
from edge.orders import Orders
from edge.pms_link import EdgeInbox, Takers
from pms.link.key_messages import KeyResultBody
from tests.edge.places import CATALOG, START, inventory
from tests.edge.test_hub import Stage, staged
from tests.edge.test_pms_link import said
from tests.waiting import until

ROOT = Path(__file__).parents[2]
SOON = (START + timedelta(seconds=60)).isoformat()
CONTENT = {
    "room": "101",
    "credential": 7,
    "sequence": 3,
    "valid_from": "2026-11-22T09:00:00Z",
    "valid_until": "2026-11-23T12:00:00Z",
}


class EncodersOfTests:
    """Keeps what it is given; answers nothing by itself."""

    def __init__(self) -> None:
        self.jobs: list[CardJob] = []
        self.cancelled: list[str] = []

    def card(self, job: CardJob) -> None:
        self.jobs.append(job)

    def cancel_card(self, job_id: str) -> None:
        self.cancelled.append(job_id)


class Desk:
    """The edge's end of key jobs over a stage."""

    def __init__(self, stage: Stage, unable: str | None = None) -> None:
        self.stage = stage
        self.encoders = EncodersOfTests()
        self.keys = KeyJobs(stage.hub, unable)
        self.keys.encoders = self.encoders
        orders = Orders(stage.hub, inventory("101"), CATALOG)
        self.inbox = EdgeInbox(stage.journal, stage.hub, Takers(orders, self.keys, lambda _: None))
        self.keys.recover()

    async def ask(self, job: str = "k1", seq: int = 1, **changed: object) -> None:
        """The PMS asks for a key."""
        body = {"id": job, "encoder": "desk-1", "task": "write", "deadline": SOON, "content": CONTENT, "by": "ada"}
        await self.inbox.apply([said("key_job", seq, **body | changed)], seq)

    async def ends(self) -> list[tuple[str, str, str | None]]:
        """Every step and end that the PMS will hear of."""
        await until(lambda: not self.stage.hub._intake.anything())
        return [(one["id"], one["state"], one["reason"]) for one in await self.stage.said("key_result")]


def step(name: CardStep, job: str = "k1") -> CardProgress:
    return CardProgress(job, name, START)


def end(state: CardState, reason: str | None = None, job: str = "k1") -> CardResult:
    return CardResult(job, state, START, reason)


async def test_a_key_is_stored_then_encoded_and_every_step_is_said(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        await desk.ask()
        valid = datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
        content = CardContent("101", 7, 3, *valid)
        assert desk.encoders.jobs == [CardJob("k1", "desk-1", CardTask.WRITE, START + timedelta(seconds=60), content)]
        for name in CardStep:
            await desk.keys.progress(step(name))
        found = CardFound("00ff", "ntag213", content)
        desk.keys.done(CardResult("k1", CardState.CONFIRMED, START, None, found))
        steps = [("k1", state, None) for state in ("queued", "waiting", "writing", "checking", "confirmed")]
        assert await desk.ends() == steps
        last = KeyResultBody.model_validate((await stage.said("key_result"))[-1])
        assert last.card is not None
        assert last.card.content is not None
        assert (last.card.content.credential, last.card.content.valid_until) == (7, valid[1])
        assert stage.hub.counters["key_jobs_confirmed"] == 1


async def test_a_write_goes_on_only_once_its_step_is_on_disk(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        await desk.ask()
        pages = await stage.journal._writer.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
        await stage.journal._writer.write(lambda c: c.execute(f"PRAGMA max_page_count={pages}").fetchone())
        stage.hub.say(Fact("access", "", b"x" * 50_000))
        writing = asyncio.create_task(desk.keys.progress(step(CardStep.WRITING)))
        await until(lambda: stage.journal.trouble is not None and stage.hub.uncommitted)
        assert not writing.done()
        await stage.journal._writer.write(lambda c: c.execute("PRAGMA max_page_count=100000").fetchone())
        await writing
        row = "SELECT state FROM key_job"
        assert await stage.journal._writer.write(lambda c: c.execute(row).fetchall()) == [("writing",)]
        desk.keys.done(end(CardState.CONFIRMED))


async def test_a_job_told_twice_is_one(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        twice = {"id": "k1", "encoder": "desk-1", "task": "read", "deadline": SOON, "by": "ada"}
        await desk.inbox.apply([said("key_job", 1, **twice), said("key_job", 2, **twice)], 2)
        await desk.ask(seq=3)
        desk.keys.done(end(CardState.CONFIRMED))
        await desk.ask(seq=4)
        desk.keys.done(end(CardState.FAILED, "no_card"))
        assert [job.task for job in desk.encoders.jobs] == [CardTask.READ]
        assert await desk.ends() == [("k1", "confirmed", None)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"deadline": START.isoformat()}, ("expired", "deadline")),
        ({"content": None}, ("failed", "unusable")),
        ({"task": "read"}, ("failed", "unusable")),
        ({"content": CONTENT | {"credential_class": "king"}}, ("failed", "unusable")),
    ],
)
async def test_what_no_encoder_is_given_ends_at_once(
    tmp_path: Path, changed: dict[str, Any], expected: tuple[str, str]
) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        await desk.ask(**changed)
        assert desk.encoders.jobs == []
        assert await desk.ends() == [("k1", *expected)]


async def test_without_a_card_key_a_job_fails_and_says_so(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage, "no_card_key")
        await desk.ask()
        assert desk.encoders.jobs == []
        assert await desk.ends() == [("k1", "failed", "no_card_key")]


async def test_a_job_given_up_is_not_begun_again(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        await desk.ask()
        await desk.keys.progress(step(CardStep.WAITING))
        await desk.inbox.apply([said("key_cancel", 2, id="k1", by="ada"), said("key_cancel", 3, id="other", by="b")], 3)
        assert desk.encoders.cancelled == ["k1"]
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        assert desk.encoders.jobs == []
        assert (await desk.ends())[-1] == ("k1", "failed", "cancelled")


async def test_a_job_waiting_over_its_deadline_expires_at_the_start(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await Desk(stage).ask(deadline=(START + timedelta(seconds=1)).isoformat())
    async with staged(tmp_path) as stage:
        stage.clock.forward(2)
        assert await Desk(stage).ends() == [("k1", "expired", "deadline")]


async def test_steps_and_ends_of_nobody_are_ignored(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        await desk.keys.progress(step(CardStep.WRITING))
        desk.keys.done(end(CardState.CONFIRMED))
        assert await desk.ends() == []


async def test_what_ended_is_forgotten_and_what_did_not_is_kept(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        await desk.ask("k1")
        await desk.ask("k2", seq=2)
        desk.keys.done(end(CardState.FAILED, "no_card"))
        await desk.ends()
        await stage.journal.tidy(START + timedelta(days=2))
    journal = await Journal.open(tmp_path / "journal.db")
    rows = await journal._writer.write(lambda c: c.execute("SELECT id, state FROM key_job").fetchall())
    await journal.close()
    assert rows == [("k2", "accepted")]


POINTS = {
    "accepted": None,
    "waiting": None,
    "writing": ("unknown", "restarted"),
    "checking": ("unknown", "restarted"),
    "confirmed": ("confirmed", None),
}
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from devices.encoders.jobs import CardState, CardStep
from tests.edge.test_hub import staged
from tests.edge.test_key_jobs import Desk, end, step
async def main(folder, point):
    async with staged(Path(folder)) as stage:
        desk = Desk(stage)
        await desk.ask()
        for name in ("waiting", "writing", "checking"):
            if point == "accepted": break
            await desk.keys.progress(step(CardStep(name)))
            await stage.hub.stored()
            if point == name: break
        if point == "confirmed":
            desk.keys.done(end(CardState.CONFIRMED))
            await stage.hub.stored()
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_a_job_ends_exactly_once(tmp_path: Path, point: str) -> None:
    words = (sys.executable, "-c", KILLED, str(tmp_path), point)
    killed = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    _, errors = await killed.communicate()
    assert killed.returncode == -signal.SIGKILL, errors.decode()
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        if POINTS[point] is None:
            assert [job.id for job in desk.encoders.jobs] == ["k1"]
            desk.keys.done(end(CardState.CONFIRMED))
        else:
            assert desk.encoders.jobs == []
        await desk.ask(seq=1)  # the PMS says it again: it has not heard that it arrived
        ended = [one[1:] for one in await desk.ends() if one[1] in set(CardState)]
        assert ended == [POINTS[point] or ("confirmed", None)]


async def test_a_job_of_an_older_form_does_not_stop_the_start(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        desk = Desk(stage)
        desk.keys.begin(StoredKeyJob("k9", "accepted", json.dumps({"id": "k9"}).encode(), SOON))
        assert await desk.ends() == [("k9", "failed", "unusable")]
