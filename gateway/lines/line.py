"""What all lines share: their face, their account of themselves, and how long to wait before the next try."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from devices.model import LineState, LineStatus
from gateway.ports import LineMessage

log = structlog.get_logger()

StatusChanged = Callable[[LineStatus], None]


class LineError(Exception):
    """A line could not do what was asked. `cause` is a code (connect_refused, timeout, closed, no_such_port ...)."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause = cause
        self.detail = detail


class LineDownError(LineError):
    """The connection is not there, or was lost meanwhile: try again when the line is up."""


def heed_cancellation() -> None:
    """Raise CancelledError if this task is being cancelled: call it after a library that may have kept that to itself.

    `asyncio.wait_for` of Python 3.11 returns the result instead when both come in the same turn of the loop.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


class FieldLine(Protocol):
    """The face of every line."""

    @property
    def status(self) -> LineStatus:
        """The line's present state and since when."""

    async def run(self) -> None:
        """Connect, serve, reconnect; ends only by cancellation (or a bug), and leaves nothing behind."""


class Backoff:
    """Seconds to wait before the next try: the first retry is quick, then doubling with jitter up to `longest`."""

    def __init__(self, first: float = 0.1, longest: float = 30.0) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def reset(self) -> None:
        """The line was up: start again with the quick retry."""
        self._next = self._first

    def delay(self) -> float:
        """Real seconds until the next try: half to the whole of the present step, never all lines in step."""
        step, self._next = self._next, min(self._next * 2, self._longest)
        return step * random.uniform(0.5, 1.0)


class LineAccount:
    """A line's own account of its state. Tells only real changes; says trouble once and recovery once."""

    def __init__(self, line: str, changed: StatusChanged, now: Callable[[], datetime]) -> None:
        self._changed = changed
        self._now = now
        self.status = LineStatus(line, LineState.STARTING, now())

    @property
    def up(self) -> bool:
        """Is the line usable?"""
        return self.status.state is LineState.UP

    def went_up(self) -> None:
        """The line is usable from now on."""
        if not self.up:
            log.info("line up", line=self.status.line)
            self._change(LineState.UP)

    def went_down(self, trouble: LineError) -> None:
        """The line is not usable; logged once an outage, told again when the cause is another one."""
        already = self.status.state is LineState.DOWN
        say = log.debug if already else log.warning
        say("line down", line=self.status.line, cause=trouble.cause, detail=trouble.detail)
        if not already or self.status.cause != trouble.cause:
            self._change(LineState.DOWN, trouble.cause, trouble.detail)

    def stopped(self) -> None:
        """Nobody runs the line any more."""
        if self.status.state is not LineState.STOPPED:
            self._change(LineState.STOPPED)

    def _change(self, state: LineState, cause: str | None = None, detail: str = "") -> None:
        self.status = LineStatus(self.status.line, state, self._now(), cause, detail)
        self._changed(self.status)


@dataclass(frozen=True, slots=True)
class LineUser:
    """Whom a line serves: gets its messages and its changes of state, and lends it the clock (UTC)."""

    take: Callable[[LineMessage], None]
    line_changed: StatusChanged
    now: Callable[[], datetime]
