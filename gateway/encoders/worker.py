"""One worker an encoder: its queue, its job, its health. Encoders know nothing of each other.

The queue holds `LONGEST_QUEUE` jobs in the order they came. When it is full a new job fails at once with
`encoder_busy`: who waits longer than a deadline is not served anyway. A job that waits behind another ends at its own
deadline, and takes no card that the one before it has just written.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta

from devices.encoders.jobs import CardJob, CardProgress, CardResult, CardState, CardStep, CardTask
from devices.model import Device, LineState
from gateway.encoders.account import LINE_DOWN, Account, Desk, EncoderError
from gateway.encoders.chip import Chip
from gateway.encoders.run import CardOrder, CardRun, Verdict
from gateway.lines.byte_line import ByteLine
from gateway.lines.line import Backoff
from gateway.ports import EncoderFigures

LONGEST_QUEUE = 8
PROBE_S = 10.0
LOOK_UP_S = 60.0
"""Between two looks where nothing is expected to happen without a call."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in the queue. `behind`: another one was there when it came."""

    order: CardOrder
    behind: bool


class EncoderWorker:
    """Serves the encoder at the end of one line; every job given to `order` gets one result."""

    def __init__(self, device: Device, line: ByteLine, desk: Desk, timeout_s: float) -> None:
        self._line = line
        self._progress = desk.progress
        self._desk = replace(desk, progress=self._in_turn)
        self._account = Account(device, desk)
        self._chip = Chip(line, self._account, timeout_s)
        self._queue: deque[Waiting] = deque()
        self._unannounced: deque[Waiting] = deque()
        self._run: CardRun | None = None
        self._wake = asyncio.Event()
        self._queue_changed = asyncio.Event()
        self._telling = asyncio.Lock()
        self._backoff = Backoff(first=0.5)
        self._written: bytes | None = None  # UID of the card that the last job wrote

    @property
    def figures(self) -> EncoderFigures:
        """The encoder now."""
        account, device = self._account, self._account.device
        busy, waiting = self._run is not None, len(self._queue)
        state = (account.state, account.code, account.firmware, busy, waiting, account.since)
        return EncoderFigures(device.id, device.line, *state)

    def order(self, order: CardOrder) -> None:
        """Carry it out in its turn."""
        if len(self._queue) >= LONGEST_QUEUE:
            self._finish(order.job, Verdict(CardState.FAILED, "encoder_busy"))
            return
        waiting = Waiting(order, self._run is not None or bool(self._queue))
        self._queue.append(waiting)
        if waiting.behind:
            self._unannounced.append(waiting)
        self._wake.set()
        self._queue_changed.set()

    def cancel(self, job_id: str) -> None:
        """End a job of which nothing has been written; any other goes on."""
        if self._run and self._run.job.id == job_id:
            self._run.cancel()
        for waiting in [one for one in self._queue if one.order.job.id == job_id]:
            self._queue.remove(waiting)
            self._finish(waiting.order.job, Verdict(CardState.FAILED, "cancelled"))

    def line_changed(self) -> None:
        """The line is up or down: whatever is at its end must be woken anew."""
        self._chip.forget()
        self._backoff.reset()
        if self._line.status.state is LineState.DOWN:
            self._account.went_down(LINE_DOWN)
        self._wake.set()

    async def run(self) -> None:
        """Serve until cancelled. A job stopped in the middle has no result: the journal knows how far it was."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._serve(), name=f"encoder {self._account.device.id}")
            tasks.create_task(self._keep_queue(), name=f"queue of {self._account.device.id}")

    async def _serve(self) -> None:
        while True:
            self._wake.clear()
            if self._queue:
                await self._carry_out(self._queue.popleft())
                continue
            seconds = await self._tend()
            if not self._queue:
                await _until(self._wake, seconds)

    async def _tend(self) -> float:
        """Nobody wants a card: see that the encoder is there. Returns the seconds until the next look."""
        if not self._line.up:
            return LOOK_UP_S
        quiet_s = asyncio.get_running_loop().time() - self._chip.answered_at
        if self._chip.ready and quiet_s < PROBE_S:
            return PROBE_S - quiet_s
        try:
            await (self._chip.probe() if self._chip.ready else self._chip.wake())
        except EncoderError:
            return self._backoff.delay()
        self._backoff.reset()
        return PROBE_S

    async def _carry_out(self, waiting: Waiting) -> None:
        job = waiting.order.job
        if waiting.behind and job.task is not CardTask.READ:
            waiting = replace(waiting, order=replace(waiting.order, avoid=self._written))
        self._run = run = CardRun(waiting.order, self._chip, self._desk)
        try:
            verdict = await run.verdict()
        finally:
            self._run = None
        self._written = run.uid if job.task is CardTask.WRITE and verdict.state is CardState.CONFIRMED else None
        self._finish(job, verdict)
        await self._let_go()

    async def _let_go(self) -> None:
        if self._chip.ready:
            with contextlib.suppress(EncoderError):  # the account has it; the job is over
                await self._chip.release()

    async def _keep_queue(self) -> None:
        """Tell those who wait that they do, and end them at their deadline."""
        clock = self._desk.clock
        while True:
            self._queue_changed.clear()
            for waiting in [one for one in self._queue if one.order.job.deadline <= clock.now()]:
                self._queue.remove(waiting)
                self._finish(waiting.order.job, Verdict(CardState.EXPIRED, "no_card"))
            while self._unannounced:
                await self._announce(self._unannounced.popleft())
            left = [(one.order.job.deadline - clock.now()) / timedelta(seconds=1) for one in self._queue]
            await _until(self._queue_changed, clock.real(max(0.0, min(left))) if left else LOOK_UP_S)

    async def _announce(self, waiting: Waiting) -> None:
        """In turn with the steps of the job at the encoder: who has come to be served is not told to wait any more."""
        async with self._telling:
            if waiting in self._queue:
                job = waiting.order.job
                await self._progress(CardProgress(job.id, CardStep.QUEUED, self._desk.clock.now()))

    async def _in_turn(self, progress: CardProgress) -> None:
        async with self._telling:
            await self._progress(progress)

    def _finish(self, job: CardJob, verdict: Verdict) -> None:
        self._desk.done(CardResult(job.id, verdict.state, self._desk.clock.now(), verdict.reason, verdict.card))


async def _until(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
