"""A key job is killed at every point at which something is made durable, first the rooms' half, then the books'.

strace kills the process at its N-th fsync or fdatasync from the moment the key is asked for (reference
reliability-and-security, section 4, F2); N grows until the job is over before it comes to that. Whatever happens, the
job has one of the four ends, and no card opens a door that the ledger does not know of.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from simulators.encoder.card import Card
from tests.journeys.desk import Desk, Made, front_desk
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.real("strace"), pytest.mark.timeout(400)]

MOST = 60
"""More points than a key job has."""


@contextlib.asynccontextmanager
async def killed_at(pid: int, point: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """strace on a process that dies at its next-but-so-many write to the disk."""
    program = shutil.which("strace") or "strace"
    calls = "fsync,fdatasync"
    inject = f"inject={calls}:signal=KILL:when={point}"
    words = (program, "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e", inject, "-p", str(pid))
    pipe = asyncio.subprocess.PIPE
    tracer = await asyncio.create_subprocess_exec(*words, stderr=pipe)
    assert tracer.stderr is not None
    said = await asyncio.wait_for(tracer.stderr.readline(), 10)
    assert b"attached" in said, said
    try:
        yield tracer
    finally:
        if tracer.returncode is None:
            tracer.terminate()
        await tracer.communicate()


async def killed_or_done(desk: Desk, half: str, stay: str, made: list[Made]) -> bool:
    """Ask for a key and wait until that half has died, or the job has ended. Whether it died."""
    process = desk.place.processes[half]

    async def over() -> bool:
        if process.returncode is not None:
            return True
        with contextlib.suppress(AssertionError, aiohttp.ClientError, TimeoutError):
            if not made:
                made.append(await asyncio.wait_for(desk.ask(stay), 5))
            return bool((await desk.key(made[0]))["ended_at"])
        return False

    await until(over, 30, 0.02)
    with contextlib.suppress(TimeoutError):  # what comes after the end: acknowledgements, the lock's floor
        await asyncio.wait_for(process.wait(), 1.0)
    return process.returncode is not None


async def back(desk: Desk, half: str) -> None:
    """Start the half anew, which may have died."""
    if desk.place.processes[half].returncode is not None:
        del desk.place.processes[half]
        await desk.place.start(half)
    await desk.place.healthy()
    await desk.ready()


async def judge(desk: Desk, stay: str, cards: list[Card]) -> None:
    """Every key of the stay has one end, and whatever card opens is one that the ledger counts as open."""

    async def ended() -> bool:
        return all(key["ended_at"] for key in await desk.ledger(stay=stay))

    await until(ended, 60, 0.1)
    keys = await desk.ledger(stay=stay)
    assert {key["state"] for key in keys} <= {"confirmed", "failed", "expired", "unknown"}
    open_cards = [card for card in cards if desk.opens("101", card)]
    living = [key for key in keys if key["life"] == "active"]
    assert len(open_cards) <= len(living), (keys, open_cards)
    assert not [card for card in cards if desk.opens("102", card)]


async def shut_out(desk: Desk, card: Card) -> None:
    """Wait until the lock refuses the card of a guest who has left."""
    await until(lambda: not desk.opens("101", card), 60)


@pytest.mark.parametrize("half", ["edge", "pms"])
async def test_killed_at_every_durable_point_a_key_job_has_one_end(tmp_path: Path, half: str) -> None:
    async with front_desk(tmp_path, "edge", "pms") as desk:
        await desk.place.api("PUT", "key-settings", SETTINGS)
        before: list[Card] = []
        for point in range(1, MOST):
            stay = await desk.check_in("101", f"Guest {point}")
            card = desk.blank()
            desk.encoder().place(card)
            made: list[Made] = []
            async with killed_at(desk.place.processes[half].pid, point):
                died = await killed_or_done(desk, half, stay, made)
            await back(desk, half)
            await judge(desk, stay, [card])
            desk.encoder().take()
            assert not [old for old in before if desk.opens("101", old)], "a guest before opens the door"
            await desk.place.api("POST", f"stays/{stay}/check-out")
            before.append(card)
            await shut_out(desk, card)
            if not died:
                break
        assert 3 < point < MOST - 1, point


SETTINGS = {"check_out_time": "12:00", "grace_minutes": 0, "deadline_seconds": 10}
